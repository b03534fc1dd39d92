"""Matrix products. Half types are multiplied in float32."""

from __future__ import annotations

from typing import Any

from corelib.backend.base import KernelTable
from corelib.tensor.dtype import NUMBERS, bfloat16, float16


def register(table: KernelTable, xp: Any, guard: Any) -> None:
    """mm and batched matmul."""

    def matmul(out: Any, input: Any, other: Any) -> None:
        guard.run(xp.matmul, input, other, out)

    def matmul_half(out: Any, input: Any, other: Any) -> None:
        out[...] = guard.run(xp.matmul, input.astype(xp.float32), other.astype(xp.float32))

    for name in ("mm", "_matmul"):
        table.register(name, [d for d in NUMBERS if d not in (float16, bfloat16)], matmul)
        table.register(name, (float16, bfloat16), matmul_half)
