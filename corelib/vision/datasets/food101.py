"""Food-101: pictures of dishes (Bossard et al., 2014)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["Food101"]


class Food101(Listed):
    """101,000 pictures of 101 dishes in the folder food-101; split: "train" or "test"."""

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "test"))
        super().__init__(root, transform, target_transform, download, loader)

    def _there(self) -> bool:
        return all(below(self.root, "food-101", name).is_dir() for name in ("meta", "images"))

    def _download(self) -> None:
        download_and_extract_archive("http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", self.root, md5="85eeb15f3717b99a5da872d97d918f87")

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        by_class = json.loads(below(self.root, "food-101", "meta", f"{self._split}.json").read_text())
        pairs = [(name, path) for name, paths in by_class.items() for path in paths]
        self._numbered(list(by_class))
        return [below(self.root, "food-101", "images", *f"{path}.jpg".split("/")) for _, path in pairs], [self.class_to_idx[name] for name, _ in pairs]

    def extra_repr(self) -> str:
        return f"split={self._split}"
