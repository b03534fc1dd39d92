"""Places365: 365 kinds of scenes (Zhou et al., 2017)."""

from __future__ import annotations

import os
from typing import Any

from corelib.vision.datasets._listed import Loader
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Places365"]

_URL = "http://data.csail.mit.edu/places/places365/"


class Places365(VisionDataset[tuple[Any, Any]]):
    """Pictures and their scenes; split: "train-standard", "train-challenge", "val", or "test", whose scenes are not known (None).

    small: those of 256 by 256 pixels in place of the large ones.
    """

    _SPLITS = ("train-standard", "train-challenge", "val", "test")
    _DEVKIT_META = {
        "standard": ("filelist_places365-standard.tar", "35a0585fee1fa656440f3ab298f8479c"),
        "challenge": ("filelist_places365-challenge.tar", "70a8307e459c3de41690a7c76c931734"),
    }
    _CATEGORIES_META = ("categories_places365.txt", "06c963b85866bd0649f97cb43dd16673")
    _FILE_LIST_META = {
        "train-standard": ("places365_train_standard.txt", "30f37515461640559006b8329efbed1a"),
        "train-challenge": ("places365_train_challenge.txt", "b2931dc997b8c33c27e7329c073a6b57"),
        "val": ("places365_val.txt", "e9f2fd57bfd9d07630173f4e8708e4b1"),
        "test": ("places365_test.txt", "2fce8233fe493576d724142e45d93653"),
    }
    _IMAGES_META = {
        ("train-standard", False): ("train_large_places365standard.tar", "67e186b496a84c929568076ed01a8aa1"),
        ("train-challenge", False): ("train_large_places365challenge.tar", "605f18e68e510c82b958664ea134545f"),
        ("val", False): ("val_large.tar", "9b71c4993ad89d2d8bcbdc4aef38042f"),
        ("test", False): ("test_large.tar", "41a4b6b724b1d2cd862fb3871ed59913"),
        ("train-standard", True): ("train_256_places365standard.tar", "53ca1c756c3d1e7809517cc47c5561c5"),
        ("train-challenge", True): ("train_256_places365challenge.tar", "741915038a5e3471ec7332404dfb64ef"),
        ("val", True): ("val_256.tar", "e27b17d8d44f4af9a78502beb927f808"),
        ("test", True): ("test_256.tar", "f532f6ad7b582262a2ec8009075e186b"),
    }

    def __init__(
        self, root: Root, split: str = "train-standard", small: bool = False, download: bool = False, transform: Change | None = None,
        target_transform: Change | None = None, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self._SPLITS)
        self.small = small
        self.loader = loader
        self.classes, self.class_to_idx = self.load_categories(download)
        self.imgs, self.targets = self.load_file_list(download)
        if download:
            self.download_images()

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        file, target = self.imgs[index]
        return self._transformed_together(self.loader(file), target)

    def __len__(self) -> int:
        return len(self.imgs)

    @property
    def variant(self) -> str:
        """"standard" or "challenge"."""
        return "challenge" if "challenge" in self.split else "standard"

    @property
    def images_dir(self) -> str:
        """The folder of the pictures."""
        size = "256" if self.small else "large"
        return os.path.join(self.root, f"data_{size}_{self.variant}" if self.split.startswith("train") else f"{self.split}_{size}")

    def load_categories(self, download: bool = True) -> tuple[list[str], dict[str, int]]:
        """The names of the scenes in order, and the number of each."""
        with open(self._list(self._CATEGORIES_META, download)) as file:
            numbers = {name: int(number) for name, number in (line.split() for line in file)}
        return sorted(numbers), numbers

    def load_file_list(self, download: bool = True) -> tuple[list[tuple[str, int | None]], list[int | None]]:
        """The files with their scenes, and the scenes."""
        with open(self._list(self._FILE_LIST_META[self.split], download)) as file:
            rows = [line.split() for line in file]
        found = [(os.path.join(self.images_dir, *row[0].lstrip("/").split("/")), int(row[1]) if len(row) > 1 else None) for row in rows]
        return found, [scene for _, scene in found]

    def _list(self, meta: tuple[str, str], download: bool) -> str:
        """The path of a list, which is fetched where it is not there."""
        file = os.path.join(self.root, meta[0])
        if not check_integrity(file, md5=meta[1]):
            if not download:
                raise RuntimeError(f"The file {file} does not exist or is corrupted. You can set download=True to download it.")
            self.download_devkit()
        return file

    def download_devkit(self) -> None:
        """Fetch the lists."""
        file, md5 = self._DEVKIT_META[self.variant]
        download_and_extract_archive(_URL + file, self.root, md5=md5)

    def download_images(self) -> None:
        """Fetch the pictures, where their folder is not there."""
        if os.path.exists(self.images_dir):
            return
        file, md5 = self._IMAGES_META[self.split, self.small]
        download_and_extract_archive(_URL + file, self.root, md5=md5)
        if self.split.startswith("train"):
            os.rename(self.images_dir.rpartition("_")[0], self.images_dir)

    def extra_repr(self) -> str:
        return f"Split: {self.split}\nSmall: {self.small}"
