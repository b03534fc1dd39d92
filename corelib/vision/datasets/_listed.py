"""Data sets that are a list of files with labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.vision import Change, Root, VisionDataset

Loader = Callable[[Any], Any]


class Listed(VisionDataset[tuple[Any, Any]]):
    """The base: `_found` gives the files and their labels once they are there, `_download` fetches them, `_there` says whether they are."""

    classes: list[Any]

    def __init__(
        self, root: Root, transform: Change | None, target_transform: Change | None, download: bool, loader: Loader = default_loader
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if download and not self._there():
            self._download()
        if not self._there():
            raise RuntimeError(f"Dataset not found in {os.fspath(self.root)}. You can use download=True to download it")
        self.loader = loader
        self._image_files, self._labels = self._found()

    def _there(self) -> bool:
        raise NotImplementedError

    def _download(self) -> None:
        raise NotImplementedError

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        raise NotImplementedError

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        return self._transformed(self.loader(self._image_files[idx]), self._labels[idx])

    def __len__(self) -> int:
        return len(self._image_files)

    def _numbered(self, names: Sequence[str]) -> list[int]:
        """Sets `classes` and `class_to_idx`, the names in order; gives the number of each."""
        self.classes = sorted(set(names))
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
        return [self.class_to_idx[name] for name in names]


def below(root: Any, *parts: str) -> Path:
    """A path below a root, which may be a string."""
    return Path(root).joinpath(*parts)
