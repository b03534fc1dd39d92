"""Caltech 101 and 256: pictures of so many kinds of things, in folders (Fei-Fei et al., 2004; Griffin et al., 2007)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import Any

from corelib.vision._optional import optional, pillow
from corelib.vision.datasets.utils import download_and_extract_archive, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Caltech101", "Caltech256"]


class _Caltech(VisionDataset[tuple[Any, Any]]):
    """Folders of classes whose pictures are numbered from 1 on. index: a picture's number in its class; y: its class."""

    folder: str
    pictures: str

    def __init__(self, root: Root, transform: Change | None, target_transform: Change | None, download: bool) -> None:
        super().__init__(os.path.join(root, self.folder), transform=transform, target_transform=target_transform)
        os.makedirs(self.root, exist_ok=True)
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        self.categories = sorted(name for name in os.listdir(os.path.join(self.root, self.pictures)) if name != "BACKGROUND_Google")
        self.index: list[int] = []
        self.y: list[int] = []
        for number, name in enumerate(self.categories):
            count = sum(map(self._counts, os.listdir(os.path.join(self.root, self.pictures, name))))
            self.index.extend(range(1, count + 1))
            self.y.extend([number] * count)

    def _counts(self, name: str) -> bool:
        return True

    def _open(self, name: str, index: int) -> Any:
        return pillow("Image", type(self).__name__).open(os.path.join(self.root, self.pictures, self.categories[self.y[index]], name))

    def _check_integrity(self) -> bool:
        return os.path.exists(os.path.join(self.root, self.pictures))

    def __len__(self) -> int:
        return len(self.index)

    def download(self) -> None:
        """Fetch and unpack the pictures, where they are not there."""
        raise NotImplementedError


class Caltech101(_Caltech):
    """Pictures of 101 classes; target_type: "category", "annotation" (an outline; reading it needs scipy), or a list of both for a tuple."""

    folder, pictures = "caltech101", "101_ObjectCategories"

    def __init__(
        self, root: Root, target_type: Sequence[str] | str = "category", transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False,
    ) -> None:  # fmt: skip
        kinds = [target_type] if isinstance(target_type, str) else target_type
        self.target_type = [verify_str_arg(kind, "target_type", ("category", "annotation")) for kind in kinds]
        super().__init__(root, transform, target_transform, download)
        others = {"Faces": "Faces_2", "Faces_easy": "Faces_3", "Motorbikes": "Motorbikes_16", "airplanes": "Airplanes_Side_2"}
        self.annotation_categories = [others.get(name, name) for name in self.categories]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = self._open(f"image_{self.index[index]:04d}.jpg", index)
        targets = tuple(self.y[index] if kind == "category" else self._outline(index) for kind in self.target_type)
        return self._transformed(image, targets if len(targets) > 1 else targets[0])

    def _outline(self, index: int) -> Any:
        folder = os.path.join(self.root, "Annotations", self.annotation_categories[self.y[index]])
        read = optional("scipy.io", "Caltech101 with outlines", "pip install scipy").loadmat
        return read(os.path.join(folder, f"annotation_{self.index[index]:04d}.mat"))["obj_contour"]

    def download(self) -> None:
        if self._check_integrity():
            return
        url, md5 = "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip", "3138e1922a9193bfa496528edbbc45d0"
        download_and_extract_archive(url, self.root, filename="caltech-101.zip", md5=md5)
        packed = os.path.join(self.root, "caltech-101")
        for name in os.listdir(packed):
            if name.endswith(".gz"):
                extract_archive(os.path.join(packed, name), self.root)
        shutil.rmtree(packed)
        os.remove(os.path.join(self.root, "caltech-101.zip"))

    def extra_repr(self) -> str:
        return f"Target type: {self.target_type}"


class Caltech256(_Caltech):
    """Pictures of 256 classes and of clutter."""

    folder, pictures = "caltech256", "256_ObjectCategories"

    def __init__(self, root: Root, transform: Change | None = None, target_transform: Change | None = None, download: bool = False) -> None:
        super().__init__(root, transform, target_transform, download)

    def _counts(self, name: str) -> bool:
        return name.endswith(".jpg")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self._open(f"{self.y[index] + 1:03d}_{self.index[index]:04d}.jpg", index), self.y[index])

    def download(self) -> None:
        if self._check_integrity():
            return
        url, md5 = "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar", "67b4f42ca05d46448c6bb8ecd2220f6d"
        download_and_extract_archive(url, self.root, filename="256_ObjectCategories.tar", md5=md5)
