"""The pytest plugin: the option `--device`, and the fixture `device` for the tests of this package.

pytest loads it in every run where the distribution is installed, so it imports corelib only for tests of this package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def pytest_addoption(parser: Any) -> None:
    """Add `--device`."""
    parser.getgroup("corelib").addoption("--device", default=None, help="the device to test, such as cpu or opencl:0")


def pytest_collection_finish(session: pytest.Session) -> None:
    """End the run, with pytest's exit status for wrong usage, where tests of this package have no device to run on."""
    name = session.config.getoption("--device")
    if name is not None or any(HERE in item.path.parents for item in session.items):
        find(name)


def find(name: str | None) -> Any:
    """The device of this name, on which a tensor could be made; UsageError, never a skip, where there is none."""
    if name is None:
        raise pytest.UsageError("corelib_conformance needs a device: pytest --pyargs corelib_conformance --device cpu")
    import corelib

    try:
        found = corelib.device(name)
        corelib.empty(1, device=found)
    except RuntimeError as error:
        raise pytest.UsageError(f"--device {name}: {error}") from None
    return found


@pytest.fixture(scope="session")
def device(request: Any) -> Any:
    """The device under test."""
    return find(request.config.getoption("--device"))
