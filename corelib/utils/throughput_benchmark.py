"""ThroughputBenchmark: how many calls of a module a number of threads make in a second."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from corelib.profiler.autograd_profiler import profile

__all__ = ["ExecutionStats", "ThroughputBenchmark", "format_time"]


def format_time(time_us: float | None = None, time_ms: float | None = None, time_s: float | None = None) -> str:
    """A time, given in one of three units, as text in the largest that leaves a number from 1 up. AssertionError for none, or for several."""
    given = [x for x in (time_us, time_ms, time_s) if x is not None]
    if len(given) != 1:
        raise AssertionError("format_time(): exactly one of time_us, time_ms and time_s must be given")
    us = time_us if time_us is not None else time_ms * 1e3 if time_ms is not None else given[0] * 1e6
    return f"{us / 1e6:.3f}s" if us >= 1e6 else f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


class ExecutionStats:
    """What a benchmark has found."""

    def __init__(self, latency_avg_ms: float, num_iters: int, num_calling_threads: int) -> None:
        self.latency_avg_ms = latency_avg_ms
        """Milliseconds of a call."""
        self.num_iters = num_iters
        """How many calls were made."""
        self._threads = num_calling_threads

    @property
    def total_time_seconds(self) -> float:
        """How long it took."""
        return self.num_iters * (self.latency_avg_ms / 1000.0) / self._threads

    @property
    def iters_per_second(self) -> float:
        """Calls in a second, of all threads together."""
        return self.num_iters / self.total_time_seconds

    def __str__(self) -> str:
        return "\n".join([
            f"Average latency per example: {format_time(time_ms=self.latency_avg_ms)}", f"Total number of iterations: {self.num_iters}",
            f"Total number of iterations per second (across all threads): {self.iters_per_second:.2f}", f"Total time: {format_time(time_s=self.total_time_seconds)}",
        ])  # fmt: skip


class ThroughputBenchmark:
    """Calls a module with inputs that are drawn from those it was given, from several threads at once.

    >>> import corelib as torch
    >>> bench = torch.utils.ThroughputBenchmark(torch.nn.Linear(2, 2))
    >>> bench.add_input(torch.ones(1, 2))
    >>> bench.benchmark(num_warmup_iters=1, num_iters=10).num_iters
    10
    """

    def __init__(self, module: Callable[..., Any]) -> None:
        self._module = module
        self._inputs: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def run_once(self, *args: Any, **kwargs: Any) -> Any:
        """The module's answer, to see that it is the one that is meant."""
        return self._module(*args, **kwargs)

    def add_input(self, *args: Any, **kwargs: Any) -> None:
        """Add to the inputs from which is drawn."""
        self._inputs.append((args, kwargs))

    def benchmark(
        self, num_calling_threads: int = 1, num_warmup_iters: int = 10, num_iters: int = 100, profiler_output_path: str = ""
    ) -> ExecutionStats:
        """Call the module `num_iters` times, in all threads together, after `num_warmup_iters` calls in each.

        profiler_output_path: a file for the trace of the main thread's part; none for "". RuntimeError without inputs.
        """
        if not self._inputs:
            raise RuntimeError("benchmark(): there are no inputs; add some with add_input()")
        left = [num_iters]
        lock, begin = threading.Lock(), threading.Barrier(num_calling_threads + 1)
        spent: list[float] = []
        failed: list[BaseException] = []

        def work(seed: int) -> None:
            draw = random.Random(seed)
            try:
                for _ in range(num_warmup_iters):
                    args, kwargs = draw.choice(self._inputs)
                    self._module(*args, **kwargs)
            except BaseException as error:
                failed.append(error)
            begin.wait()
            try:
                while not failed:
                    with lock:
                        left[0] -= 1
                        if left[0] < 0:
                            return
                    args, kwargs = draw.choice(self._inputs)
                    start = perf_counter()
                    self._module(*args, **kwargs)
                    spent.append(perf_counter() - start)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(num_calling_threads)]
        with profile(enabled=bool(profiler_output_path)) as prof:
            for thread in threads:
                thread.start()
            begin.wait()
            for thread in threads:
                thread.join()
        if failed:
            raise failed[0]
        if prof is not None:
            prof.export_chrome_trace(profiler_output_path)
        return ExecutionStats(sum(spent) / len(spent) * 1e3, len(spent), num_calling_threads)
