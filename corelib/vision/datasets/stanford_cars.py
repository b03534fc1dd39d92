"""Stanford Cars: 196 kinds of cars (Krause et al., 2013)."""

from __future__ import annotations

from typing import Any

from corelib.vision._optional import optional
from corelib.vision.datasets._listed import Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["StanfordCars"]


class StanfordCars(VisionDataset[tuple[Any, Any]]):
    """Pictures in the folder stanford_cars; split: "train" or "test". Reading the lists needs scipy.

    The files are no longer where they were published: download=True is a ValueError.
    """

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        try:
            read = optional("scipy.io", "StanfordCars", "pip install scipy").loadmat
        except ImportError as error:
            raise RuntimeError(str(error)) from None
        super().__init__(root, transform=transform, target_transform=target_transform)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        folder = below(root, "stanford_cars")
        lists = folder / "devkit" / "cars_train_annos.mat" if split == "train" else folder / "cars_test_annos_withlabels.mat"
        images = folder / f"cars_{split}"
        if download:
            self.download()
        if not ((folder / "devkit").is_dir() and lists.exists() and images.is_dir()):
            raise RuntimeError("Dataset not found.")
        self._samples = [(str(images / each["fname"]), each["class"] - 1) for each in read(lists, squeeze_me=True)["annotations"]]
        self.classes = read(str(folder / "devkit" / "cars_meta.mat"), squeeze_me=True)["class_names"].tolist()
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
        self.loader = loader

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        path, target = self._samples[idx]
        return self._transformed(self.loader(path), target)

    def download(self) -> None:
        """ValueError: the files are no longer there."""
        raise ValueError("The original URL is broken so the StanfordCars dataset cannot be downloaded anymore.")
