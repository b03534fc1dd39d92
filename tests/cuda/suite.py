"""Everything that runs on the stand-in for CuPy, by one command: `python -m tests.cuda.suite`, a part drawn by a seed; `--whole` for all.

Each part runs in processes of its own, which alone have the stand-in on their path. Needs g++, and for the comparison with PyTorch that.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Part(NamedTuple):
    """One command: its settings of the stand-in, and where its output must have more than a zero exit status."""

    name: str
    command: Sequence[str]
    checked: int = 1
    accuracy: float | None = None
    environment: dict[str, str] = {}


def parts(args: argparse.Namespace) -> list[Part]:
    """The parts of a run, in their order."""
    processes = str(args.processes)
    share = [] if args.whole else ["--count", str(args.count)]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    found = [
        Part("the stand-in's own tests, and corelib's on it", [*pytest, "-n", processes, str(HERE)]),
        Part("conformance", [sys.executable, str(HERE / "on_standin" / "conformance.py"), *share, "--seed", str(args.seed), "-n", processes]),
        Part("the quickstart", [sys.executable, "-m", "corelib.cli", "quickstart", "--device", "cuda", "--epochs", "10", "--no-progress"], 0, 97.0),
    ]
    if importlib.util.find_spec("torch") is not None:
        settings = {"CORELIB_ORACLE": "all"} if args.whole else {"CORELIB_ORACLE_SEED": str(args.seed)}
        oracle = [str(ROOT / "tests" / "oracle" / "backend" / f"test_{name}.py") for name in ("cuda", "launches")]
        found.append(Part("comparison with PyTorch", [*pytest, "-n", processes, *oracle], environment=settings))
    return [part for part in found if args.only is None or re.search(args.only, part.name)]


def run(part: Part, seed: int) -> bool:
    """Run a part; whether it is right."""
    paths = [str(HERE / "standin"), str(HERE), str(ROOT), str(ROOT / "backends" / "cuda_cupy"), os.environ.get("PYTHONPATH", "")]
    settings = {"CORELIB_CUDA_STANDIN": f"seed={seed},checked={part.checked}", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    print(f"\n== {part.name}: {' '.join(part.command)}", flush=True)
    start, said = time.perf_counter(), []
    with subprocess.Popen(part.command, cwd=ROOT, env={**os.environ, **part.environment, **settings}, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    right = process.returncode == 0
    if part.accuracy is not None:
        reached = re.search(r"Test accuracy: ([\d.]+)%", "".join(said))
        right = right and reached is not None and float(reached[1]) >= part.accuracy
    print(f"== {part.name}: {'right' if right else 'WRONG'}, {time.perf_counter() - start:.0f} s", flush=True)
    return right


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cuda.suite", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="all of the conformance suite and of the comparison with PyTorch; hours")
    parser.add_argument("--count", type=int, default=300, help="so many cases of levels 1 to 4 of the conformance suite (default 300)")
    parser.add_argument("--seed", type=int, default=0, help="of the part, of the order of streams, and of the samples")
    parser.add_argument("-n", "--processes", type=int, default=2)
    parser.add_argument("--only", help="only parts whose name matches this regular expression")
    args = parser.parse_args()
    results = [run(part, args.seed) for part in parts(args)]
    print(f"\n{sum(results)} of {len(results)} parts are right")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
