"""The checks, a theme a file. Each is a function `check(target, case)` that raises `Failure`, or returns the worst error over
its bound; `@check(level)` puts it, under its name, into CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from corelib_conformance.result import Case
from corelib_conformance.target import Target

Check = Callable[..., Any]
CHECKS: dict[str, Check] = {}
LEVEL: dict[str, int] = {}


def check(level: int) -> Callable[[Check], Check]:
    """Declare a check of a level; its function's name is the check's, its docstring says what is promised."""

    def declared(function: Check) -> Check:
        name = function.__name__
        if name in CHECKS:
            raise ValueError(f"check {name} is declared twice")
        CHECKS[name], LEVEL[name] = function, level
        return function

    return declared


def check_of_ops(level: int) -> Callable[[Callable[[Target, str, str], float]], Check]:
    """Declare a check `function(target, op, dtype)` of one op for one dtype: where the device declares that it does not support
    that, it must be refused."""

    def declared(function: Callable[[Target, str, str], float]) -> Check:
        @wraps(function)
        def settled(target: Target, case: Case) -> float:
            return target.settle(case.op, case.dtype, case.direction, lambda: function(target, case.op, case.dtype))

        return check(level)(settled)

    return declared
