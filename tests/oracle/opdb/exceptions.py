"""Where corelib's answer differs from PyTorch's: on purpose, by exceptions.toml, each with the input, both answers and the reason; or not yet
mended or judged, in the entries of unfinished.txt, which is to become empty."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .forms import Outcome

FILE = Path(__file__).with_name("exceptions.toml")
UNFINISHED = Path(__file__).with_name("unfinished.txt")
FIELDS = ("table", "entry", "dtype", "form", "input", "difference", "ours", "theirs", "why")


@dataclass(frozen=True)
class Kept:
    """An exception. `entry`, `dtype`, `form`, `input` and `difference` are regular expressions; the last two are looked for in the sample and in how the
    answers differ, as they are printed. `processor`: the difference is one of rounding, which LAPACK does otherwise on other processors, where
    both may agree."""

    table: str
    entry: str
    dtype: str
    form: str
    input: str
    difference: str
    ours: str
    theirs: str
    why: str
    processor: bool = False

    def holds(self, outcome: Outcome, sample: str, difference: str) -> bool:
        return (
            re.fullmatch(self.entry, outcome.entry) is not None
            and re.fullmatch(self.dtype, outcome.dtype) is not None
            and re.fullmatch(self.form, outcome.form) is not None
            and re.search(self.input, sample) is not None
            and re.search(self.difference, difference) is not None
        )


@cache
def exceptions() -> tuple[Kept, ...]:
    listed = tomllib.loads(FILE.read_text(encoding="utf-8")).get("exception", [])
    return tuple(Kept(**{field: e[field] for field in FIELDS}, processor=e.get("processor", False)) for e in listed)


@cache
def unfinished() -> frozenset[str]:
    """Entries that corelib lacks, or that differ in many samples."""
    return frozenset(line for line in UNFINISHED.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#"))


def split(outcome: Outcome) -> tuple[list[tuple[int, str, str]], set[Kept]]:
    """The failures that no exception is for, and the exceptions that others were for."""
    left, used = [], set()
    for number, sample, difference in outcome.failures:
        mine = next((k for k in exceptions() if k.holds(outcome, sample, difference)), None)
        if mine is None:
            left.append((number, sample, difference))
        else:
            used.add(mine)
    return left, used
