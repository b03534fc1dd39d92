"""Omniglot: characters of fifty alphabets, drawn by twenty people each (Lake et al., 2015)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive, list_dir, list_files
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Omniglot"]


class Omniglot(VisionDataset[tuple[Any, Any]]):
    """Grey pictures and the number of their character, in the folder omniglot-py; background: the thirty alphabets to train with, else the twenty."""

    folder = "omniglot-py"
    download_url_prefix = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
    zips_md5 = {"images_background": "68d2efa1b9178cc56df9314c21c6e718", "images_evaluation": "6b91aef0f799c5bb55b94e3f2daec811"}

    def __init__(
        self, root: Root, background: bool = True, transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Callable[[Any], Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(os.path.join(root, self.folder), transform=transform, target_transform=target_transform)
        self.background, self.loader = background, loader
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        self.target_folder = os.path.join(self.root, self._part())
        self._characters = [os.path.join(a, c) for a in list_dir(self.target_folder) for c in list_dir(os.path.join(self.target_folder, a))]
        self._flat_character_images = [
            (image, n) for n, name in enumerate(self._characters) for image in list_files(os.path.join(self.target_folder, name), ".png")
        ]

    def _part(self) -> str:
        return "images_background" if self.background else "images_evaluation"

    def __len__(self) -> int:
        return len(self._flat_character_images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name, character = self._flat_character_images[index]
        path = os.path.join(self.target_folder, self._characters[character], name)
        return self._transformed(pillow("Image", "Omniglot").open(path).convert("L") if self.loader is None else self.loader(path), character)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, f"{self._part()}.zip"), self.zips_md5[self._part()])

    def download(self) -> None:
        """Fetch and unpack the pictures, where they are not there."""
        if not self._check_integrity():
            name = f"{self._part()}.zip"
            download_and_extract_archive(f"{self.download_url_prefix}/{name}", self.root, filename=name, md5=self.zips_md5[self._part()])
