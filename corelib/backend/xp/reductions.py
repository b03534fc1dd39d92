"""Reductions along dimensions; `out` has the reduced dimensions kept as 1 or left out."""

from __future__ import annotations

from typing import Any

from corelib.backend.base import KernelTable
from corelib.tensor.dtype import NUMBERS, bfloat16, float16


def register(table: KernelTable, xp: Any, guard: Any) -> None:
    """sum"""
    add_reduce = xp.add.reduce

    def sum(out: Any, input: Any, dims: Any, keepdim: bool) -> None:
        guard.run(add_reduce, input, dims, out.dtype, out, keepdim)

    table.register("sum", [d for d in NUMBERS if d not in (float16, bfloat16)], sum)

    def sum_half(out: Any, input: Any, dims: Any, keepdim: bool) -> None:
        out[...] = guard.run(add_reduce, input, dims, xp.float32, None, keepdim)

    table.register("sum", (float16, bfloat16), sum_half)
