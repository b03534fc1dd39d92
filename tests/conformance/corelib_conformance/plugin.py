"""The pytest plugin: the options `--device`, `--level`, `--op`, `--dtype` and `--seed`, and the fixture of the device under test.

pytest loads it in every run where the distribution is installed, so it imports corelib only for tests that use it.
"""

from __future__ import annotations

from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    """Add the options."""
    group = parser.getgroup("corelib", "corelib's conformance suite")
    group.addoption("--device", default=None, help="the device to test, such as cpu or opencl:0")
    group.addoption("--level", type=int, default=5, choices=range(6), help="the highest level, 0 (runtime) to 5 (training)")
    group.addoption("--op", default=None, help="only ops whose name matches this regular expression")
    group.addoption("--dtype", default=None, help="only dtypes whose name matches this regular expression")
    group.addoption("--seed", type=int, default=0, help="of the samples' random numbers")


def pytest_collection_finish(session: pytest.Session) -> None:
    """End the run, with pytest's exit status for wrong usage, where tests of the suite have no device to run on."""
    if session.config.getoption("--device") is not None or any("conformance_target" in getattr(i, "fixturenames", ()) for i in session.items):
        find(session.config)
        from corelib_conformance.plan import selected

        level, op, dtype = [session.config.getoption(name) for name in ("--level", "--op", "--dtype")]
        if not selected(level, op, None, dtype):
            raise pytest.UsageError(f"no case is planned for --level {level} --op {op} --dtype {dtype}")


def find(config: Any) -> Any:
    """The device under test; UsageError, never a skip, where there is none."""
    name = config.getoption("--device")
    if name is None:
        raise pytest.UsageError("corelib_conformance needs a device: pytest --pyargs corelib_conformance --device cpu")
    from corelib_conformance.target import Target

    try:
        return Target(name, config.getoption("--seed"))
    except (RuntimeError, NotImplementedError) as error:
        raise pytest.UsageError(f"--device {name}: {error}") from None


@pytest.fixture(scope="session")
def conformance_target(request: Any) -> Any:
    """The device under test."""
    return find(request.config)
