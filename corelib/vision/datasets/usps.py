"""USPS: digits from letters' envelopes (Hull, 1994)."""

from __future__ import annotations

import bz2
import os
from typing import Any

import numpy as np

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import download_url
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["USPS"]

_URL = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"


class USPS(VisionDataset[tuple[Any, Any]]):
    """7,291 digits to train with and 2,007 to test (`train=False`), grey, 16 by 16. data: an array of uint8 (n, 16, 16); targets: a list."""

    split_list = {
        "train": [f"{_URL}usps.bz2", "usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"],
        "test": [f"{_URL}usps.t.bz2", "usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"],
    }

    def __init__(
        self, root: Root, train: bool = True, transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        url, name, md5 = self.split_list["train" if train else "test"]
        path = os.path.join(self.root, name)
        if download and not os.path.exists(path):
            download_url(url, self.root, name, md5=md5)
        with bz2.open(path, "rt") as file:
            rows = [line.split() for line in file]
        shades = np.asarray([[cell.split(":")[-1] for cell in row[1:]] for row in rows], dtype=np.float32).reshape(-1, 16, 16)
        self.data = ((shades + 1) / 2 * 255).astype(np.uint8)
        self.targets = [int(row[0]) - 1 for row in rows]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pillow("Image", "USPS").fromarray(self.data[index]), int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)
