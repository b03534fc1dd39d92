"""A curve of losses, on a logarithmic scale: in plain characters for a terminal, and as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log10
from xml.sax.saxutils import escape

_WIDE, _HIGH, _MARGIN = 480, 280, 50  # of the picture, in points


def averaged(values: Sequence[float], most: int) -> list[float]:
    """At most so many values: means over stretches of equal length.

    >>> averaged([4, 2, 1, 1], 2), averaged([1, 2], 5)
    ([3.0, 1.0], [1, 2])
    """
    n = len(values)
    if n <= most:
        return list(values)
    bounds = [i * n // most for i in range(most + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(bounds)]


def heights(values: Sequence[float]) -> list[float]:
    """Where each value stands between the lowest (0) and the highest (1), on a logarithmic scale; values below a millionth count as that.

    >>> heights([100.0, 10.0, 1.0])
    [1.0, 0.5, 0.0]
    """
    logarithms = [log10(max(value, 1e-6)) for value in values]
    low, high = min(logarithms), max(logarithms)
    return [(value - low) / (high - low) if high > low else 0.0 for value in logarithms]


def as_text(values: Sequence[float], below: str, width: int, height: int = 8) -> str:
    """The curve in lines of at most `width` characters, its highest and lowest value at the left, `below` under it.

    >>> print(as_text([8, 4, 2, 1, 1, 1], "steps", 20, 4))
    8 |*
      | *
      |  *
    1 |   ***
      +------
       steps
    """
    columns = averaged(values, max(width - 9, 1))
    marks = [f"{max(columns):.2g}", f"{min(columns):.2g}"]
    margin = max(map(len, marks))
    rows = [round((1 - at) * (height - 1)) for at in heights(columns)]
    lines = []
    for row in range(height):
        mark = marks[0] if row == 0 else marks[1] if row == height - 1 else ""
        lines.append(f"{mark:>{margin}} |" + "".join("*" if at == row else " " for at in rows).rstrip())
    return "\n".join([*lines, " " * margin + " +" + "-" * len(columns), " " * (margin + 2) + below])


def as_svg(values: Sequence[float], title: str, below: str) -> str:
    """The curve as the text of an SVG file, with the same marks."""
    right, bottom = _WIDE - 20, _HIGH - _MARGIN
    step = (right - _MARGIN) / max(len(values) - 1, 1)
    points = " ".join(f"{_MARGIN + i * step:.1f},{bottom - at * (bottom - _MARGIN):.1f}" for i, at in enumerate(heights(values)))
    texts = [
        (_WIDE / 2, 25, "middle", 15, title), (_WIDE / 2, _HIGH - 15, "middle", 12, below), (_MARGIN - 5, _MARGIN + 4, "end", 12, f"{max(values):.2g}"),
        (_MARGIN - 5, bottom + 4, "end", 12, f"{min(values):.2g}"),
    ]  # fmt: skip
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<path d="M{_MARGIN},{_MARGIN} V{bottom} H{right}" fill="none" stroke="#888"/>',
        f'<polyline points="{points}" fill="none" stroke="#1f77b4" stroke-width="1.5"/>',
        *[f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>' for x, y, anchor, size, text in texts],
        "</svg>\n",
    ])  # fmt: skip
