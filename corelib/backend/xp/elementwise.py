"""Elementwise kernels over `xp`'s universal functions."""

from __future__ import annotations

from typing import Any

from corelib.backend.base import KernelTable
from corelib.tensor.dtype import FLOATS, NUMBERS, REALS


def register(table: KernelTable, xp: Any, guard: Any) -> None:
    """One kernel for each op that is one universal function."""

    def unary(name: str, function: Any, dtypes: Any) -> None:
        table.register(name, dtypes, guard.unary(function))

    def binary(name: str, function: Any, dtypes: Any) -> None:
        table.register(name, dtypes, guard.binary(function))

    for name, function, dtypes in (("neg", xp.negative, NUMBERS), ("exp", xp.exp, FLOATS)):
        unary(name, function, dtypes)
    for name, function, dtypes in (("add", xp.add, REALS), ("sub", xp.subtract, NUMBERS), ("mul", xp.multiply, REALS)):
        binary(name, function, dtypes)
