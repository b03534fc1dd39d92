"""SEMEION: digits by hand in black and white (Buscema, 1998)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_url
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["SEMEION"]


class SEMEION(VisionDataset[tuple[Any, Any]]):
    """1,593 digits of 16 by 16. data: an array of uint8 (n, 16, 16); labels: their digits."""

    url = "http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data"
    filename = "semeion.data"
    md5_checksum = "cb545d371d2ce14ec121470795a77432"

    def __init__(self, root: Root, transform: Change | None = None, target_transform: Change | None = None, download: bool = True) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        found = np.loadtxt(os.path.join(self.root, self.filename))
        self.data = (found[:, :256] * 255).astype(np.uint8).reshape(-1, 16, 16)
        self.labels = np.nonzero(found[:, 256:])[1]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pillow("Image", "SEMEION").fromarray(self.data[index]), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, self.filename), self.md5_checksum)

    def download(self) -> None:
        """Fetch the file, where it is not there."""
        if not self._check_integrity():
            download_url(self.url, self.root, self.filename, self.md5_checksum)
