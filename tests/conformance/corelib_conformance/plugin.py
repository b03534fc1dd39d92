"""The pytest plugin: the option `--device`, and the fixture `device` for the tests of this package."""

from __future__ import annotations

from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    """Add `--device`."""
    parser.getgroup("corelib").addoption("--device", default=None, help="the device to test, such as cpu or opencl:0")


@pytest.fixture(scope="session")
def device(request: Any) -> Any:
    """The device under test. One that is not given, unknown or unavailable is an error, never a skip."""
    import corelib

    name = request.config.getoption("--device")
    if name is None:
        raise pytest.UsageError("corelib_conformance needs a device: pytest --pyargs corelib_conformance --device cpu")
    try:
        found = corelib.device(name)
        corelib.empty(1, device=found)
    except RuntimeError as error:
        raise pytest.UsageError(f"--device {name}: {error}") from None
    return found
