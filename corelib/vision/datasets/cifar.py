"""CIFAR-10 and CIFAR-100: small pictures of ten and of a hundred kinds of things (Krizhevsky, 2009)."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["CIFAR10", "CIFAR100"]


class CIFAR10(VisionDataset[tuple[Any, Any]]):
    """50,000 pictures of 32 by 32 in colours to train with and 10,000 to test (`train=False`): pictures of Pillow's and their classes.

    root: the folder above cifar-10-batches-py, or into which `download` puts it. data: all pictures, an array of uint8 (n, 32, 32, 3);
    targets: a list. RuntimeError where a file is not there or not as it was published.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"], ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"], ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]  # fmt: skip
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {"filename": "batches.meta", "key": "label_names", "md5": "5ff9c542aee3614f3951f8cda6e48888"}

    def __init__(
        self, root: Root, train: bool = True, transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        parts = [self._read(name) for name, _ in (self.train_list if train else self.test_list)]
        self.data = np.vstack([part["data"] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.targets = [target for part in parts for target in part["labels" if "labels" in part else "fine_labels"]]
        if not check_integrity(os.path.join(self.root, self.base_folder, self.meta["filename"]), self.meta["md5"]):
            raise RuntimeError("Dataset metadata file not found or corrupted. You can use download=True to download it")
        self.classes = self._read(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}

    def _read(self, name: str) -> dict[str, Any]:
        """A file's dictionary; its MD5 has been checked, for a pickle may run anything."""
        with open(os.path.join(self.root, self.base_folder, name), "rb") as file:
            found: dict[str, Any] = pickle.load(file, encoding="latin1")
        return found

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pillow("Image", type(self).__name__).fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(check_integrity(os.path.join(self.root, self.base_folder, name), md5) for name, md5 in self.train_list + self.test_list)

    def download(self) -> None:
        """Fetch and unpack the files, where they are not there."""
        if not self._check_integrity():
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """As CIFAR10, of a hundred classes, in the folder cifar-100-python."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {"filename": "meta", "key": "fine_label_names", "md5": "7973b15100ade9c7d40fb424638fde48"}
