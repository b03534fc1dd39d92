"""What `torch.cuda` is, for every device type: `corelib.cuda`, `corelib.opencl`, and the type of any installed plugin."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from corelib.as_torch.finder import attribute_of
from corelib.contract.backend import AcceleratorError, OutOfMemoryError
from corelib.devices import cuda_types, graphs
from corelib.contract.processor import capabilities
from corelib.devices.queries import Queries
from corelib.dispatcher.runtime import Runtime
from corelib.dispatcher.streams import Event as Event, Stream as Stream, current_stream, default_stream, runtime_of, set_stream
from corelib.tensor.device import DeviceLike, device as Device
from corelib.tensor.tensor import Tensor


class StreamContext:
    """What `stream(...)` returns."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.stream.__enter__()

    def __exit__(self, *exception: object) -> None:
        if self.stream is not None:
            self.stream.__exit__(*exception)


class Accelerator(Queries):
    """The functions of `torch.cuda` for one device type. `device` arguments are devices, indices, or None for the current one.

    >>> import corelib as torch
    >>> torch.cpu.is_available(), torch.cpu.device_count()
    (True, 1)
    """

    OutOfMemoryError = OutOfMemoryError

    def __init__(self, device_type: str) -> None:
        super().__init__(f"corelib.{device_type}", self.__doc__)
        self.__path__: list[str] = []  # PyTorch's paths below it are found by the table: `torch.cuda.amp`
        self.device_type = device_type
        self.StreamContext: type[StreamContext] = StreamContext
        self.Stream: type[Stream] = type("Stream", (Stream,), {"_type": device_type, "__doc__": Stream.__doc__})
        self.Event: type[Event] = type("Event", (Event,), {"_type": device_type, "__doc__": Event.__doc__})

    def __getattr__(self, name: str) -> Any:
        return attribute_of(self.__name__)(name)

    @property
    def __all__(self) -> list[str]:
        return [name for name in dir(self) if name[0] != "_"]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(type(self))})

    def __repr__(self) -> str:
        return f"<devices of type {self.device_type!r}>"

    def is_available(self) -> bool:
        """Whether a tensor could be put on such a device here."""
        return self.device_count() > 0

    def current_device(self) -> int:
        """The index of the device that the type's bare name stands for."""
        return self._of(None).index

    def set_device(self, device: DeviceLike) -> None:
        """Make the type's bare name ("cuda") stand for another of its devices, in all threads."""
        runtime = self._of(device)
        Device(self.device_type)._runtime = runtime

    @contextmanager
    def device(self, device: DeviceLike) -> Iterator[None]:
        """A context in which the type's bare name stands for this device."""
        before = self.current_device()
        self.set_device(device)
        try:
            yield
        finally:
            self.set_device(before)

    def get_device_name(self, device: DeviceLike = None) -> str:
        """What people call a device."""
        runtime = self._of(device)
        return runtime.backend.device_name(runtime.index)

    def synchronize(self, device: DeviceLike = None) -> None:
        """Wait until a device has done all that was asked of it, in every stream."""
        runtime = self._of(device)
        runtime.backend.synchronize(runtime.index)

    # Streams

    def current_stream(self, device: DeviceLike = None) -> Stream:
        """The stream that this thread's work on a device goes to."""
        return current_stream(self._of(device))

    def default_stream(self, device: DeviceLike = None) -> Stream:
        """A device's default stream."""
        return default_stream(self._of(device))

    def set_stream(self, stream: Stream) -> None:
        """Let this thread's work go to another stream from now on."""
        set_stream(stream)

    def stream(self, stream: Stream | None) -> StreamContext:
        """A context in which this thread's work goes to a stream; None changes nothing."""
        return StreamContext(stream)

    # Memory, in bytes

    def memory_allocated(self, device: DeviceLike = None) -> int:
        """What tensors hold now; 0 without a device, as for all figures of memory."""
        if not self.device_count():
            return 0
        runtime = self._of(device)
        return int(runtime.allocator.allocated) + small_bytes(runtime)

    def max_memory_allocated(self, device: DeviceLike = None) -> int:
        """The most that tensors have held. Small results of a backend with `small_allocation` are in it as they are now."""
        if not self.device_count():
            return 0
        runtime = self._of(device)
        return int(runtime.allocator.peak_allocated) + small_bytes(runtime)

    def memory_reserved(self, device: DeviceLike = None) -> int:
        """What tensors hold, and what is kept for others."""
        if not self.device_count():
            return 0
        runtime = self._of(device)
        return int(runtime.allocator.reserved) + small_bytes(runtime)

    def max_memory_reserved(self, device: DeviceLike = None) -> int:
        """The most that has been reserved."""
        if not self.device_count():
            return 0
        runtime = self._of(device)
        return int(runtime.allocator.peak_reserved) + small_bytes(runtime)

    def memory_stats(self, device: DeviceLike = None) -> dict[str, int]:
        """The caching allocator's figures. What the backend's `small_allocation` made is in the bytes, and beside them as "small_bytes"."""
        if not self.device_count():
            return {}
        runtime = self._of(device)
        small, stats = small_bytes(runtime), runtime.allocator.stats()
        figures = {name: n + small if "_bytes." in name else n for name, n in stats.items()}
        return figures | {"small_bytes.all.current": small}

    def reset_peak_memory_stats(self, device: DeviceLike = None) -> None:
        """Begin the most that was held anew."""
        self._of(device).allocator.reset_peaks()

    def empty_cache(self) -> None:
        """Give kept memory of the current device back to the driver."""
        if self.device_count():
            self._of(None).allocator.empty_cache()

    def mem_get_info(self, device: DeviceLike = None) -> tuple[int, int]:
        """(free, total) memory of a device; UnsupportedError where its driver does not tell."""
        runtime = self._of(device)
        return runtime.backend.memory_info(runtime.index)

    # Random numbers

    def manual_seed(self, seed: int) -> None:
        """Seed the current device's default generator; nothing without one."""
        if self.device_count():
            self._generator(None).manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        """Seed the default generators of all devices of this type."""
        for index in range(self.device_count()):
            self._generator(index).manual_seed(seed)

    def initial_seed(self) -> int:
        """The seed of the current device's default generator."""
        return int(self._generator(None).initial_seed())

    def get_rng_state(self, device: DeviceLike = None) -> Tensor:
        """The state of a device's default generator, as a CPU uint8 tensor."""
        state: Tensor = self._generator(device).get_state()
        return state

    def set_rng_state(self, new_state: Tensor, device: DeviceLike = None) -> None:
        """Put a device's default generator into a state that `get_rng_state` gave."""
        self._generator(device).set_state(new_state)


