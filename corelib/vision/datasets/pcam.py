"""PatchCamelyon: patches of tissue with and without tumour (Veeling et al., 2018)."""

from __future__ import annotations

import os
from typing import Any

from corelib.vision._optional import optional, pillow
from corelib.vision.datasets._listed import below
from corelib.vision.datasets.utils import download_file_from_google_drive, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["PCAM"]


class PCAM(VisionDataset[tuple[Any, Any]]):
    """Pictures of 96 by 96 pixels in the folder pcam; split: "train", "test" or "val". Reading them needs h5py, fetching them gdown."""

    _FILES = {  # name, number at Google Drive, MD5 of the compressed file
        "train": (
            ("camelyonpatch_level_2_split_train_x.h5", "1Ka0XfEMiwgCYPdTI-vv6eUElOBnKFKQ2", "1571f514728f59376b705fc836ff4b63"),
            ("camelyonpatch_level_2_split_train_y.h5", "1269yhu3pZDP8UYFQs-NYs3FPwuK-nGSG", "35c2d7259d906cfc8143347bb8e05be7"),
        ),
        "test": (
            ("camelyonpatch_level_2_split_test_x.h5", "1qV65ZqZvWzuIVthK8eVDhIwrbnsJdbg_", "d8c2d60d490dbd479f8199bdfa0cf6ec"),
            ("camelyonpatch_level_2_split_test_y.h5", "17BHrSrwWKjYsOgTMmoqrIjDy6Fa2o_gP", "60a7035772fbdb7f34eb86d4420cf66a"),
        ),
        "val": (
            ("camelyonpatch_level_2_split_valid_x.h5", "1hgshYGWK8V-eGRy8LToWJJgDU_rXWVJ3", "d5b63470df7cfa627aeec8b9dc0c066e"),
            ("camelyonpatch_level_2_split_valid_y.h5", "1bH8ZRbhSVAhScTS0p9-ZzGnX91cHT3uO", "2b85f58b927af9964a4c15b8f7e8f179"),
        ),
    }

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        try:
            self.h5py = optional("h5py", "PCAM", "pip install h5py")
        except ImportError as error:
            raise RuntimeError(str(error)) from None
        self._split = verify_str_arg(split, "split", ("train", "test", "val"))
        super().__init__(root, transform=transform, target_transform=target_transform)
        self._base_folder = below(self.root, "pcam")
        if download and not self._check_exists():
            for name, number, md5 in self._FILES[self._split]:
                download_file_from_google_drive(number, self._base_folder, filename=name + ".gz", md5=md5)
                extract_archive(os.fspath(self._base_folder / (name + ".gz")))
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")

    def _check_exists(self) -> bool:
        return all((self._base_folder / name).exists() for name, _, _ in self._FILES[self._split])

    def _file(self, number: int) -> Any:
        return self.h5py.File(self._base_folder / self._FILES[self._split][number][0])

    def __len__(self) -> int:
        with self._file(0) as images:
            found: int = images["x"].shape[0]
        return found

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        with self._file(0) as images, self._file(1) as targets:
            image, target = pillow("Image", "PCAM").fromarray(images["x"][idx]).convert("RGB"), int(targets["y"][idx, 0, 0, 0])
        return self._transformed(image, target)
