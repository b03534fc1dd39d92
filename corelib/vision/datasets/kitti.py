"""KITTI: objects seen from a car (Geiger et al., 2012)."""

from __future__ import annotations

import os
from typing import Any

from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import download_and_extract_archive
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Kitti"]


class Kitti(VisionDataset[tuple[Any, Any]]):
    """Pictures in the folder Kitti/raw, each with a list of its objects; those of the test, train=False, have None.

    Of an object are told type, truncated, occluded, alpha, bbox (4 numbers), dimensions (3), location (3) and rotation_y.
    """

    data_url = "https://s3.eu-central-1.amazonaws.com/avg-kitti/"
    resources = ["data_object_image_2.zip", "data_object_label_2.zip"]
    image_dir_name = "image_2"
    labels_dir_name = "label_2"

    def __init__(
        self, root: Root, train: bool = True, transform: Change | None = None, target_transform: Change | None = None,
        transforms: Change | None = None, download: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform, transforms=transforms)
        self.train = train
        self._location = "training" if train else "testing"
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You may use download=True to download it.")
        folder = os.path.join(self._raw_folder, self._location)
        names = os.listdir(os.path.join(folder, self.image_dir_name))
        self.images = [os.path.join(folder, self.image_dir_name, name) for name in names]
        self.targets = [os.path.join(folder, self.labels_dir_name, f"{name.split('.')[0]}.txt") for name in names] if train else []

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("Image", "Kitti").open(self.images[index])
        return self._transformed_together(image, self._parse_target(index) if self.train else None)

    def _parse_target(self, index: int) -> list[dict[str, Any]]:
        found = []
        with open(self.targets[index]) as file:
            for line in file:
                kind, truncated, occluded, *numbers = line.rstrip("\n").split(" ")
                alpha, *rest = (float(number) for number in numbers)
                found.append({
                    "type": kind, "truncated": float(truncated), "occluded": int(occluded), "alpha": alpha, "bbox": rest[:4], "dimensions": rest[4:7],
                    "location": rest[7:10], "rotation_y": rest[10],
                })  # fmt: skip
        return found

    def __len__(self) -> int:
        return len(self.images)

    @property
    def _raw_folder(self) -> str:
        return os.path.join(self.root, type(self).__name__, "raw")

    def _check_exists(self) -> bool:
        names = [self.image_dir_name, *([self.labels_dir_name] if self.train else [])]
        return all(os.path.isdir(os.path.join(self._raw_folder, self._location, name)) for name in names)

    def download(self) -> None:
        """Fetch and unpack the archives, where they are not there."""
        if self._check_exists():
            return
        for name in self.resources:
            download_and_extract_archive(self.data_url + name, self._raw_folder, filename=name)
