"""What backends share of copying within a device's memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias, TypeVar

from corelib.backend.signatures import Buffer
from corelib.contract.backend import Backend

B = TypeVar("B", bound=Backend)
Copy: TypeAlias = Callable[[B, Buffer, int, Buffer, int, int, int], None]


def without_overlap(copy: Copy[B]) -> Copy[B]:
    """A `device_to_device` whose driver cannot copy onto what it reads: what overlaps goes by way of another buffer."""

    @wraps(copy)
    def device_to_device(self: B, target: Buffer, to: int, source: Buffer, start: int, nbytes: int, index: int) -> None:
        if target is not source or abs(to - start) >= nbytes:
            copy(self, target, to, source, start, nbytes, index)
            return
        between = self.allocate(nbytes, index)
        copy(self, between, 0, source, start, nbytes, index)
        copy(self, target, to, between, 0, nbytes, index)
        self.free(between, index)

    return device_to_device
