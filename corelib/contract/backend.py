"""What a backend author writes: a subclass of `Backend`, and a `KernelTable` of plain functions.

Core promises: every method is called with arguments of the types and units written below; a buffer is handed back
only to the backend that made it, with the same index; sizes and offsets are in bytes, shapes, strides and offsets of
native arrays in elements; a range that core passes lies inside the buffer. Methods may be called from any thread.

A backend promises: an error is raised, never swallowed, as a RuntimeError that names the driver's call, and for memory
that is used up as MemoryError; work is done in the order in which it was asked for on a device's default queue. What it
does not have it leaves undefined: the defaults here raise `UnsupportedError`, and `capabilities()` says so beforehand.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeAlias

from corelib.contract.kernels import API_VERSION, KernelTable
from corelib.tensor.device import Buffer, Native
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import HostArray
from corelib.tensor.size import Shape, Strides

Queue: TypeAlias = Any
"""A backend's object for a queue (stream) of work; None where there are no queues."""
Event: TypeAlias = Any
"""A backend's object for a point in a queue."""
Graph: TypeAlias = Any
"""A backend's object for recorded work."""

CAPABILITIES = ("native", "emulated", "storage", "absent")
STRIDED_KINDS = ("any", "contiguous")
TIERS = ("ieee", "ftz")
DIRECTIONS = ("forward", "backward", "second")
OPTIONAL = (
    "memory_info", "new_queue", "use_queue", "synchronize_queue", "record_event", "event_done", "synchronize_event", "wait_event",
    "elapsed_time", "pinned", "host_to_device_later", "dlpack", "copy_between",
    "adopt", "begin_capture", "end_capture", "launch_graph",
)


class UnsupportedError(NotImplementedError):
    """The backend does not provide what was asked for: an optional function that it leaves undefined."""


class OutOfMemoryError(RuntimeError):
    """A device's memory is used up; the message has the figures. Core raises it where `allocate` raised MemoryError."""


class AcceleratorError(RuntimeError):
    """A device's error that is told later or during a capture, by PyTorch's name. A driver's own errors are RuntimeErrors, with its words."""


class FatalError(Exception):
    """An error after which a process cannot go on, by PyTorch's name: for `except`; corelib raises none."""


def forked(device_type: str) -> RuntimeError:
    """The error of a device whose driver was started in the process that this one was forked from; the words are PyTorch's."""
    return RuntimeError(
        f"Cannot re-initialize {device_type} in forked subprocess: its driver was started in the parent process. To use {device_type} "
        "with multiprocessing, you must use the 'spawn' start method, or use it first in the child"
    )


class Probe(NamedTuple):
    """What the hook `corelib_probe` returns: whether the device type can be used here, and if not, why not; if so, what `corelib backends` is to tell."""

    available: bool
    reason: str = ""


class StridedArray(NamedTuple):
    """The plainest native array: a buffer and how to step through it. Strides and offset are in elements."""

    buffer: Buffer
    dtype: DType
    shape: Shape
    strides: Strides
    offset: int
    device_index: int


