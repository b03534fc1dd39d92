"""The part of the slow tests that a run takes: another at each commit; all of them with CORELIB_ORACLE=all.

Which part is decided by the commit, or by CORELIB_ORACLE_SEED.
"""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

Case = TypeVar("Case")
WHOLE = os.environ.get("CORELIB_ORACLE") == "all"


@cache
def seed() -> str:
    if given := os.environ.get("CORELIB_ORACLE_SEED"):
        return given
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no commit"


def number(what: object) -> int:
    """A number that is drawn for something, the same in each process of a run."""
    return int.from_bytes(hashlib.sha256(f"{seed()} {what}".encode()).digest()[:8], "big")


def part(cases: Sequence[Case], share: float) -> list[Case]:
    """So large a share of some cases, in their order; none of several is left out for good, for the next commit draws anew."""
    if WHOLE:
        return list(cases)
    drawn = sorted(range(len(cases)), key=lambda i: number((i, cases[i])))[: math.ceil(share * len(cases))]
    return [cases[i] for i in sorted(drawn)]
