"""SUN397: pictures of scenes (Xiao et al., 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import download_and_extract_archive
from corelib.vision.datasets.vision import Change, Root

__all__ = ["SUN397"]


class SUN397(Listed):
    """108,754 pictures of 397 scenes in the folder SUN397."""

    def __init__(
        self, root: Root, transform: Change | None = None, target_transform: Change | None = None, download: bool = False, loader: Loader = default_loader
    ) -> None:
        super().__init__(root, transform, target_transform, download, loader)

    def _there(self) -> bool:
        return below(self.root, "SUN397").is_dir()

    def _download(self) -> None:
        download_and_extract_archive("http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz", self.root, md5="8ca2778205c41d23104230ba66911c7a")

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        folder = below(self.root, "SUN397")
        self.classes = [line[3:].strip() for line in (folder / "ClassName.txt").read_text().splitlines()]  # each begins with its letter's folder
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
        files = list(folder.rglob("sun_*.jpg"))
        return files, [self.class_to_idx["/".join(path.relative_to(folder).parts[1:-1])] for path in files]
