"""Progress: one line that says how far long work is, on a terminal only. All of corelib's commands and downloads show theirs by it."""

from __future__ import annotations

import os
import sys
import time
from typing import Self, TextIO

__all__ = ["Progress"]

_AGAIN = 0.1  # seconds between two drawings of the line
_LONGEST = 30  # characters of the bar


class Progress:
    """A line on standard error that is drawn anew as work goes on: what, the share done, a bar, and about how long it will take still.

    total: of how much, in `unit`s that `scale` of make one; None where that is not known. shown: None for on a terminal only, False for
    never. Where standard error is no terminal nothing is written, and the work goes its way. The line fits the terminal's width.

    >>> from corelib.progress import Progress
    >>> with Progress("training", 20, "epochs") as progress:
    ...     for epoch in range(20):
    ...         progress.update(note="loss 0.1")
    >>> progress.done
    20
    """

    def __init__(self, what: str, total: int | None, unit: str = "", *, scale: float = 1, start: int = 0, shown: bool | None = None) -> None:
        self.what, self.total, self.unit, self.scale = what, total, unit, scale
        self.done, self.start = start, start
        self.stream: TextIO = sys.stderr
        self.shown = shown is not False and is_terminal(self.stream)
        self.note = ""
        self._begun = self._drawn = 0.0
        self._length = 0

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._draw()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.shown:
            self._draw()
            self._write("\n")

    def update(self, n: int = 1, note: str = "") -> None:
        """So much more is done; note: what stands at the line's end from now on."""
        self.done += n
        self.note = note or self.note
        if self.shown and time.monotonic() - self._drawn >= _AGAIN:
            self._draw()

    def line(self, width: int) -> str:
        """The line in at most so many characters."""
        parts = [self.what]
        if self.total:
            parts.append(f"{min(self.done, self.total) * 100 // self.total:3d} %")
        done = self._amount(self.done)
        parts.append(f"{done} of {self._amount(self.total)} {self.unit}".rstrip() if self.total is not None else f"{done} {self.unit}".rstrip())
        left = self._left()
        parts += [f"{left // 60}:{left % 60:02d} left"] if left is not None else []
        parts += [self.note] if self.note else []
        room = width - len("  ".join(parts)) - 4
        if self.total and room >= 5:
            cells = min(room, _LONGEST)
            full = min(self.done, self.total) * cells // self.total
            parts.insert(2, f"|{'#' * full}{' ' * (cells - full)}|")
        text = "  ".join(parts)
        return text if len(text) <= width else text[: max(width - 3, 0)] + "..."[:width]

    def _amount(self, n: int) -> str:
        return f"{n / self.scale:.1f}" if self.scale != 1 else str(n)

    def _left(self) -> int | None:
        """The seconds that are left, at the speed so far."""
        spent = time.monotonic() - self._begun
        if not self.total or self.done <= self.start or self.done >= self.total or spent < 1:
            return None
        return round(spent * (self.total - self.done) / (self.done - self.start))

    def _draw(self) -> None:
        if not self.shown:
            return
        self._drawn = time.monotonic()
        text = self.line(_columns(self.stream) - 1)  # a full last column would begin the next line
        self._write("\r" + text.ljust(self._length))
        self._length = len(text)

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # the terminal is gone, or the stream was closed: the work goes on
            self.shown = False


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that can draw a line anew."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # it was closed
        return False


def _columns(stream: TextIO) -> int:
    """The terminal's width: what it says, else COLUMNS, else 80."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    told = os.environ.get("COLUMNS", "")
    return columns or (int(told) if told.isdigit() and int(told) else 80)
