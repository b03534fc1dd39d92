"""Whether the machine was at work for others while something was measured."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from time import perf_counter

QUIET = 0.05
"""How much of one processor others may take."""


def _all_seconds() -> float | None:
    """The processor time of everybody, stolen time included, since the machine started; None where the system does not tell."""
    try:
        fields = [int(f) for f in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    user, nice, system, _idle, _waiting, irq, softirq, steal = fields
    return float(user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """The processor time of this process and of its children that have ended."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Watch:
    """Look at the machine from its making to `others`."""

    def __init__(self) -> None:
        self.began, self.all, self.own = perf_counter(), _all_seconds(), _own_seconds()

    def others(self) -> float | None:
        """How many processors others used meanwhile, on average; None where the system does not tell. Ask when the children have ended."""
        everybody = _all_seconds()
        if everybody is None or self.all is None:
            return None
        return max(0.0, (everybody - self.all - (_own_seconds() - self.own)) / (perf_counter() - self.began))
