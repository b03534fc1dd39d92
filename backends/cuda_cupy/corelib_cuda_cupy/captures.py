"""Graphs of recorded work: a capture at work, and what has been captured."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from corelib.backend import StridedArray
from corelib.contract.backend import AcceleratorError
from corelib.tensor import dtype as D

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import Block, Bytes, CupyBackend


class Graph:
    """What one capture recorded: CuPy's graph, and what it reads that is no tensor's."""

    def __init__(self, draws: Block, seed: int, draw: int) -> None:
        self.recorded: Any = None
        self.draws = draws
        """Seed and first draw, two int64 on the device."""
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
        graph = Graph(self._backend.allocate(512, index), seed, draw)
        self._backend.launcher.mark(index, "", 1)  # made now, as it cannot be during a capture
        self._write(graph, index, seed, draw)
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
