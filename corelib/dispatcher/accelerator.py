"""What `torch.cuda` is, for every device type: `corelib.cuda`, `corelib.opencl`, and the type of any installed plugin.

Streams are queues of work on one device; an event is a point in one. Work goes to a device's default stream unless a thread
chooses another with `stream(...)`. Memory belongs to the stream it was allocated in: another that uses it must wait for that one
(`wait_stream`), and say so (`Tensor.record_stream`) where the tensor may die before the other is done.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

from corelib.backend.allocator import HERE
from corelib.backend.base import OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corelib.dispatcher.runtime import Runtime
    from corelib.tensor.device import device as Device
    from corelib.tensor.tensor import Tensor

_numbers = count(1)


class Stream:
    """A queue of work on one device: `Stream(device=None)`. UnsupportedError where the backend has one queue only.

    device: a device, or for the streams of one type (`corelib.cuda.Stream`) also an index; the current one for None.
    """

    _type: str | None = None

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        runtime = _runtime(self._type, device)
        self._begin(runtime, runtime.backend.new_queue(runtime.index), next(_numbers))
        runtime.allocator.several = True

    def _begin(self, runtime: Runtime, queue: Any, number: int) -> None:
        self._runtime = runtime
        self.queue = queue
        """The backend's own object."""
        self.stream_id = number
        """A number of its own; 0 is the default stream."""

    @property
    def device(self) -> Device:
        """The device on which the work runs."""
        return self._runtime.device

    def synchronize(self) -> None:
        """Wait until all work in this stream has been done."""
        self._runtime.backend.synchronize_queue(self.queue, self._runtime.index)

    def query(self) -> bool:
        """Whether all work in this stream has been done. It is asked by an event, which has a millisecond to come through."""
        event, end = self.record_event(), monotonic() + 1e-3
        while not event.query():
            if monotonic() > end:
                return False
        return True

    def record_event(self, event: Event | None = None) -> Event:
        """Record an event, or a new one, here; it is returned."""
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Work that is queued here from now on waits for the event; this call does not."""
        if event.native is not None:
            self._runtime.backend.wait_event(event.native, self.queue, self._runtime.index)

    def wait_stream(self, stream: Stream) -> None:
        """Work that is queued here from now on waits for all that is in the other stream now."""
        self.wait_event(stream.record_event())

    def __enter__(self) -> Stream:
        saved = HERE.__dict__.setdefault("saved", [])
        saved.append(current_stream(self._runtime))
        set_stream(self)
        return self

    def __exit__(self, *exception: object) -> None:
        set_stream(HERE.saved.pop())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.stream_id) == (other.device, other.stream_id)

    def __hash__(self) -> int:
        return hash((self.device, self.stream_id))

    def __repr__(self) -> str:
        return f"Stream(device={str(self.device)!r}, stream_id={self.stream_id})"


class Event:
    """A point in a stream: `Event(enable_timing=False)`. It can be waited for, and times lie between two of them."""

    def __init__(self, device: Any = None, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if isinstance(device, bool):  # torch.cuda.Event's first argument is enable_timing
            device, enable_timing = None, device
        if interprocess:
            raise NotImplementedError("Event(): interprocess=True is not supported; events belong to one process")
        self._device = device
        self.enable_timing = enable_timing
        self.native: Any = None
        """The backend's own object; None before it has been recorded."""
        self._runtime: Runtime | None = None

    _type: str | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Record this event in a stream, by default the thread's current one."""
        stream = stream or current_stream(_runtime(self._type, self._device))
        self._runtime = stream._runtime
        self.native = self._runtime.backend.record_event(stream.queue, self._runtime.index)

    def wait(self, stream: Stream | None = None) -> None:
        """Work queued in the stream (by default the current one) from now on waits for this event."""
        if self._runtime is not None:
            (stream or current_stream(self._runtime)).wait_event(self)

    def query(self) -> bool:
        """Whether the work before this event has been done; True where it was never recorded."""
        return self._runtime is None or bool(self._runtime.backend.event_done(self.native))

    def synchronize(self) -> None:
        """Wait for the work before this event."""
        if self._runtime is not None:
            self._runtime.backend.synchronize_event(self.native)

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to another, on the device's clock; waits for both. Both need enable_timing=True."""
        if not self.enable_timing or not end_event.enable_timing:
            raise ValueError("elapsed_time(): Both events must be created with argument 'enable_timing=True'.")
        if self._runtime is None or end_event._runtime is None:
            raise ValueError("elapsed_time(): Both events must be recorded before calculating elapsed time.")
        return float(self._runtime.backend.elapsed_time(self.native, end_event.native))

    def __repr__(self) -> str:
        return f"Event(device={str(self._runtime.device) if self._runtime else None!r}, enable_timing={self.enable_timing})"


def _runtime(type_: str | None, device: Any) -> Runtime:
    from corelib.tensor.device import device as make, resolve

    if device is None or (isinstance(device, int) and type_ is not None):
        found = resolve(None if type_ is None else make(type_, device) if device is not None else make(type_))
    else:
        found = resolve(device)
        if type_ is not None and found.type != type_:
            raise ValueError(f"Expected a {type_} device, but got: {found}")
    return found.runtime


def current_stream(runtime: Runtime) -> Stream:
    """The stream of a device that this thread's work goes to."""
    found: Stream | None = HERE.__dict__.get("streams", {}).get(runtime.allocator)
    return found or default_stream(runtime)


def default_stream(runtime: Runtime) -> Stream:
    """A device's default stream; where the backend has no queues, a stream of which nothing can be asked but its device."""
    made = Stream.__new__(Stream)
    made._begin(runtime, runtime.backend.default_queue(runtime.index), 0)
    return made


