"""Writes the plots of docs/gallery by running the programs of examples/gallery: `python -m tools.gallery [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(names: list[str]) -> None:
    """Run the named programs, or all."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((ROOT / "examples" / "gallery").glob("*.py")):
            if path.stem.startswith("gallery_") or (names and path.stem not in names):
                continue
            print(path.stem, flush=True)
            subprocess.run([sys.executable, str(path), str(ROOT / "docs" / "gallery" / f"{path.stem}.svg")], cwd=folder, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
