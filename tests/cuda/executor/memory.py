"""A device's memory: addresses that mean nothing to this process, and for each byte whether it is allocated and was written."""

from __future__ import annotations

import bisect
import threading
import weakref
from collections import deque

import numpy as np
from numpy.typing import NDArray

from .faults import Fault
from .runtime import library

Bytes = NDArray[np.uint8]
ALIGNMENT = GUARD = 256
SPACE = 64 << 30
"""The least address space of a device."""
_ALLOCATED, _WRITTEN, _PAGE = 1, 3, 4096
LOCK = threading.RLock()
"""Held by whatever touches the memory of devices: the runtime runs one launch at a time."""


class Arena:
    """The memory of one device: at most `nbytes` in use, at device addresses from `base` on.

    `base` lies outside the process's address space, so that a host which uses an address crashes and does not read. What has been freed is
    not used again before the address space (four times `nbytes`, at least 64 GiB) has been gone through once.
    """

    def __init__(self, nbytes: int, base: int) -> None:
        if base % 4096 or not (1 << 47) <= base < (1 << 64) - (1 << 47):
            raise ValueError(f"base {base:#x} is to be a multiple of 4096 and outside of what a process can address")
        self.nbytes = nbytes
        self.base = base
        self.span = (max(4 * nbytes, SPACE) + 4095) // 4096 * 4096
        self.in_use = 0
        self._starts: list[int] = []
        self._sizes: dict[int, int] = {}
        self._freed: deque[tuple[int, int]] = deque(maxlen=20000)
        self._next = GUARD
        self.handle = library().arena_new(base, self.span)
        if not self.handle:
            raise MemoryError(f"no address space for {self.span} bytes and their shadow")
        weakref.finalize(self, library().arena_delete, self.handle)

    @property
    def allocations(self) -> dict[int, int]:
        """The address map: of each array in use its address and its bytes."""
        return {self.base + start: self._sizes[start] for start in self._starts}

    def allocate(self, nbytes: int) -> int:
        """The device address of `nbytes` new bytes that nobody has written; MemoryError where there is no room."""
        with LOCK:
            if nbytes < 0:
                raise ValueError(f"allocate: {nbytes} bytes")
            if self.in_use + nbytes > self.nbytes:
                raise MemoryError(f"{nbytes} bytes, and {self.in_use} of {self.nbytes} are in use")
            start = self._gap(nbytes)
            self._sizes[start] = nbytes  # before the start, and gone after it: a signal that comes in here leaves what can be gone on with
            bisect.insort(self._starts, start)
            self.in_use += nbytes
            library().arena_allocate(self.handle, start, nbytes)
            return self.base + start

    def _gap(self, nbytes: int) -> int:
        """The next place where so many bytes and a guard behind them are free."""
        for at in (self._next, GUARD):
            while at + nbytes + GUARD <= self.span:
                behind = bisect.bisect_right(self._starts, at)
                if behind and self._end(self._starts[behind - 1]) > at:
                    at = self._end(self._starts[behind - 1])
                elif behind < len(self._starts) and at + nbytes + GUARD > self._starts[behind]:
                    at = self._end(self._starts[behind])
                else:
                    self._next = at + (max(nbytes, 1) + GUARD + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
                    return at
        raise MemoryError(f"no gap of {nbytes} bytes in the address space")

    def _end(self, start: int) -> int:
        """Behind an array and its guard."""
        return start + (max(self._sizes[start], 1) + GUARD + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT

    def free(self, address: int) -> None:
        """Give an array back; whoever uses it from now on is at fault."""
        with LOCK:
            start = address - self.base
            place = bisect.bisect_left(self._starts, start)
            if place == len(self._starts) or self._starts[place] != start:
                raise Fault("freed", f"free of {address:#x}, {self.described(address)}: no array begins there")
            nbytes = self._sizes[start]
            del self._starts[place]
            low = max(start - _PAGE, self._starts[place - 1] + self._sizes[self._starts[place - 1]] if place else 0)
            high = min(start + nbytes + _PAGE, self._starts[place] if place < len(self._starts) else self.span)
            del self._sizes[start]
            self.in_use -= nbytes
            self._freed.append((start, nbytes))
            library().arena_free(self.handle, start, nbytes, low, high)

    def holds(self, address: int) -> bool:
        """Whether an address is one of this device."""
        return self.base <= address < self.base + self.span

    def array_at(self, address: int) -> tuple[int, int] | None:
        """The address and the bytes of the array that an address lies in."""
        at = address - self.base
        behind = bisect.bisect_right(self._starts, at)
        if behind and at < self._starts[behind - 1] + max(self._sizes[self._starts[behind - 1]], 1):
            start = self._starts[behind - 1]
            return self.base + start, self._sizes[start]
        return None

    def freed(self, address: int) -> tuple[int, int] | None:
        """The array, freed of late, that an address lay in."""
        at = address - self.base
        return next(((self.base + start, nbytes) for start, nbytes in reversed(self._freed) if start <= at < start + nbytes), None)

    def described(self, address: int) -> str:
        """Where an address lies, for messages."""
        array = self.array_at(address)
        if array is not None:
            return f"byte {address - array[0]} of the array of {array[1]} bytes at {array[0]:#x}"
        freed = self.freed(address)
        if freed is not None:
            return f"byte {address - freed[0]} of freed memory, an array of {freed[1]} bytes that was at {freed[0]:#x}"
        behind = bisect.bisect_right(self._starts, address - self.base)
        near = []
        if behind:
            start = self._starts[behind - 1]
            near.append(f"{address - self.base - start - self._sizes[start]} bytes behind the end of the array of {self._sizes[start]} bytes at {self.base + start:#x}")
        if behind < len(self._starts):
            start = self._starts[behind]
            near.append(f"{start - address + self.base} bytes before the array of {self._sizes[start]} bytes at {self.base + start:#x}")
        near.sort(key=lambda text: int(text.split()[0]))
        return f"in no array, {near[0]}" if near else "in no array; there is none"

    def _at(self, address: int, nbytes: int, what: str, wanted: int = _ALLOCATED) -> int:
        """The place of an address, when all of `nbytes` from there are what they must be."""
        at = address - self.base
        if nbytes < 0 or not self.holds(address) or at + nbytes > self.span:
            raise Fault("copy", f"{what} of {nbytes} bytes at {address:#x}, which is no address of this device")
        wrong = library().arena_check(self.handle, at, nbytes, _ALLOCATED)
        if wrong >= 0:
            kind = "freed" if self.array_at(self.base + wrong) is None and self.freed(self.base + wrong) else "outside"
            raise Fault(kind, f"{what} of {nbytes} bytes at {address:#x} reaches {self.base + wrong:#x}: {self.described(self.base + wrong)}")
        wrong = library().arena_check(self.handle, at, nbytes, wanted)
        if wrong >= 0:
            raise Fault("unwritten", f"{what} of {nbytes} bytes at {address:#x}: never written is {self.described(self.base + wrong)}")
        return at

    def read(self, address: int, nbytes: int, unwritten: bool = False) -> Bytes:
        """A copy of the bytes; Fault where some of them were never written, unless `unwritten` (as for torch.empty, or gaps between strides)."""
        with LOCK:
            at = self._at(address, nbytes, "a read", _ALLOCATED if unwritten else _WRITTEN)
            data = np.empty(nbytes, np.uint8)
            library().arena_read(self.handle, at, data.ctypes.data, nbytes)
            return data

    def write(self, address: int, data: Bytes) -> None:
        """Put bytes there."""
        data = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
        with LOCK:
            library().arena_write(self.handle, self._at(address, data.nbytes, "a write"), data.ctypes.data, data.nbytes)

    def fill(self, address: int, value: int, nbytes: int) -> None:
        """Set each byte to a value, as cudaMemset does."""
        with LOCK:
            library().arena_fill(self.handle, self._at(address, nbytes, "a fill"), value & 255, nbytes)

    def copy(self, to: int, start: int, nbytes: int, source: Arena | None = None) -> None:
        """Copy from `start`, of this device or of `source`; bytes that were never written stay so."""
        source = source or self
        with LOCK:
            there = source._at(start, nbytes, "a copy")
            library().arena_copy(self.handle, self._at(to, nbytes, "a copy"), source.handle, there, nbytes)

    def mark_written(self, address: int) -> None:
        """Take the array at an address as written: a kernel that is not checked may have done so."""
        found = self.array_at(address)
        if found is not None:
            library().arena_mark(self.handle, found[0] - self.base, found[1])
