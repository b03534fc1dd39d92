"""The caching allocator: one for each device, over any backend's raw `allocate` and `free`.

A freed block is kept and given to the next request of its size class, so steady training asks the driver for nothing.
Blocks are handed on in the order of the device's queue, so an asynchronous backend needs no wait here; where there are several
queues, each has its own kept blocks, and a block that another one uses (`seen_in`) is kept back until that has done so. On out of memory
the kept blocks are flushed and the request tried once more; then the error gives the figures.

No Python code runs when a Storage dies, for a signal that arrives in such code is lost with its exception. The Storage has a *lease*, an
object whose only purpose is to die with it. A weak reference to the lease then puts itself into the list `_freed`, by C code alone, and the
next call here takes the blocks of that list back; so do the figures, before they are given. Leases are objects that Python's garbage
collector does not see: it would call the weak reference before finalizers run, which may still use the Storage or bring it back.

While a program makes no call here, what has died waits. Where buffers go with their last reference (`Backend.counted_buffers`), the
allocator therefore holds only the latest `Backend.keep_limit` bytes of what is lent itself; older and larger blocks are held by their Storages
alone, and go with them at once.

Signals, other threads and the garbage collector can come in where a function begins, where a loop begins anew, and at calls; nowhere else.
Between those, what belongs together is done by assignments, subscripts and `del`, so the figures are exact whatever interrupts, and there
is no lock, for which a Storage that dies inside a garbage collection could wait for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import local
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from weakref import ref

from corelib.contract.backend import Backend, Event, OutOfMemoryError, Queue
from corelib.tensor.device import Buffer, Native
from corelib.tensor.host import np
from corelib.tensor.size import Shape

if TYPE_CHECKING:
    from corelib.tensor.host import HostArray
    from corelib.tensor.storage import Storage

    Reference = ref[HostArray]
else:
    Reference = ref

T = TypeVar("T")

FreeList: TypeAlias = int | tuple[int, int] | tuple[int, int, int]
"""Which kept blocks: those of a size, or of (size, number of the queue) where that is not the default one, or of (size, number, pool)."""

HERE = local()
"""What each thread has chosen: `numbers` has for an allocator the number of the queue that its device's work goes to, 0 the default, and
`pools` the pool that a graph's memory is taken from while it is captured."""


def capturing() -> bool:
    """Whether this thread captures a graph, on any device."""
    return bool(HERE.__dict__.get("pools"))


def size_class(nbytes: int) -> int:
    """The block size that serves a request: the next of eight steps in each power of two, at least 512 bytes.

    >>> size_class(1), size_class(513), size_class(1 << 20), size_class((1 << 20) + 1)
    (512, 576, 1048576, 1179648)
    """
    if nbytes <= 512:
        return 512
    step = 1 << ((nbytes - 1).bit_length() - 4)
    return (nbytes + step - 1) // step * step


class Block:
    """A piece of a device's memory: its `buffer`, None where only its Storage holds that, and the list that it is `kept` in when free."""

    __slots__ = ("buffer", "kept", "size")

    def __init__(self, buffer: Buffer, size: int, kept: list[Block]) -> None:
        self.buffer = buffer
        self.size = size
        self.kept = kept


