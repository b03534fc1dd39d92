"""SVHN: digits of house numbers in the street (Netzer et al., 2011)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from corelib.vision._optional import optional, pillow
from corelib.vision.datasets.utils import check_integrity, download_url, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["SVHN"]


class SVHN(VisionDataset[tuple[Any, Any]]):
    """Pictures of 32 by 32 in colours and their digits; split: "train", "test" or "extra". Reading the files needs scipy.

    data: all pictures, an array of uint8 (n, 3, 32, 32); labels: their digits. RuntimeError where the file is not there or not as it was published.
    """

    split_list = {
        "train": ["http://ufldl.stanford.edu/housenumbers/train_32x32.mat", "train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"],
        "test": ["http://ufldl.stanford.edu/housenumbers/test_32x32.mat", "test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"],
        "extra": ["http://ufldl.stanford.edu/housenumbers/extra_32x32.mat", "extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7"],
    }

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", tuple(self.split_list))
        self.url, self.filename, self.file_md5 = self.split_list[split]
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}. You can use download=True to download it")
        found = optional("scipy.io", "SVHN", "pip install scipy").loadmat(os.path.join(self.root, self.filename))
        self.data = np.transpose(found["X"], (3, 2, 0, 1))
        self.labels = found["y"].astype(np.int64).squeeze()
        self.labels[self.labels == 10] = 0

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("Image", "SVHN").fromarray(np.transpose(self.data[index], (1, 2, 0)))
        return self._transformed(image, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, self.filename), self.file_md5)

    def download(self) -> None:
        """Fetch the file, where it is not there."""
        download_url(self.url, self.root, self.filename, self.file_md5)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"
