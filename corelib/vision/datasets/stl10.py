"""STL-10: pictures of ten kinds of things, few of them labelled (Coates et al., 2011)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["STL10"]

Array = np.ndarray[Any, Any]


class STL10(VisionDataset[tuple[Any, Any]]):
    """Pictures of 96 by 96 in colours and their classes, -1 for none; split: "train", "train+unlabeled", "unlabeled" or "test".

    folds: 0 to 9, only that fold of the pictures to train with. data: all pictures, an array of uint8 (n, 3, 96, 96); labels: their classes.
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    filename = "stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    class_names_file = "class_names.txt"
    folds_list_file = "fold_indices.txt"
    train_list = [
        ["train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"], ["train_y.bin", "5a34089d4802c674881badbb80307741"],
        ["unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"],
    ]  # fmt: skip
    test_list = [["test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"], ["test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"]]
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    def __init__(
        self, root: Root, split: str = "train", folds: int | None = None, transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.splits)
        if folds is not None and folds not in range(10):
            accepted = "None or an int in the range [0, 10)"
            raise ValueError(f"STL10: folds must be {accepted}, got {folds!r}")
        self.folds = folds
        if download:
            self.download()
        elif not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        parts = {"train": (0,), "train+unlabeled": (0, 2), "unlabeled": (2,), "test": (None,)}[split]
        read = [self._part(number) for number in parts]
        self.data, self.labels = (np.concatenate(each) for each in zip(*read, strict=True))
        names = self._path(self.class_names_file)
        if os.path.isfile(names):
            with open(names) as file:
                self.classes = file.read().splitlines()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _part(self, number: int | None) -> tuple[Array, Array]:
        """Pictures and labels: 0, those to train with; 2, those without labels; None, those to test with."""
        pictures = (self.test_list[0] if number is None else self.train_list[number])[0]
        data = np.fromfile(self._path(pictures), np.uint8).reshape(-1, 3, 96, 96).transpose(0, 1, 3, 2)  # they are stored column by column
        if number == 2:
            return data, np.full(len(data), -1)
        labels = np.fromfile(self._path((self.test_list if number is None else self.train_list)[1][0]), np.uint8) - 1
        if number == 0 and self.folds is not None:
            with open(self._path(self.folds_list_file)) as file:
                some = np.array(file.read().splitlines()[self.folds].split(), np.int64)
            return data[some], labels[some]
        return data, labels

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pillow("Image", "STL10").fromarray(self.data[index].transpose(1, 2, 0)), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list)

    def download(self) -> None:
        """Fetch and unpack the files, where they are not there."""
        if not self._check_integrity():
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"
