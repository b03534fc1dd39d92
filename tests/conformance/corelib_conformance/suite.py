"""The suite as pytest's tests, one for each planned case; `from corelib_conformance.suite import *` brings it into a project's own.

pytest's options say which device and what of it: `--device`, `--level`, `--op`, `--dtype`, `--seed`.
"""

from __future__ import annotations

from typing import Any

import pytest

from corelib_conformance.result import GOOD

__all__ = ["pytest_generate_tests", "test_conformance"]


def pytest_generate_tests(metafunc: Any) -> None:
    """A test for each case that the options select."""
    if "conformance_case" in metafunc.fixturenames:
        from corelib_conformance.plan import selected

        options = metafunc.config.option
        cases = selected(options.level, options.op, None, options.dtype)  # the plugin ends the run where there are none
        metafunc.parametrize("conformance_case", [pytest.param(c, id=c.id) for c in cases])


def test_conformance(conformance_target: Any, conformance_case: Any) -> None:
    """A case passes, or what it is about is declared absent and refused."""
    from corelib_conformance.run import run_case

    result = run_case(conformance_target, conformance_case)
    assert result.status in GOOD, f"{result.status}: {result.message}"
