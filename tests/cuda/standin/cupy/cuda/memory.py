"""Device memory by CuPy's names: raw memory that goes with its last reference, pointers into it, and a pool."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from cupy.cuda.device import Device, get_device_id
from cupy.cuda.stream import get_current_stream
from cupy_backends.cuda.api import runtime
from simulated_cuda.machine import MACHINE


class OutOfMemoryError(MemoryError):
    """What a pool raises."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        said = f", limit set to: {limit:,} bytes" if limit else ""
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes{said}).")


class BaseMemory:
    """Memory of a device."""

    ptr: int = 0
    size: int = 0
    device_id: int = 0

    def __int__(self) -> int:
        return self.ptr

    @property
    def device(self) -> Device:
        return Device(self.device_id)


class Memory(BaseMemory):
    """cudaMalloc now, cudaFree with the last reference."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.device_id = get_device_id()
        self.ptr = runtime.malloc(size) if size > 0 else 0

    def _taken(self) -> Memory:
        """The same memory under a new owner. A garbage collection finalizes all of a cycle, also what a pool's finalizer has just brought back."""
        made = object.__new__(Memory)
        made.size, made.device_id, made.ptr = self.size, self.device_id, self.ptr
        self.ptr = 0
        return made

    def __del__(self) -> None:
        if self.ptr:
            MACHINE.dropped.append(self.ptr)  # cudaFree waits, and nothing may wait in a finalizer: it is called before the next allocation
            self.ptr = 0


class UnownedMemory(BaseMemory):
    """Memory that somebody else frees."""

    def __init__(self, ptr: int, size: int, owner: object, device_id: int = -1) -> None:
        if device_id < 0:
            if ptr == 0:
                raise RuntimeError("UnownedMemory requires explicit device ID for a null pointer.")
            device_id = runtime.pointerGetAttributes(ptr).device
        self.size, self.device_id, self.ptr, self._owner = size, device_id, ptr, owner


class MemoryPointer:
    """A place in memory."""

    def __init__(self, mem: BaseMemory, offset: int) -> None:
        self.mem = mem
        self.ptr = mem.ptr + offset
        self.device_id = mem.device_id

    @property
    def device(self) -> Device:
        return Device(self.device_id)

    def __int__(self) -> int:
        return self.ptr

    def __add__(self, offset: int) -> MemoryPointer:
        return MemoryPointer(self.mem, self.ptr - self.mem.ptr + offset)

    def __sub__(self, offset: int) -> MemoryPointer:
        return self + -offset

    def copy_from_device_async(self, src: MemoryPointer, size: int, stream: Any = None) -> None:
        runtime.memcpyAsync(self.ptr, src.ptr, size, runtime.memcpyDefault, _pointer(stream))

    def copy_from_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        runtime.memcpyAsync(self.ptr, int(getattr(mem, "value", mem)), size, runtime.memcpyHostToDevice, _pointer(stream))

    def copy_to_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        runtime.memcpyAsync(int(getattr(mem, "value", mem)), self.ptr, size, runtime.memcpyDeviceToHost, _pointer(stream))

    def copy_from_host(self, mem: Any, size: int) -> None:
        runtime.memcpy(self.ptr, int(getattr(mem, "value", mem)), size, runtime.memcpyHostToDevice)

    def copy_to_host(self, mem: Any, size: int) -> None:
        runtime.memcpy(int(getattr(mem, "value", mem)), self.ptr, size, runtime.memcpyDeviceToHost)

    def memset(self, value: int, size: int) -> None:
        runtime.memset(self.ptr, value, size)

    def memset_async(self, value: int, size: int, stream: Any = None) -> None:
        runtime.memsetAsync(self.ptr, value, size, _pointer(stream))


def _pointer(stream: Any) -> int:
    return int((get_current_stream() if stream is None else stream).ptr)


class PooledMemory(BaseMemory):
    """A block that goes back to its pool with its last reference, at once: only its own stream may use it again without an event."""

    def __init__(self, block: Memory, pool: weakref.ref[MemoryPool], stream: int) -> None:
        self.ptr, self.size, self.device_id = block.ptr, block.size, block.device_id
        self._block, self._pool, self._stream = block, pool, stream

    def __del__(self) -> None:
        pool = self._pool()
        if pool is not None:
            pool._take_back(self._block, self._stream)


class MemoryPool:
    """Keeps what is freed, by device, stream and size."""

    UNIT = 512

    def __init__(self, allocator: Callable[[int], MemoryPointer] | None = None) -> None:
        self._kept: dict[tuple[int, int, int], list[Memory]] = {}
        self._totals: dict[int, int] = {}
        self._limits: dict[int, int] = {}

    def malloc(self, size: int) -> MemoryPointer:
        rounded = -(-size // self.UNIT) * self.UNIT
        if not rounded:
            return MemoryPointer(Memory(0), 0)
        device, stream = get_device_id(), _pointer(None)
        kept = self._kept.get((device, stream, rounded))
        if kept:
            return MemoryPointer(PooledMemory(kept.pop(), weakref.ref(self), stream), 0)
        total, limit = self._totals.get(device, 0), self._limits.get(device, 0)
        if limit and total + rounded > limit:
            raise OutOfMemoryError(rounded, total, limit)
        try:
            block = Memory(rounded)
        except runtime.CUDARuntimeError as error:
            if error.status != runtime.errorMemoryAllocation:
                raise
            self.free_all_blocks()
            try:
                block = Memory(rounded)
            except runtime.CUDARuntimeError:
                raise OutOfMemoryError(rounded, self._totals.get(device, 0), limit) from None
        self._totals[device] = self._totals.get(device, 0) + rounded
        return MemoryPointer(PooledMemory(block, weakref.ref(self), stream), 0)

    def _take_back(self, block: Memory, stream: int) -> None:
        if block.ptr:
            self._kept.setdefault((block.device_id, stream, block.size), []).append(block._taken())
        else:
            self._totals[block.device_id] -= block.size

    def free_all_blocks(self, stream: Any = None) -> None:
        device = get_device_id()
        for (index, _, size), blocks in self._kept.items():
            if index == device:
                self._totals[index] -= size * len(blocks)
                blocks.clear()

    def n_free_blocks(self) -> int:
        return sum(len(blocks) for (index, _, _), blocks in self._kept.items() if index == get_device_id())

    def free_bytes(self) -> int:
        return sum(size * len(blocks) for (index, _, size), blocks in self._kept.items() if index == get_device_id())

    def total_bytes(self) -> int:
        return self._totals.get(get_device_id(), 0)

    def used_bytes(self) -> int:
        return self.total_bytes() - self.free_bytes()

    def get_limit(self) -> int:
        return self._limits.get(get_device_id(), 0)

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        self._limits[get_device_id()] = int(fraction * runtime.memGetInfo()[1]) if fraction is not None else size or 0


_allocator: Callable[[int], MemoryPointer] = MemoryPool().malloc


def alloc(size: int) -> MemoryPointer:
    return _allocator(size)


def set_allocator(allocator: Callable[[int], MemoryPointer] | None = None) -> None:
    global _allocator
    _allocator = allocator or (lambda size: MemoryPointer(Memory(size), 0))


def get_allocator() -> Callable[[int], MemoryPointer]:
    return _allocator
