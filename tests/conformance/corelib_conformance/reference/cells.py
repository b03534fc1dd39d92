"""The reference's memory: for each element a value and an error, whatever its dtype.

Floating elements are float64 values that were not rounded to their dtype, the others int64. Bytes from the host are decoded when a
native array says which dtype they are; bytes for the host are rounded on the way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Pair(NamedTuple):
    """The reference's native array: values, and bounds on the error of a device that computes in `dtype`."""

    value: Any
    error: Any
    dtype: Any

    @property
    def shape(self) -> tuple[int, ...]:
        result: tuple[int, ...] = self.value.shape
        return result


class Cells:
    """One buffer. It holds either bytes, or values of one dtype."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self.raw: Any = np.full(nbytes, 0xFF, np.uint8)  # NaN: what nobody wrote is seen
        self.dtype: Any = None
        self.value: Any = None
        self.error: Any = None

    def typed(self, dtype: Any) -> None:
        """Hold values of a dtype from now on; complex numbers are held as their parts."""
        dtype = dtype.to_real()
        if self.dtype is dtype:
            return
        raw = self.bytes()
        count = self.nbytes // dtype.itemsize
        numbers = raw[: count * dtype.itemsize].view(dtype.np)
        if dtype.name == "bool":
            numbers = numbers.view(np.uint8) != 0
        with np.errstate(all="ignore"):
            self.value = numbers.astype(np.float64 if dtype.is_floating_point else np.int64)
        self.error = np.zeros(count)
        self.dtype = dtype

    def bytes(self) -> Any:
        """The contents as bytes, rounded to their dtype."""
        if self.dtype is None:
            return self.raw
        made = np.zeros(self.nbytes, np.uint8)
        numbers = encoded(self.value, self.dtype).view(np.uint8).reshape(-1)
        made[: numbers.size] = numbers
        return made

    def write(self, offset: int, data: Any) -> None:
        """Put bytes into the buffer."""
        self.raw = self.bytes()
        self.dtype = None
        self.raw[offset : offset + data.size] = data

    def copy(self, to: int, source: Cells, start: int, nbytes: int) -> None:
        """Take bytes of another buffer, as values where both hold the same dtype."""
        if self.dtype is None and source.dtype is not None and (to, start) == (0, 0) and nbytes == self.nbytes:
            self.typed(source.dtype)
        if self.dtype is source.dtype is not None:
            size = self.dtype.itemsize
            if not (to % size or start % size or nbytes % size):
                n = nbytes // size
                self.value[to // size : to // size + n] = source.value[start // size : start // size + n].copy()
                self.error[to // size : to // size + n] = source.error[start // size : start // size + n].copy()
                return
        self.write(to, source.bytes()[start : start + nbytes].copy())


def encoded(value: Any, dtype: Any) -> Any:
    """Values as an array of their dtype."""
    with np.errstate(all="ignore"):
        return np.ascontiguousarray((value != 0) if dtype.name == "bool" else value.astype(dtype.np))
