"""Two kinds of tests in this folder: those with the real CuPy (or none), and those with the stand-in for it, in processes of their own.

`python -m tests.cuda.suite` runs the second kind: it sets CORELIB_CUDA_STANDIN and puts the stand-in on the path. The tests that ask a device
(test_on_gpu.py) run in both: with a GPU where there is one, and on the stand-in.
"""

from __future__ import annotations

import os

import pytest

STANDIN = "CORELIB_CUDA_STANDIN" in os.environ

collect_ignore = ["test_arrays.py", "test_products.py", "test_without_gpu.py", "test_standin_names.py"] if STANDIN else ["on_standin"]


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
