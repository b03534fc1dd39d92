"""cuSOLVER by CuPy's names: Cholesky and LU of column-major matrices, in float32 and float64, computed by NumPy when the stream comes to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cupy.cuda import stream as _streams
from simulated_cuda.calls import told_as
from simulated_cuda.machine import MACHINE
from simulated_cuda.matrices import Array, Matrix, same_device
from simulated_cuda.order import Use
from simulated_cuda.queues import Queue

CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER = 0, 1
_STATUS = {1: "NOT_INITIALIZED", 3: "INVALID_VALUE", 6: "EXECUTION_FAILED"}
_WORK = 64
"""Elements of work space that every call here asks for, so that one which gives none is found."""


class CUSOLVERError(RuntimeError):
    """An error that cuSOLVER reports; `status` is its number."""

    def __init__(self, status: int, why: str = "") -> None:
        self.status = status
        super().__init__(f"CUSOLVER_STATUS_{_STATUS[status]}" + (f" ({why})" if why else ""))


_call = told_as(lambda error: CUSOLVERError(6, str(error)))


_handles: dict[int, list[Any]] = {}
"""For each handle its device and the number of its stream."""


@_call
def create() -> int:
    number = MACHINE.number()
    _handles[number] = [MACHINE.current, 0]
    return number


def _handle(handle: int) -> list[Any]:
    if handle not in _handles:
        raise CUSOLVERError(1, f"{handle:#x} is no handle")
    return _handles[handle]


@_call
def destroy(handle: int) -> None:
    _handle(handle)
    del _handles[handle]


@_call
def setStream(handle: int, stream: int) -> None:
    found = _handle(handle)
    if _queue(found[0], stream).device is not found[0]:
        raise CUSOLVERError(3, f"the handle is of device {found[0].index}, the stream of another")
    found[1] = stream


@_call
def getStream(handle: int) -> int:
    return int(_handle(handle)[1])


def _queue(device: Any, stream: int) -> Queue:
    return device.default if stream in (0, 1) else MACHINE.stream(stream)


def _begin(handle: int, *matrices: Matrix) -> Queue:
    setStream(handle, _streams.get_current_stream().ptr)
    device, stream = _handle(handle)
    for x in matrices:
        if x.lead < max(1, x.rows):
            raise CUSOLVERError(3, f"columns have {x.rows} elements, and a leading dimension of {x.lead}")
    same_device(device.index, *[x.address for x in matrices])
    return _queue(device, stream)


def _integers(address: int, count: int) -> Matrix:
    return Matrix(address, np.dtype(np.int32), count, 1, count)


def _potrf(dtype: type, handle: int, uplo: int, n: int, A: int, lda: int, work: int, lwork: int, devInfo: int) -> None:
    """A = L L' or U' U in place; the other triangle stays, and need not have been written."""
    a = Matrix(A, np.dtype(dtype), n, n, lda)
    queue = _begin(handle, a)
    if lwork < _WORK or uplo not in (0, 1):
        raise CUSOLVERError(3, f"{lwork} elements of work space, uplo {uplo}; at least {_WORK}, and 0 or 1")
    info = _integers(devInfo, 1)

    def run() -> None:
        held = a.read()
        half = np.tril(held) if uplo == CUBLAS_FILL_MODE_LOWER else np.triu(held).T
        found, wrong = half.copy(), 0
        for j in range(n):
            rest = found[j:, j] - found[j:, :j] @ found[j, :j]
            if not rest[0] > 0:
                wrong = j + 1
                break
            found[j:, j] = rest / np.sqrt(rest[0])
        kept = np.triu(held, 1) + found if uplo == CUBLAS_FILL_MODE_LOWER else np.tril(held, -1) + found.T
        a.write(kept)
        info.write(np.array([[wrong]], np.int32))

    MACHINE.scheduler.queue(queue, "potrf", run, [a.use(True), Use(work, lwork * np.dtype(dtype).itemsize, True), info.use(True)], n**3)


def _getrf(dtype: type, handle: int, m: int, n: int, A: int, lda: int, work: int, devIpiv: int, devInfo: int) -> None:
    """P A = L U in place with partial pivoting; rows in `devIpiv` count from 1. Without `devIpiv` no rows are exchanged."""
    a, info, pivots = Matrix(A, np.dtype(dtype), m, n, lda), _integers(devInfo, 1), _integers(devIpiv, min(m, n))
    queue = _begin(handle, a)

    def run() -> None:
        x, wrong, places = a.read().copy(), 0, np.zeros((min(m, n), 1), np.int32)
        for j in range(min(m, n)):
            best = j + int(np.abs(x[j:, j]).argmax()) if devIpiv else j
            places[j] = best + 1
            x[[j, best]] = x[[best, j]]
            if x[j, j] == 0:
                wrong = wrong or j + 1
                continue
            x[j + 1 :, j] /= x[j, j]
            x[j + 1 :, j + 1 :] -= np.outer(x[j + 1 :, j], x[j, j + 1 :])
        a.write(x)
        if devIpiv:
            pivots.write(places)
        info.write(np.array([[wrong]], np.int32))

    uses = [a.use(True), info.use(True), *([pivots.use(True)] if devIpiv else [])]
    MACHINE.scheduler.queue(queue, "getrf", run, [*uses, Use(work, _WORK * np.dtype(dtype).itemsize, True)], n**3)


def _getrs(dtype: type, handle: int, trans: int, n: int, nrhs: int, A: int, lda: int, devIpiv: int, B: int, ldb: int, devInfo: int) -> None:
    """Solve op(A) X = B with what `getrf` left, into B."""
    kind = np.dtype(dtype)
    a, b, info, pivots = Matrix(A, kind, n, n, lda), Matrix(B, kind, n, nrhs, ldb), _integers(devInfo, 1), _integers(devIpiv, n)
    queue = _begin(handle, a, b)

    def run() -> None:
        x, rows = a.read(), np.arange(n)
        if devIpiv:
            for j, place in enumerate(pivots.read()[:, 0]):
                rows[[j, place - 1]] = rows[[place - 1, j]]
        whole: Array = np.zeros((n, n), kind)
        whole[rows] = (np.tril(x, -1) + np.eye(n, dtype=kind)) @ np.triu(x)
        b.write(np.linalg.solve(whole.T if trans else whole, b.read()))
        info.write(np.zeros((1, 1), np.int32))

    uses = [a.use(False), b.use(True), info.use(True), *([pivots.use(False)] if devIpiv else [])]
    MACHINE.scheduler.queue(queue, "getrs", run, uses, n * n * nrhs)


def spotrf_bufferSize(handle: int, uplo: int, n: int, A: int, lda: int) -> int:
    return _WORK


def dpotrf_bufferSize(handle: int, uplo: int, n: int, A: int, lda: int) -> int:
    return _WORK


def sgetrf_bufferSize(handle: int, m: int, n: int, A: int, lda: int) -> int:
    return _WORK


def dgetrf_bufferSize(handle: int, m: int, n: int, A: int, lda: int) -> int:
    return _WORK


@_call
def spotrf(handle: int, uplo: int, n: int, A: int, lda: int, work: int, lwork: int, devInfo: int) -> None:
    _potrf(np.float32, handle, uplo, n, A, lda, work, lwork, devInfo)


@_call
def dpotrf(handle: int, uplo: int, n: int, A: int, lda: int, work: int, lwork: int, devInfo: int) -> None:
    _potrf(np.float64, handle, uplo, n, A, lda, work, lwork, devInfo)


@_call
def sgetrf(handle: int, m: int, n: int, A: int, lda: int, work: int, devIpiv: int, devInfo: int) -> None:
    _getrf(np.float32, handle, m, n, A, lda, work, devIpiv, devInfo)


@_call
def dgetrf(handle: int, m: int, n: int, A: int, lda: int, work: int, devIpiv: int, devInfo: int) -> None:
    _getrf(np.float64, handle, m, n, A, lda, work, devIpiv, devInfo)


@_call
def sgetrs(handle: int, trans: int, n: int, nrhs: int, A: int, lda: int, devIpiv: int, B: int, ldb: int, devInfo: int) -> None:
    _getrs(np.float32, handle, trans, n, nrhs, A, lda, devIpiv, B, ldb, devInfo)


@_call
def dgetrs(handle: int, trans: int, n: int, nrhs: int, A: int, lda: int, devIpiv: int, B: int, ldb: int, devInfo: int) -> None:
    _getrs(np.float64, handle, trans, n, nrhs, A, lda, devIpiv, B, ldb, devInfo)
