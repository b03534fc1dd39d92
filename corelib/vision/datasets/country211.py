"""Country211: pictures and the country they were taken in (Radford et al., CLIP, 2021)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from corelib.vision.datasets.folder import ImageFolder, default_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["Country211"]


class Country211(ImageFolder):
    """Pictures of 211 countries in the folder country211; split: "train", "valid" or "test"."""

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Callable[[str], Any] = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "valid", "test"))
        above = os.path.expanduser(os.fspath(root))
        folder = os.path.join(above, "country211")
        if download and not os.path.isdir(folder):
            download_and_extract_archive("https://openaipublic.azureedge.net/clip/data/country211.tgz", above, md5="84988d7644798601126c29e9877aab6a")
        if not os.path.isdir(folder):
            raise RuntimeError(f"Dataset not found in {folder}. You can use download=True to download it")
        super().__init__(os.path.join(folder, split), transform, target_transform, loader)
        self.root = above
