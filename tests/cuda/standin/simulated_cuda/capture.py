"""CUDA graphs: work that is noted while a stream captures, and queued again, all of it, each time the graph is launched.

A stream joins a capture by waiting for an event that was recorded in it, and must be waited for before the capture ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from simulated_cuda.errors import CAPTURE_UNJOINED, CAPTURE_UNMATCHED, CudaError
from simulated_cuda.order import Use

if TYPE_CHECKING:
    from simulated_cuda.queues import Queue, Scheduler, Work


class Node(NamedTuple):
    """Work in a graph: in which lane, what, and the numbers of the nodes in other lanes that it waits for."""

    lane: int
    label: str
    run: Callable[[], object]
    uses: tuple[Use, ...]
    cost: int
    waits: tuple[int, ...]


class Capture:
    """A capture under way: the stream where it began, and the streams that have joined it, each a lane."""

    def __init__(self, origin: Queue, mode: int, thread: int) -> None:
        self.origin = origin
        self.mode = mode
        self.thread = thread
        self.lanes = [origin]
        self.nodes: list[Node] = []
        self.broken = False
        self._waits: dict[int, list[int]] = {0: []}

    def note(self, stream: Queue, label: str, run: Callable[[], object], uses: Iterable[Use], cost: int) -> None:
        lane = self.lanes.index(stream)
        self.nodes.append(Node(lane, label, run, tuple(uses), cost, tuple(self._waits[lane])))
        self._waits[lane] = []

    def mark(self, stream: Queue) -> tuple[int, ...]:
        """What an event recorded in a lane stands for: the lane's latest node and what the lane waits for."""
        lane = self.lanes.index(stream)
        mine = [n for n, node in enumerate(self.nodes) if node.lane == lane]
        return (*mine[-1:], *self._waits[lane])

    def join(self, stream: Queue, marked: tuple[int, ...]) -> None:
        """Let a stream wait for what was marked; it belongs to the capture from here on."""
        if stream not in self.lanes:
            self.lanes.append(stream)
            stream.capture = self
            self._waits[len(self.lanes) - 1] = []
        self._waits[self.lanes.index(stream)] += marked

    def end(self, stream: Queue) -> Graph:
        if stream is not self.origin:
            raise CudaError(CAPTURE_UNMATCHED, "the capture began in another stream")
        known = self._reached()
        for lane in self.lanes:
            lane.capture = None
        loose = [node.label for n, node in enumerate(self.nodes) if n not in known]
        if loose:
            raise CudaError(CAPTURE_UNJOINED, f"the capture's stream does not wait for {loose[-1]}")
        return Graph(self.nodes)

    def _reached(self) -> set[int]:
        """The nodes that the origin's end comes after."""
        before: dict[int, tuple[int, ...]] = {}
        latest: dict[int, int] = {}
        for n, node in enumerate(self.nodes):
            before[n] = (*((latest[node.lane],) if node.lane in latest else ()), *node.waits)
            latest[node.lane] = n
        stack, found = [*([latest[0]] if 0 in latest else []), *self._waits[0]], set()
        while stack:
            n = stack.pop()
            if n not in found:
                found.add(n)
                stack += before[n]
        return found


class Graph:
    """What was captured; `launch` queues it, in streams of its own where it has several lanes."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def launch(self, stream: Queue, scheduler: Scheduler, new_lane: Callable[[], Queue]) -> None:
        begin = scheduler.queue(stream, "graph", lambda: None)
        lanes = {0: stream}
        made: list[Work] = []
        for node in self.nodes:
            lane = lanes.get(node.lane)
            if lane is None:
                lane = lanes[node.lane] = new_lane()
                scheduler.after(lane, begin)
            for n in node.waits:
                scheduler.after(lane, made[n])
            made.append(scheduler.queue(lane, node.label, node.run, node.uses, node.cost))
        for number, lane in lanes.items():
            if number and lane.last is not None:
                scheduler.after(stream, lane.last)
                lane.alive = False
        if len(lanes) > 1:
            scheduler.queue(stream, "graph-end", lambda: None)
