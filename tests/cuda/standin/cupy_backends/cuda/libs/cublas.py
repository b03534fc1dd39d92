"""cuBLAS by CuPy's names: products of column-major matrices, computed by NumPy when the stream comes to them."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np

from cupy.cuda import stream as _streams
from simulated_cuda import errors
from simulated_cuda.calls import told_as
from simulated_cuda.machine import MACHINE
from simulated_cuda.matrices import TYPES, Array, Matrix, same_device
from simulated_cuda.queues import Queue

CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C = 0, 1, 2
CUBLAS_POINTER_MODE_HOST, CUBLAS_POINTER_MODE_DEVICE = 0, 1
CUBLAS_DEFAULT_MATH, CUBLAS_PEDANTIC_MATH, CUBLAS_TF32_TENSOR_OP_MATH = 0, 2, 3
CUBLAS_COMPUTE_16F, CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_PEDANTIC, CUBLAS_COMPUTE_64F = 64, 68, 69, 70
CUBLAS_COMPUTE_64F_PEDANTIC, CUBLAS_COMPUTE_32F_FAST_16F, CUBLAS_COMPUTE_32F_FAST_16BF, CUBLAS_COMPUTE_32F_FAST_TF32 = 71, 74, 75, 77
CUBLAS_GEMM_DEFAULT, CUBLAS_GEMM_DEFAULT_TENSOR_OP = -1, 99

_STATUS = {1: "NOT_INITIALIZED", 3: "ALLOC_FAILED", 7: "INVALID_VALUE", 13: "EXECUTION_FAILED", 15: "NOT_SUPPORTED"}
_INVALID, _UNSUPPORTED = 7, 15

_NARROW = ((2, 2), (2, 0), (14, 14), (14, 0), (0, 0), (4, 4))
SUPPORTED = {
    CUBLAS_COMPUTE_16F: ((2, 2),),
    CUBLAS_COMPUTE_32F: _NARROW,
    CUBLAS_COMPUTE_32F_PEDANTIC: _NARROW,
    CUBLAS_COMPUTE_32F_FAST_16F: ((0, 0), (4, 4)),
    CUBLAS_COMPUTE_32F_FAST_16BF: ((0, 0), (4, 4)),
    CUBLAS_COMPUTE_32F_FAST_TF32: ((0, 0), (4, 4)),
    CUBLAS_COMPUTE_64F: ((1, 1), (5, 5)),
    CUBLAS_COMPUTE_64F_PEDANTIC: ((1, 1), (5, 5)),
}
"""For each type to compute in, the types of A and B and of C, as the table of cublasGemmEx has them."""


class CUBLASError(RuntimeError):
    """An error that cuBLAS reports; `status` is its number."""

    def __init__(self, status: int, why: str = "") -> None:
        self.status = status
        super().__init__(f"CUBLAS_STATUS_{_STATUS[status]}" + (f" ({why})" if why else ""))


class _Handle:
    """A handle: of a device, with the stream that its calls are queued in."""

    def __init__(self) -> None:
        self.device = MACHINE.current
        self.stream = 0
        self.pointers = CUBLAS_POINTER_MODE_HOST
        self.math = CUBLAS_DEFAULT_MATH


_handles: dict[int, _Handle] = {}


_call = told_as(lambda error: CUBLASError(13, str(error)))


def _handle(handle: int) -> _Handle:
    if handle not in _handles:
        raise CUBLASError(1, f"{handle:#x} is no handle")
    return _handles[handle]


@_call
def create() -> int:
    number = MACHINE.number()
    _handles[number] = _Handle()
    return number


@_call
def destroy(handle: int) -> None:
    _handle(handle)
    del _handles[handle]


@_call
def setStream(handle: int, stream: int) -> None:
    found = _handle(handle)
    queue = _queue(found, stream)
    if queue.capture is not None:  # CuPy's own rule
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
    if queue.device is not found.device:
        raise CUBLASError(_INVALID, f"the handle is of device {found.device.index}, the stream of device {queue.device.index}")
    found.stream = stream


@_call
def getStream(handle: int) -> int:
    return _handle(handle).stream


@_call
def setPointerMode(handle: int, mode: int) -> None:
    _handle(handle).pointers = mode


@_call
def getPointerMode(handle: int) -> int:
    return _handle(handle).pointers


@_call
def setMathMode(handle: int, mode: int) -> None:
    _handle(handle).math = mode


@_call
def getMathMode(handle: int) -> int:
    return _handle(handle).math


def _queue(handle: _Handle, stream: int) -> Queue:
    """The stream behind a number: the default one is the handle's device's."""
    return handle.device.default if stream in (0, 1) else MACHINE.stream(stream)


def _begin(handle: int) -> tuple[_Handle, Queue]:
    """What each call of CuPy begins with: the handle's stream is the current one from here on."""
    setStream(handle, _streams.get_current_stream().ptr)
    found = _handle(handle)
    return found, _queue(found, found.stream)


def _number(handle: _Handle, address: int, dtype: np.dtype[Any]) -> complex:
    if handle.pointers != CUBLAS_POINTER_MODE_HOST:
        raise CUBLASError(_UNSUPPORTED, "the stand-in takes alpha and beta from the host only")
    return complex(np.frombuffer(ctypes.string_at(address, dtype.itemsize), dtype)[0])


