"""Runs the table's programs by PyTorch and by corelib and writes results.json and docs/programs.md.

    python -m tests.oracle.programs [--mirrors DIR] [--only REGEX] [--work DIR] [--again] [--failed] [--fresh] [--pin] [--page]

The mirrors are git directories DIR/OWNER+NAME (the option, or the variable CORELIB_PROGRAMS_MIRRORS); nothing is downloaded. A program whose
mirror is absent is skipped and named. Programs run one after another; what has a result already and is not named by --only runs with --again.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from pathlib import Path

from tests.oracle.programs.page import PAGE, page
from tests.oracle.programs.running import MIRRORS, Absent, compare, corelib, digest, git, mirror, pytorch, sources
from tests.oracle.programs.table import PINS, RESULTS, Program, programs, read, write


def pin(program: Program, mirrors: Path) -> None:
    """Write down commit and SHA-256 of a program that has none yet."""
    pins = read(PINS)
    directory = mirror(program.repository, mirrors)
    told = pins.setdefault(program.repository, {"commit": "", "files": {}})
    told["commit"] = told["commit"] or git(directory, "rev-parse", "HEAD").decode().strip()
    told["files"].setdefault(program.file, digest(directory, told["commit"], program.file))
    write(PINS, pins)


def one(program: Program, mirrors: Path, work: Path, verbose: bool, fresh: bool) -> None:
    """Run one program and keep its result."""
    pinned = read(PINS)[program.repository]
    if (found := digest(mirror(program.repository, mirrors), pinned["commit"], program.file)) != pinned["files"][program.file]:
        raise Absent(f"{program.key} has SHA-256 {found}, not the table's")
    begun = time.monotonic()
    result = compare(program, sources(program.repository, pinned["commit"], mirrors, work), work, fresh)
    trace = result.pop("trace", "")
    results = read(RESULTS)
    results[program.key] = result
    write(RESULTS, results)
    came = f"stopped: {result['stopped']}" if "stopped" in result else f"{result['difference']:.1e} over {result['losses']} losses"
    print(f"{program.key}: {came} ({time.monotonic() - begun:.0f} s)", trace if verbose else "", sep="\n" if verbose and trace else "", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirrors", type=Path, default=os.environ.get(MIRRORS), help=f"folder of git mirrors (default: ${MIRRORS})")
    parser.add_argument("--only", default="", help="regular expression of the programs, OWNER/NAME/FILE")
    parser.add_argument("--work", type=Path, help="scratch folder to keep; PyTorch's losses in it are used again")
    parser.add_argument("--again", action="store_true", help="run what has a result already too")
    parser.add_argument("--failed", action="store_true", help="run what was stopped again")
    parser.add_argument("--pin", action="store_true", help="write down commit and SHA-256 of new rows from the mirrors")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there, and run nothing")
    parser.add_argument("--fresh", action="store_true", help="start a process for each of corelib's runs, instead of forking from one that has imported it")
    parser.add_argument("--verbose", action="store_true", help="print what a stopped program said")
    told = parser.parse_args()
    if not told.page and told.mirrors is None:
        parser.error(f"say where the git mirrors are: --mirrors or ${MIRRORS}")
    with tempfile.TemporaryDirectory() as scratch:
        for program in [] if told.page else list(programs()):
            if not re.search(told.only, program.key):
                continue
            try:
                if told.pin:
                    pin(program, told.mirrors)
                result = read(RESULTS).get(program.key)
                if not program.apart and (told.again or told.only or result is None or (told.failed and "stopped" in result)):
                    one(program, told.mirrors, told.work or Path(scratch), told.verbose, told.fresh)
            except Absent as reason:
                print(f"{program.key}: skipped, {reason}", flush=True)
    pytorch.close()
    corelib.close()
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
