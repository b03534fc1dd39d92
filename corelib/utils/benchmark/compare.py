"""Compare: measurements side by side in a table, a row for each task and a column for each description."""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from corelib.utils.benchmark.measurement import Measurement, ordered_unique, select_unit, trim_sigfig, unit_to_english

__all__ = ["Colorize", "Compare"]

BEST, GOOD, BAD, VERY_BAD, BOLD, END = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m", "\033[1m", "\033[0m"
Cells = Sequence[Measurement | None]


class Colorize(enum.Enum):
    """Whether the fastest of each column or row is coloured, and the slow ones."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class _Column:
    """How the numbers of a column are written: all with as many figures."""

    def __init__(self, cells: Cells, scale: float, trimmed: bool, warned: bool) -> None:
        found = [m for m in cells if m is not None]
        self.trimmed = trimmed
        self.warned = warned and any(m.has_warnings for m in found)
        digits = [math.ceil(math.log10(m.median / scale)) for m in found]
        places = min(max(m.significant_figures - n, 0) for n, m in zip(digits, found, strict=True)) if trimmed else 1
        width = max(digits) + places + (1 if places else 0)
        self.template = f"{{:>{width}.{places}f}}{{:>{7 if self.warned else 0}}}"

    def text(self, m: Measurement | None, scale: float) -> str:
        if m is None:
            return " " * len(self.template.format(trim_sigfig(1, 1) if self.trimmed else 1, ""))
        value = m.median / scale
        if self.trimmed:
            value = trim_sigfig(value, m.significant_figures)
        return self.template.format(value, f" (! {m.iqr / m.median * 100:.0f}%)" if self.warned and m.has_warnings else "")


def _coloured(text: str, value: float, best: float) -> str:
    if value <= best * 1.01 or value <= best + 100e-9:
        return BEST + BOLD + text + END * 2
    if value <= best * 1.1:
        return GOOD + BOLD + text + END * 2
    if value >= best * 5:
        return VERY_BAD + BOLD + text + END * 2
    if value >= best * 2:
        return BAD + text + END * 2
    return text


class _Table:
    """The measurements of one label."""

    def __init__(self, results: list[Measurement], colours: Colorize, trimmed: bool, warned: bool) -> None:
        self.results = results
        self.colours = colours
        self.warned = warned
        self.unit, self.scale = select_unit(min(m.median for m in results))
        keys = sorted(ordered_unique([self.row(m) for m in results]), key=lambda key: key[:2])
        self.descriptions = ordered_unique([m.task_spec.description for m in results])
        cells = {(self.row(m), m.task_spec.description): m for m in results}
        self.rows = [(key, [cells.get((key, d)) for d in self.descriptions]) for key in keys]
        self.columns = [_Column([row[i] for _, row in self.rows], self.scale, trimmed, warned) for i in range(len(self.descriptions))]

    @staticmethod
    def row(m: Measurement) -> tuple[int, str, str]:
        return m.task_spec.num_threads, m.env or "", m.as_row_name

    def names(self) -> list[str]:
        """The rows' names; the environment stands before the first of each group where there are several."""
        environments = {m.env or "Unspecified env" for m in self.results}
        several = len(environments) > 1
        width = (max(map(len, environments)) if several else 0) + 4
        found, before = [], None
        for (threads, env, name), _ in self.rows:
            shown = f"({env or 'Unspecified env'})" if several and (threads, env) != before else ""
            before = threads, env
            found.append("  " + shown.ljust(width) + name)
        return found

    def best(self, row: Cells, threads: int) -> list[float | None]:
        """For each cell of a row the time that it is measured by."""
        if self.colours is Colorize.ROWWISE:
            return [min(m.median for m in row if m is not None)] * len(row)
        of_group = [cells for (n, _, _), cells in self.rows if n == threads]
        return [min((cells[i].median for cells in of_group if cells[i] is not None), default=None) for i in range(len(row))]  # type: ignore[union-attr]  # asked in the same line

    def render(self) -> str:
        texts = [["", *[d or "" for d in self.descriptions]]]
        for name, (_, row) in zip(self.names(), self.rows, strict=True):
            texts.append([name, *[column.text(m, self.scale) for m, column in zip(row, self.columns, strict=True)]])
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = ["  |  ".join(text.center(w) for text, w in zip(texts[0], widths, strict=True))]
        total, before = len(lines[0]), -1
        for line, ((threads, _, _), row) in zip(texts[1:], self.rows, strict=True):
            if threads != before:
                lines.append(f"{threads} threads: ".ljust(total, "-"))
                before = threads
            parts = [line[0].ljust(widths[0])]
            for text, width, m, best in zip(line[1:], widths[1:], row, self.best(row, threads), strict=True):
                text = text.center(width)
                parts.append(text if self.colours is Colorize.NONE or m is None or best is None else _coloured(text, m.median, best))
            lines.append("  |  ".join(parts))
        label = self.results[0].task_spec.label
        warned = self.warned and any(m.has_warnings for m in self.results)
        note = "(! XX%) Measurement has high variance, where XX is the IQR / median * 100.\n" if warned else ""
        title = f" {label or ''} ".center(total - 2, "-")
        return "\n".join([f"[{title}]", *lines, "", f"Times are in {unit_to_english(self.unit)}s ({self.unit}).", note])


class Compare:
    """Shows measurements in tables, one for each label.

    >>> from corelib.utils.benchmark import Compare, Measurement, TaskSpec
    >>> task = TaskSpec("x + x", "pass", label="add", description="here")
    >>> print(str(Compare([Measurement(1, [2e-6] * 4, task)])).split("|")[1].strip().split()[0])
    here
    """

    def __init__(self, results: list[Measurement]) -> None:
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._trimmed = False
        self._colours = Colorize.NONE
        self._warned = False

    def __str__(self) -> str:
        groups: defaultdict[str | None, list[Measurement]] = defaultdict(list)
        for m in Measurement.merge(self._results):
            groups[m.task_spec.label].append(m)
        return "\n".join(_Table(group, self._colours, self._trimmed, self._warned).render() for group in groups.values())

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements. ValueError for anything else."""
        results = list(results)
        for m in results:
            if not isinstance(m, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(m)} instead.")
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Show only the figures that mean something."""
        self._trimmed = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour the fastest of each column, or of each row, and the slow ones."""
        self._colours = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Mark measurements whose times lie far apart."""
        self._warned = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))
