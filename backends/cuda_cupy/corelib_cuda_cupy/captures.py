"""Graphs of recorded work: a capture at work, and what has been captured."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from corelib.backend import StridedArray
from corelib.contract.backend import AcceleratorError
from corelib.tensor import dtype as D

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import Block, Bytes, CupyBackend


class Graph:
    """What one capture recorded: CuPy's graph, and what it reads that is no tensor's."""

    def __init__(self, index: int, memory: Block, mark: Block, seed: int, draw: int) -> None:
        self.recorded: Any = None
        self.index = index
        self.draws = memory
        """Seed and first draw, two int64 on the device."""
        self.mark = mark
        """What its kernels raise where a value is wrong; see `Launcher.mark`."""
        self.seed = seed
        self.draw = draw
        self.drawn = False
        """Whether it draws random numbers."""
        self.held: list[Bytes] = []
        """Pinned memory that it copies from."""


class Captures:
    """The captures of one backend: one a thread at most, as a thread's work goes to one queue."""

    def __init__(self, backend: CupyBackend) -> None:
        self._backend = backend
        self._here = threading.local()
        self._launched: dict[tuple[int, int], WeakSet[Graph]] = {}  # by the queue in which they were launched last

    @property
    def now(self) -> Graph | None:
        """What this thread captures."""
        found: Graph | None = getattr(self._here, "graph", None)
        return found

    def refuse(self, call: str) -> None:
        """AcceleratorError, in PyTorch's words, for a call that no graph can hold, while this thread captures."""
        if self.now is not None:
            raise AcceleratorError(f"CUDA error: operation not permitted when stream is capturing ({call})")

    def begin(self, queue: Any, index: int, seed: int, draw: int) -> None:
        mark = self._backend.launcher.lowered(self._backend.allocate(512, index), index)
        queue.synchronize()  # it may be launched in other queues, which know nothing of this one
        graph = Graph(index, self._backend.allocate(512, index), mark, seed, draw)
        queue.begin_capture()
        self._here.graph = graph

    def end(self, queue: Any) -> Graph:
        graph = self.now
        assert graph is not None, "end_capture without begin_capture"
        self._here.graph = None
        graph.recorded = queue.end_capture()
        return graph

    def launch(self, graph: Graph, queue: Any, index: int, seed: int, draw: int) -> None:
        if graph.drawn:
            self._write(graph, index, seed, draw)
        graph.recorded.launch(queue)
        self._launched.setdefault((index, int(queue.ptr)), WeakSet()).add(graph)

    def marks(self, index: int, queue: Hashable) -> list[Block]:
        """The marks of the graphs that were launched in a queue of a device; in any for None."""
        return [graph.mark for key, graphs in list(self._launched.items()) if key == (index, queue) or (queue is None and key[0] == index) for graph in graphs]

    def drawing(self, index: int, seed: int, draw: int) -> tuple[StridedArray, int] | None:
        """See `Launcher.drawing`; RuntimeError for a generator that is not the one that the capture began with."""
        graph = self.now
        if graph is None:
            return None
        if seed != graph.seed or draw < graph.draw:
            raise RuntimeError("Attempt to increase offset for a CUDA generator not in capture mode: a graph draws from the device's default generator only")
        graph.drawn = True
        return StridedArray(graph.draws, D.int64, (2,), (1,), 0, index), draw - graph.draw

    def _write(self, graph: Graph, index: int, seed: int, draw: int) -> None:
        numbers = np.array([seed & (1 << 64) - 1, draw], np.uint64)
        self._backend.host_to_device(graph.draws, 0, numbers.view(np.uint8), index)
