"""Two kinds of tests in this folder: those with the real CuPy (or none), and those with the stand-in for it, in processes of their own.

`python -m tests.cuda.suite` runs the second kind: it sets CORELIB_CUDA_STANDIN and puts the stand-in on the path. The tests that ask a device
(test_on_gpu.py) run in both: with a GPU where there is one, and on the stand-in.

The tests' own packages in this folder (`executor`) are imported by their names. This folder is no package itself: `cuda` is NVIDIA's.
"""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STANDIN = "CORELIB_CUDA_STANDIN" in os.environ

sys.path.insert(0, str(HERE))
collect_ignore = [p.name for p in HERE.glob("test_*.py") if p.name != "test_on_gpu.py"] if STANDIN else ["on_standin"]


@pytest.fixture(autouse=STANDIN)
def no_fault_is_left():
    """Nothing on the host, and no fault that somebody caught: what is still queued is done before the test is right."""
    import corelib
    import cupy
    from simulated_cuda.errors import FOUND

    before = corelib.backends.set_fallback("error")
    FOUND.clear()
    yield
    corelib.backends.set_fallback(before)
    for index in range(cupy.cuda.runtime.getDeviceCount()):
        cupy.cuda.Device(index).synchronize()
    assert not FOUND, FOUND[0]
