"""The tutorial's programs, as they are written, on an opencl device: the default device is the only thing that is set."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, device: str, code: int = 0) -> str:
    program = f"import corelib, runpy; corelib.set_default_device({device!r}); runpy.run_path({str(EXAMPLES / name)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tutorial_2_data.py", "tutorial_3_network.py", "tutorial_4_autograd.py"])
def test_a_tutorial_runs_as_it_is_written(name):
    shown = run(name, "opencl")
    host = run(name, "cpu")
    assert len(shown.splitlines()) >= len(host.splitlines()) > 5
    assert "grad_fn" not in host or "grad_fn" in shown


def test_training_reaches_the_hosts_accuracy():
    accuracies = [[float(a) for a in re.findall(r"Accuracy: ([\d.]+)%", run("tutorial_5_optimize.py", d))] for d in ("opencl", "cpu")]
    assert len(accuracies[0]) == len(accuracies[1]) == 10
    # the devices' random numbers, and with them the first weights, are not the same
    best = [max(a) for a in accuracies]
    assert min(best) > 90 and abs(best[0] - best[1]) <= 3


def test_sharing_memory_with_numpy_is_refused_as_on_any_other_device():
    assert "can't convert opencl:0 device type tensor to numpy" in run("tutorial_1_tensors.py", "opencl", code=1)
