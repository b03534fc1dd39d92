"""Page-locked memory by CuPy's names. What goes back to the pool is rubbish at once, as it would be for whoever takes it next."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

from cupy_backends.cuda.api import runtime
from simulated_cuda import host


class PinnedMemory:
    """cudaHostAlloc now, cudaFreeHost with the last reference."""

    def __init__(self, size: int, flags: int = 0) -> None:
        self.size = size
        self.ptr = runtime.hostAlloc(size, flags) if size > 0 else 0

    def _taken(self) -> PinnedMemory:
        """The same memory under a new owner; see Memory._taken."""
        made = object.__new__(PinnedMemory)
        made.size, made.ptr = self.size, self.ptr
        self.ptr = 0
        return made

    def __del__(self) -> None:
        if self.ptr:
            host.free_pinned(self.ptr)
            self.ptr = 0

    def __int__(self) -> int:
        return self.ptr


class PinnedMemoryPointer:
    """A place in page-locked memory, with Python's buffer protocol: an array of ctypes there."""

    mem: Any
    ptr: int

    def __new__(cls, mem: Any, offset: int) -> PinnedMemoryPointer:
        made = _of(mem.size - offset).from_address(mem.ptr + offset) if mem.size > offset else _of(0)()
        made.mem, made.ptr = mem, mem.ptr + offset
        return made

    def __init__(self, *args: Any) -> None:
        """All of it has been done in `__new__`: the type depends on the size."""

    def __int__(self) -> int:
        return self.ptr

    def __add__(self, offset: int) -> PinnedMemoryPointer:
        return PinnedMemoryPointer(self.mem, self.ptr - self.mem.ptr + offset)

    def size(self) -> int:
        return int(self.mem.size - (self.ptr - self.mem.ptr))


@cache
def _of(size: int) -> Any:
    return type("PinnedMemoryPointer", (ctypes.c_byte * size, PinnedMemoryPointer), {"__new__": ctypes.Array.__new__, "__init__": PinnedMemoryPointer.__init__})


class PooledPinnedMemory(PinnedMemory):
    """A block that goes back to its pool with its last reference."""

    def __init__(self, mem: PinnedMemory, pool: weakref.ref[PinnedMemoryPool]) -> None:
        self.ptr, self.size, self.mem, self.pool = mem.ptr, mem.size, mem, pool

    def __del__(self) -> None:
        pool = self.pool()
        if pool is not None and self.ptr:
            pool._take_back(self.mem)
        self.ptr = self.size = 0


class PinnedMemoryPool:
    """Keeps what is freed, by size."""

    def __init__(self, allocator: Callable[[int], PinnedMemoryPointer] | None = None) -> None:
        self._allocator = allocator or _malloc
        self._kept: dict[int, list[PinnedMemory]] = {}

    def malloc(self, size: int) -> PinnedMemoryPointer:
        if not size:
            return PinnedMemoryPointer(PinnedMemory(0), 0)
        rounded = 1 << (-(-size // 512) * 512 - 1).bit_length()
        kept = self._kept.get(rounded)
        mem = kept.pop() if kept else self._allocator(rounded).mem
        return PinnedMemoryPointer(PooledPinnedMemory(mem, weakref.ref(self)), 0)

    def _take_back(self, mem: PinnedMemory) -> None:
        if mem.ptr:
            host.write(mem.ptr, bytes([host.RUBBISH]) * mem.size)
            self._kept.setdefault(mem.size, []).append(mem._taken())

    def free_all_blocks(self) -> None:
        self._kept.clear()

    def n_free_blocks(self) -> int:
        return sum(map(len, self._kept.values()))


def _malloc(size: int) -> PinnedMemoryPointer:
    return PinnedMemoryPointer(PinnedMemory(size, runtime.hostAllocPortable), 0)


_allocator: Callable[[int], PinnedMemoryPointer] = PinnedMemoryPool().malloc


def alloc_pinned_memory(size: int) -> PinnedMemoryPointer:
    return _allocator(size)


def set_pinned_memory_allocator(allocator: Callable[[int], PinnedMemoryPointer] | None = None) -> None:
    global _allocator
    _allocator = allocator or _malloc