def set_stream(stream: Stream) -> None:
    """Make a stream the one that this thread's work on its device goes to."""
    runtime = stream._runtime
    runtime.backend.use_queue(stream.queue, runtime.index)
    HERE.__dict__.setdefault("streams", {})[runtime.allocator] = stream
    HERE.__dict__.setdefault("numbers", {})[runtime.allocator] = stream.stream_id


class Accelerator:
    """The functions of `torch.cuda` for one device type. `device` arguments are devices, indices, or None for the current one.

    >>> import corelib as torch
    >>> torch.cpu.is_available(), torch.cpu.device_count()
    (True, 1)
    """

    OutOfMemoryError = OutOfMemoryError

    def __init__(self, device_type: str) -> None:
        self.device_type = device_type
        self.Stream: type[Stream] = type("Stream", (Stream,), {"_type": device_type, "__doc__": Stream.__doc__})
        self.Event: type[Event] = type("Event", (Event,), {"_type": device_type, "__doc__": Event.__doc__})

    def __repr__(self) -> str:
        return f"<devices of type {self.device_type!r}>"

    def _of(self, device: Any) -> Runtime:
        return _runtime(self.device_type, device)

    def is_available(self) -> bool:
        """Whether a tensor could be put on such a device here."""
        return self.device_count() > 0

    def device_count(self) -> int:
        """How many devices of this type there are; 0 where the type cannot be used."""
        from corelib.dispatcher.plugins import BackendError

        try:
            return int(self._of(None).backend.device_count())
        except (BackendError, RuntimeError):  # not installed, or unavailable: `corelib backends` tells why
            return 0

    def current_device(self) -> int:
        """The index of the device that the type's bare name stands for."""
        return self._of(None).index

    def set_device(self, device: Any) -> None:
        """Make the type's bare name ("cuda") stand for another of its devices, in all threads."""
        from corelib.tensor.device import device as make

        runtime = self._of(device)
        make(self.device_type)._runtime = runtime

    @contextmanager
    def device(self, device: Any) -> Iterator[None]:
        """A context in which the type's bare name stands for this device."""
        before = self.current_device()
        self.set_device(device)
        try:
            yield
        finally:
            self.set_device(before)

    def get_device_name(self, device: Any = None) -> str:
        """What people call a device."""
        runtime = self._of(device)
        return runtime.backend.device_name(runtime.index)

    def synchronize(self, device: Any = None) -> None:
        """Wait until a device has done all that was asked of it, in every stream."""
        runtime = self._of(device)
        runtime.backend.synchronize(runtime.index)

    # Streams

    def current_stream(self, device: Any = None) -> Stream:
        """The stream that this thread's work on a device goes to."""
        return current_stream(self._of(device))

    def default_stream(self, device: Any = None) -> Stream:
        """A device's default stream."""
        return default_stream(self._of(device))

    def set_stream(self, stream: Stream) -> None:
        """Let this thread's work go to another stream from now on."""
        set_stream(stream)

    @contextmanager
    def stream(self, stream: Stream | None) -> Iterator[None]:
        """A context in which this thread's work goes to a stream; None changes nothing."""
        if stream is None:
            yield
            return
        with stream:
            yield

    # Memory, in bytes

    def memory_allocated(self, device: Any = None) -> int:
        """What tensors hold now."""
        return self._of(device).allocator.allocated

    def max_memory_allocated(self, device: Any = None) -> int:
        """The most that tensors have held."""
        return self._of(device).allocator.peak_allocated

    def memory_reserved(self, device: Any = None) -> int:
        """What tensors hold, and what is kept for others."""
        return self._of(device).allocator.reserved

    def max_memory_reserved(self, device: Any = None) -> int:
        """The most that has been reserved."""
        return self._of(device).allocator.peak_reserved

    def memory_stats(self, device: Any = None) -> dict[str, int]:
        """The caching allocator's figures."""
        return self._of(device).allocator.stats()

    def reset_peak_memory_stats(self, device: Any = None) -> None:
        """Begin the most that was held anew."""
        self._of(device).allocator.reset_peaks()

    def empty_cache(self) -> None:
        """Give kept memory of the current device back to the driver."""
        self._of(None).allocator.empty_cache()

    def mem_get_info(self, device: Any = None) -> tuple[int, int]:
        """(free, total) memory of a device; UnsupportedError where its driver does not tell."""
        runtime = self._of(device)
        return runtime.backend.memory_info(runtime.index)

    # Random numbers

    def manual_seed(self, seed: int) -> None:
        """Seed the current device's default generator."""
        self._generator(None).manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        """Seed the default generators of all devices of this type."""
        for index in range(self.device_count()):
            self._generator(index).manual_seed(seed)

    def initial_seed(self) -> int:
        """The seed of the current device's default generator."""
        return int(self._generator(None).initial_seed())

    def get_rng_state(self, device: Any = None) -> Tensor:
        """The state of a device's default generator, as a CPU uint8 tensor."""
        state: Tensor = self._generator(device).get_state()
        return state

    def set_rng_state(self, new_state: Tensor, device: Any = None) -> None:
        """Put a device's default generator into a state that `get_rng_state` gave."""
        self._generator(device).set_state(new_state)

    def _generator(self, device: Any) -> Any:
        from corelib.tensor.generator import default_generator

        return default_generator(self._of(device).device)


cpu, cuda, opencl = Accelerator("cpu"), Accelerator("cuda"), Accelerator("opencl")
