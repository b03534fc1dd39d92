"""DataParallel on two devices: PoCL lists as many as POCL_DEVICES names."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "unit" / "nn" / "data_parallel_program.py"


def test_two_devices_give_the_modules_results_and_gradients_and_train():
    done = subprocess.run([sys.executable, str(PROGRAM), "opencl", "2"], capture_output=True, text=True, env={**os.environ, "POCL_DEVICES": "basic basic"})
    assert done.stdout == "right\n", done.stderr