class HostStream(Stream):
    """The stream of the cpu, where all work has been done when a call returns: there is nothing to wait for."""

    _type = "cpu"

    def __init__(self, priority: int = -1) -> None:
        super().__init__()

    def record_event(self, event: Event | None = None) -> Event:
        """An event, or a new one, recorded here; it has happened."""
        event = event or HostEvent()
        event.record(self)
        return event


HostStream.__name__ = HostStream.__qualname__ = "Stream"  # as `torch.cpu` shows it


class HostEvent(Event):
    """A point in the stream of the cpu; it has happened when it is recorded."""

    _type = "cpu"

    def record(self, stream: Stream | None = None) -> None:
        """Record this event."""
        self._runtime = (stream or current_stream(runtime_of('cpu', None)))._runtime

    def query(self) -> bool:
        """True."""
        return True

    def synchronize(self) -> None:
        """Nothing is left to wait for."""

    def wait(self, stream: Stream | None = None) -> None:
        """Nothing is left to wait for."""


class Host(Accelerator):
    """`torch.cpu`: one device, known by its name, with one stream."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.Stream, self.Event = HostStream, HostEvent
        self._stream: Stream | None = None

    @property
    def __all__(self) -> list[str]:
        return [
            "Event", "Stream", "StreamContext", "current_device", "current_stream", "device_count", "get_capabilities", "is_available", "is_initialized",
            "set_device", "stream", "synchronize",
        ]

    def current_device(self) -> str:  # type: ignore[override]  # PyTorch's answer for the cpu, and for it alone
        """ "cpu"."""
        return "cpu"

    def is_initialized(self) -> bool:
        """True."""
        return True

    def current_stream(self, device: DeviceLike = None) -> Stream:
        """The stream that `stream(...)` chose in this thread, or the default one."""
        chosen = current_stream(self._of(device))
        return chosen if isinstance(chosen, HostStream) else self.default_stream()

    def get_capabilities(self) -> Mapping[str, Any]:
        """What the processor can do, by PyTorch's names: True or False for each feature that it asks for on this kind, and "architecture".

        >>> import corelib as torch
        >>> "architecture" in torch.cpu.get_capabilities()
        True
        """
        return capabilities()

    def default_stream(self, device: DeviceLike = None) -> Stream:
        """The stream of the cpu."""
        if self._stream is None:
            self._stream = HostStream()
        return self._stream


class Cuda(Accelerator):
    """`torch.cuda`, with the classes that name its tensors (`torch.cuda.FloatTensor`)."""

    has_half = True
    has_magma = False
    AcceleratorError = AcceleratorError
    CUDAGraph, graph = graphs.CUDAGraph, graphs.graph
    graph_pool_handle = staticmethod(graphs.graph_pool_handle)
    is_current_stream_capturing = staticmethod(graphs.is_current_stream_capturing)
    make_graphed_callables = staticmethod(graphs.make_graphed_callables)

    def __init__(self) -> None:
        super().__init__("cuda")

    def __getattr__(self, name: str) -> Any:
        found = cuda_types.TYPES.get(name)
        return super().__getattr__(name) if found is None else found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *cuda_types.TYPES})


def small_bytes(runtime: Runtime) -> int:
    """The bytes of the small tensors whose memory a backend made past the allocator.

    Nobody counts them when they are made, which is what makes them cheap: they are looked for among all objects when somebody asks.
    """
    if not runtime.small_limit:
        return 0
    device, total = runtime.device, 0
    storages: dict[int, int] = {}
    for x in gc.get_objects():
        if not issubclass(type(x), Tensor):
            continue
        try:
            if x._device is not device:
                continue
            storage = x._storage
            if storage is None and x._numel < runtime.small_limit:
                total += x._numel * x._dtype.itemsize
            elif storage is not None and storage._lease is None and storage._nbytes < runtime.small_limit * x._dtype.itemsize:
                storages[id(storage._itself())] = storage._nbytes
        except AttributeError:  # one that is being made
            continue
    return total + sum(storages.values())
