"""`corelib cache`: what is kept of compiled kernels, and clearing it."""

from __future__ import annotations

import argparse

from corelib_cpu_native import cache

HELP = "show or clear the cache of kernels that were compiled for the cpu device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--clear", action="store_true", help="remove all of it; kernels are compiled again when they are needed")


def run(args: argparse.Namespace) -> int:
    """Print where the cache is and how much is in it; with --clear, empty it."""
    found = cache.kept()
    size = sum(bytes_ for _, bytes_ in found) + cache.zigs()
    print(f"{cache.folder()}: {len(found)} compiled texts, {size / 1e6:.1f} MB")
    if args.clear:
        print(f"{cache.clear()} removed")
    return 0
