"""Tests of corelib-opencl, on a real OpenCL platform; `--style grid` of the generated code is a device of its own here."""

from __future__ import annotations

import corelib
import pytest
from corelib_opencl.backend import OpenCLBackend
from corelib_opencl.compiler import OpenCLLauncher


class GridBackend(OpenCLBackend):
    """The code that is generated for devices with thousands of items, run by whatever device there is."""

    device_type = "gridcl"

    def __init__(self):
        super().__init__()
        self.launcher.style = "grid"


class SingleBackend(OpenCLBackend):
    """A device without float64."""

    device_type = "singlecl"

    def device(self, index):
        found = super().device(index)
        found.double = False
        return found


@pytest.fixture(scope="session", autouse=True)
def backends():
    """The variants, and nothing on the host."""
    before = corelib.backends.set_fallback("error")
    assert corelib.device("opencl").runtime.backend.launcher.style  # asked here, before a test puts another answer in the driver's place
    grid, single = corelib.backends.register(GridBackend()), corelib.backends.register(SingleBackend())
    yield
    corelib.backends.set_fallback(before)
    grid.undo()
    single.undo()


@pytest.fixture
def launches(monkeypatch):
    """The names of the kernels that were queued."""
    seen = []
    run = OpenCLLauncher.run

    def noted(self, index, kernel, *rest):
        seen.append(kernel.function_name)
        return run(self, index, kernel, *rest)

    monkeypatch.setattr(OpenCLLauncher, "run", noted)
    return seen
