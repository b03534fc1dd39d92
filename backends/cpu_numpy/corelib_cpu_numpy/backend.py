"""The runtime of the cpu device: NumPy's memory, and kernels that run without floating-point warnings."""

from __future__ import annotations

import os

import ml_dtypes  # noqa: F401  (registers bfloat16 with NumPy)
import numpy as np
from corelib.contract.backend import Backend
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib_cpu_numpy import kernels, openblas
from corelib_cpu_numpy.openblas import Array
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_BYTES = np.dtype(np.uint8)
_HALF_BITS = np.dtype(np.uint16)
_BF16 = D.bfloat16.np


class Memory(np.ndarray):
    """A block. NumPy lets views hold the array they are of, and not what that array is of, where the two are of different types."""

    __slots__ = ()


class NumpyBackend(Backend):
    """Device type `cpu`. Buffers are uint8 arrays; native arrays are NumPy views of them."""

    device_type = "cpu"
    indexed = False
    host_memory = True
    counted_buffers = True
    # glibc keeps pieces of up to 32 MiB (see below), closer together than the allocator's classes lie, and quicker by a microsecond; other libraries ask the system.
    small_limit = 1 << 20 if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()) else 1 << 14
    array_over = np.ndarray
    dtypes = {d.name: "native" for d in (*D.REALS, *D.COMPLEX) if d is not D.bfloat16} | {"bfloat16": "emulated"}

    def __init__(self) -> None:
        for dtype in (*D.REALS, *D.COMPLEX):
            _ = dtype.np  # the entry functions read the slot behind this property
        self.small_allocation = np.empty
        # glibc asks the system for each piece from 128 KiB on, and gives it back, until one of up to 32 MiB has gone; such it keeps from then on. The pages of
        # a temporary of NumPy's, or of a decoded picture, cost half a millisecond each time.
        np.empty(31 << 20, _BYTES)

    def device_count(self) -> int:
        return 1

    def get_num_threads(self) -> int:
        return openblas.get_num_threads()

    def set_num_threads(self, n: int) -> bool:
        return openblas.set_num_threads(n)

    def default_queue(self, index: int) -> None:
        return None

    def synchronize(self, index: int) -> None:
        """NumPy has finished when it returns."""

    def allocate(self, nbytes: int, index: int) -> Bytes:
        # 64-byte alignment: whole cache lines, and what vector loads like best.
        block = Memory(nbytes + 64, _BYTES)
        start = -block.ctypes.data % 64
        return block[start : start + nbytes]

    def free(self, buffer: Array, index: int) -> None:
        """The array goes with its last reference."""

    def host_to_device(self, buffer: Array, offset: int, data: Bytes, index: int) -> None:
        self._bytes(buffer)[offset : offset + data.nbytes] = data.reshape(-1).view(_BYTES)

    def device_to_host(self, buffer: Array, offset: int, nbytes: int, index: int) -> Bytes:
        return self._bytes(buffer)[offset : offset + nbytes]

    def device_to_device(self, target: Array, to: int, source: Array, start: int, nbytes: int, index: int) -> None:
        self._bytes(target)[to : to + nbytes] = self._bytes(source)[start : start + nbytes]

    @staticmethod
    def _bytes(buffer: Array) -> Bytes:
        return buffer if buffer.dtype is _BYTES and buffer.ndim == 1 else buffer.reshape(-1).view(_BYTES)

    def native(
        self, buffer: Array, dtype: D.dtype, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, index: int
    ) -> Array:
        size = dtype.itemsize
        steps = (strides[0] * size, strides[1] * size) if len(strides) == 2 else [s * size for s in strides]
        try:
            return np.ndarray(shape, dtype._np, buffer, offset * size, steps)
        except ValueError:
            if 0 not in shape:
                raise
            return np.ndarray(shape, dtype._np)  # an empty view may begin behind the end of its memory

    def small_buffer(self, native: Array) -> Array:
        # bfloat16 arrays do not lend their memory; their bits do.
        return native.view(_HALF_BITS) if native.dtype.type is _BF16.type else native

    def address(self, buffer: Array) -> int:
        return int(buffer.__array_interface__["data"][0])

    def kernels(self) -> KernelTable:
        return kernels.table()
