"""What the parts' processes run in: this checkout's packages as if they were installed, and small replacements of packages that are not.

Nothing is installed: a folder that goes with the command has the metadata by which corelib finds its plugins, and stands on PYTHONPATH.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "backends/cpu_numpy": ("corelib-cpu-numpy", "corelib.backends", "cpu", "corelib_cpu_numpy"),
    "backends/cuda_cupy": ("corelib-cuda-cupy", "corelib.backends", "cuda", "corelib_cuda_cupy"),
    "tests/conformance": ("corelib-conformance", "corelib.commands", "conformance", "corelib_conformance.cli"),
}
"""Folder: distribution, and its entry point as group, name and value."""
NEEDED = ("numpy", "cupy")
REPLACED = ("pluggy", "importlib_metadata", "ml_dtypes", "sklearn")


class Surroundings:
    """A context: `environment` is what processes are started with, `missing` the packages that were replaced, `lacking` those that cannot be."""

    def __init__(self) -> None:
        self.missing = [name for name in REPLACED if importlib.util.find_spec(name) is None]
        self.lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        self._folder = tempfile.TemporaryDirectory(prefix="corelib-gpu-")

    def __enter__(self) -> Surroundings:
        folder = Path(self._folder.name)
        for name in self.missing:
            place = Path(__file__).parent / "instead" / name
            if place.is_dir():
                shutil.copytree(place, folder / name)
            else:
                shutil.copy(place.with_suffix(".py"), folder)
        for distribution, group, name, value in PACKAGES.values():
            if _installed(distribution):
                continue
            info = folder / f"{distribution.replace('-', '_')}-0.1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1.0\n")
            (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
        paths = [str(folder), str(ROOT), *[str(ROOT / place) for place in PACKAGES]]
        given = os.environ.get("PYTHONPATH")
        # what was given comes first: it may have another CuPy
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*([given] if given else []), *paths]), "PYTHONUNBUFFERED": "1"}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._folder.cleanup()


def _installed(distribution: str) -> bool:
    try:
        return metadata.distribution(distribution) is not None
    except metadata.PackageNotFoundError:
        return False
