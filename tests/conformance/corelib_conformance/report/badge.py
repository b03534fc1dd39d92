"""A small badge with the level that a device reached."""

from __future__ import annotations

from html import escape
from typing import Any

_COLOURS = ("#b3261e", "#b3261e", "#9a6700", "#9a6700", "#7a7000", "#2e7d32", "#1b7f3b")


def badge(data: dict[str, Any]) -> str:
    """The badge as SVG: the device type, the level, and the tier where it is not IEEE's; it says so where the run was a part."""
    level = data["level_reached"]
    text = f"level {level} of 5" if level >= 0 else "no level"
    if data["selection"] is not None:
        text = "partial run"
    if data["tier"] != "ieee":
        text += f" ({data['tier']})"
    label = f"corelib {data['device']['type']}"
    left, right = 12 + 7 * len(label), 12 + 7 * len(text)
    colour = "#5c5c5c" if data["selection"] is not None else _COLOURS[level + 1]
    title = escape(f"{label}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left}" height="20" fill="#3c4043"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{escape(label)}</text><text x="{left + right / 2}" y="14">{escape(text)}</text></g></svg>\n'
    )
