"""Kernels written once against a NumPy-like module `xp`: cpu_numpy passes numpy, cuda_cupy passes cupy.

`register(table, xp, guard)` fills a backend's kernel table. `guard.run(f, *args)` calls `f(*args)`; a backend uses it to
silence floating-point warnings where its module has any; `guard.matmul`, where it is there, multiplies matrices.
"""

from __future__ import annotations

from typing import Any

from corelib.contract.kernels import KernelTable


class Plain:
    """A guard for libraries that have no floating-point warnings to keep quiet, or where they are quiet already."""

    @staticmethod
    def run(function: Any, *args: Any, **names: Any) -> Any:
        return function(*args, **names)

    @staticmethod
    def unary(function: Any) -> Any:
        return lambda out, input: function(input, out)

    @staticmethod
    def binary(function: Any) -> Any:
        return lambda out, input, other: function(input, other, out=out)


def register(table: KernelTable, xp: Any, guard: Any) -> None:
    """Put every shared kernel into a backend's table."""
    from corelib.backend.xp import complex_numbers, convolution, elementwise, indexing, linalg, movement, neural, ordering, products, reductions

    for family in (elementwise, movement, products, reductions, ordering, indexing, neural, convolution, linalg, complex_numbers):
        family.register(table, xp, guard)