class Note(Reference):
    """A weak reference to a lease, as a key. A plain one would ask the lease for its hash, and arrays have none."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class CachingAllocator:
    """Keeps freed blocks by size class and counts what PyTorch's memory statistics count, in bytes."""

    def __init__(self, backend: Backend, index: int, name: str) -> None:
        self._backend = backend
        self._index = index
        self._name = name
        self._counted = backend.counted_buffers
        self._keep_limit = backend.keep_limit
        self._array_over: Any = backend.array_over
        self._leases = np.empty(0, np.uint8)  # its views are the leases: the quickest objects that the collector does not see
        self._free: dict[FreeList, list[Block]] = {}
        self._lent: dict[Note, Block] = {}  # the oldest first
        self._freed: list[Note] = []
        self._note = self._freed.append
        self._allocated = 0
        self._reserved = 0
        self._held = 0  # bytes of the lent blocks whose buffer is held here too
        self.peak_allocated = 0
        self.peak_reserved = 0
        self._made = 0  # blocks asked of the backend so far, and given back to it
        self._given_back = 0
        self.retries = 0
        self.ooms = 0
        self.several = False
        """Whether the device has more queues than one."""
        self._pools: dict[int, int] = {}  # the pools of graphs, and how many graphs use each
        self._seen: dict[int, list[Queue]] = {}  # by a buffer's id: the other queues that use it
        self._waiting: dict[Block, list[Event] | None] = {}  # blocks that are kept back, and what for; None where that is to be asked

    def lend(self, storage: Storage, nbytes: int) -> None:
        """Give a Storage memory of at least `nbytes` bytes, for as long as it lives: sets its `_raw` and its `_lease`.

        OutOfMemoryError, a RuntimeError, with the figures where there is none.
        """
        lease = self._leases.T
        note = Note(lease, self._note)
        block = self._take(nbytes)
        # One step, from the block's leaving its list to the next call.
        size = block.size
        self._lent[note] = block
        storage._raw = block.buffer
        storage._lease = lease
        self._held += size
        self._allocated += size
        if self._allocated > self.peak_allocated:
            self.peak_allocated = self._allocated
        if self._held > self._keep_limit and self._counted:
            self._hold_less()

    def lend_array(self, shape: Shape, dtype: Any, nbytes: int) -> Native:
        """A native array of a NumPy dtype, by the backend's `array_over`, whose memory comes back when the array goes: it is its own lease."""
        block = self._take(nbytes)
        size = block.size
        try:
            array = self._array_over(shape, dtype, block.buffer)
            note = Note(array, self._note)
        except BaseException:
            block.kept.append(block)
            raise
        self._lent[note] = block
        self._held += size
        self._allocated += size
        if self._allocated > self.peak_allocated:
            self.peak_allocated = self._allocated
        if self._held > self._keep_limit and self._counted:
            self._hold_less()
        return array

    def _take(self, nbytes: int) -> Block:
        """A free block of at least `nbytes` bytes, which is in no list any more when this returns."""
        if nbytes <= 512:
            size = 512
        else:  # size_class, without a call
            step = 1 << ((nbytes - 1).bit_length() - 4)
            size = (nbytes + step - 1) // step * step
        if self._freed or self._waiting:
            self._take_back()
        key: FreeList = size
        if self.several:
            number = HERE.__dict__.get("numbers", {}).get(self, 0)
            key = (size, number) if number else size
            if self._pools and (pool := self.pool) is not None:
                key = (size, number, pool)
        try:
            kept = self._free[key]
        except KeyError:
            kept = self._free.setdefault(key, [])
        while not kept:
            self._make(size, kept)
        block = kept[-1]
        del kept[-1]
        return block

    def _make(self, size: int, kept: list[Block]) -> None:
        """Put a new block into a list of kept ones."""
        try:
            buffer = self._backend.allocate(size, self._index)
        except MemoryError:
            self.retries += 1
            before = self._reserved
            self.empty_cache()
            try:
                buffer = self._backend.allocate(size, self._index)
            except MemoryError as error:
                raise self._out_of_memory(_mib(size), before, error) from None
        block = Block(buffer, size, kept)
        self._made += 1
        self._reserved += size
        if self._reserved > self.peak_reserved:
            self.peak_reserved = self._reserved
        kept.append(block)

    def with_room(self, what: str, work: Callable[[], T]) -> T:
        """Do what ran out of memory for its own needs once more, when what is kept for reuse has been given back.

        what: what needs the memory, for the message of the OutOfMemoryError that is raised if it does not suffice again.
        """
        self.retries += 1
        before = self._reserved
        self.empty_cache()
        try:
            return work()
        except MemoryError as error:
            raise self._out_of_memory(f"what {what}() needs besides its result", before, error) from None

    def no_room(self, what: str, error: MemoryError) -> OutOfMemoryError:
        """As `with_room`, of what cannot be done twice, as drawing random numbers: the next try has the room."""
        before = self._reserved
        self.empty_cache()
        return self._out_of_memory(f"what {what}() needs besides its result", before, error)

    def _out_of_memory(self, wanted: str, before: int, error: MemoryError) -> OutOfMemoryError:
        self.ooms += 1
        return OutOfMemoryError(
            f"{self._name} out of memory. Tried to allocate {wanted}; {_mib(self._allocated)} are held by tensors and "
            f"{_mib(before - self._reserved)} were kept for reuse and have been given back. The backend said: {error}"
        )

    def _take_back(self) -> None:
        """Take back the blocks whose Storages have died, and look after those that other queues use."""
        freed, lent = self._freed, self._lent
        while True:  # `while freed` would look before the place where another thread can come in
            if not freed:
                break
            note = freed[-1]
            del freed[-1]
            if note not in lent:  # no memory was found for it
                continue
            block = lent[note]
            del lent[note]
            size = block.size
            self._allocated -= size
            if block.buffer is None:  # it went with its Storage
                self._reserved -= size
                self._given_back += 1
                continue
            self._held -= size
            if self._seen:
                self._waiting[block] = None
            elif self._reserved - self._allocated > self._keep_limit:
                self._reserved -= size
                self._given_back += 1
                self._backend.free(block.buffer, self._index)
            else:
                block.kept.append(block)
        if self._waiting and not (self._pools and self.pool is not None):  # while a graph is captured no event may be asked
            self._look()

    def _look(self) -> None:
        """Keep those blocks for reuse that other queues are done with."""
        waiting = self._waiting
        for block, known in list(waiting.items()):
            events = known
            if events is None:
                address = id(block.buffer)
                events = [self._backend.record_event(queue, self._index) for queue in self._seen.get(address, ())]
                if block in waiting:
                    waiting[block] = events
                    if address in self._seen:
                        del self._seen[address]
            if all(self._backend.event_done(event) for event in events) and block in waiting:
                del waiting[block]
                block.kept.append(block)

    def _hold_less(self) -> None:
        """Leave the older half of what is lent to its Storages alone; not while other queues may use blocks whose Storage has died."""
        for note, block in list(self._lent.items()):
            if self._held <= self._keep_limit // 2 or self._seen:
                return
            if block.buffer is not None and note in self._lent:
                self._held -= block.size
                block.buffer = None

    # Pools: memory that a graph uses whenever it is replayed is for nobody else, though no tensor may hold it in between.

    @property
    def pool(self) -> int | None:
        """The pool that this thread's memory is taken from: that of the graph that it captures. None, but then."""
        found: int | None = HERE.__dict__.get("pools", {}).get(self)
        return found

    def begin_pool(self, pool: int) -> None:
        """Let this thread's memory come from a pool, which a graph more uses from now on."""
        self.several = True
        self._pools[pool] = self._pools.get(pool, 0) + 1
        HERE.__dict__.setdefault("pools", {})[self] = pool

    def end_pool(self) -> None:
        """Let this thread's memory come from where it came from before."""
        HERE.__dict__.get("pools", {}).pop(self, None)

    def leave_pool(self, pool: int) -> None:
        """One graph less uses a pool; with the last its memory is as any other that is kept."""
        left = self._pools.get(pool, 1) - 1
        if left:
            self._pools[pool] = left
        else:
            self._pools.pop(pool, None)

    def seen_in(self, buffer: Buffer, queue: Queue) -> None:
        """Say that a queue uses a buffer: when its Storage dies, it is reused only after what is in that queue then."""
        self._seen.setdefault(id(buffer), []).append(queue)

    def empty_cache(self) -> None:
        """Give every kept block back to the backend."""
        self._take_back()
        if self._pools and self.pool is not None:
            return  # giving memory back waits for the device, which is refused while a graph is captured
        if self._waiting:
            self._backend.synchronize(self._index)
            self._look()
        for key, kept in list(self._free.items()):
            if isinstance(key, tuple) and len(key) == 3 and key[2] in self._pools:
                continue  # a graph writes it whenever it is replayed
            while True:
                if not kept:
                    break
                block = kept[-1]
                del kept[-1]
                self._reserved -= block.size
                self._given_back += 1
                self._backend.free(block.buffer, self._index)

    @property
    def allocated(self) -> int:
        """The bytes that tensors hold, in whole blocks."""
        self._take_back()
        return self._allocated

    @property
    def reserved(self) -> int:
        """The bytes that the backend has given: those that tensors hold, and those that are kept for reuse."""
        self._take_back()
        return self._reserved

    def reset_peaks(self) -> None:
        """Start the peak figures anew from what is held now."""
        self.peak_allocated, self.peak_reserved = self.allocated, self.reserved

    def stats(self) -> dict[str, int]:
        """Statistics with PyTorch's names, in bytes and counts."""
        self._take_back()
        return {
            "allocated_bytes.all.current": self._allocated,
            "allocated_bytes.all.peak": self.peak_allocated,
            "reserved_bytes.all.current": self._reserved,
            "reserved_bytes.all.peak": self.peak_reserved,
            "segment.all.current": self._made - self._given_back,
            "num_device_alloc": self._made,
            "num_device_free": self._given_back,
            "num_alloc_retries": self.retries,
            "num_ooms": self.ooms,
        }


def _mib(nbytes: int) -> str:
    return f"{nbytes / 2**20:.2f} MiB"
