"""Kernels for complex numbers: those that corelib shares among array libraries, over CuPy's arrays of the same memory.

The generated kernels know real numbers only. What CuPy has no loop for stays without a kernel, and goes to the host as anything else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from corelib.backend import KernelTable, StridedArray, xp as shared
from corelib.backend.signatures import Argument, Outcome
from corelib.contract.kernels import Kernel
from corelib.tensor import dtype as D

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import CupyBackend

Array = Any  # a CuPy array; CuPy has no types

_WITHOUT_LOOPS = ("logical_not", "logical_and", "logical_or", "logical_xor")


class Namespace:
    """CuPy, with NumPy's signature of `take`."""

    def __init__(self, cupy: ModuleType) -> None:
        self._cupy = cupy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cupy, name)

    def take(self, a: Array, indices: Array, axis: int, out: Array, mode: str) -> Array:
        return self._cupy.take(a, indices, axis, out)  # indices past the end go round


def register(table: KernelTable, backend: CupyBackend, cupy: ModuleType) -> None:
    """The shared kernels for complex64 and complex128."""
    found = KernelTable()
    shared.register(found, Namespace(cupy), shared.Plain)
    for name, kernels in found.table.items():
        for dtype in D.COMPLEX:
            if dtype in kernels and name not in _WITHOUT_LOOPS:
                table.register(name, (dtype,), _over_arrays(backend, cupy, kernels[dtype]))


def _over_arrays(backend: CupyBackend, cupy: ModuleType, kernel: Kernel) -> Kernel:
    """A kernel of arrays as one of native arrays, on their device and its stream."""

    def array(x: Argument) -> Argument:
        if not isinstance(x, StridedArray):
            return type(x)([array(y) for y in x]) if isinstance(x, (tuple, list)) else x
        if x.dtype is D.bfloat16:  # the upper half of a float32
            return (backend.as_cupy(x._replace(dtype=D.int16)).astype(cupy.int32) << 16).view(cupy.float32)
        return backend.as_cupy(x)

    def run(out: StridedArray | Sequence[StridedArray], *args: Argument) -> Outcome:
        with backend.at((out if isinstance(out, StridedArray) else out[0]).device_index):
            passed = kernel(array(out), *[array(x) for x in args]) is NotImplemented
        return NotImplemented if passed else None  # and not the array over `out`, which core does not know

    return run
