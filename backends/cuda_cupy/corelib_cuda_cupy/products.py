"""Products of matrices by cuBLAS: float32 (TF32 where it is allowed), float64, and the half types with sums in float32.

cuBLAS wants columns next to each other, so C = A B is computed as C' = B' A'. A matrix whose rows or columns lie next to each other
is given as it is; any other, and whatever cuBLAS has no product for, goes by the generated kernel.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from corelib.backend import StridedArray
from corelib.contract.kernels import Kernel
from corelib.tensor import dtype as D
from corelib.dispatcher.precision import get_float32_matmul_precision

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import CupyBackend

# cudaDataType_t and cublasComputeType_t
_TYPES = {D.float32: 0, D.float64: 1, D.float16: 2, D.bfloat16: 14}
_FLOAT32, _FLOAT64, _TF32 = 68, 70, 77


class Products:
    """out = a @ b by cuBLAS, or by the generated kernel."""

    def __init__(self, backend: CupyBackend, generated: Kernel) -> None:
        self._backend = backend
        self._generated = generated

    def product(self, out: StridedArray, a: StridedArray, b: StridedArray) -> object:
        if out.dtype not in _TYPES or 0 in out.shape or a.shape[-1] == 0 or len(out.shape) not in (2, 3):
            return self._generated(out, a, b)
        if len(out.shape) == 3 and not (len(a.shape) == len(b.shape) == 3 and a.shape[0] == b.shape[0] == out.shape[0]):
            return self._generated(out, a, b)
        left, right = _given(b), _given(a)
        if left is None or right is None or out.strides[-1] != 1 or out.strides[-2] < out.shape[-1]:
            return self._generated(out, a, b)
        self._gemm(out, a, b, left, right)
        return None

    def _gemm(self, out: StridedArray, a: StridedArray, b: StridedArray, left: tuple[int, int], right: tuple[int, int]) -> None:
        from cupy_backends.cuda.libs import cublas  # type: ignore  # no types, and need not be installed  # loads cuBLAS, which only products need

        wide = out.dtype is D.float64
        number = ctypes.c_double if wide else ctypes.c_float
        one, zero = number(1), number(0)
        exact = get_float32_matmul_precision() == "highest" or out.dtype is not D.float32
        compute = _FLOAT64 if wide else _FLOAT32 if exact else _TF32
        kind, size = _TYPES[out.dtype], out.dtype.itemsize
        (m, n), k = out.shape[-2:], a.shape[-1]
        pointers = [x.buffer.ptr + x.offset * size for x in (b, a, out)]
        batch = out.shape[0] if len(out.shape) == 3 else 1
        steps = [x.strides[0] if len(x.shape) == 3 else 0 for x in (b, a, out)]
        with self._backend.at(out.device_index) as stream:
            handle = self._backend.cublas(out.device_index)
            cublas.setStream(handle, stream.ptr)
            cublas.gemmStridedBatchedEx(
                handle, left[0], right[0], n, m, k, ctypes.addressof(one), pointers[0], kind, left[1], steps[0], pointers[1], kind, right[1],
                steps[1], ctypes.addressof(zero), pointers[2], kind, max(out.strides[-2], 1), steps[2], batch, compute, -1,
            )


def _given(x: StridedArray) -> tuple[int, int] | None:
    """How a row-major matrix is told to cuBLAS, seen as its transpose: (operation, leading dimension); None where it cannot be."""
    (rows, columns), (down, right) = x.shape[-2:], x.strides[-2:]
    if (right == 1 or columns == 1) and (down >= columns or rows == 1):
        return 0, max(down, columns, 1)
    if (down == 1 or rows == 1) and (right >= rows or columns == 1):
        return 1, max(right, rows, 1)
    return None
