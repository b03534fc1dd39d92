"""The machine: its devices, the lock that all calls take, what the host knows has happened, and what each thread has made current."""

from __future__ import annotations

import random
import threading
from collections import Counter

from executor import Arena

from simulated_cuda import settings
from simulated_cuda.capture import Graph
from simulated_cuda.errors import ILLEGAL_ADDRESS, INVALID_DEVICE, INVALID_HANDLE, INVALID_VALUE, OUT_OF_MEMORY, CudaError
from simulated_cuda.host import DEVICE_BASE, DEVICE_SPAN, device_of
from simulated_cuda.order import Allocations, Clock, merge
from simulated_cuda.queues import Moment, Queue, Scheduler

LEGACY, PER_THREAD = 1, 2


class Device:
    """One simulated GPU: memory, streams, and a clock in milliseconds."""

    def __init__(self, index: int, nbytes: int) -> None:
        self.index = index
        self.nbytes = nbytes
        self.used = 0
        self.arena = Arena(nbytes, DEVICE_BASE + index * DEVICE_SPAN)
        self.allocations = Allocations()
        self.default = Queue(self, 0, blocking=True)
        self.streams = [self.default]
        self.clock = 0.0
        self.gone: Clock = {}
        """What streams that are no more have done."""
        self.peers: set[int] = set()
        """The devices whose memory kernels of this one may use."""


class Machine:
    """All of it. One lock: what threads ask for is done one after another, in the order in which they ask."""

    def __init__(self) -> None:
        chosen = settings()
        self.random = random.Random(chosen["seed"])
        self.checked = bool(chosen["checked"])
        self.lock = threading.RLock()
        self.devices = [Device(i, chosen["memory"]) for i in range(chosen["devices"])]
        for number, device in enumerate(self.devices):  # streams have numbers of their own on all devices: clocks are kept by them
            device.default.number = -1 - number
        self.streams: dict[int, Queue] = {}
        self.events: dict[int, Moment] = {}
        self.graphs: dict[int, Graph] = {}
        self.host_clock: Clock = {}
        self.counts: Counter[str] = Counter()
        """How often each kind of work was queued, and each kind of wait was made by the host ("wait:...")."""
        self.dropped: list[int] = []
        """Device memory whose owner has died: freed at the next call, for nothing may wait inside a garbage collection."""
        self.scheduler = Scheduler(self)
        self._local = threading.local()
        self._next = 0x1000

    @property
    def current(self) -> Device:
        """The device that this thread has made current."""
        return self.devices[getattr(self._local, "device", 0)]

    def set_current(self, index: int) -> None:
        self.device(index)
        self._local.device = index

    def device(self, index: int) -> Device:
        if not 0 <= index < len(self.devices):
            raise CudaError(INVALID_DEVICE, f"there are {len(self.devices)} devices, got {index}")
        return self.devices[index]

    def device_at(self, address: int) -> Device:
        """The device in whose memory an address lies; an illegal address else."""
        index = device_of(address)
        if index is None or index >= len(self.devices):
            raise CudaError(ILLEGAL_ADDRESS, f"{address:#x} is no device's memory")
        return self.devices[index]

    def number(self) -> int:
        """A handle that nothing else has."""
        self._next += 0x10
        return self._next

    def stream(self, handle: int) -> Queue:
        """The stream behind a handle; 0 and 1 are the current device's default one."""
        if handle in (0, LEGACY):
            return self.current.default
        if handle == PER_THREAD:
            return self._own_default()
        found = self.streams.get(handle)
        if found is None:
            raise CudaError(INVALID_HANDLE, f"{handle:#x} is no stream, or no more")
        return found

    def _own_default(self) -> Queue:
        """The per-thread default stream of the current device: a blocking one of this thread's own."""
        mine: dict[int, Queue] = self._local.__dict__.setdefault("streams", {})
        device = self.current
        if device.index not in mine:
            mine[device.index] = Queue(device, self.number(), blocking=True)
            device.streams.append(mine[device.index])
        return mine[device.index]

    def new_stream(self, blocking: bool, priority: int) -> int:
        stream = Queue(self.current, self.number(), blocking, priority)
        stream.urgency = self.random.random()
        self.current.streams.append(stream)
        self.streams[stream.number] = stream
        return stream.number

    def destroy_stream(self, handle: int) -> None:
        """The handle goes at once, the stream when its work has been done."""
        self.stream(handle).alive = False
        self.streams.pop(handle, None)
        self._tidy()

    def lane(self, device: Device) -> Queue:
        """A stream for a part of a graph."""
        self._tidy()
        made = Queue(device, self.number(), blocking=False)
        made.urgency = self.random.random()
        device.streams.append(made)
        return made

    def _tidy(self) -> None:
        for device in self.devices:
            for stream in device.streams:
                if not (stream.alive or stream.pending):
                    merge(device.gone, stream.clock)
            device.streams = [s for s in device.streams if s.alive or s.pending]

    def event(self, handle: int) -> Moment:
        found = self.events.get(handle)
        if found is None:
            raise CudaError(INVALID_HANDLE, f"{handle:#x} is no event, or no more")
        return found

    def allocate(self, nbytes: int) -> int:
        """cudaMalloc on the current device."""
        self.collect()
        device = self.current
        if device.used + nbytes > device.nbytes:
            raise CudaError(OUT_OF_MEMORY)
        try:
            address = int(device.arena.allocate(nbytes))
        except MemoryError:
            raise CudaError(OUT_OF_MEMORY, "in pieces that are too small") from None
        device.used += nbytes
        device.allocations.add(address, nbytes)
        return address

    def free(self, address: int) -> None:
        """cudaFree: waits for the device."""
        device = self.device_at(address)
        if address not in device.allocations.sizes:
            raise CudaError(INVALID_VALUE, f"{address:#x} was not allocated, or has been freed")
        self.counts["wait:free"] += 1
        self.scheduler.finish_device(device)
        device.used -= device.allocations.sizes[address]
        device.allocations.remove(address)
        device.arena.free(address)

    def collect(self) -> None:
        """Free what has been dropped."""
        while self.dropped:
            self.free(self.dropped.pop())


MACHINE = Machine()
