"""The checks, a theme a file. Each is a function `check(target, case)` that raises `Failure`, or returns the worst error over
its bound; `@check(level)` puts it, under its name, into CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
