"""DTD: textures by what they look like (Cimpoi et al., 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["DTD"]


class DTD(Listed):
    """5,640 pictures of 47 textures in the folder dtd/dtd; split: "train", "val" or "test", of partition 1 to 10."""

    def __init__(
        self, root: Root, split: str = "train", partition: int = 1, transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        if not isinstance(partition, int) or not 1 <= partition <= 10:
            raise ValueError(f"Parameter 'partition' should be an integer with `1 <= partition <= 10`, but got {partition} instead")
        self._partition = partition
        super().__init__(root, transform, target_transform, download, loader)

    def _there(self) -> bool:
        return below(self.root, "dtd", "dtd").is_dir()

    def _download(self) -> None:
        url, md5 = "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz", "fff73e5086ae6bdbea199a49dfb8a4c1"
        download_and_extract_archive(url, below(self.root, "dtd"), md5=md5)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        names = below(self.root, "dtd", "dtd", "labels", f"{self._split}{self._partition}.txt").read_text().split()
        return [below(self.root, "dtd", "dtd", "images", *name.split("/")) for name in names], self._numbered([name.split("/")[0] for name in names])

    def extra_repr(self) -> str:
        return f"split={self._split}, partition={self._partition}"