class Product(NamedTuple):
    """One call of gemm: what is multiplied, how, and in what."""

    transposed: tuple[int, int]
    sizes: tuple[int, int, int]
    types: tuple[int, int, int]
    leads: tuple[int, int, int]
    compute: int

    def check(self) -> None:
        """cuBLAS's own errors, with what is wrong."""
        (m, n, k), (lda, ldb, ldc) = self.sizes, self.leads
        if not {*self.transposed} <= {CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C} or min(m, n, k) < 0:
            raise CUBLASError(_INVALID, f"operations {self.transposed}, sizes {self.sizes}")
        rows = (k if self.transposed[0] else m, n if self.transposed[1] else k, m)
        for name, lead, least in zip("ABC", (lda, ldb, ldc), rows, strict=True):
            if lead < max(1, least):
                raise CUBLASError(_INVALID, f"columns of {name} have {least} elements, and a leading dimension of {lead}")
        a, b, c = self.types
        if a != b or (a, c) not in SUPPORTED.get(self.compute, ()):
            raise CUBLASError(_UNSUPPORTED, f"types {self.types} computed in {self.compute}")

    def matrices(self, pointers: tuple[int, int, int]) -> tuple[Matrix, Matrix, Matrix]:
        m, n, k = self.sizes
        shapes = ((k, m) if self.transposed[0] else (m, k), (n, k) if self.transposed[1] else (k, n), (m, n))
        made = [Matrix(p, TYPES[t], *shape, lead) for p, t, shape, lead in zip(pointers, self.types, shapes, self.leads, strict=True)]
        for x in made:
            if x.address % x.dtype.itemsize:
                raise CUBLASError(_INVALID, f"{x.address:#x} is not aligned to {x.dtype.itemsize} bytes")
        return made[0], made[1], made[2]

    @property
    def scale(self) -> np.dtype[Any]:
        """The type of alpha and beta."""
        wide, narrow = self.compute in (CUBLAS_COMPUTE_64F, CUBLAS_COMPUTE_64F_PEDANTIC), self.compute == CUBLAS_COMPUTE_16F
        if self.types[0] in (4, 5):
            return np.dtype(np.complex128 if wide else np.complex64)
        return np.dtype(np.float64 if wide else np.float16 if narrow else np.float32)

    def multiply(self, a: Array, b: Array) -> Array:
        """op(A) op(B), each product and sum in the type to compute in."""
        if self.compute == CUBLAS_COMPUTE_32F_FAST_TF32:
            a, b = _ten_bits(a), _ten_bits(b)
        elif self.compute == CUBLAS_COMPUTE_32F_FAST_16F:
            a, b = a.astype(np.float16), b.astype(np.float16)
        elif self.compute == CUBLAS_COMPUTE_32F_FAST_16BF:
            a, b = a.astype(TYPES[14]), b.astype(TYPES[14])
        left, right = [x if not op else x.T if op == CUBLAS_OP_T else x.conj().T for x, op in zip((a, b), self.transposed, strict=True)]
        with np.errstate(all="ignore"):
            return np.matmul(left.astype(self.scale), right.astype(self.scale))


def _ten_bits(x: Array) -> Array:
    """Rounded to TensorFloat-32: ten bits after the point, to the nearest, ties to even."""
    bits = np.ascontiguousarray(x).view(np.uint32).astype(np.uint64)
    made = ((bits + 0xFFF + ((bits >> np.uint64(13)) & np.uint64(1))) & np.uint64(0xFFFFE000)).astype(np.uint32)
    rounded = made.view(x.dtype).reshape(x.shape)
    return np.where(np.isfinite(x), rounded, x)


@_call
def gemmStridedBatchedEx(
    handle: int, transa: int, transb: int, m: int, n: int, k: int, alpha: int, A: int, Atype: int, lda: int, strideA: int, B: int, Btype: int, ldb: int,
    strideB: int, beta: int, C: int, Ctype: int, ldc: int, strideC: int, batchCount: int, computeType: int, algo: int,
) -> None:  # fmt: skip
    found, queue = _begin(handle)
    product = Product((transa, transb), (m, n, k), (Atype, Btype, Ctype), (lda, ldb, ldc), computeType)
    product.check()
    if not (m and n and batchCount):
        return
    same_device(found.device.index, A, B, C)
    one, zero = _number(found, alpha, product.scale), _number(found, beta, product.scale)
    sizes = [TYPES[t].itemsize for t in product.types]
    places = [product.matrices((A + i * strideA * sizes[0], B + i * strideB * sizes[1], C + i * strideC * sizes[2])) for i in range(batchCount)]
    span = places[0][2].nbytes
    if batchCount > 1 and abs(strideC) * sizes[2] < span:
        raise errors.fault(f"gemmStridedBatchedEx: matrices of C overlap: each spans {span} bytes, and they are {strideC * sizes[2]} bytes apart")
    uses = [u for a, b, c in places for u in (a.use(False), b.use(False), c.use(True))]

    def run() -> None:
        for a, b, c in places:
            made = product.multiply(a.read(), b.read()) * product.scale.type(one if product.scale.kind == "c" else one.real)
            if zero:  # else C need not have been written
                made = made + c.read().astype(made.dtype) * product.scale.type(zero if product.scale.kind == "c" else zero.real)
            with np.errstate(all="ignore"):
                c.write(made)

    MACHINE.scheduler.queue(queue, "gemm", run, uses, 2 * m * n * max(k, 1) * batchCount)


def gemmEx(
    handle: int, transa: int, transb: int, m: int, n: int, k: int, alpha: int, A: int, Atype: int, lda: int, B: int, Btype: int, ldb: int, beta: int,
    C: int, Ctype: int, ldc: int, computeType: int, algo: int,
) -> None:  # fmt: skip
    gemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, A, Atype, lda, 0, B, Btype, ldb, 0, beta, C, Ctype, ldc, 0, 1, computeType, algo)
