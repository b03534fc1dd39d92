"""Kernels that set and move elements."""

from __future__ import annotations

from corelib.backend.xp.guard import Guard, Module
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import Number, NUMBERS, REALS


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """fill, copy and arange."""

    @table("fill", REALS)
    def fill(out: Native, value: Number) -> None:
        out[...] = value

    @table("copy", REALS)
    def copy(out: Native, input: Native) -> None:
        if out.dtype is input.dtype:  # no cast that the guard would have to keep quiet
            out[...] = input
        else:
            guard.run(xp.copyto, out, input, casting="unsafe")

    @table("arange_", NUMBERS)
    def arange_(out: Native, start: Number, step: Number) -> None:
        n = out.shape[0]
        out[...] = xp.arange(n) * step + start
