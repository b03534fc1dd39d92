"""Matrices as cuBLAS and cuSOLVER are told of them: an address, an element's type, columns `lead` elements apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from simulated_cuda.errors import ILLEGAL_ADDRESS, CudaError
from simulated_cuda.machine import MACHINE
from simulated_cuda.order import Use

Array = NDArray[Any]


class Matrix(NamedTuple):
    """A column-major matrix in a device's memory."""

    address: int
    dtype: np.dtype[Any]
    rows: int
    columns: int
    lead: int

    @property
    def nbytes(self) -> int:
        """From the first element to the last."""
        return ((self.columns - 1) * self.lead + self.rows) * self.dtype.itemsize if self.rows and self.columns else 0

    def use(self, write: bool) -> Use:
        return Use(self.address, self.nbytes, write)

    def read(self) -> Array:
        """A copy; every element must have been written, the gaps between columns need not be."""
        if not self.nbytes:
            return np.zeros((self.rows, self.columns), self.dtype)
        arena, size = MACHINE.device_at(self.address).arena, self.dtype.itemsize
        if self.lead == self.rows or self.columns == 1:
            return arena.read(self.address, self.nbytes).view(self.dtype).reshape(self.columns, self.rows).T
        step = self.lead * size
        return np.stack([arena.read(self.address + j * step, self.rows * size).view(self.dtype) for j in range(self.columns)], 1)

    def write(self, values: Array) -> None:
        """Set every element; the gaps between columns stay."""
        if not self.nbytes:
            return
        arena, size = MACHINE.device_at(self.address).arena, self.dtype.itemsize
        columns = np.ascontiguousarray(values.T, self.dtype)
        if self.lead == self.rows:
            arena.write(self.address, columns.view(np.uint8).reshape(-1))
            return
        for j, column in enumerate(columns):
            arena.write(self.address + j * self.lead * size, column.view(np.uint8))


def same_device(handle_device: int, *addresses: int) -> None:
    """A library's handle works on the memory of its device, and of those it may reach."""
    device = MACHINE.devices[handle_device]
    for address in addresses:
        other = MACHINE.device_at(address).index
        if other != handle_device and other not in device.peers:
            raise CudaError(ILLEGAL_ADDRESS, f"{address:#x} is memory of device {other}, the handle is of device {handle_device}")


TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32), 1: np.dtype(np.float64), 2: np.dtype(np.float16), 14: np.dtype(ml_dtypes.bfloat16), 4: np.dtype(np.complex64),
    5: np.dtype(np.complex128), 3: np.dtype(np.int8), 10: np.dtype(np.int32),
}  # fmt: skip
"""cudaDataType_t."""
