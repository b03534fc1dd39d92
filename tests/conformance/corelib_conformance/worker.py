"""A process that runs cases for another: ids come in as lines, results go out as lines of JSON.

The two pipes are moved to descriptors of their own, high ones that no child inherits, before anything else is imported: what a
backend prints goes to standard error, and what it reads from standard input is at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

if sys.platform == "win32":
    _moved = os.dup
else:
    import fcntl

    def _moved(descriptor: int) -> int:
        """The descriptor at a number that nobody guesses, or the lowest free one where the system allows no such number."""
        for least in (230, 3):
            try:
                return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)
            except OSError:
                continue
        return os.dup(descriptor)


def main() -> int:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=120.0)
    args = parser.parse_args()
    asked, answers = os.fdopen(_moved(0), "rb"), _moved(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    from corelib_conformance.plan import plan
    from corelib_conformance.run import run_case
    from corelib_conformance.target import Target

    target = Target(args.device, args.seed)
    cases = {case.id: case for case in plan()}
    own = os.getpid()
    for line in asked:
        result = run_case(target, cases[line.decode().strip()], args.limit)
        if os.getpid() != own:  # a kernel forked, and its child came back from it
            os._exit(1)
        row = {"id": result.case.id, "status": result.status, "message": result.message, "over": result.over, "ms": result.milliseconds}
        rest = f"\n{json.dumps(row)}\n".encode()  # on a line of its own, whatever was written before it
        while rest:
            rest = rest[os.write(answers, rest) :]
    return 0


if __name__ == "__main__":
    sys.exit(main())
