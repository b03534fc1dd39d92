"""Part "conformance": the suite up to level 5, as much of it as there is time for.

Level 0 comes first, then a training of level 5, then all others in an order that the seed says; the report says how many of how many were run.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from benchmarks.gpu.part import Part

LIMIT = 60.0
"""Seconds for one case."""


def main() -> None:
    """Run until the time is up."""
    part = Part()
    from corelib_conformance.plan import selected
    from corelib_conformance.workers import run_in_workers

    cases = list(selected(5, None, None, None))
    if "ml_dtypes" in os.environ.get("CORELIB_GPU_MISSING", "").split(","):
        cases = [case for case in cases if case.dtype != "bfloat16"]
        part.fact("left out", "bfloat16: the host cannot compute its references without ml_dtypes")
    planned = Counter(case.level for case in cases)
    random.Random(part.seed).shuffle(cases)
    first = [case for case in cases if case.level in (0, 5)]
    cases = sorted(first, key=lambda case: case.level) + [case for case in cases if case.level not in (0, 5)]
    part.fact("seed", part.seed)
    done: Counter[int] = Counter()
    good: Counter[int] = Counter()
    slowest = 0.0
    for result in run_in_workers(part.device, cases, max(1, min(4, (os.cpu_count() or 2) - 1)), part.seed, min(LIMIT, part.seconds)):
        level = result.case.level
        done[level] += 1
        slowest = max(slowest, result.milliseconds)
        if result.status in ("pass", "unsupported"):
            good[level] += 1
        else:
            part.wrong(f"{result.case.id}: {result.status}: {result.message[:400]}")
        if part.left < 3 or done.total() == len(cases):
            break
        if done.total() % 50 == 0:
            _told(part, planned, done, good)
    _told(part, planned, done, good)
    part.fact("slowest case, seconds", round(slowest / 1000, 1))


def _told(part: Part, planned: Counter[int], done: Counter[int], good: Counter[int]) -> None:
    """Right, run, and planned of each level; the last of what was written counts."""
    for level in sorted(planned):
        part.fact(f"level {level}", f"{good[level]} right of {done[level]} run of {planned[level]} planned")


if __name__ == "__main__":
    main()
