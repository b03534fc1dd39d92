"""CLEVR: scenes of simple bodies (Johnson et al., 2017)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["CLEVRClassification"]


class CLEVRClassification(Listed):
    """Pictures in the folder clevr and how many bodies each shows; split: "train", "val", or "test", for which that is not known (None)."""

    _URL = "https://dl.fbaipublicfiles.com/clevr/CLEVR_v1.0.zip"
    _MD5 = "b11922020e72d0cd9154779b2d3d07d2"

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        super().__init__(root, transform, target_transform, download, loader)

    def _folder(self) -> Path:
        return below(self.root, "clevr", "CLEVR_v1.0")

    def _there(self) -> bool:
        return self._folder().is_dir()

    def _download(self) -> None:
        download_and_extract_archive(self._URL, below(self.root, "clevr"), md5=self._MD5)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        files = sorted((self._folder() / "images" / self._split).glob("*"))
        if self._split == "test":
            return files, [None] * len(files)
        with open(self._folder() / "scenes" / f"CLEVR_{self._split}_scenes.json") as file:
            counts = {scene["image_filename"]: len(scene["objects"]) for scene in json.load(file)["scenes"]}
        return files, [counts[path.name] for path in files]

    def extra_repr(self) -> str:
        return f"split={self._split}"
