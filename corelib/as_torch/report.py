"""What a program asked for and did not get, told at its end."""

from __future__ import annotations

import atexit
import sys
from importlib import import_module

from corelib.as_torch.torch import asked


def report() -> None:
    """At the end of the process print which names of PyTorch were absent, and what ran on the host instead of a device."""
    atexit.register(_print)


def _print() -> None:
    lines = [f"  {name}  {times}" for name, times in sorted(asked.items())]
    print("corelib.as_torch: asked for and absent" + (", with the number of times:" if lines else ": nothing"), *lines, sep="\n", file=sys.stderr)
    ran = import_module("corelib.backends").report()
    hosts = [f"  {line}" for line in str(ran).splitlines()]
    print("corelib.as_torch: how operators ran:", *hosts, sep="\n", file=sys.stderr)
