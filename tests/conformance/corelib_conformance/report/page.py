"""The report as one HTML page that needs nothing else: no network, and no script to be read."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from corelib_conformance.result import GOOD
from corelib_conformance.tolerances import ulps

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
LETTERS = {"kernel": "K", "body": "B", "unsupported": "–", "failed": "✗", "": ""}


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


def page(data: dict[str, Any]) -> str:
    """The page of a report's data."""
    wrong = [row for row in data["results"] if row["status"] not in GOOD]
    tight = sorted((r for r in data["results"] if r["status"] == "pass" and r["over"]), key=lambda r: -r["over"])[:12]
    units = [(r["op"], r["dtype"], r["over"] * ulps(r["op"], r["dtype"]), ulps(r["op"], r["dtype"])) for r in data["results"] if r["check"] == "exponents" and r["over"] is not None]
    counts: dict[str, int] = {}
    for row in data["results"]:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return str(_template().render(data=data, dtypes=DTYPES, letters=LETTERS, matrix=matrix(data), wrong=wrong, tight=tight, units=units, counts=counts))


def matrix(data: dict[str, Any]) -> list[tuple[str, list[dict[str, str]]]]:
    """For each op a cell for each dtype: its state, forward and backward, and what to tell of it."""
    bad: dict[tuple[str, str], list[str]] = {}
    worst: dict[tuple[str, str], float] = {}
    ran: set[tuple[str, str]] = set()
    for row in data["results"]:
        key = row["op"], row["dtype"]
        if row["status"] not in GOOD:
            bad.setdefault(key, []).append(f"{row['id']}: {row['status']}")
        if row["over"] is not None:
            worst[key] = max(worst.get(key, 0.0), row["over"])
        if row["status"] != "not_run":
            ran.add(key)
    rows = []
    for op, by_dtype in sorted(data["manifest"].items()):
        cells = []
        for dtype in DTYPES:
            said = by_dtype.get(dtype)
            key = (op, dtype)
            if said is None:
                cells.append({"state": "", "tell": ""})
                continue
            state = "failed" if key in bad else said.get("forward") or said.get("backward", "")
            tell = [f"{op} of {dtype}"] + [f"{way}: {said[way]}" for way in ("forward", "backward") if way in said]
            tell += [said["reason"]] if "reason" in said else []
            tell += [f"worst error over bound {worst[key]:.3f}"] if key in worst else []
            tell += bad.get(key, []) or ([] if key in ran else ["not run"])
            cells.append({"state": state, "tell": "; ".join(tell), "ran": "" if key in ran else "unrun"})
        rows.append((op, cells))
    return rows
