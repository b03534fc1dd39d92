"""What changed between two reports."""

from __future__ import annotations

from typing import Any, NamedTuple

from corelib_conformance.result import GOOD


class Change(NamedTuple):
    """`kind`: "regression", "fix", "new", "gone", or "other" (from one bad or good status to another)."""

    kind: str
    id: str
    before: str
    after: str
    message: str


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Every case whose status differs, regressions first. A level that is no longer reached is a regression too."""
    old, new = [{row["id"]: row for row in data["results"]} for data in (before, after)]
    found = []
    for name, row in new.items():
        status, message = row["status"], row["message"]
        if name not in old:
            found.append(Change("new" if status in GOOD else "regression", name, "", status, message))
            continue
        was = old[name]["status"]
        if was == status:
            continue
        good = (was in GOOD, status in GOOD)
        kind = "regression" if good == (True, False) else "fix" if good == (False, True) else "regression" if status == "unsupported" else "other"
        found.append(Change(kind, name, was, status, message))
    found += [Change("gone", name, row["status"], "", "") for name, row in old.items() if name not in new]
    levels = before["level_reached"], after["level_reached"]
    if levels[1] < levels[0]:
        found.append(Change("regression", "level", str(levels[0]), str(levels[1]), "a level is no longer reached"))
    order = ("regression", "fix", "other", "new", "gone")
    return sorted(found, key=lambda change: (order.index(change.kind), change.id))
