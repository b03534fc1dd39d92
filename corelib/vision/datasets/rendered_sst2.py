"""Rendered SST2: pictures of sentences, and whether they praise (Radford et al., CLIP, 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader, make_dataset
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["RenderedSST2"]


class RenderedSST2(Listed):
    """9,613 pictures in the folder rendered-sst2, classes "negative" and "positive"; split: "train", "val" or "test"."""

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        self.classes = ["negative", "positive"]
        self.class_to_idx = {"negative": 0, "positive": 1}
        super().__init__(root, transform, target_transform, download, loader)

    def _folder(self) -> Any:
        return below(self.root, "rendered-sst2", "valid" if self._split == "val" else self._split)

    def _there(self) -> bool:
        return all((self._folder() / name).is_dir() for name in self.classes)

    def _download(self) -> None:
        download_and_extract_archive("https://openaipublic.azureedge.net/clip/data/rendered-sst2.tgz", self.root, md5="2384d08e9dcfa4bd55b324e610496ee5")

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        samples = make_dataset(self._folder(), extensions=("png",))
        return [path for path, _ in samples], [label for _, label in samples]

    def extra_repr(self) -> str:
        return f"split={self._split}"
