"""Runs one program of the table by PyTorch and by corelib, each in a fresh copy of its repository, and compares the losses."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.oracle.programs.standins import generated
from tests.oracle.programs.table import HERE, Program

MIRRORS = "CORELIB_PROGRAMS_MIRRORS"  # the folder of git mirrors, where the option does not say
AS_TORCH = ("-m", "corelib.as_torch")
THEIRS = "by PyTorch too: "  # so begins the result of a program that PyTorch does not run either
LIMIT = 240  # seconds that one run may take
ATTEMPTS = ("", "/repo/.git", "/repo", ".git", "/.git")


class Absent(Exception):
    """The mirror, or the row's file in it, is not here: the program is skipped and named."""


def mirror(repository: str, mirrors: Path) -> Path:
    """The git directory of OWNER/NAME below the folder of mirrors: OWNER+NAME or OWNER/NAME, with or without .git or repo/."""
    for name in (repository.replace("/", "+"), repository):
        for more in ATTEMPTS:
            if (path := Path(f"{mirrors / name}{more}")).joinpath("HEAD").is_file():
                return path
    raise Absent(f"no mirror of {repository} in {mirrors}")


def git(directory: Path, *arguments: str) -> bytes:
    """What git says of a mirror."""
    done = subprocess.run(["git", f"--git-dir={directory}", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise Absent(f"git {' '.join(arguments)} in {directory}: {done.stderr.decode().strip()}")
    return done.stdout


def sources(repository: str, commit: str, mirrors: Path, work: Path) -> Path:
    """The Python files of a commit, unpacked once; a mirror may lack its large files, which no program needs."""
    into = work / "sources" / f"{repository.replace('/', '+')}@{commit[:12]}"
    if not into.exists():
        part = into.with_name(into.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        packed = git(mirror(repository, mirrors), "archive", commit, "--", ":(glob)**/*.py")
        subprocess.run(["tar", "-x", "-C", str(part)], input=packed, check=True)
        part.rename(into)
    return into


def digest(directory: Path, commit: str, file: str) -> str:
    """SHA-256 of a file of a commit."""
    return hashlib.sha256(git(directory, "show", f"{commit}:{file}")).hexdigest()


def command(program: Program) -> list[str]:
    """What is run, after `python` or `python -m corelib.as_torch`, seen from the program's folder."""
    if program.drive:
        return ["drive.py", json.dumps(program.drive)]
    return [os.path.relpath(program.file, program.where or "."), *program.arguments]


def prepare(program: Program, source: Path, into: Path) -> None:
    """A fresh copy of the repository with the generated data in it."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(source, into)
    for package in program.beside:
        shutil.copytree(source / package, into / program.where / Path(package).name, dirs_exist_ok=True)
    for told in program.data:
        kind, _, path = told.partition(":")
        generated.KINDS[kind](into / program.where / path)


def environment() -> dict[str, str]:
    """That of every run: the stand-ins first on the path, one thread, sets in one order."""
    paths = os.pathsep.join([str(HERE / "standins"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


class Served:
    """A process in which torch is imported once, PyTorch or corelib, and from which the runs are forked."""

    def __init__(self, *start: str) -> None:
        self.start = start
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, folder: Path, out: Path, error: Path, arguments: list[str]) -> int:
        if self.process is None:
            start = [sys.executable, *self.start, str(HERE / "launch.py"), "--serve"]
            self.process = subprocess.Popen(start, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin and self.process.stdout
        print(json.dumps([str(folder), str(out), str(error), LIMIT, arguments]), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def close(self) -> None:
        """End it; the next run starts another."""
        if self.process is not None:
            self.process.communicate()
            self.process = None


def alone(folder: Path, out: Path, error: Path, arguments: list[str]) -> int:
    """A process of its own for a run by corelib."""
    start = [sys.executable, *AS_TORCH, str(HERE / "launch.py"), *arguments]
    with out.open("w") as told, error.open("w") as wrong:
        try:
            return subprocess.run(start, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=told, stderr=wrong, timeout=LIMIT, check=False).returncode
        except subprocess.TimeoutExpired:
            return -signal.SIGALRM


pytorch, corelib = Served(), Served(*AS_TORCH)


def run(program: Program, folder: Path, by: Callable[[Path, Path, Path, list[str]], int]) -> dict[str, Any]:
    """One run: {"losses", "stands"} and "stopped", the last line of what stopped it, if something did."""
    record, out, error = (folder.with_name(folder.name + end) for end in (".json", ".out", ".error"))
    record.unlink(missing_ok=True)
    file, *arguments = command(program)
    if program.drive:
        file = str(HERE / file)
    options = [str(record), str(0 if program.printed else program.losses), "float64" if program.float64 else "float32", file, *arguments]
    status = by(folder / program.where, out, error, options)
    told: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {"losses": [], "stands": []}
    if program.printed:
        found = re.findall(program.printed, out.read_text(), re.MULTILINE)
        told["losses"] = [float(each) for each in found[: program.losses or None]]
    if status == -signal.SIGALRM:
        told["stopped"] = f"not finished in {LIMIT} s"
    elif status:
        lines = [line for line in error.read_text().splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit|Interrupt)\b", line)]
        last = (errors or lines or [f"exit status {status}"])[-1].strip()
        told["stopped"] = re.sub(r" \(/[^)]*\)", "", last)  # where a module lies says nothing elsewhere
        told["trace"] = "\n".join(lines[-25:])
    return told


def difference(ours: list[float], theirs: list[float]) -> float:
    """The largest |a - b| / |b|; a loss near zero beside the rest of its curve is measured by a thousandth of the curve's largest."""
    floor = max((abs(each) for each in theirs if each == each), default=0.0) * 1e-3
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a != a or b != b:
            worst = max(worst, 0.0 if a != a and b != b else float("inf"))
        elif a != b:
            worst = max(worst, abs(a - b) / max(abs(b), floor, 1e-300))
    return worst


def by_pytorch(program: Program, source: Path, folder: Path, work: Path) -> dict[str, Any]:
    """PyTorch's run, which is kept in the work folder: it does not change with corelib."""
    told = {name: value for name, value in asdict(program).items() if value or name != "beside"}
    scripts = [HERE / "launch.py", HERE / "drive.py", HERE / "standins" / "generated.py"]
    text = source.name + json.dumps(told) + "".join(path.read_text() for path in scripts)
    kept = work / "pytorch" / (hashlib.sha256(text.encode()).hexdigest()[:24] + ".json")
    if kept.exists():
        return json.loads(kept.read_text())
    prepare(program, source, folder)
    theirs = run(program, folder, pytorch)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if "stopped" not in theirs and theirs["losses"]:
        kept.write_text(json.dumps(theirs))
    return theirs


def compare(program: Program, source: Path, work: Path, fresh: bool = False) -> dict[str, Any]:
    """The row's result: {"losses": how many, "difference", "stands"}, or "stopped" and by what."""
    folder = work / "run" / re.sub(r"[^\w.+-]", "_", program.key)
    folder.parent.mkdir(parents=True, exist_ok=True)
    theirs = by_pytorch(program, source, folder, work)
    if "stopped" in theirs:
        return {"stopped": THEIRS + theirs["stopped"], "trace": theirs.get("trace", ""), "stands": theirs["stands"]}
    if not theirs["losses"]:
        return {"stopped": THEIRS + "no loss was seen", "stands": theirs["stands"]}
    prepare(program, source, folder)
    ours = run(program, folder, alone if fresh else corelib)
    shutil.rmtree(folder, ignore_errors=True)
    told: dict[str, Any] = {"stands": theirs["stands"], "losses": len(theirs["losses"])}
    if "stopped" in ours:
        return {**told, "stopped": ours["stopped"], "trace": ours.get("trace", "")}
    if len(ours["losses"]) != len(theirs["losses"]):
        return {**told, "stopped": f"{len(ours['losses'])} losses instead of {len(theirs['losses'])}"}
    return {**told, "difference": difference(ours["losses"], theirs["losses"])}
