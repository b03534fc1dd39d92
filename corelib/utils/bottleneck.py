"""Where a script spends its time: `python -m corelib.utils.bottleneck script.py ARGS` runs it under Python's profiler and under corelib's."""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from corelib.as_torch.torch import install
from corelib.profiler.autograd_profiler import profile
from corelib.utils.collect_env import get_env_info

RULE = "-" * 80


def env_summary() -> str:
    """Python, corelib and its devices."""
    env = get_env_info()
    return "\n".join([
        RULE, "  Environment Summary", RULE, f"{env.torch_version}, Python {sys.version.split()[0]}, {env.os}", "", "Devices:", env.devices, "",
        "Packages:", env.pip_packages, "",
    ])  # fmt: skip


def run_cprofile(run: Callable[[], Any], rows: int = 15) -> str:
    """The functions in which most time was spent, by Python's profiler."""
    python = cProfile.Profile()
    python.enable()
    run()
    python.disable()
    text = io.StringIO()
    pstats.Stats(python, stream=text).sort_stats("tottime").print_stats(rows)
    return "\n".join([RULE, "  cProfile output", RULE, text.getvalue().strip(), ""])


def run_autograd_prof(run: Callable[[], Any], rows: int = 15) -> str:
    """The ops in which most time was spent, by corelib's profiler."""
    with profile() as prof:
        run()
    assert prof is not None
    table = prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=rows)
    return "\n".join([RULE, "  autograd profiler output (CPU mode)", RULE, f"        top {rows} events sorted by self_cpu_time_total", "", table])


def main(arguments: list[str] | None = None) -> None:
    """Run a script twice, and print where its time went. `import torch` means corelib in it."""
    parser = argparse.ArgumentParser(
        prog="python -m corelib.utils.bottleneck",
        description="Runs a script under Python's profiler and under corelib's, and prints a summary of both. The script runs twice, and must come to an end.",
    )
    parser.add_argument("scriptfile", help="Path to the script to be run. Usually run with `python path/to/script`.")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="Command-line arguments to be passed to the script.")
    chosen = parser.parse_args(arguments)
    install()
    with open(chosen.scriptfile, "rb") as file:
        code: CodeType = compile(file.read(), chosen.scriptfile, "exec")
    before, sys.argv = sys.argv, [chosen.scriptfile, *chosen.args]

    def run() -> None:
        try:
            exec(code, {"__file__": chosen.scriptfile, "__name__": "__main__", "__package__": None, "__cached__": None})
        except SystemExit as end:
            if end.code:
                raise

    try:
        print(env_summary())
        print(run_cprofile(run))
        print(run_autograd_prof(run))
    finally:
        sys.argv = before


if __name__ == "__main__":
    main()
