"""Imagenette: ten classes of ImageNet that are easily told apart (Howard, 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader, find_classes, make_dataset
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["Imagenette"]

_URL = "https://s3.amazonaws.com/fast-ai-imageclas/"


class Imagenette(Listed):
    """13,394 pictures; split: "train" or "val"; size: "full", "320px" or "160px", the shorter side. classes: each one's names."""

    _ARCHIVES = {
        "full": (f"{_URL}imagenette2.tgz", "fe2fc210e6bb7c5664d602c3cd71e612"), "320px": (f"{_URL}imagenette2-320.tgz", "3df6f0d01a2c9592104656642f5e78a3"),
        "160px": (f"{_URL}imagenette2-160.tgz", "e793b78cc4c9e9a4ccc0c1155377a412"),
    }  # fmt: skip
    _WNID_TO_CLASS = {
        "n01440764": ("tench", "Tinca tinca"), "n02102040": ("English springer", "English springer spaniel"), "n02979186": ("cassette player",),
        "n03000684": ("chain saw", "chainsaw"), "n03028079": ("church", "church building"), "n03394916": ("French horn", "horn"),
        "n03417042": ("garbage truck", "dustcart"), "n03425413": ("gas pump", "gasoline pump", "petrol pump", "island dispenser"),
        "n03445777": ("golf ball",), "n03888257": ("parachute", "chute"),
    }  # fmt: skip

    def __init__(
        self, root: Root, split: str = "train", size: str = "full", download: bool = False, transform: Change | None = None,
        target_transform: Change | None = None, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val"))
        self._size = verify_str_arg(size, "size", ("full", "320px", "160px"))
        super().__init__(root, transform, target_transform, download, loader)

    def _folder(self) -> Path:
        return below(self.root, Path(self._ARCHIVES[self._size][0]).stem)

    def _there(self) -> bool:
        return self._folder().exists()

    def _download(self) -> None:
        url, md5 = self._ARCHIVES[self._size]
        download_and_extract_archive(url, self.root, md5=md5)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        self.wnids, self.wnid_to_idx = find_classes(self._folder() / self._split)
        self.classes = [self._WNID_TO_CLASS[wnid] for wnid in self.wnids]
        self.class_to_idx = {name: n for n, names in enumerate(self.classes) for name in names}
        samples = make_dataset(self._folder() / self._split, self.wnid_to_idx, extensions=".jpeg")
        return [path for path, _ in samples], [label for _, label in samples]
