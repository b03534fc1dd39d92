"""Figures that say whether the house is in order: `python -m tools.counts` prints them and fails where a bound is passed.

Counted from the source, by its syntax where that is what is meant. docs/design.md says why each is kept.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = ("corelib/distributions", "corelib/nn/modules", "corelib/optim", "corelib/vision")
"""Folders with a file for each of PyTorch's, however many those are."""
GENERATED = ".pyi"
LOADERS = {
    "corelib/__init__.py", "corelib/dispatcher/plugins/manager.py", "corelib/dispatcher/plugins/checks.py", "corelib/dispatcher/plugins/discovery.py",
    *(f"corelib/as_torch/{name}.py" for name in ("finder", "naming", "torch", "report", "__main__", "shim/torch/__init__", "shim/torchvision/__init__")),
    "corelib/vision/_optional.py",
}  # fmt: skip
"""Where modules may be asked for by name: the face's table of what is loaded later, the loader of plugins, the finder of PyTorch's paths, and libraries that may be missing."""


class Count(NamedTuple):
    """One figure: what was counted, how much of it is allowed, and where it stands."""

    what: str
    found: int
    most: int
    places: list[str]


def _sources(*folders: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if name.endswith(".py") and (ROOT / name).exists()]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _ours(node: ast.AST) -> bool:
    """Whether this is an import statement of one of corelib's own modules."""
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or str(node.module).startswith("corelib")
    return isinstance(node, ast.Import) and any(alias.name.startswith("corelib") for alias in node.names)


def _hidden(tree: ast.AST) -> Iterator[int]:
    """The lines of the import statements of corelib's own modules that stand inside functions."""
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from (node.lineno for node in ast.walk(function) if isinstance(node, ast.stmt) and _ours(node))


def hidden_imports() -> Count:
    """Imports of corelib's own modules inside functions: for optional parts and measured start-up costs only."""
    places = []
    for path in _sources("corelib", "backends"):
        places += [f"{_name(path)}:{line}" for line in sorted({*_hidden(ast.parse(path.read_text(encoding="utf-8")))})]
    return Count("imports of corelib's own modules inside functions, in corelib/ and backends/", len(places), 40, places)


def ignores() -> Count:
    """Places where the type checker is told to look away."""
    pattern = re.compile(r"#\s*(?:type:\s*ignore|mypy:)|\bcast\(\s*[\"']?Any\b")
    places = [
        f"{_name(path)}:{n}"
        for path in _sources("corelib", "backends")
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    return Count("type-ignores, in corelib/ and backends/", len(places), 60, places)


def anything() -> Count:
    """How often the ops say that a value may be anything."""
    by_file = {_name(p): len(re.findall(r"\bAny\b", p.read_text(encoding="utf-8"))) for p in _sources("corelib/ops")}
    return Count("`Any` in corelib/ops", sum(by_file.values()), 199, [f"{name}: {n}" for name, n in by_file.items() if n])


def long_files() -> Count:
    """Files that one cannot read in a sitting."""
    sizes = {_name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in _sources("corelib", "backends", "tools", "tests", "benchmarks", "examples")}
    return Count("files of over 500 lines", sum(n > 500 for n in sizes.values()), 0, [f"{name}: {n}" for name, n in sizes.items() if n > 500])


def large_folders() -> Count:
    """Folders in which one cannot see the families."""
    folders: dict[str, int] = {}
    for path in _sources("corelib", "backends"):
        if path.name != "__init__.py":
            folder = _name(path.parent)
            folders[folder] = folders.get(folder, 0) + 1
    found = [f"{name}: {n}" for name, n in folders.items() if n > 15 and not name.startswith(FAMILIES)]
    return Count("folders of over 15 source files, in corelib/ and backends/", len(found), 0, found)


def by_name() -> Count:
    """Modules asked for by name, past the import statement."""
    pattern = re.compile(r"\bimport_module\b|\b__import__\b|\bsys\.modules\b")
    places = [
        f"{_name(path)}:{n}"
        for path in _sources("corelib")
        if _name(path) not in LOADERS
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    return Count("modules asked for by name outside the plugin loader and the face", len(places), 0, places)


def slots() -> Count:
    """What lower rooms need of higher ones."""
    places = [
        f"{_name(path)}:{n}"
        for path in _sources("corelib")
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.match(r"\w+: Slot\[", line) or line.startswith("class TensorBase")
    ]
    return Count("slots", len(places), 15, places)


COUNTS = (hidden_imports, ignores, anything, long_files, large_folders, by_name, slots)


def main(arguments: list[str]) -> int:
    """Print every figure; with -v the places too. 1 where a bound is passed."""
    failed = False
    for count in COUNTS:
        what, found, most, places = count()
        over = found > most
        failed |= over
        print(f"{found:5d} of at most {most:3d}  {what}{'  <-- too many' if over else ''}")
        if over or "-v" in arguments:
            print("".join(f"         {place}\n" for place in places), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
