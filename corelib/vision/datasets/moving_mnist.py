"""Moving MNIST: short films of two digits that move about (Srivastava et al., 2015)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from corelib.ops.construction.construct import from_numpy
from corelib.vision.datasets.utils import download_url, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["MovingMNIST"]


class MovingMNIST(VisionDataset[Any]):
    """Films of 20 frames, tensors of uint8 (frames, 1, 64, 64); split: "train", the first `split_ratio` frames, "test", the others, or None, all."""

    _URL = "http://www.cs.toronto.edu/~nitish/unsupervised_video/mnist_test_seq.npy"

    def __init__(self, root: Root, split: str | None = None, split_ratio: int = 10, download: bool = False, transform: Change | None = None) -> None:
        super().__init__(root, transform=transform)
        self._base_folder = os.path.join(self.root, type(self).__name__)
        self._filename = os.path.basename(self._URL)
        if split is not None:
            verify_str_arg(split, "split", ("train", "test"))
        if not isinstance(split_ratio, int):
            raise TypeError(f"`split_ratio` should be an integer, but got {type(split_ratio)}")
        if not 1 <= split_ratio <= 19:
            raise ValueError(f"`split_ratio` should be `1 <= split_ratio <= 19`, but got {split_ratio} instead.")
        self.split, self.split_ratio = split, split_ratio
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError(f"Dataset not found in {self._base_folder}. You can use download=True to download it.")
        films = from_numpy(np.load(os.path.join(self._base_folder, self._filename)))
        frames = {"train": films[:split_ratio], "test": films[split_ratio:]}.get(split or "", films)
        self.data = frames.transpose(0, 1).unsqueeze(2).contiguous()

    def __getitem__(self, idx: int) -> Any:
        return self.data[idx] if self.transform is None else self.transform(self.data[idx])

    def __len__(self) -> int:
        return len(self.data)

    def _check_exists(self) -> bool:
        return os.path.exists(os.path.join(self._base_folder, self._filename))

    def download(self) -> None:
        """Fetch the file, where it is not there."""
        if not self._check_exists():
            download_url(self._URL, self._base_folder, self._filename, md5="be083ec986bfe91a449d63653c411eb2")
