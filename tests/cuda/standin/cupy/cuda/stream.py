"""Streams and events by CuPy's names, over the runtime's handles."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cupy.cuda.graph import Graph
from cupy_backends.cuda.api import runtime

_local = threading.local()


class _ThreadLocal:
    """The current stream of each device, in one thread, and those that `with` blocks will go back to."""

    def __init__(self) -> None:
        count = runtime.getDeviceCount()
        self.current: list[_BaseStream] = [Stream.null] * count
        self.stacks: list[list[_BaseStream]] = [[Stream.null] for _ in range(count)]
        self.entered: list[int] = []

    @staticmethod
    def get() -> _ThreadLocal:
        found = getattr(_local, "state", None)
        if found is None:
            found = _local.state = _ThreadLocal()
        return found


def get_current_stream(device_id: int = -1) -> _BaseStream:
    return _ThreadLocal.get().current[runtime.getDevice() if device_id == -1 else device_id]


class Event:
    """A place in a stream that the host or another stream can wait for."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.ptr = 0
        if interprocess and not disable_timing:
            raise ValueError("Timing must be disabled for interprocess events")
        flags = (runtime.eventBlockingSync if block else 0) | (runtime.eventDisableTiming if disable_timing else 0)
        self.ptr = runtime.eventCreateWithFlags(flags | (runtime.eventInterprocess if interprocess else 0))

    def __del__(self) -> None:
        if runtime is not None and self.ptr:
            runtime.eventDestroy(self.ptr)

    @property
    def done(self) -> bool:
        return runtime.eventQuery(self.ptr) == 0

    def record(self, stream: _BaseStream | None = None) -> None:
        runtime.eventRecord(self.ptr, (get_current_stream() if stream is None else stream).ptr)

    def synchronize(self) -> None:
        runtime.eventSynchronize(self.ptr)


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    return runtime.eventElapsedTime(start_event.ptr, end_event.ptr)


def _matching(device_id: int) -> int:
    """The number of the device that a stream belongs to, which must be the current one."""
    current = runtime.getDevice()
    if device_id not in (-1, current):
        raise RuntimeError(f"The device that the stream is created on ({device_id}) does not match with the current device ({current})")
    return current


class _BaseStream:
    null: _BaseStream
    ptds: _BaseStream

    def __init__(self, ptr: int, device_id: int) -> None:
        self.ptr = ptr
        self.device_id = device_id
        self._host_functions: list[tuple[Callable[[Any], None], Any]] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BaseStream) and self.ptr == other.ptr

    def __hash__(self) -> int:
        return self.ptr

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ptr} (device {self.device_id})>"

    def __enter__(self) -> _BaseStream:
        state, device = _ThreadLocal.get(), _matching(self.device_id)
        state.stacks[device].append(self)
        state.entered.append(device)
        state.current[device] = self
        return self

    def __exit__(self, *args: object) -> None:
        state = _ThreadLocal.get()
        device = state.entered.pop()
        state.stacks[device].pop()
        previous = state.stacks[device][-1]
        state.current[runtime.getDevice() if previous.device_id == -1 else previous.device_id] = previous

    def use(self) -> _BaseStream:
        device = _matching(self.device_id)
        _ThreadLocal.get().current[device] = self
        return self

    @property
    def done(self) -> bool:
        return runtime.streamQuery(self.ptr) == 0

    def synchronize(self) -> None:
        runtime.streamSynchronize(self.ptr)

    def launch_host_func(self, callback: Callable[[Any], None], arg: Any) -> None:
        if self._host_functions is not None:
            self._host_functions.append((callback, arg))
        runtime.launchHostFunc(self.ptr, lambda _: callback(arg), 0)

    def record(self, event: Event | None = None) -> Event:
        if event is None:
            event = Event()
        runtime.eventRecord(event.ptr, self.ptr)
        return event

    def wait_event(self, event: Event) -> None:
        runtime.streamWaitEvent(self.ptr, event.ptr)

    def begin_capture(self, mode: int | None = None) -> None:
        if self.ptr in (0, 1):
            raise RuntimeError("cannot capture on the default (legacy) stream")
        runtime.streamBeginCapture(self.ptr, runtime.streamCaptureModeRelaxed if mode is None else mode)
        self._host_functions = []

    def end_capture(self) -> Graph:
        kept, self._host_functions = self._host_functions, None
        return Graph.from_stream(runtime.streamEndCapture(self.ptr), kept)

    def is_capturing(self) -> bool:
        return runtime.streamIsCapturing(self.ptr)

    @property
    def is_non_blocking(self) -> bool:
        return runtime.streamGetFlags(self.ptr) & runtime.streamNonBlocking != 0

    @property
    def priority(self) -> int:
        return runtime.streamGetPriority(self.ptr)


class Stream(_BaseStream):
    """A stream of the current device; with `null` its default one, with `non_blocking` one that takes no notice of the default one."""

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: int | None = None) -> None:
        if null:
            super().__init__(0, -1)
        elif ptds:
            super().__init__(runtime.streamPerThread, -1)
        else:
            flags = runtime.streamNonBlocking if non_blocking else runtime.streamDefault
            super().__init__(runtime.streamCreateWithPriority(flags, priority or 0), runtime.getDevice())

    def __del__(self) -> None:
        if runtime is not None and getattr(self, "ptr", 0) not in (0, runtime.streamLegacy, runtime.streamPerThread):  # not while Python ends
            runtime.streamDestroy(self.ptr)


class ExternalStream(_BaseStream):
    """A stream that somebody else made and destroys."""

    def __init__(self, ptr: int, device_id: int = -1) -> None:
        super().__init__(ptr, device_id)


_BaseStream.null = Stream(null=True)
_BaseStream.ptds = Stream(ptds=True)
