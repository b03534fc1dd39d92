"""Reports, made from the data that `collect` gives: JSON of a versioned schema, a page, a badge, tables for a terminal, a diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from corelib_conformance.report.badge import badge
from corelib_conformance.report.compared import Change, changes
from corelib_conformance.report.page import page
from corelib_conformance.report.schema import validate
from corelib_conformance.report.tables import print_changes, support, terminal

__all__ = ["Change", "badge", "changes", "page", "print_diff", "read", "support", "terminal", "validate", "write"]


def write(folder: Path, data: dict[str, Any]) -> list[Path]:
    """Write report.json, report.html and badge.svg into a folder, which is made; returns their paths."""
    validate(data)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"report.json": json.dumps(data, indent=1, allow_nan=False), "report.html": page(data), "badge.svg": badge(data)}
    paths = []
    for name, text in texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        paths.append(path)
    return paths


def read(path: Path) -> dict[str, Any]:
    """The data of a report.json; ValueError for what is none, or one of another schema."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no report of the conformance suite: {error}") from None
    validate(data)
    result: dict[str, Any] = data
    return result


def print_diff(before: Path, after: Path) -> int:
    """Print what changed between two reports; 1 where something got worse, 2 where one cannot be read, else 0."""
    import sys

    try:
        found = changes(read(before), read(after))
    except (OSError, ValueError) as error:
        print(f"corelib conformance diff: {error}", file=sys.stderr)
        return 2
    print_changes(found)
    return 1 if any(change.kind == "regression" for change in found) else 0
