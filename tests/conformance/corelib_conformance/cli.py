"""`corelib conformance`: the suite at the command line, with a progress bar, a table of levels and a report."""

from __future__ import annotations

import argparse
import datetime
import math
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HELP = "say whether a device can be trusted"
MODES = ("test", "grad", "support", "perf")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from None
    return text


def _processes(text: str) -> str:
    if text != "auto" and not (text.isdecimal() and int(text[:9]) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; accepted are whole numbers from 1 on, and auto")
    return text


def _folder(text: str) -> Path:
    """The folder, made now: what is wrong with it shows before the run and not after it."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a folder for the report: {error}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written to")
    return path


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 1e8:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; accepted are numbers above 0, to 1e8")
    return seconds


def _seed(text: str) -> int:
    if not (text.isdecimal() and len(text) <= 20):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; accepted are whole numbers from 0 on, of at most 20 digits")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = (
        "Run the conformance suite against a device: levels 0 (runtime), 1 (primitives), 2 (core ops), 3 (the whole table), 4 (gradients), 5 (training). "
        "`corelib conformance diff A.json B.json` compares two reports."
    )
    parser.add_argument("action", nargs="*", help="nothing, or: diff A.json B.json")
    parser.add_argument("--device", help="the device, such as cpu or opencl:0")
    parser.add_argument("--level", type=int, default=5, choices=range(6), help="the highest level (default 5)")
    parser.add_argument("--op", type=_pattern, help="only ops whose name matches this regular expression")
    parser.add_argument("--dtype", type=_pattern, help="only dtypes whose name matches this regular expression")
    parser.add_argument("--case", help="one case, by its id")
    parser.add_argument("--seed", type=_seed, default=0, help="of the samples' random numbers (default 0)")
    parser.add_argument("--report", type=_folder, metavar="DIR", help="write report.json, report.html and badge.svg into this folder")
    parser.add_argument("-n", "--processes", type=_processes, default="1", help="processes that share the work, or auto (default 1)")
    parser.add_argument("--limit", type=_seconds, default=120.0, help="seconds for one case (default 120)")
    parser.add_argument("--mode", choices=MODES, default="test", help="test (default), grad (derivatives only), support (what is declared), perf")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """The command; 0 where everything that was selected is right, 1 where something is not, 2 for wrong usage, 130 where the user ended it."""
    if args.action:
        return _diff(args.action)
    if not args.device:
        print("corelib conformance: the option --device is needed, such as --device cpu", file=sys.stderr)
        return 2
    from corelib.dispatcher.plugins.checks import BackendError
    from corelib_conformance import plan, report
    from corelib_conformance.collect import collect
    from corelib_conformance.target import Target

    try:
        target = Target(args.device, args.seed)
    except BackendError:
        raise
    except (RuntimeError, NotImplementedError) as error:
        print(f"corelib conformance: --device {args.device}: {error}", file=sys.stderr)
        return 2
    if args.mode == "support":
        report.support(target)
        return 0
    started, start = datetime.datetime.now(datetime.UTC), time.perf_counter()
    cases: Any = plan.selected(args.level, args.op, args.case, args.dtype)
    if args.mode == "grad":
        cases = tuple([c for c in cases if c.level == 4])
    if not cases:
        print(f"corelib conformance: nothing is planned for --level {args.level} --op {args.op} --dtype {args.dtype} --case {args.case}", file=sys.stderr)
        return 2
    performance, interrupted = None, False
    results: list[Any] = []
    if args.mode == "perf":
        from corelib_conformance.perf import measure

        performance = measure(target, args.op)
    else:
        interrupted = _run(args, target, cases, results)
    whole = args.level == 5 and args.op is None and args.dtype is None and args.case is None and args.mode == "test"
    selection = None if whole else {"level": args.level, "op": args.op, "dtype": args.dtype, "case": args.case}
    data = collect(target, results, args.seed, args.mode, selection, started, time.perf_counter() - start, performance)
    paths = [] if args.report is None else _written(args.report, data)
    report.terminal(data)
    for path in paths:
        print(path)
    if interrupted:
        print(f"corelib conformance: interrupted after {len(results)} of {len(cases)} cases", file=sys.stderr)
        return 130
    return 0 if all(r.status in ("pass", "unsupported") for r in results) else 1


def _written(folder: Path, data: Any) -> list[Path]:
    """The report's files, in another folder where this one takes them no more: it may be full, or gone, by the end of a long run."""
    from corelib_conformance import report

    try:
        return report.write(folder, data)
    except OSError as error:
        other = Path(tempfile.mkdtemp(prefix="corelib-conformance-"))
        print(f"corelib conformance: the report could not be written to {folder} ({error}); it is in {other}", file=sys.stderr)
        return report.write(other, data)


def _run(args: argparse.Namespace, target: Any, cases: Any, results: list[Any]) -> bool:
    """Add to the results as they come; True where the user ended the run, whose report says how far it came."""
    from corelib.progress import Progress
    from corelib_conformance.workers import processes_for, run_in_workers

    wrong = 0
    with Progress(f"conformance of {target.name}", len(cases), "cases", shown=False if args.no_progress else None) as progress:
        try:
            for result in run_in_workers(args.device, cases, processes_for(args.processes), args.seed, args.limit):
                results.append(result)
                wrong += result.status not in ("pass", "unsupported")
                progress.update(note=f"{wrong} wrong" if wrong else "")
        except KeyboardInterrupt:
            return True
    return False


def _diff(action: list[str]) -> int:
    from corelib_conformance import report

    if action[0] != "diff" or len(action) != 3:
        print("corelib conformance: accepted are options, or: diff A.json B.json", file=sys.stderr)
        return 2
    return report.print_diff(Path(action[1]), Path(action[2]))
