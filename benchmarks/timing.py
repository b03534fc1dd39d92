"""Time two libraries against each other: in turns, in one process, so that the machine's moods hit both alike."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from benchmarks.registry import Case


@dataclass
class Measured:
    """One row's result. Figures are medians in `unit` (less is better); `spread` is the ratio's range over quarters."""

    family: str
    name: str
    unit: str
    torch: float | None
    ours: float | None
    ratio: float | None
    spread: tuple[float, float] | None
    goal: float | None
    error: str | None = None


def compare(family: str, name: str, unit: str, goal: float | None, pairs: list[tuple[float, float]]) -> Measured:
    """The medians of (torch, ours) pairs, and their ratio."""
    torch, ours = statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)
    ratios = sorted(a / b for a, b in pairs)
    spread = (ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4])
    return Measured(family, name, unit, torch, ours, torch / ours, spread, goal)


def _seconds(run: Callable[[], Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def _calls_for(run: Callable[[], Any], sample: float) -> int:
    """How many calls take about `sample` seconds, found by doubling, which also warms up."""
    calls = 1
    while True:
        took = _seconds(run, calls) * calls
        if took >= sample / 4 or calls >= 1 << 20:
            return max(1, round(calls * sample / max(took, 1e-9)))
        calls *= 2


def check_same(name: str, expected: Any, got: Any) -> None:
    """RuntimeError where the two libraries do not compute the same thing, for then comparing them means nothing."""
    import numpy as np

    a, b = (np.asarray(t.detach().numpy(), dtype=np.float64) for t in (expected, got))
    if a.shape != b.shape or not np.allclose(a, b, rtol=1e-3, atol=1e-3):
        raise RuntimeError(f"{name}: the libraries' results differ: {a.ravel()[:4]}... and {b.ravel()[:4]}...")


def measure(case: Case, torch: Any, ours: Any, rounds: int, sample: float) -> Measured:
    """Set up a case for both libraries, see that they agree, and time them in turns.

    Samples take about `sample` seconds, short ones, so that what else the machine does falls on both alike. There are
    `rounds` of them, fewer (a fifth at least) where one call takes longer than a sample.
    """
    first, second = case.setup(torch), case.setup(ours)
    check_same(case.name, first(), second())
    calls = _calls_for(first, sample), _calls_for(second, sample)
    gc.collect()
    took = _seconds(first, calls[0]) * calls[0] + _seconds(second, calls[1]) * calls[1]
    rounds = min(rounds, max(rounds // 5, round(rounds * 2 * sample / took), 1))
    pairs = []
    for i in range(rounds):
        # Who goes first changes, so that neither always finds the caches as the other left them.
        if i % 2:
            b = _seconds(second, calls[1])
            a = _seconds(first, calls[0])
        else:
            a = _seconds(first, calls[0])
            b = _seconds(second, calls[1])
        pairs.append((a * 1e6, b * 1e6))
    return compare(case.family, case.name, "us", case.goal, pairs)
