"""A program that reads pictures by itself, unchanged, by PyTorch with torchvision and by corelib."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

PROGRAMS = Path(__file__).parent / "programs"


def printed(*arguments):
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def test_the_tutorials_data_set_of_files_trains_as_with_torchvision(tmp_path):
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 20)
    for n, label in enumerate(labels):
        image = rng.integers(0, 256, (16, 16, 3)) // 2 + label * 40
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"picture {n}.png")
    (tmp_path / "labels.csv").write_text("".join(["name,label\n", *(f"picture {n}.png,{label}\n" for n, label in enumerate(labels))]))
    program = PROGRAMS / "custom_dataset.py"
    theirs = printed(PROGRAMS / "by_torchvision.py", program, tmp_path)
    ours = printed("-m", "corelib.as_torch", program, tmp_path)
    assert len(ours) == len(theirs) == 7 and ours[0] == theirs[0]
    for mine, other in zip(ours[1:], theirs[1:]):
        assert mine[:-2] == other[:-2]
        np.testing.assert_allclose([float(word) for word in mine[-2:]], [float(word) for word in other[-2:]], rtol=1e-4, atol=2e-4)
