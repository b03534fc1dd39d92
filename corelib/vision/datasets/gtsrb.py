"""GTSRB: German traffic signs (Stallkamp et al., 2012)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, below
from corelib.vision.datasets.folder import make_dataset, pil_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["GTSRB"]

_URL = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
_ARCHIVES = {
    "train": [("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478")],
    "test": [("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"), ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5")],
}


class GTSRB(Listed):
    """Pictures of 43 signs in the folder gtsrb; split: "train" or "test"."""

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "test"))
        super().__init__(root, transform, target_transform, download, pil_loader)

    def _folder(self) -> Any:
        return below(self.root, "gtsrb", "GTSRB", *(("Training",) if self._split == "train" else ("Final_Test", "Images")))

    def _there(self) -> bool:
        return bool(self._folder().is_dir())

    def _download(self) -> None:
        for name, md5 in _ARCHIVES[self._split]:
            download_and_extract_archive(_URL + name, below(self.root, "gtsrb"), md5=md5)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        if self._split == "train":
            samples = make_dataset(self._folder(), extensions=(".ppm",))
        else:
            with open(below(self.root, "gtsrb", "GT-final_test.csv")) as file:
                rows = csv.DictReader(file, delimiter=";", skipinitialspace=True)
                samples = [(str(self._folder() / row["Filename"]), int(row["ClassId"])) for row in rows]
        return [path for path, _ in samples], [label for _, label in samples]
