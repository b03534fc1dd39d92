"""How many threads the pool has."""

from __future__ import annotations

import os
from collections.abc import Callable

_wanted: list[int] = []
_tell: list[Callable[[int], None]] = []
"""What is told when that changes: the pool, once it is loaded."""


def set_num_threads(n: int) -> None:
    """Set how many threads a kernel may use, the calling one included."""
    _wanted[:] = [n]
    for tell in _tell:
        tell(n)


def follow(tell: Callable[[int], None]) -> None:
    """Tell somebody the number of threads, now and whenever it is set."""
    _tell.append(tell)
    tell(number())


def number() -> int:
    """What was set; else OMP_NUM_THREADS, or the processors that this process may use."""
    if _wanted:
        return _wanted[0]
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if told.isdigit() and int(told) > 0:
        return int(told)
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(mine, _quota()))


def _quota() -> int:
    """The processors that the control group may use, rounded up; a large number where it is not limited."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
            return 1 << 20 if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return 1 << 20
