"""Compare corelib with PyTorch: `python -m benchmarks [--set first|wide|processes] [--filter WORD] [--threads N] [--rounds N] [--json]`.

A whole run writes benchmarks/results/threads-N.md and .json; one that is filtered or quick only prints.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.goals import GOALS
from benchmarks.machine import Watch
from benchmarks.processes import PROCESS_CASES, measure_processes
from benchmarks.rounds import Measured, measure

SETS = ("first", "wide", "processes")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare corelib with PyTorch.")
    parser.add_argument("--set", choices=SETS, help="one set of cases (default all)")
    parser.add_argument("--filter", default="", help="only cases whose name contains this, in any case")
    parser.add_argument("--quick", action="store_true", help="two short rounds: less sure")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of fresh processes (default 5)")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a visit measures (default 0.3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads for each library (default all cores)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the tables")
    parser.add_argument("--device", default="cpu", help="corelib's device (default cpu); PyTorch computes on the cpu")
    parser.add_argument("--library", default="corelib", help="compare this with torch; torch itself tests the harness")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Measure, print, write. The exit status is 1 where a case failed, and 0 otherwise, goals met or not."""
    args = arguments(given)
    from benchmarks.cases import CASES

    rounds, seconds = (2, 0.03) if args.quick else (args.rounds, args.seconds)
    word = args.filter.lower()

    def told(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    watch, sets = Watch(), dict[str, list[Measured]]()
    for name in SETS[:2]:
        chosen = [case for case in CASES if case.startswith(name) and word in case.lower()] if args.set in (None, name) else []
        if chosen:
            sets[name] = measure(chosen, args.library, rounds=rounds, threads=args.threads, seconds=seconds, device=args.device, told=told)
            for row in sets[name]:
                row.goal = GOALS.get(row.name)
    programs = [case for case in PROCESS_CASES if word in case.name.lower()] if args.set in (None, SETS[2]) else []
    if programs:
        sets[SETS[2]] = measure_processes(programs, args.library, rounds=rounds, threads=args.threads, device=args.device, told=told)
    if not sets:
        print(f"no case has {args.filter!r} in its name", file=sys.stderr)
        return 1
    conditions = report.conditions(args.threads, rounds, args.library, args.device, watch.others())
    table, text = report.markdown(sets, conditions, args.library), report.as_json(sets, conditions)
    print(text if args.json else table, end="")
    if not args.quick and not word and args.set is None and (args.library, args.device) == ("corelib", "cpu"):
        folder = Path(__file__).parent / "results"
        folder.mkdir(exist_ok=True)
        (folder / f"threads-{args.threads}.md").write_text(table)
        (folder / f"threads-{args.threads}.json").write_text(text)
    return 1 if any(row.error is not None for rows in sets.values() for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
