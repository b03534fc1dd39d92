"""FGVC Aircraft: kinds of aircraft, in three levels (Maji et al., 2013)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["FGVCAircraft"]

_LISTS = {"variant": "variants.txt", "family": "families.txt", "manufacturer": "manufacturers.txt"}


class FGVCAircraft(Listed):
    """10,000 pictures in the folder fgvc-aircraft-2013b; split: "train", "val", "trainval" or "test".

    annotation_level: "variant" (100 of them), "family" (70) or "manufacturer" (30).
    """

    _URL = "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz"

    def __init__(
        self, root: Root, split: str = "trainval", annotation_level: str = "variant", transform: Change | None = None,
        target_transform: Change | None = None, download: bool = False, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val", "trainval", "test"))
        self._annotation_level = verify_str_arg(annotation_level, "annotation_level", tuple(_LISTS))
        super().__init__(root, transform, target_transform, download, loader)

    def _there(self) -> bool:
        return os.path.isdir(os.path.join(self.root, "fgvc-aircraft-2013b"))

    def _download(self) -> None:
        download_and_extract_archive(self._URL, self.root)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        folder = os.path.join(self.root, "fgvc-aircraft-2013b", "data")
        with open(os.path.join(folder, _LISTS[self._annotation_level])) as file:
            self.classes = [line.strip() for line in file]
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
        with open(os.path.join(folder, f"images_{self._annotation_level}_{self._split}.txt")) as file:
            rows = [line.strip().split(" ", 1) for line in file]
        return [os.path.join(folder, "images", f"{image}.jpg") for image, _ in rows], [self.class_to_idx[label] for _, label in rows]
