"""The backend that the documentation shows is a real one: installed as a user installs it, it trains something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "first_backend"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder in which the example's distribution is installed."""
    folder = tmp_path_factory.mktemp("first_backend")
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--target", str(folder), str(EXAMPLE),
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def run(folder, *arguments):
    """What a program prints where the backend is installed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:Missing primitives", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_about_thirty_lines():
    lines = [line for line in (EXAMPLE / "first_backend.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= 30


def test_a_program_trains_on_it(installed):
    device, weights = run(installed, EXAMPLE / "train.py").splitlines()
    assert device.startswith("device first:0, loss ")
    assert float(device.rpartition(" ")[2]) < 1e-6
    assert weights == "[1.0, -2.0, 0.5]"


def test_the_command_lists_it(installed):
    assert "corelib-first-backend 0.1.0" in run(installed, "-m", "corelib.cli", "backends")


@pytest.mark.parametrize(
    ("call", "named"), [("torch.ones(2, device='first').exp()", "exp"), ("torch.ones(2, device='first').double()", "float64")]
)
def test_what_it_lacks_is_an_error_that_names_it(installed, call, named):
    program = f"import corelib as torch\ntry:\n    {call}\nexcept NotImplementedError as error:\n    print(error)"
    said = run(installed, "-c", program)
    assert named in said
    assert "first" in said
