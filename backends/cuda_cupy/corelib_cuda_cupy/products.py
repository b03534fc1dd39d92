"""Products of matrices by cuBLAS: float32 (TF32 where it is allowed), float64, and the half types with sums in float32.

cuBLAS wants columns next to each other, so C = A B is computed as C' = B' A'. A matrix whose rows or columns lie next to each other
is given as it is; any other, and whatever cuBLAS has no product for, goes by the generated kernel. So do all while a graph is captured, for
CuPy refuses cuBLAS's calls then, and all on ROCm, where nobody has looked at what hipBLAS makes of these calls.
"""

from __future__ import annotations

import ctypes
from itertools import pairwise
from math import prod
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
    """out = a @ b, and out = input @ weight.T + bias, by cuBLAS, or by the generated kernels."""

    def __init__(self, backend: CupyBackend, generated: Kernel, affine: Kernel | None = None, copy: Kernel | None = None) -> None:
        self._backend = backend
        self._generated = generated
        self._generated_affine = affine
        self._copy = copy

    def affine(self, out: StridedArray, input: StridedArray, weight: StridedArray, bias: StridedArray | None) -> object:
        assert self._generated_affine is not None and self._copy is not None
        rows, made = _rows(input), _rows(out)
        columns = weight._replace(shape=weight.shape[::-1], strides=weight.strides[::-1])
        if rows is None or made is None or not self._serves(made, rows, columns):
            return self._generated_affine(out, input, weight, bias)
        if bias is not None:
            self._copy(made, bias._replace(shape=(1, *bias.shape), strides=(0, *bias.strides)))
        self._gemm(made, rows, columns, bias is not None)
        return None

    def product(self, out: StridedArray, a: StridedArray, b: StridedArray) -> object:
        out_, a_, b_ = (_merged(x, len(out.shape)) for x in (out, a, b))
        if out_ is None or a_ is None or b_ is None or not self._serves(out_, a_, b_):
            return self._generated(out, a, b)
        self._gemm(out_, a_, b_)
        return None

    def _serves(self, out: StridedArray, a: StridedArray, b: StridedArray) -> bool:
        """Whether cuBLAS has the product of these matrices, or batches of them, and may be called now."""
        if self._backend.launcher.hip or self._backend.captures.now is not None:
            return False
        if out.dtype not in _TYPES or a.dtype is not out.dtype or b.dtype is not out.dtype or 0 in out.shape or a.shape[-1] == 0:
            return False
        if len(out.shape) == 3 and not (len(a.shape) == len(b.shape) == 3 and a.shape[0] == b.shape[0] == out.shape[0]):
            return False
        if _given(a) is None or _given(b) is None:
            return False
        return (out.strides[-1] == 1 or out.shape[-1] == 1) and (out.strides[-2] >= out.shape[-1] or out.shape[-2] == 1)

    def _gemm(self, out: StridedArray, a: StridedArray, b: StridedArray, add: bool = False) -> None:
        """out = a @ b, or with `add` out += a @ b."""
        from cupy_backends.cuda.libs import cublas  # type: ignore  # no types, and need not be installed  # loads cuBLAS, which only products need

        wide = out.dtype is D.float64
        number = ctypes.c_double if wide else ctypes.c_float
        left, right = _given(b), _given(a)
        assert left is not None and right is not None
        one, beta = number(1), number(1 if add else 0)
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
                steps[1], ctypes.addressof(beta), pointers[2], kind, max(out.strides[-2], out.shape[-1], 1), steps[2], batch, compute, -1,
            )
        self._backend.launcher.launches += 1


def _given(x: StridedArray) -> tuple[int, int] | None:
    """How a row-major matrix is told to cuBLAS, seen as its transpose: (operation, leading dimension); None where it cannot be."""
    (rows, columns), (down, right) = x.shape[-2:], x.strides[-2:]
    if (right == 1 or columns == 1) and (down >= columns or rows == 1):
        return 0, max(down, columns, 1)
    if (down == 1 or rows == 1) and (right >= rows or columns == 1):
        return 1, max(right, rows, 1)
    return None


def _rows(x: StridedArray) -> StridedArray | None:
    """An array (*, n) as a matrix, (rows, n); None where its rows do not follow each other in even steps."""
    if len(x.shape) == 1:
        return x._replace(shape=(1, *x.shape), strides=(x.shape[0], *x.strides))
    return _flattened(x, len(x.shape) - 1)


def _merged(x: StridedArray, ndim: int) -> StridedArray | None:
    """An array of matrices with one dimension in place of several batches; None where they are not so many, or do not follow each other."""
    if len(x.shape) != ndim:
        return x if ndim == 3 and len(x.shape) == 2 else None
    return x if ndim <= 3 else _flattened(x, ndim - 2)


def _flattened(x: StridedArray, count: int) -> StridedArray | None:
    """The first `count` dimensions as one."""
    kept = [(n, s) for n, s in zip(x.shape[:count], x.strides[:count], strict=True) if n != 1]
    if any(s != n * t for (_, s), (n, t) in pairwise(kept)):
        return None
    step = kept[-1][1] if kept else x.shape[-1] * (x.shape[-2] if count < len(x.shape) - 1 else 1)
    return x._replace(shape=(prod(x.shape[:count]), *x.shape[count:]), strides=(step, *x.strides[count:]))
