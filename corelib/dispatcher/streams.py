"""Streams and events: queues of work on one device, and points in them.

Streams are queues of work on one device; an event is a point in one. Work goes to a device's default stream unless a thread
chooses another with `stream(...)`. Memory belongs to the stream it was allocated in: another that uses it must wait for that one
(`wait_stream`), and say so (`Tensor.record_stream`) where the tensor may die before the other is done.
"""

from __future__ import annotations

from itertools import count
from time import monotonic

from corelib.contract.allocator import HERE
from corelib.contract.backend import Event as NativeEvent, Queue, UnsupportedError
from corelib.dispatcher.runtime import Runtime, at_work
from corelib.tensor.device import DeviceLike, device as Device, resolve

_numbers = count(1)


class Stream:
    """A queue of work on one device: `Stream(device=None)`. UnsupportedError where an asynchronous backend has one queue only.

    device: a device, or for the streams of one type (`corelib.cuda.Stream`) also an index; the current one for None. A device whose
    work is done when a call returns, such as the cpu, has one stream, in which nothing is ever left to wait for.
    """

    _type: str | None = None

    def __init__(self, device: DeviceLike = None, priority: int = 0) -> None:
        runtime = runtime_of(self._type, device)
        if _at_once(runtime):
            self._begin(runtime, runtime.backend.default_queue(runtime.index), 0)
            return
        self._begin(runtime, runtime.backend.new_queue(runtime.index), next(_numbers))
        runtime.allocator.several = True

    def _begin(self, runtime: Runtime, queue: Queue, number: int) -> None:
        self._runtime = runtime
        self.queue = queue
        """The backend's own object."""
        self.stream_id = number
        """A number of its own; 0 is the default stream."""

    @property
    def device(self) -> Device:
        """The device on which the work runs."""
        return self._runtime.device

    @property
    def device_index(self) -> int:
        """That device's index; -1 where its type has one device without an index."""
        index = self._runtime.device.index
        return -1 if index is None else index

    def synchronize(self) -> None:
        """Wait until all work in this stream has been done."""
        if not _at_once(self._runtime):
            self._runtime.backend.synchronize_queue(self.queue, self._runtime.index)

    def query(self) -> bool:
        """Whether all work in this stream has been done. It is asked by an event, which has a millisecond to come through."""
        if _at_once(self._runtime):
            return True
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

    def __init__(self, device: DeviceLike = None, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if isinstance(device, bool) and self._type is None:
            raise TypeError("Event(): argument 'device' (position 1) must be torch.device, not bool")
        if isinstance(device, bool):  # torch.cuda.Event's first argument is enable_timing
            enable_timing, device = device, None
        if interprocess:
            raise NotImplementedError("Event(): interprocess=True is not supported; events belong to one process")
        if enable_timing and (self._type is not None or device is not None):
            backend = runtime_of(self._type, device).backend
            for needed in ("record_event", "elapsed_time"):
                if not backend.capabilities()[needed]:
                    raise UnsupportedError(f"Event(): enable_timing=True needs {needed}, which backend {backend.device_type!r} does not provide")
        self._device = device
        self.enable_timing = enable_timing
        self.native: NativeEvent = None
        """The backend's own object; None before it has been recorded."""
        self._runtime: Runtime | None = None

    _type: str | None = None

    @property
    def device(self) -> Device:
        """The device of the stream it was recorded in, or else the one it was made for."""
        return (self._runtime or runtime_of(self._type, self._device)).device

    def record(self, stream: Stream | None = None) -> None:
        """Record this event in a stream, by default the thread's current one."""
        stream = stream or current_stream(runtime_of(self._type, self._device))
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
        return f"Event(device={str(self._runtime.device if self._runtime else self._device)!r}, enable_timing={self.enable_timing})"


def _at_once(runtime: Runtime) -> bool:
    """Whether a device's work is done when a call returns, and it has no queues."""
    return not runtime.backend.asynchronous and not runtime.backend.capabilities()["new_queue"]


def runtime_of(type_: str | None, device: DeviceLike) -> Runtime:
    """The runtime of a device; of one type only, where that is given, and an index then means one of its devices."""
    if device is None or (isinstance(device, int) and type_ is not None):
        found = resolve(None if type_ is None else Device(type_, device) if device is not None else Device(type_))
    else:
        found = resolve(device)
        if type_ is not None and found.type != type_:
            raise ValueError(f"Expected a {type_} device, but got: {found}")
    return at_work(found)


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
    if not _at_once(runtime):
        runtime.backend.use_queue(stream.queue, runtime.index)
    HERE.__dict__.setdefault("streams", {})[runtime.allocator] = stream
    HERE.__dict__.setdefault("numbers", {})[runtime.allocator] = stream.stream_id
