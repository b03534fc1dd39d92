"""`corelib warm`: compile kernels before a program needs them."""

from __future__ import annotations

import argparse
import time

from corelib.progress import Progress
from corelib_cpu_native import pack

HELP = "compile the cpu device's kernels beforehand, so that no program waits for it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--dtype", action="append", metavar="NAME", help="for this dtype, such as float64; may be given again (default: float32)")


def run(args: argparse.Namespace) -> int:
    """Compile the kernels of each text and of each elementwise op without attributes; 1 where any could not be compiled, or none at all."""
    wanted = args.dtype or ["float32"]
    reason = pack.unavailable()
    if reason:
        print(f"nothing to compile: {reason}")
        return 1
    begun, failed = time.monotonic(), 0
    chosen = [(name, kernel) for name, dtype, kernel in pack.kernels() if dtype.name in wanted]
    names = len(chosen)
    with Progress("compiling", names, "kernels") as progress:
        for name, kernel in chosen:
            failed += isinstance(kernel.made(), pack.NotMade)
            progress.update(note=name)
    print(f"{names} kernels for {', '.join(wanted)} are ready after {time.monotonic() - begun:.1f} s" + (f"; {failed} could not be made" if failed else ""))
    return 1 if failed or not names else 0
