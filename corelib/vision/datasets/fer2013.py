"""FER2013: faces and what they feel (Goodfellow et al., 2013)."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np

from corelib.vision._optional import pillow
from corelib.vision.datasets._listed import below
from corelib.vision.datasets.utils import check_integrity, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["FER2013"]


class FER2013(VisionDataset[tuple[Any, Any]]):
    """Grey faces of 48 by 48 and the number of an emotion, in the folder fer2013, which has to be fetched from Kaggle; split: "train" or "test".

    Of the files fer2013.csv, icml_face_data.csv, and train.csv or test.csv the first that is there is read; test.csv has no emotions, None.
    """

    _RESOURCES = {
        "train": ("train.csv", "3f0dfb3d3fd99c811a1299cb947e3131"), "test": ("test.csv", "b02c2298636a634e8c2faabbf3ea9a23"),
        "fer": ("fer2013.csv", "f8428a1edbd21e88f42c73edd2a14f95"), "icml": ("icml_face_data.csv", "b114b9e04e6949e5fe8b6a98b3892b1d"),
    }  # fmt: skip

    def __init__(self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None) -> None:
        self._split = verify_str_arg(split, "split", ("train", "test"))
        super().__init__(root, transform=transform, target_transform=target_transform)
        folder = below(self.root, "fer2013")
        which = next((kind for kind in ("fer", "icml") if (folder / self._RESOURCES[kind][0]).exists()), split)
        name, md5 = self._RESOURCES[which]
        if not check_integrity(folder / name, md5):
            site = "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge"
            raise RuntimeError(f"{name} not found in {folder} or corrupted. You can download it from {site}")
        with open(folder / name, newline="") as file:
            rows = [{key.strip(): value for key, value in row.items()} for row in csv.DictReader(file)]
        if which in ("fer", "icml"):
            wanted = ("Training",) if split == "train" else ("PublicTest", "PrivateTest")
            rows = [row for row in rows if row["Usage"] in wanted]
        self._samples = [
            (np.array(row["pixels"].split(), np.uint8).reshape(48, 48), None if which == "test" else int(row["emotion"])) for row in rows
        ]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        pixels, target = self._samples[idx]
        return self._transformed(pillow("Image", "FER2013").fromarray(pixels), target)

    def extra_repr(self) -> str:
        return f"split={self._split}"
