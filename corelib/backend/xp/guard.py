"""How the shared kernels call the functions of a NumPy-like module: directly, or where a backend has a guard, through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from corelib.contract.kernels import Kernel, Native
from corelib.tensor.dtype import Number

Module: TypeAlias = Any
"""numpy, cupy, or another module with NumPy's functions."""
Function: TypeAlias = Callable[..., Any]
"""One of a module's functions, or several of them in one."""
Outs: TypeAlias = Sequence[Native]
"""The arrays that a kernel with several results writes into."""
Operand: TypeAlias = Native | Number
"""An array, or a number in place of one."""


class Guard(Protocol):
    """What a backend gives beside its module.

    `matmul`, where it has one, multiplies matrices in place of the module's; `piece` is the number of elements whose
    temporaries stay in cache.
    """

    def run(self, function: Function, *args: Any, **names: Any) -> Any:
        """`function(*args, **names)`, with the module's floating-point warnings off."""

    def unary(self, function: Function) -> Kernel:
        """A kernel `(out, input)` of a function that takes `(input, out)`."""

    def binary(self, function: Function) -> Kernel:
        """A kernel `(out, input, other)` of a function that takes `(input, other, out)`."""


class Plain:
    """A guard for libraries that have no floating-point warnings to keep quiet, or where they are quiet already."""

    @staticmethod
    def run(function: Function, *args: Any, **names: Any) -> Any:
        return function(*args, **names)

    @staticmethod
    def unary(function: Function) -> Kernel:
        return lambda out, input: function(input, out)

    @staticmethod
    def binary(function: Function) -> Kernel:
        return lambda out, input, other: function(input, other, out=out)


def pieces(guard: Guard, *arrays: Native) -> Iterator[tuple[Native, ...]]:
    """Arrays of one shape, flat and in parts of `guard.piece` elements; all at once where it has none or an array has gaps."""
    n, size = arrays[0].size, getattr(guard, "piece", None)
    if size is None or n <= size or not all(a.flags.c_contiguous for a in arrays):
        yield arrays if arrays[0].ndim else tuple([a.reshape(1) for a in arrays])
        return
    flat = [a.reshape(-1) for a in arrays]
    for i in range(0, n, size):
        yield tuple([a[i : i + size] for a in flat])


def guarded(guard: Guard, kernel: Kernel) -> Kernel:
    """A kernel that runs under the backend's guard."""
    run = guard.run

    def call(*args: Any) -> Any:
        return run(kernel, *args)

    return call
