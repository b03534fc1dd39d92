"""OpenCL's platforms, contexts and queues: one context and one ordered queue for each device of every platform."""

from __future__ import annotations

import threading
import weakref
from functools import cache
from typing import Any

import pyopencl as cl


class Queue(cl.CommandQueue):
    """A queue that weak references can name, as pyopencl's own cannot."""


class Device:
    """One OpenCL device at work. `lock` makes setting a kernel's arguments and queueing it one step."""

    def __init__(self, device: cl.Device) -> None:
        self.device = device
        self.name = f"{device.name.strip()} ({device.platform.name.strip()})"
        self.context = cl.Context([device])
        self.default_queue = self._made()
        self._queues: list[weakref.ref[Queue]] = []  # a WeakSet would run Python code where a queue dies, in which signals are lost
        self._here = threading.local()
        self.lock = threading.RLock()
        self.double = "cl_khr_fp64" in device.extensions.split() or bool(getattr(device, "double_fp_config", 0))
        self.processor = bool(device.type & cl.device_type.CPU)
        self.units = max(1, device.max_compute_units)
        self.launches = 0

    @property
    def queue(self) -> Queue:
        """The queue that this thread's work goes to."""
        return getattr(self._here, "queue", self.default_queue)

    @queue.setter
    def queue(self, queue: Queue) -> None:
        self._here.queue = queue

    def new_queue(self) -> Queue:
        """A further queue in order, with times of its events."""
        made = self._made()
        self._queues = [*(known for known in self._queues if known() is not None), weakref.ref(made)]
        return made

    def finish(self) -> None:
        """Wait for the work in all queues."""
        for queue in (self.default_queue, *(known() for known in self._queues)):
            if queue is not None:
                queue.finish()

    def _made(self) -> Queue:
        return Queue(self.context, properties=cl.command_queue_properties.PROFILING_ENABLE)


@cache
def all_devices() -> tuple[list[cl.Device], list[str]]:
    """Every device of every platform, in the drivers' order; and those that are left out, each with the reason. Asked of the drivers once."""
    found: list[cl.Device] = []
    left_out: list[str] = []
    for platform in cl.get_platforms():
        try:
            devices = platform.get_devices()
        except cl.Error:  # a platform without devices says so by an error
            continue
        for device in devices:
            problem = _builds_nothing(device)
            if problem:
                left_out.append(f"{device.name.strip()} ({platform.name.strip()} {device.driver_version}): {problem}")
            else:
                found.append(device)
    return found, left_out


def _builds_nothing(device: cl.Device) -> str:
    """Why a driver cannot build any program, or "": the compiler of one that is older than the processor may not know it."""
    try:
        cl.Program(cl.Context([device]), "__kernel void nothing(void) {}").build()
    except cl.Error as error:
        said = [line.strip() for line in str(error).splitlines() if "error:" in line]
        return f"its driver builds no program ({said[0] if said else str(error).strip()})"
    return ""


def told(error: cl.Error, call: str) -> RuntimeError:
    """A driver's error in words: the call, the code's name, and what it says."""
    code = getattr(error, "code", None)
    codes: Any = cl.status_code
    name = next((n for n in dir(codes) if n.isupper() and getattr(codes, n) == code), str(code))
    return RuntimeError(f"OpenCL: {call} failed with {name}: {str(error).strip()}")


OUT_OF_MEMORY = {
    cl.status_code.MEM_OBJECT_ALLOCATION_FAILURE, cl.status_code.OUT_OF_RESOURCES, cl.status_code.OUT_OF_HOST_MEMORY,
    cl.status_code.INVALID_BUFFER_SIZE,
}


def out_of_memory(error: cl.Error) -> bool:
    """Whether a driver's error means that memory is used up, or that no buffer can be that large."""
    return isinstance(error, cl.MemoryError) or getattr(error, "code", None) in OUT_OF_MEMORY