class Backend(ABC):
    """One device type: its memory, its capabilities and its kernels. One object serves all devices of the type.

    The class attributes are read once, when the device type is first used.
    """

    device_type: str
    """What users write before the colon, "cuda" in "cuda:0": lower-case letters, digits and underscores."""

    api_version: tuple[int, int] = API_VERSION
    """The plugin API (major, minor) that this backend was written for. Write it as a literal, such as `(1, 0)`."""

    dtypes: dict[str, str] = {}
    """For each dtype, by name: "native" (computed in hardware), "emulated" (computed, by way of another dtype),
    "storage" (held and copied, not computed) or "absent", which is also what a dtype that is not listed is."""

    unsupported: dict[str, str] = {}
    """What the device refuses although its dtypes are there, with the reason: by op ("cumsum"), op and dtype ("cumsum/int64"), or these and
    a direction, "forward", "backward" or "second" ("cumsum/int64/backward"); "*" stands for every op ("*/float64/second")."""

    tier: str = "ieee"
    """How floats are computed: "ieee", or "ftz" where results too small for a normal number may become 0."""

    strided: str = "any"
    """What native arrays kernels accept as inputs: "any" strides, or only "contiguous" (then core copies first)."""

    asynchronous: bool = False
    """Whether kernels may still run when their call has returned; then `synchronize` waits for them."""

    deterministic: bool = True
    """Whether the same calls give the same bits each time."""

    scalars: bool = True
    """Whether elementwise kernels accept a Python number in place of an input; if not, core makes an array of it."""

    host_memory: bool = False
    """Whether native arrays are NumPy arrays over host memory: then `.numpy()` and DLPack share it."""

    counted_buffers: bool = False
    """Whether a buffer's memory goes with the last reference to the buffer, without `free` and without Python code: then an idle program
    keeps no more freed memory than the allocator's limit. Else what is beyond that goes back with the device's next allocation."""

    checks_indices: bool = False
    """Whether kernels that take indices (`take_rows`, `put_rows`, `index_select`, `gather`, `scatter_set`, `scatter_add`, `softmax_nll`) look
    after wrong ones: they leave those elements out, and the next wait for the device raises. Else core reads the indices' bounds before."""

    keep_limit: int = 4 << 30
    """Above this many bytes that are free and kept for reuse, a freed block goes back to the driver at once. Where giving back waits for the
    device, as `cudaFree` does, more than a step of training ever frees."""

    indexed: bool = True
    """Whether devices have indices ("cuda:0"), or the type stands for its only device ("cpu")."""

    small_allocation: Callable[..., Native] | None = None
    """`small_allocation(shape, numpy_dtype)` makes the native array of a small result directly, past the allocator. Where the type has
    several devices it is `small_allocation(shape, numpy_dtype, index)`: the array lies on device `index`."""

    small_limit: int = 0
    """Results of fewer elements than this are made by `small_allocation`."""

    array_over: Callable[..., Native] | None = None
    """`array_over(shape, numpy_dtype, buffer)` makes the row-major native array at a buffer's start, where views of it keep it alive, and not the
    buffer past it; beside `small_allocation` only. Larger results are then made as small ones are: the allocator lends them whole arrays, and takes the
    memory back when the array has gone."""

    # The runtime: 8 functions, 7 of which every backend must have.

    @abstractmethod
    def device_count(self) -> int:
        """How many devices of this type there are; their indices count from 0. It does not change later."""

    @abstractmethod
    def allocate(self, nbytes: int, index: int) -> Buffer:
        """A buffer of at least `nbytes` bytes (never 0) on device `index`, aligned to 64 bytes, contents arbitrary.

        Core calls it for fresh blocks only and keeps freed ones for reuse. Raise MemoryError when memory is used up:
        core gives kept blocks back, tries once more, and then tells the user.
        """

    @abstractmethod
    def free(self, buffer: Buffer, index: int) -> None:
        """Give a buffer back, after the work that was queued before this call. May be called from any thread."""

    @abstractmethod
    def host_to_device(self, buffer: Buffer, offset: int, data: HostArray, index: int) -> None:
        """Copy a one-dimensional contiguous NumPy uint8 array into `buffer` from byte `offset` on.

        `data` belongs to the caller and may change as soon as this returns.
        """

    @abstractmethod
    def device_to_host(self, buffer: Buffer, offset: int, nbytes: int, index: int) -> HostArray:
        """The bytes from `offset` on as a one-dimensional NumPy uint8 array of length `nbytes`.

        It waits for all work queued before. The array is a copy, or the memory itself where `host_memory` is true.
        """

    @abstractmethod
    def device_to_device(self, target: Buffer, to: int, source: Buffer, start: int, nbytes: int, index: int) -> None:
        """Copy `nbytes` bytes from byte `start` of `source` to byte `to` of `target`, both on device `index`."""

    def copy_between(
        self, target: Buffer, to: int, source: Buffer, start: int, nbytes: int, target_index: int, source_index: int
    ) -> None:
        """Copy `nbytes` bytes from byte `start` of `source`, on device `source_index`, to byte `to` of `target`, on another device of this
        type, after the work that was queued on both. Without it such a copy goes through the host, and the report counts it."""
        self._lacks("copy_between")

    @abstractmethod
    def synchronize(self, index: int) -> None:
        """Wait until device `index` has done all that was queued; raises what went wrong in it."""

    def default_queue(self, index: int) -> Queue:
        """The queue (stream) in which work on device `index` runs unless another is chosen; None where there are no queues."""
        if self.asynchronous:
            self._lacks("default_queue, which an asynchronous backend must have")
        return None

    # Native arrays and kernels.

    def native(self, buffer: Buffer, dtype: DType, shape: Shape, strides: Strides, offset: int, index: int) -> Native:
        """What kernels take for a tensor: by default a `StridedArray`; override it to give your own arrays.

        Strides and offset are in elements and not negative; a stride may be 0 (an expanded dimension). Called once a
        tensor, for zero-dimensional and empty ones too. The array need not keep the buffer alive: the tensor does.
        """
        return StridedArray(buffer, dtype, shape, strides, offset, index)

    @abstractmethod
    def kernels(self) -> KernelTable:
        """The backend's kernels. Called when the device type is first used."""

    def small_buffer(self, native: Native) -> Buffer:
        """The buffer behind an array that `small_allocation` made; asked for when a view of it is first needed."""
        return native

    def address(self, buffer: Buffer) -> int:
        """The buffer's address on its device, for `data_ptr()`; without addresses, a number that is its own."""
        return id(buffer)

    def device_name(self, index: int) -> str:
        """What people call device `index`, such as "NVIDIA H200"; by default its name in corelib."""
        return f"{self.device_type}:{index}" if self.indexed else self.device_type

    def device_facts(self, index: int) -> dict[str, Any]:
        """What the driver tells of device `index`, by PyTorch's names in `get_device_properties`: total_memory, major, minor,
        multi_processor_count and what it has more. By default nothing."""
        return {}

    def get_num_threads(self) -> int:
        """How many threads of the host one op may use; by default 1."""
        return 1

    def set_num_threads(self, n: int) -> bool:
        """Set how many threads of the host one op may use; False, the default, where that cannot be told."""
        return False

    # Optional: an error unless overridden.

    def memory_info(self, index: int) -> tuple[int, int]:
        """(free, total) memory of device `index` in bytes."""
        self._lacks("memory_info")

    def new_queue(self, index: int) -> Queue:
        """A further queue on device `index`, whose work may overlap with the default one's."""
        self._lacks("new_queue")

    def use_queue(self, queue: Queue, index: int) -> None:
        """Let all work that this thread asks of device `index` go to `queue`: one of `new_queue`, or the default one."""
        self._lacks("use_queue")

    def synchronize_queue(self, queue: Queue, index: int) -> None:
        """Wait until all work in `queue` has been done."""
        self._lacks("synchronize_queue")

    def record_event(self, queue: Queue, index: int) -> Event:
        """An event that happens when all that is in `queue` now has been done."""
        self._lacks("record_event")

    def event_done(self, event: Event) -> bool:
        """Whether an event has happened; does not wait."""
        self._lacks("event_done")

    def synchronize_event(self, event: Event) -> None:
        """Wait until an event has happened."""
        self._lacks("synchronize_event")

    def wait_event(self, event: Event, queue: Queue, index: int) -> None:
        """Let work that is queued in `queue` from now on wait for an event; does not wait itself."""
        self._lacks("wait_event")

    def elapsed_time(self, start: Event, end: Event) -> float:
        """Milliseconds between two events; waits for the later one."""
        self._lacks("elapsed_time")

    def begin_capture(self, queue: Queue, index: int, seed: int, draw: int) -> None:
        """Record what is queued in `queue` from now on, and in queues that wait for it, and do not run it. What would wait for the device
        meanwhile, or copies from memory that may change, raises AcceleratorError. Random numbers of `seed` count draws from `draw`."""
        self._lacks("begin_capture")

    def end_capture(self, queue: Queue, index: int) -> Graph:
        """What has been recorded since `begin_capture`, ready to be launched."""
        self._lacks("end_capture")

    def launch_graph(self, graph: Graph, queue: Queue, index: int, seed: int, draw: int) -> None:
        """Queue all that a graph has recorded; its random numbers are those of `seed` from `draw` on."""
        self._lacks("launch_graph")

    def pinned(self, nbytes: int) -> HostArray:
        """A NumPy uint8 array of page-locked host memory, from which copies to the device may be asynchronous."""
        self._lacks("pinned")

    def host_to_device_later(self, buffer: Buffer, offset: int, data: HostArray, index: int) -> None:
        """`host_to_device` of pinned memory, without a wait: `data` must be kept until the copy, which is in the order of the
        queue, has been done, and its owner does not change it before."""
        self._lacks("host_to_device_later")

    def dlpack(self, native: Native, **kwargs: Any) -> object:
        """A DLPack capsule over a native array; the arguments are those of the array API's `__dlpack__`.

        BufferError where this is not possible, as that protocol asks.
        """
        raise BufferError(f"backend {self.device_type!r} does not provide DLPack")

    def adopt(self, external: Any) -> tuple[Buffer, DType, Shape, Strides, int]:
        """Another library's array on one of these devices, without a copy: (buffer, dtype, shape, strides in elements, index).

        `external` has `__dlpack__` or `__cuda_array_interface__`. The buffer begins with the first element, keeps `external` alive,
        and is not given to `free`. BufferError for what cannot be shared.
        """
        self._lacks("adopt")

    def stays_behind(self, *others: tuple[object, str]) -> None:
        """Say that the driver does not survive a fork, as most that have threads of their own: calls would never return in a child.

        Called by a backend that has started its driver. In children of this process what has to do with a device then raises
        RuntimeError, and so do `others`, (object, name of a method) each; `free` does nothing.
        """
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=partial(self._leave, others))

    def _leave(self, others: tuple[tuple[object, str], ...]) -> None:
        def refuse(*args: object, **kwargs: object) -> NoReturn:
            raise forked(self.device_type)

        def nothing(*args: object) -> None:
            """The memory went with the parent."""

        used = ("allocate", "host_to_device", "device_to_host", "device_to_device", "synchronize", "default_queue", *OPTIONAL)
        places = [(self, name, refuse) for name in used] + [(owner, name, refuse) for owner, name in others]
        for owner, name, instead in (*places, (self, "free", nothing)):
            setattr(owner, name, instead)

    def capabilities(self) -> dict[str, Any]:
        """What this backend declares: its class attributes, and for each optional function whether it is there."""
        declared: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("api_version", "tier", "strided", "asynchronous", "deterministic", "scalars", "host_memory", "counted_buffers", "indexed")
        }
        declared["dtypes"], declared["unsupported"] = dict(self.dtypes), dict(self.unsupported)
        for name in OPTIONAL:
            declared[name] = getattr(type(self), name) is not getattr(Backend, name)
        return declared

    def _lacks(self, what: str) -> NoReturn:
        raise UnsupportedError(f"backend {self.device_type!r} does not provide {what}")
