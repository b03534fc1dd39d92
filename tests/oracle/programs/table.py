"""The table of programs: rows/*.toml say what runs, pins.json from which commit, results.json what came of it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROWS, PINS, RESULTS = HERE / "rows", HERE / "pins.json", HERE / "results.json"
DRIVE = {"data": "", "optimizer": "torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)", "steps": 4}


@dataclass(frozen=True)
class Program:
    """One unchanged file of a public repository and how it is run."""

    repository: str
    file: str
    arguments: list[str] = field(default_factory=list)
    folder: str | None = None  # it is run in; that of the file where none is said
    beside: list[str] = field(default_factory=list)  # packages of the repository that are copied beside the file, as an installation would have them
    data: list[str] = field(default_factory=list)  # "kind:path" for standins/generated.py
    losses: int = 100  # it is stopped after so many; 0: it runs to its end
    printed: str = ""  # a regular expression whose group is a loss in what the program prints, instead of what `backward` is called on
    float64: bool = False  # torch.set_default_dtype first: where float32's rounding grows from step to step
    drive: dict[str, Any] = field(default_factory=dict)  # of our driver drive.py, where the file trains nothing itself
    apart: str = ""  # why it is not run, and not counted
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.repository}/{self.file}"

    @property
    def where(self) -> str:
        return str(Path(self.file).parent) if self.folder is None else self.folder


def programs() -> Iterator[Program]:
    """Every row, in the order of the files."""
    known = {each.name for each in fields(Program)}
    for path in sorted(ROWS.glob("*.toml")):
        for repository in tomllib.loads(path.read_text())["repository"]:
            common = repository.get("common", {})
            for row in repository["program"]:
                told = {**common, **row}
                if "drive" in told and not told.get("apart") and not row.get("arguments"):
                    told["drive"] = {**DRIVE, **common.get("drive", {}), **row.get("drive", {})}
                    told["drive"].setdefault("module", told["file"].removesuffix(".py").removesuffix("/__init__").replace("/", "."))
                    told.setdefault("folder", "")
                else:
                    told.pop("drive", None)
                assert set(told) <= known, (path.name, row["file"], set(told) - known)
                yield Program(repository=repository["name"], **told)


def read(path: Path) -> dict[str, Any]:
    """What a JSON file of the table holds."""
    return json.loads(path.read_text()) if path.exists() else {}


def write(path: Path, told: dict[str, Any]) -> None:
    """Write a JSON file of the table, sorted, so that a change is read easily."""
    path.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
