"""What was timed, and the times: TaskSpec and Measurement."""

from __future__ import annotations

import dataclasses
import math
import statistics
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from corelib.tensor.host import np

__all__ = ["Measurement", "TaskSpec", "ordered_unique", "select_unit", "trim_sigfig", "unit_to_english"]

MAX_SIGNIFICANT_FIGURES = 4
MIN_CONFIDENCE_INTERVAL = 25e-9  # seconds: what a clock can tell
IQR_WARN_THRESHOLD, IQR_GROSS_WARN_THRESHOLD = 0.1, 0.25


@dataclasses.dataclass(repr=False, eq=True, frozen=True)
class TaskSpec:
    """What is timed: the statement and its setup, and how tables call it."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or the statement, with the sub-label."""
        if self.label is not None or "\n" not in self.stmt:
            return (self.stmt if self.label is None else self.label) + (f": {self.sub_label}" if self.sub_label else "")
        return f"stmt:{f' ({self.sub_label})' if self.sub_label else ''}\n{textwrap.indent(self.stmt, '  ')}"

    def setup_str(self) -> str:
        """The setup, as it is shown."""
        if self.setup == "pass" or not self.setup:
            return ""
        return f"setup:\n{textwrap.indent(self.setup, '  ')}" if "\n" in self.setup else f"setup: {self.setup}"

    def summarize(self) -> str:
        """Title, description and setup."""
        return "\n".join(f"{part}\n" if "\n" in part else part for part in (self.title, self.description or "", self.setup_str()) if part)


_FIELDS = tuple(field.name for field in dataclasses.fields(TaskSpec))


@dataclasses.dataclass(repr=False)
class Measurement:
    """The result of a Timer: `raw_times` in seconds, each of `number_per_run` runs. The fields of its TaskSpec are attributes too."""

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = None

    def __post_init__(self) -> None:
        self._sorted: tuple[float, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return getattr(self.task_spec, name)
        raise AttributeError(f"'Measurement' object has no attribute {name!r}")

    @property
    def times(self) -> list[float]:
        """Seconds per run."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def _sorted_times(self) -> tuple[float, ...]:
        if not self._sorted:
            self._sorted = tuple(sorted(self.times))
        return self._sorted

    def _quantile(self, share: float) -> float:
        return float(np.quantile(self._sorted_times, share)) if self._sorted_times else -1.0

    @property
    def median(self) -> float:
        """The median of the times."""
        return self._quantile(0.5)

    @property
    def mean(self) -> float:
        """Their mean."""
        return statistics.fmean(self._sorted_times) if self._sorted_times else -1.0

    @property
    def iqr(self) -> float:
        """How wide their middle half is."""
        return self._quantile(0.75) - self._quantile(0.25)

    @property
    def significant_figures(self) -> int:
        """How many figures of the median mean something, from 1 to 4, by the spread of the middle half."""
        n = len(self._sorted_times)
        middle = self._sorted_times[n // 4 : math.ceil(3 * n / 4)]
        interval = max(1.645 * statistics.pstdev(middle) / math.sqrt(len(middle)), MIN_CONFIDENCE_INTERVAL)
        return min(max(math.floor(math.log10(self.median / interval)), 1), MAX_SIGNIFICANT_FIGURES)

    @property
    def has_warnings(self) -> bool:
        """Whether the times lie so far apart that something has disturbed them."""
        return bool(self._warnings)

    @property
    def _warnings(self) -> tuple[str, ...]:
        if not self.raw_times or self.meets_confidence(IQR_WARN_THRESHOLD):
            return ()
        gross = not self.meets_confidence(IQR_GROSS_WARN_THRESHOLD)
        advice = "This suggests significant environmental influence." if gross else "This could indicate system fluctuation."
        return (f"  WARNING: Interquartile range is {self.iqr / self.median * 100:.1f}% of the median measurement.\n           {advice}",)

    def meets_confidence(self, threshold: float = IQR_WARN_THRESHOLD) -> bool:
        """Whether the middle half is narrower than this share of the median."""
        return self.iqr / self.median < threshold

    @property
    def title(self) -> str:
        """The title of what was timed."""
        return self.task_spec.title

    @property
    def env(self) -> str | None:
        """Where it was timed, for tables that compare."""
        return self.task_spec.env

    @property
    def as_row_name(self) -> str:
        """What its row of a table is called."""
        return self.task_spec.sub_label or self.task_spec.stmt or "[Unknown]"

    def __repr__(self) -> str:
        n = len(self._sorted_times)
        unit, scale = select_unit(self.median)
        threads = self.task_spec.num_threads
        lines = [object.__repr__(self), self.task_spec.summarize(), f"  {'Median: ' if n > 1 else ''}{self.median / scale:.2f} {unit}"]
        if n >= 4:
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({self._quantile(0.25) / scale:.2f} to {self._quantile(0.75) / scale:.2f})")
        lines.append(
            f"  {n} measurement{'s' if n > 1 else ''}, {self.number_per_run} runs {'per measurement,' if n > 1 else ','} {threads} thread{'s' if threads > 1 else ''}"
        )
        return "\n".join([*lines, *self._warnings]).strip()

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """The measurements of the same task as one, with the times of a single run."""
        groups: defaultdict[TaskSpec, list[Measurement]] = defaultdict(list)
        for m in measurements:
            groups[m.task_spec].append(m)
        return [Measurement(1, [t for m in group for t in m.times], task) for task, group in groups.items()]


def _log10(x: float) -> float:
    """In single precision, so that a power of ten is one."""
    return float(np.float32(math.log10(np.float32(x))))


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which some seconds are from 1 up, and its size.

    >>> from corelib.utils.benchmark import select_unit
    >>> select_unit(0.0025)
    ('ms', 0.001)
    """
    exponent = _log10(t) if t > 0 else 0.0
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(int(exponent // 3), "s")
    return unit, {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]


def unit_to_english(u: str) -> str:
    """The word for a unit."""
    return {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}[u]


def trim_sigfig(x: float, n: int) -> float:
    """A number rounded to `n` significant figures.

    >>> from corelib.utils.benchmark import trim_sigfig
    >>> trim_sigfig(1234.0, 2)
    1200.0
    """
    if n != int(n):
        raise AssertionError("Number of significant figures must be an integer")
    scale = 10.0 ** (math.ceil(_log10(abs(x))) - n)
    return float(np.round(np.float32(x / scale)) * np.float32(scale))


def ordered_unique(elements: Iterable[Any]) -> list[Any]:
    """Each element once, in the order in which they first come."""
    return list(dict.fromkeys(elements))
