"""The programs of examples/gallery run, keep what their first lines promise, and draw their plots. They need `.[gallery]`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "examples" / "gallery"
PROMISES = {
    "table_of_wines": {"accuracy": 0.90}, "images_from_a_folder": {"accuracy": 0.95}, "text_by_characters": {"accuracy": 0.85}, "time_series": {"explained": 0.90},
    "digits": {"accuracy": 0.97}, "char_gpt": {"loss": -0.3, "words": 0.6}, "vae": {"loss": -26.0}, "gan": {"near": 0.80, "parts": 8}, "gcn": {"accuracy": 0.90},
    "dqn": {"reached": 0.9}, "vit_fine_tuned": {"before": -0.6, "accuracy": 0.90},
}  # fmt: skip
"""What each prints, and the least that it may be; a negative number is the most, of what falls."""
SHORT = ("table_of_wines", "images_from_a_folder", "text_by_characters", "time_series")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where all programs run, so that what they read is generated once; each test process has its own."""
    return tmp_path_factory.mktemp("gallery")


def programs():
    return sorted(path.stem for path in GALLERY.glob("*.py") if not path.stem.startswith("gallery_"))


def test_each_program_has_a_promise_and_a_plot():
    assert programs() == sorted(PROMISES)
    assert sorted(path.stem for path in (ROOT / "docs" / "gallery").glob("*.svg")) == programs(), "write them anew: python -m tools.gallery"


@pytest.mark.parametrize("name", SHORT)
def test_a_file_becomes_batches_in_a_program_of_25_lines(name):
    assert len((GALLERY / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 25


@pytest.mark.parametrize("name", sorted(PROMISES))
def test_a_program_keeps_its_promise_and_draws_its_plot(name, folder):
    plot = folder / f"{name}.svg"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:corelib", str(GALLERY / f"{name}.py"), str(plot)], cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = {found[1]: float(found[2]) for found in re.finditer(r"^(\w+) (-?[\d.]+)$", done.stdout, re.M)}
    for what, bound in PROMISES[name].items():
        assert printed[what] >= bound if bound > 0 else printed[what] <= -bound, done.stdout
    assert plot.read_text(encoding="utf-8").startswith("<?xml") and plot.stat().st_size > 2000
