"""A process that runs cases for another: ids come in as lines, results go out as lines of JSON.

What it prints otherwise goes to standard error, so that nothing a backend says is taken for a result.
"""

from __future__ import annotations

import argparse
import json
import os
import sys


def main() -> int:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=120.0)
    args = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from corelib_conformance.plan import plan
    from corelib_conformance.run import run_case
    from corelib_conformance.target import Target

    target = Target(args.device, args.seed)
    cases = {case.id: case for case in plan()}
    for line in sys.stdin:
        result = run_case(target, cases[line.strip()], args.limit)
        row = {"id": result.case.id, "status": result.status, "message": result.message, "over": result.over, "ms": result.milliseconds}
        answers.write(json.dumps(row) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
