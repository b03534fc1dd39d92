"""Kernels that set and move elements."""

from __future__ import annotations

from typing import Any

from corelib.contract.kernels import KernelTable
from corelib.tensor.dtype import NUMBERS, REALS


def register(table: KernelTable, xp: Any, guard: Any) -> None:
    """fill, copy and arange."""

    @table("fill", REALS)
    def fill(out: Any, value: Any) -> None:
        out[...] = value

    @table("copy", REALS)
    def copy(out: Any, input: Any) -> None:
        guard.run(xp.copyto, out, input, casting="unsafe")

    @table("arange_", NUMBERS)
    def arange_(out: Any, start: Any, step: Any) -> None:
        n = out.shape[0]
        out[...] = xp.arange(n) * step + start
