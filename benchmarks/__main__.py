"""Compare corelib with PyTorch: `python -m benchmarks [--filter WORD] [--quick] [--threads N] [--json]`.

A full run writes benchmarks/results/threads-N.md and .json; one that is filtered or quick only prints.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Measure, print, write. The exit status is 1 where a case failed, and 0 otherwise, goals met or not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare corelib with PyTorch.")
    parser.add_argument("--filter", default="", help="only cases whose family or name contains this, in any case")
    parser.add_argument("--quick", action="store_true", help="few short samples: minutes become seconds, less sure")
    parser.add_argument("--threads", type=int, default=1, help="threads for both libraries (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--library", default="corelib", help="compare this with torch; torch itself tests the harness")
    args = parser.parse_args()
    # OpenBLAS and OpenMP read these once, when NumPy and PyTorch are first imported.
    for name in THREADS:
        os.environ[name] = str(args.threads)
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    from benchmarks import report
    from benchmarks.processes import PROCESS_CASES, measure_process
    from benchmarks.registry import CASES
    from benchmarks.timing import Measured, measure

    importlib.import_module("benchmarks.cases")

    def wanted(case: object) -> bool:
        return args.filter.lower() in f"{case.family} {case.name}".lower()  # type: ignore[attr-defined]

    def safely(function: object, case: object, *rest: object) -> Measured:
        print(f"{case.family}: {case.name}", file=sys.stderr, flush=True)  # type: ignore[attr-defined]
        try:
            return function(case, *rest)  # type: ignore[operator, no-any-return]
        except Exception as error:
            text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            unit = getattr(case, "unit", "us")
            return Measured(case.family, case.name, unit, None, None, None, None, case.goal, text)  # type: ignore[attr-defined]

    # Before this process grows: fresh interpreters start faster from a small one.
    processes = [
        safely(measure_process, case, args.library, 2 if args.quick else 7, args.threads)
        for case in PROCESS_CASES
        if wanted(case)
    ]
    import torch

    torch.set_num_threads(args.threads)
    ours = importlib.import_module(args.library)
    rounds, sample = (11, 0.003) if args.quick else (75, 0.01)
    results = [safely(measure, case, torch, ours, rounds, sample) for case in CASES if wanted(case)] + processes
    if not results:
        print(f"no case has {args.filter!r} in its family or name", file=sys.stderr)
        return 1
    conditions = report.conditions(args.threads, args.library, args.quick)
    table, text = report.markdown(results, conditions, args.library), report.as_json(results, conditions)
    print(text if args.json else table, end="")
    if not args.quick and not args.filter and args.library == "corelib":
        folder = Path(__file__).parent / "results"
        folder.mkdir(exist_ok=True)
        (folder / f"threads-{args.threads}.md").write_text(table)
        (folder / f"threads-{args.threads}.json").write_text(text)
    return 1 if any(r.error is not None for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
