"""Part "conformance": the suite up to level 5, as much of it as there is time for.

Level 0 comes first, then the others in an order that the seed says, with the trainings of level 5 after the first hundred; the report says how many
of how many were run.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from benchmarks.gpu.part import Part

LIMIT, EARLY, OFTEN = 60.0, 100, 5.0
"""Seconds for one case; cases before those of level 5; seconds between two accounts of how far it has come."""


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
    runtime, training = ([case for case in cases if case.level == level] for level in (0, 5))
    others = [case for case in cases if case.level not in (0, 5)]
    cases = [*runtime, *others[:EARLY], *training, *others[EARLY:]]
    part.fact("seed", part.seed)
    done: Counter[int] = Counter()
    good: Counter[int] = Counter()
    slowest, told = 0.0, part.left
    for result in run_in_workers(part.device, cases, max(1, min(4, (os.cpu_count() or 2) - 1)), part.seed, min(LIMIT, part.seconds / 3)):
        level = result.case.level
        done[level] += 1
        slowest = max(slowest, result.milliseconds)
        if result.status in ("pass", "unsupported"):
            good[level] += 1
        else:
            part.wrong(f"{result.case.id}: {result.status}: {result.message[:400]}")
        if part.left < 3 or done.total() == len(cases):
            break
        if told - part.left > OFTEN:
            told = part.left
            _told(part, planned, done, good)
    _told(part, planned, done, good)
    part.fact("slowest case, seconds", round(slowest / 1000, 1))


def _told(part: Part, planned: Counter[int], done: Counter[int], good: Counter[int]) -> None:
    """Right, run, and planned of each level; the last of what was written counts."""
    for level in sorted(planned):
        part.fact(f"level {level}", f"{good[level]} right of {done[level]} run of {planned[level]} planned")


if __name__ == "__main__":
    main()
