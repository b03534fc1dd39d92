"""Kernels written once against a NumPy-like module `xp`: cpu_numpy passes numpy, cuda_cupy passes cupy.

`register(table, xp, guard)` fills a backend's kernel table. `guard.run(f, *args)` calls `f(*args)`; a backend uses it to
silence floating-point warnings where its module has any; `guard.matmul`, where it is there, multiplies matrices; `guard.piece` is the
number of elements whose temporaries stay in cache, where that matters.
"""

from __future__ import annotations

from corelib.backend.xp import (
    complex_numbers, convolution, elementwise, indexing, linalg as linalg, movement, neural, ordering, products, recurrent, reductions, special,
    traced,
)
from corelib.backend.xp.guard import Guard as Guard, Module as Module, Plain as Plain
from corelib.contract.kernels import KernelTable


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """Put every shared kernel into a backend's table."""
    for family in (elementwise, special, movement, products, reductions, ordering, indexing, neural, recurrent, convolution, linalg, complex_numbers, traced):
        family.register(table, xp, guard)
