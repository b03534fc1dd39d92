"""EuroSAT: land seen from a satellite (Helber et al., 2019)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from corelib.vision.datasets.folder import ImageFolder, default_loader
from corelib.vision.datasets.utils import download_and_extract_archive
from corelib.vision.datasets.vision import Change, Root

__all__ = ["EuroSAT"]

_URL = "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip"


class EuroSAT(ImageFolder):
    """27,000 pictures of ten uses of land in the folder eurosat/2750."""

    def __init__(
        self, root: Root, transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Callable[[str], Any] = default_loader,
    ) -> None:  # fmt: skip
        above = os.path.expanduser(root)
        folder = os.path.join(above, "eurosat", "2750")
        if download and not os.path.exists(folder):
            download_and_extract_archive(_URL, os.path.join(above, "eurosat"), md5="c8fa014336c82ac7804f0398fcb19387")
        if not os.path.exists(folder):
            raise RuntimeError(f"Dataset not found in {folder}. You can use download=True to download it")
        super().__init__(folder, transform, target_transform, loader)
        self.root = above
