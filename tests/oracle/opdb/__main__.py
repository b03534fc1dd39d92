"""Runs PyTorch's tables: `python -m tests.oracle.opdb [--table op] [--entry REGEX] [--dtype REGEX] [--form REGEX] [-n PROCESSES]`."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from .forms import FORMS
from .report import all_jobs, outcomes, report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.opdb", description=__doc__)
    parser.add_argument("--table", default="", help="a regular expression: op, module, optimizer")
    parser.add_argument("--entry", default="", help="a regular expression that the whole name of an entry matches")
    parser.add_argument("--dtype", default="")
    parser.add_argument("--form", default="", help=f"of op: {', '.join(FORMS)}")
    parser.add_argument("--device", default="cpu", help="where corelib's tensors are")
    parser.add_argument("--number", type=int, help="one sample only")
    parser.add_argument("--strides", action="store_true", help="compare strides too")
    parser.add_argument("-n", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="a file for all outcomes, a line each")
    parser.add_argument("--show", type=int, default=3, help="failures shown of each entry and form")
    options = parser.parse_args()

    def wanted(pattern: str, name: str) -> bool:
        return re.fullmatch(pattern or ".*", name) is not None

    forms = tuple(f for f in FORMS if wanted(options.form, f))
    jobs = [
        replace(job, forms=forms, strides=options.strides, only=options.number, device=options.device)
        for job in all_jobs()
        if wanted(options.table, job.table)
        and wanted(options.entry, job.name)
        and wanted(options.dtype, str(job.dtype).removeprefix("torch."))
    ]
    found = []
    with options.json.open("w", encoding="utf-8") if options.json else contextlib.nullcontext() as lines:
        for outcome in outcomes(jobs, options.n):
            found.append(outcome)
            if lines and outcome.compared:
                lines.write(json.dumps(vars(outcome)) + "\n")
                lines.flush()
    report(found, options.show)
    return int(any(o.failures for o in found))


if __name__ == "__main__":
    sys.exit(main())
