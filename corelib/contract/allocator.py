"""The caching allocator: one for each device, over any backend's raw `allocate` and `free`.

A freed block is kept and given to the next request of its size class, so steady training asks the driver for nothing.
Blocks are handed on in the order of the device's queue, so an asynchronous backend needs no wait here; where there are several
queues, each has its own kept blocks, and a block that another one uses (`seen_in`) is kept back until that has done so. On out of memory
the kept blocks are flushed and the request tried once more; then the error gives the figures.

The free lists are touched only by `list.append`, `list.pop` and `dict.get`, each one step under the interpreter's lock:
a Storage may die inside a garbage collection at any point, where waiting for a lock of our own could never end.
"""

from __future__ import annotations

from threading import local
from typing import TypeAlias

from corelib.contract.backend import Backend, Event, OutOfMemoryError, Queue
from corelib.tensor.device import Buffer

# Above this many bytes of kept blocks a freed block goes back to the driver at once.
KEEP_LIMIT = 4 << 30

FreeList: TypeAlias = int | tuple[int, int]
"""Which kept blocks: those of a size, or of (size, number of the queue) where that is not the default one."""

HERE = local()
"""What each thread has chosen: `numbers` has for an allocator the number of the queue that its device's work goes to, 0 the default."""


def size_class(nbytes: int) -> int:
    """The block size that serves a request: the next of eight steps in each power of two, at least 512 bytes.

    >>> size_class(1), size_class(513), size_class(1 << 20), size_class((1 << 20) + 1)
    (512, 576, 1048576, 1179648)
    """
    if nbytes <= 512:
        return 512
    step = 1 << ((nbytes - 1).bit_length() - 4)
    return (nbytes + step - 1) // step * step


class CachingAllocator:
    """Keeps freed blocks by size class and counts what PyTorch's memory statistics count, in bytes."""

    def __init__(self, backend: Backend, index: int, name: str) -> None:
        self._backend = backend
        self._index = index
        self._name = name
        self._free: dict[FreeList, list[Buffer]] = {}
        self.allocated = 0
        self.reserved = 0
        self.peak_allocated = 0
        self.peak_reserved = 0
        self.retries = 0
        self.ooms = 0
        self.several = False
        """Whether the device has more queues than one."""
        self._origin: dict[int, FreeList] = {}  # by a block's id: the list that it goes back to, where that is not the default queue's
        self._seen: dict[int, list[Queue]] = {}  # by a block's id: the other queues that use it
        self._waiting: list[tuple[list[Event], FreeList, Buffer]] = []  # (events, list, block) of those that are kept back
        self.made = 0  # blocks asked of the backend so far, and given back to it
        self.given_back = 0

    def allocate(self, nbytes: int) -> Buffer:
        """A raw buffer of at least `nbytes` bytes; OutOfMemoryError, a RuntimeError, with the figures where there is none."""
        size = size_class(nbytes)
        number = HERE.__dict__.get("numbers", {}).get(self, 0) if self.several else 0
        if self._waiting:
            self._look()
        kept = self._free.get((size, number) if number else size)
        try:
            buffer = kept.pop() if kept else self._fresh(size)
        except IndexError:  # another thread was quicker
            buffer = self._fresh(size)
        if number:
            self._origin[id(buffer)] = (size, number)
        self.allocated += size
        if self.allocated > self.peak_allocated:
            self.peak_allocated = self.allocated
        return buffer

    def _fresh(self, size: int) -> Buffer:
        try:
            buffer = self._backend.allocate(size, self._index)
        except MemoryError:
            self.retries += 1
            before = self.reserved
            self.empty_cache()
            try:
                buffer = self._backend.allocate(size, self._index)
            except MemoryError as error:
                self.ooms += 1
                raise OutOfMemoryError(
                    f"{self._name} out of memory. Tried to allocate {_mib(size)}; {_mib(self.allocated)} are held by "
                    f"tensors and {_mib(before - self.reserved)} were kept for reuse and have been given back. "
                    f"The backend said: {error}"
                ) from None
        self.made += 1
        self.reserved += size
        if self.reserved > self.peak_reserved:
            self.peak_reserved = self.reserved
        return buffer

    def release(self, buffer: Buffer, nbytes: int) -> None:
        """Take a buffer back; it must have come from `allocate(nbytes)`."""
        size = size_class(nbytes)
        self.allocated -= size
        key = self._origin.pop(id(buffer), size) if self.several else size
        if self._seen and id(buffer) in self._seen:
            events = [self._backend.record_event(queue, self._index) for queue in self._seen.pop(id(buffer))]
            self._waiting.append((events, key, buffer))
            return
        if self.reserved - self.allocated > KEEP_LIMIT:
            self._give_back(buffer, size)
            return
        self._keep(key, buffer)

    def _keep(self, key: FreeList, buffer: Buffer) -> None:
        kept = self._free.get(key)
        if kept is None:
            kept = self._free.setdefault(key, [])
        kept.append(buffer)

    def seen_in(self, buffer: Buffer, queue: Queue) -> None:
        """Say that a queue uses a buffer: when it is released, it is reused only after what is in that queue then."""
        self._seen.setdefault(id(buffer), []).append(queue)

    def _look(self) -> None:
        """Keep those blocks for reuse that other queues are done with."""
        waiting, self._waiting = self._waiting, []
        for events, key, buffer in waiting:
            if all(self._backend.event_done(event) for event in events):
                self._keep(key, buffer)
            else:
                self._waiting.append((events, key, buffer))

    def empty_cache(self) -> None:
        """Give every kept block back to the backend."""
        if self._waiting:
            self._backend.synchronize(self._index)
            self._look()
        for key, kept in list(self._free.items()):
            size = key[0] if isinstance(key, tuple) else key
            while kept:
                try:
                    buffer = kept.pop()
                except IndexError:
                    break
                self._give_back(buffer, size)

    def _give_back(self, buffer: Buffer, size: int) -> None:
        self.reserved -= size
        self.given_back += 1
        self._backend.free(buffer, self._index)

    def reset_peaks(self) -> None:
        """Start the peak figures anew from what is held now."""
        self.peak_allocated, self.peak_reserved = self.allocated, self.reserved

    def stats(self) -> dict[str, int]:
        """Statistics with PyTorch's names, in bytes and counts."""
        return {
            "allocated_bytes.all.current": self.allocated,
            "allocated_bytes.all.peak": self.peak_allocated,
            "reserved_bytes.all.current": self.reserved,
            "reserved_bytes.all.peak": self.peak_reserved,
            "segment.all.current": self.made - self.given_back,
            "num_device_alloc": self.made,
            "num_device_free": self.given_back,
            "num_alloc_retries": self.retries,
            "num_ooms": self.ooms,
        }


def _mib(nbytes: int) -> str:
    return f"{nbytes / 2**20:.2f} MiB"
