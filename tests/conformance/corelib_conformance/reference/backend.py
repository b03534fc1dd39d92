"""The reference device: the primitives over values and errors, and the functions that the tolerances name."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (bfloat16 for NumPy)
import numpy as np

from corelib.backend import Backend, KernelTable
from corelib.tensor import dtype as D
from corelib_conformance.reference import arithmetic, complex_numbers, factorizations, many, special_functions  # noqa: F401  (they add to arithmetic.KERNELS)
from corelib_conformance.reference.cells import Cells, Pair


class ReferenceBackend(Backend):
    """Values in float64 and their error bounds."""

    device_type = "reference"
    api_version = (1, 0)
    dtypes = {d.name: "native" for d in (*D.REALS, *D.COMPLEX)}  # noqa: RUF012

    def device_count(self) -> int:
        return 1

    def allocate(self, nbytes: int, index: int) -> Any:
        return Cells(nbytes)

    def free(self, buffer: Any, index: int) -> None:
        """The arrays go with their last reference."""

    def host_to_device(self, buffer: Any, offset: int, data: Any, index: int) -> None:
        buffer.write(offset, data)

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        return buffer.bytes()[offset : offset + nbytes].copy()

    def device_to_device(self, target: Any, to: int, source: Any, start: int, nbytes: int, index: int) -> None:
        target.copy(to, source, start, nbytes)

    def synchronize(self, index: int) -> None:
        """NumPy has finished when it returns."""

    def native(
        self, buffer: Any, dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, index: int
    ) -> Pair:
        buffer.typed(dtype)
        if 0 in shape:
            kind = np.complex128 if dtype.is_complex else np.float64 if dtype.is_floating_point else np.int64
            return Pair(np.empty(shape, kind), np.empty(shape, kind if dtype.is_complex else np.float64), dtype)
        if dtype.is_complex:  # the errors of both parts stand in one complex number too
            steps = [s * 16 for s in strides]
            value, error = (np.ndarray(shape, np.complex128, a, offset * 16, steps) for a in (buffer.value, buffer.error))
            return Pair(value, error, dtype)
        steps = [s * 8 for s in strides]
        value = np.ndarray(shape, buffer.value.dtype, buffer.value, offset * 8, steps)
        return Pair(value, np.ndarray(shape, np.float64, buffer.error, offset * 8, steps), dtype)

    def kernels(self) -> KernelTable:
        table = KernelTable()
        for name, (dtypes, kernel) in arithmetic.KERNELS.items():
            table.register(name, dtypes, kernel)
        for name, kernel in complex_numbers.KERNELS.items():
            table.register(name, D.COMPLEX, kernel)
        return table
