"""One library alone in a process: it reads the name of a case from each line of its input and prints what a step of it takes.

`python -m benchmarks.worker LIBRARY THREADS DEVICE`; benchmarks/rounds.py starts it. A line is JSON: {"case": name, "seconds": how long to measure}.
An answer is {"us": the time of a step, a median over short samples} or {"error": text}.
"""

from __future__ import annotations

import gc
import importlib
import json
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

SAMPLES = 9
"""How many samples a visit takes at least; where a step is longer than a sample, so many steps, but three at least."""


def seconds_of(step: Callable[[], Any], calls: int, wait: Callable[[], Any] | None = None) -> float:
    """How long some calls take, each; until a device has done what they asked for, where there is one to `wait` for."""
    start = perf_counter()
    for _ in range(calls):
        step()
    if wait is not None:
        wait()
    return (perf_counter() - start) / calls


def measured(step: Callable[[], Any], seconds: float, wait: Callable[[], Any] | None = None) -> float:
    """The time of a step: the median of samples that take about `seconds` together, warmed up."""
    calls, sample = 1, seconds / SAMPLES
    step()
    while (took := seconds_of(step, calls, wait) * calls) < sample / 4 and calls < 1 << 20:  # by doubling, which also warms up
        calls *= 2
    calls = max(1, round(calls * sample / max(took, 1e-9)))
    samples = max(3, min(SAMPLES, round(seconds / max(took, 1e-9)))) if calls == 1 else SAMPLES
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        return statistics.median(seconds_of(step, calls, wait) for _ in range(samples))
    finally:
        if enabled:
            gc.enable()


def main() -> None:
    """Answer until the input ends."""
    library, threads, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    T = importlib.import_module(library)
    T.set_num_threads(threads)
    from benchmarks.cases import CASES

    kind = device.partition(":")[0]
    wait = None if kind == "cpu" else getattr(T, kind).synchronize
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a case prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            T.manual_seed(0)
            answer: dict[str, Any] = {"us": measured(CASES[asked["case"]](T, device), asked["seconds"], wait) * 1e6}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
