"""What was found, as JSON and as Markdown, written anew after every part."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

Found = dict[str, Any]
"""Of one part: "name", "status", "seconds", "facts", "rows" and "wrong"."""


def read(path: Path) -> Found:
    """What a part has written so far; a line that was cut off is left out."""
    facts: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if "fact" in line:
            name, value = line["fact"]
            facts[name] = value
        elif "row" in line:
            rows.append(line["row"])
        else:
            wrong.append(line["wrong"])
    return {"facts": facts, "rows": rows, "wrong": wrong}


def write(folder: Path, name: str, conditions: dict[str, Any], parts: list[Found]) -> tuple[Path, Path]:
    """The report so far, in `folder`/`name`.json and .md."""
    folder.mkdir(parents=True, exist_ok=True)
    written = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    data, paths = {**conditions, "written": written, "parts": parts}, (folder / f"{name}.json", folder / f"{name}.md")
    paths[0].write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    paths[1].write_text(markdown(data), encoding="utf-8")
    return paths


def slug(text: str) -> str:
    """A device's name as part of a file's.

    >>> slug("NVIDIA H200 (80 GB)")
    'nvidia-h200-80-gb'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "device"


def markdown(data: dict[str, Any]) -> str:
    """The report for people."""
    parts: list[Found] = data["parts"]
    lines = [f"# {data['device']}: {data['name']}", "", f"`python -m benchmarks.gpu`, {data['written']}, seed {data['seed']}, {data['budget']:g} s.", ""]
    lines += ["| part | status | seconds | wrong |", "| --- | --- | ---: | ---: |"]
    lines += [f"| {p['name']} | {p['status']} | {p['seconds']:.0f} | {len(p['wrong'])} |" for p in parts]
    for p in parts:
        lines += ["", f"## {p['name']}", ""]
        lines += [f"- {name}: {value}" for name, value in p["facts"].items()]
        if p["rows"]:
            heads = list(dict.fromkeys(head for row in p["rows"] for head in row))
            lines += ["", f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
            lines += [f"| {' | '.join(str(row.get(head, '')) for head in heads)} |" for row in p["rows"]]
        if p["wrong"]:
            lines += ["", "Wrong:", "", *[f"- {_line(text)}" for text in p["wrong"]]]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
