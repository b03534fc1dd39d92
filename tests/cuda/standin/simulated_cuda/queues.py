"""Streams and events: work waits in queues, and a seeded scheduler decides which queue goes on, never before what an event orders.

Nothing is done when it is queued. Work is done when somebody waits for it, and a little of it at random times in between; of the queues that
may go on, the scheduler takes one by priorities that change at random, so that one stream falls far behind another as often as it
overtakes it. The default stream (0) waits for all blocking streams of its device and they for it; non-blocking ones do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from simulated_cuda.errors import CAPTURE_IMPLICIT, CAPTURE_ISOLATION, CAPTURED_EVENT, INVALID_HANDLE, CudaError
from simulated_cuda.order import Clock, Seen, Use, merge

if TYPE_CHECKING:
    from simulated_cuda.capture import Capture
    from simulated_cuda.machine import Device, Machine


class Work:
    """One piece of work in a queue."""

    __slots__ = ("clock", "cost", "device", "done", "label", "run", "stream", "time", "waits")

    def __init__(self, stream: Queue, label: str, run: Callable[[], object], cost: int) -> None:
        self.stream = stream
        self.device = stream.device
        self.label = label
        self.run = run
        self.cost = cost
        """Bytes that are moved, for the clock of the device."""
        self.waits: list[Work] = []
        self.clock: Clock = {}
        self.done = False
        self.time = 0.0

    @property
    def ready(self) -> bool:
        return all(w.done for w in self.waits)


class Queue:
    """A stream of a device."""

    def __init__(self, device: Device, number: int, blocking: bool, priority: int = 0) -> None:
        self.device = device
        self.number = number
        self.blocking = blocking
        self.priority = priority
        self.pending: deque[Work] = deque()
        self.last: Work | None = None
        self.clock: Clock = {}
        self.tick = 0
        self.urgency = 0.0
        self.next_waits: list[Work] = []
        self.capture: Capture | None = None
        self.alive = True

    @property
    def idle(self) -> bool:
        return not self.pending


class Moment:
    """An event: the place in a queue where it was last recorded."""

    def __init__(self, device: Device, number: int, timing: bool) -> None:
        self.device = device
        self.number = number
        self.timing = timing
        self.work: Work | None = None
        self.capture: Capture | None = None
        self.marked: tuple[int, ...] = ()


class Scheduler:
    """Who queues, who waits, and whose turn it is."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._random = machine.random
        self.eager = 0.15
        """How often something is done while nobody waits."""
        self.most = 200
        """So many pieces wait in one queue at most, as in a driver."""

    def queue(self, stream: Queue, label: str, run: Callable[[], object], uses: Iterable[Use] = (), cost: int = 0) -> Work | None:
        """Put work into a stream, after what it has to wait for; what it uses is compared with what other streams use. None in a capture."""
        self._machine.counts[label.split(" ")[0]] += 1
        if stream.capture is not None:
            stream.capture.note(stream, label, run, uses, cost)
            return None
        if stream is stream.device.default and any(s.capture is not None and s.blocking for s in stream.device.streams):
            raise CudaError(CAPTURE_IMPLICIT)
        machine = self._machine
        work = Work(stream, label, run, cost)
        work.waits += stream.next_waits
        stream.next_waits = []
        merge(stream.clock, machine.host_clock)
        default = stream.device.default
        for other in stream.device.streams if stream is default else [default] if stream.blocking else []:
            if other is not stream and other.blocking and other.last is not None:
                work.waits.append(other.last)
                merge(stream.clock, other.last.clock)
        stream.tick += 1
        stream.clock[stream.number] = stream.tick
        for use in uses:
            machine.device_at(use.address).allocations.use(use, Seen(stream.number, stream.tick, label), stream.clock)
        work.clock = dict(stream.clock)
        work.waits = [w for w in work.waits if not w.done]
        stream.pending.append(work)
        stream.last = work
        while self._random.random() < self.eager or len(stream.pending) > self.most:
            if not self.step():
                break
        return work

    def after(self, stream: Queue, work: Work) -> None:
        """Let what is queued from now on come after a piece of work."""
        merge(stream.clock, work.clock)
        if not work.done:
            stream.next_waits.append(work)

    def record(self, event: Moment, stream: Queue) -> None:
        """cudaEventRecord."""
        if event.device is not stream.device:
            raise CudaError(INVALID_HANDLE, f"the event is of device {event.device.index}, the stream of device {stream.device.index}")
        event.capture = stream.capture
        if stream.capture is not None:
            event.marked = stream.capture.mark(stream)
        else:
            event.work = self.queue(stream, "event", _nothing)

    def wait(self, stream: Queue, event: Moment) -> None:
        """cudaStreamWaitEvent: only what is queued later waits."""
        if event.capture is not None:
            if stream.capture not in (None, event.capture) or event.capture.origin.capture is not event.capture:
                raise CudaError(CAPTURED_EVENT)
            event.capture.join(stream, event.marked)
        elif event.work is not None:  # one that was never recorded has happened
            if stream.capture is not None:
                raise CudaError(CAPTURE_ISOLATION)
            self.after(stream, event.work)

    def step(self) -> bool:
        """Do one piece of work that may be done now; False where there is none."""
        ready = [s for d in self._machine.devices for s in d.streams if s.pending and s.pending[0].ready]
        if not ready:
            return False
        if self._random.random() < 0.1:
            for stream in ready:
                stream.urgency = self._random.random()
        chosen = max(ready, key=lambda s: s.urgency)
        self._do(chosen)
        return True

    def _do(self, stream: Queue) -> None:
        work = stream.pending.popleft()
        work.done = True
        device = stream.device
        device.clock += 2e-3 + work.cost / 1e9
        work.time = device.clock
        work.waits = []
        run, work.run = work.run, _nothing
        try:
            run()
        except BaseException:  # as on a device whose kernel has faulted, nothing that was queued is done any more
            for each in self._machine.devices:
                for other in each.streams:
                    for lost in other.pending:
                        lost.done, lost.run = True, _nothing
                    other.pending.clear()
            raise

    def until(self, work: Work | None) -> None:
        """Go on until a piece of work is done. Half the time nothing else is done than what it needs."""
        if work is None or work.done:
            return
        if self._random.random() < 0.5:
            self._needed(work)
            return
        while not work.done:
            self.step()

    def _needed(self, target: Work) -> None:
        """Do what comes before a piece of work and the work itself, and nothing else."""
        stack = [target]
        while stack:
            work = stack[-1]
            if work.done:
                stack.pop()
                continue
            before = [w for w in work.waits if not w.done]
            head = work.stream.pending[0]
            if head is not work:
                before.append(head)
            if before:
                stack += before
            else:
                self._do(work.stream)
                stack.pop()

    def perhaps(self) -> None:
        """While somebody asks whether work is done, some may be."""
        for _ in range(self._random.randrange(4)):
            self.step()

    def happened(self, work: Work | None) -> None:
        """The host has learned that a piece of work has been done."""
        if work is not None:
            merge(self._machine.host_clock, work.clock)

    def finish(self, stream: Queue) -> None:
        """cudaStreamSynchronize: the host knows of all that the stream knows."""
        for work in (*stream.next_waits, stream.last):
            self.until(work)
        merge(self._machine.host_clock, stream.clock)

    def finish_device(self, device: Device) -> None:
        """cudaDeviceSynchronize."""
        for stream in self._random.sample(device.streams, len(device.streams)):
            self.finish(stream)
        merge(self._machine.host_clock, device.gone)
        for each in self._machine.devices:
            each.allocations.forget(self._machine.host_clock)


def _nothing() -> None:
    """What is left of work that has been done: nothing that it held stays alive."""
