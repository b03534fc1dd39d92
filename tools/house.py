"""The picture of the house in docs/design.md, drawn from the imports: `python -m tools.house` writes it anew, `--check` only says whether it is stale.

Rooms are the folders and modules of corelib/, on the floors that the contract in pyproject.toml puts them on. An arrow goes from a room to
those that it knows; one that follows from two others is left out.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- written by python -m tools.house -->", "<!-- end -->"


def floors() -> list[list[str]]:
    """The rooms from the highest floor down, as the contract between them has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (rooms,) = [c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    return [[room.strip() for room in floor.split("|")] for floor in rooms["layers"]]


def knows() -> dict[str, set[str]]:
    """For each room those that it imports from, type-checking imports counted."""
    graph = grimp.build_graph("corelib", exclude_type_checking_imports=False, cache_dir=None)
    rooms = {room for floor in floors() for room in floor}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            here, there = (name.split(".")[1] if "." in name else "" for name in (module, imported))
            if here in rooms and there in rooms and here != there:
                found[here].add(there)
    return found


def drawn(found: dict[str, set[str]]) -> dict[str, list[str]]:
    """The arrows that do not follow from others."""

    def reach(room: str) -> set[str]:
        return found[room].union(*[reach(other) for other in found[room]])

    return {room: sorted(other for other in known if not any(other in reach(third) for third in known)) for room, known in found.items()}


def files(room: str) -> int:
    """How many source files a room has."""
    folder = ROOT / "corelib" / room
    return sum(1 for path in folder.rglob("*.py")) if folder.is_dir() else 1


def picture() -> str:
    """The picture as Mermaid text, which GitHub and the documentation draw."""
    lines = ["```mermaid", "flowchart TD"]
    for number, floor in enumerate(floors()):
        lines.append(f'    subgraph floor{number}[" "]')
        lines += [f'        {room}["{room}<br/>{files(room)} file{"s" * (files(room) > 1)}"]' for room in floor]
        lines.append("    end")
    arrows = drawn(knows())
    lines += [f"    {room} --> {other}" for floor in floors() for room in floor for other in arrows[room]]
    return "\n".join([*lines, "```"])


def page() -> str:
    """docs/design.md with the picture as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{picture()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is stale (exit status 1)."""
    fresh = page()
    if fresh == PAGE.read_text(encoding="utf-8"):
        return 0
    if "--check" in arguments:
        print("stale: docs/design.md; write it anew: python -m tools.house")
        return 1
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
