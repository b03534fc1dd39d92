"""CelebA: faces of celebrities with attributes (Liu et al., 2015)."""

from __future__ import annotations

import csv
import os
from collections import namedtuple
from typing import Any

from corelib.ops.construction.construct import tensor
from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_file_from_google_drive, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["CelebA"]

CSV = namedtuple("CSV", ["header", "index", "data"])
_SPLITS = {"train": 0, "valid": 1, "test": 2, "all": None}


class CelebA(VisionDataset[tuple[Any, Any]]):
    """202,599 faces in the folder celeba; split: "train", "valid", "test" or "all".

    target_type: one or a list of "attr" (40 of 0 or 1), "identity", "bbox" (x, y, width, height in the pictures before they were aligned) and
    "landmarks" (x and y of eyes, nose and corners of the mouth); an empty list for no target. Fetching needs gdown.
    """

    base_folder = "celeba"
    file_list = [  # number at Google Drive, MD5, name
        ("0B7EVK8r0v71pZjFTYXZWM3FlRnM", "00d2c5bc6d35e252742224ab0c1e8fcb", "img_align_celeba.zip"),
        ("0B7EVK8r0v71pblRyaVFSWGxPY0U", "75e246fa4810816ffd6ee81facbd244c", "list_attr_celeba.txt"),
        ("1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS", "32bd1bd63d3c78cd57e08160ec5ed1e2", "identity_CelebA.txt"),
        ("0B7EVK8r0v71pbThiMVRxWXZ4dU0", "00566efa6fedff7a56946cd1c10f1c16", "list_bbox_celeba.txt"),
        ("0B7EVK8r0v71pd0FJY3Blby1HUTQ", "cc24ecafdb5b50baae59b03474781f8c", "list_landmarks_align_celeba.txt"),
        ("0B7EVK8r0v71pY0NSMzRuSXJEVkk", "d32c9cbf5e040fd4025c592c306e6668", "list_eval_partition.txt"),
    ]

    def __init__(
        self, root: Root, split: str = "train", target_type: list[str] | str = "attr", transform: Change | None = None,
        target_transform: Change | None = None, download: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = split
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        if not self.target_type and self.target_transform is not None:
            raise RuntimeError("target_transform is specified but target_type is empty")
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        number = _SPLITS[verify_str_arg(split.lower() if isinstance(split, str) else split, "split", tuple(_SPLITS))]
        splits = self._load_csv("list_eval_partition.txt")
        attributes = self._load_csv("list_attr_celeba.txt", header=1)
        kept = [i for i, (each,) in enumerate(splits.data.tolist()) if number in (None, each)]
        self.filename = [splits.index[i] for i in kept]
        self.identity = self._load_csv("identity_CelebA.txt").data[kept]
        self.bbox = self._load_csv("list_bbox_celeba.txt", header=1).data[kept]
        self.landmarks_align = self._load_csv("list_landmarks_align_celeba.txt", header=1).data[kept]
        self.attr = (attributes.data[kept] + 1).div(2, rounding_mode="floor")
        self.attr_names = attributes.header

    def _load_csv(self, filename: str, header: int | None = None) -> CSV:
        with open(os.path.join(self.root, self.base_folder, filename)) as file:
            rows = list(csv.reader(file, delimiter=" ", skipinitialspace=True))
        names: list[str] = []
        if header is not None:
            names, rows = rows[header], rows[header + 1 :]
        return CSV(names, [row[0] for row in rows], tensor([[int(number) for number in row[1:]] for row in rows]))

    def _check_integrity(self) -> bool:
        folder = os.path.join(self.root, self.base_folder)
        texts = [(md5, name) for _, md5, name in self.file_list if not name.endswith(".zip")]  # the archive may have been removed
        return all(check_integrity(os.path.join(folder, name), md5) for md5, name in texts) and os.path.isdir(os.path.join(folder, "img_align_celeba"))

    def download(self) -> None:
        """Fetch and unpack the files, where they are not there."""
        if self._check_integrity():
            return
        folder = os.path.join(self.root, self.base_folder)
        for number, md5, name in self.file_list:
            download_file_from_google_drive(number, folder, name, md5)
        extract_archive(os.path.join(folder, "img_align_celeba.zip"))

    def _target(self, kind: str, index: int) -> Any:
        if kind == "identity":
            return self.identity[index, 0]
        known = {"attr": self.attr, "bbox": self.bbox, "landmarks": self.landmarks_align}
        if kind not in known:
            raise ValueError(f'Target type "{kind}" is not recognized.')
        return known[kind][index, :]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("Image", "CelebA").open(os.path.join(self.root, self.base_folder, "img_align_celeba", self.filename[index]))
        found = tuple([self._target(kind, index) for kind in self.target_type])
        return self._transformed(image, found if len(found) > 1 else found[0] if found else None)

    def __len__(self) -> int:
        return len(self.attr)

    def extra_repr(self) -> str:
        return f"Target type: {self.target_type}\nSplit: {self.split}"
