"""Kernels for complex numbers: those that corelib shares among array libraries, over CuPy's arrays of the same memory.

The generated kernels know real numbers only. What CuPy has no loop for stays without a kernel, and goes to the host as anything else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any

from corelib.backend import KernelTable, StridedArray, xp as shared
from corelib.backend.signatures import Argument, Outcome
from corelib.contract.kernels import Kernel
from corelib.tensor import dtype as D

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import CupyBackend

Array = Any  # a CuPy array; CuPy has no types

_TELLING = ("cholesky_of", "square_system", "qr_of", "reflectors_of", "eigh_of", "svd_of", "eig_of")
"""Kernels that need to know of a matrix that cannot be decomposed. CuPy does not look, for it would have to wait, unless it is told to."""
_WITHOUT_LOOPS = ("logical_not", "logical_and", "logical_or", "logical_xor")


class Namespace:
    """CuPy, with NumPy's signatures of `take` and `repeat`."""

    def __init__(self, cupy: ModuleType) -> None:
        self._cupy = cupy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cupy, name)

    def take(self, a: Array, indices: Array, axis: int, out: Array | None = None, mode: str = "wrap") -> Array:
        return self._cupy.take(a, indices, axis, out)  # indices past the end go round

    def repeat(self, a: Array, repeats: Array) -> Array:
        return self._cupy.repeat(a, repeats.tolist())  # numbers of the host only


def register(table: KernelTable, backend: CupyBackend, cupy: ModuleType) -> None:
    """The shared kernels for complex64 and complex128."""
    found = KernelTable()
    shared.register(found, Namespace(cupy), shared.Plain)
    for name, kernels in found.table.items():
        for dtype in D.COMPLEX:
            if dtype in kernels and name not in _WITHOUT_LOOPS:
                table.register(name, (dtype,), _over_arrays(backend, cupy, kernels[dtype], name in _TELLING))


def _over_arrays(backend: CupyBackend, cupy: ModuleType, kernel: Kernel, telling: bool) -> Kernel:
    """A kernel of arrays as one of native arrays, on their device and its stream; `telling`: CuPy looks whether its decompositions went well."""
    from cupyx import errstate  # type: ignore  # no types, and need not be installed


    def array(x: Argument) -> Argument:
        if not isinstance(x, StridedArray):
            return type(x)([array(y) for y in x]) if isinstance(x, (tuple, list)) else x
        if x.dtype is D.bfloat16:  # the upper half of a float32
            return (backend.as_cupy(x._replace(dtype=D.int16)).astype(cupy.int32) << 16).view(cupy.float32)
        return backend.as_cupy(x)

    def run(out: StridedArray | Sequence[StridedArray], *args: Argument) -> Outcome:
        with backend.at((out if isinstance(out, StridedArray) else out[0]).device_index), errstate(linalg="raise") if telling else nullcontext():
            passed = kernel(array(out), *[array(x) for x in args]) is NotImplemented
        return NotImplemented if passed else None  # and not the array over `out`, which core does not know

    return run
