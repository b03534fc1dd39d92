"""The cost of a call in two checkouts of corelib, new beside old: `python -m benchmarks.versions OLD NEW [--rounds 15]`.

Each measurement is a process of its own, and the two checkouts take turns, which goes first changing with every round, so that a machine whose
speed drifts slows both alike. What is measured is the processor's time, the least of many short runs, so that others at work on the machine count
for little. Printed is new/old: the median, and the middle half of all rounds; below 1 the new one is quicker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

CASES = {
    "small add": ("a = torch.ones(8); b = torch.ones(8)", "a + b"),
    "small add with grad": ("a = torch.ones(8, requires_grad=True); b = torch.ones(8)", "a + b"),
    "chain of views": ("a = torch.ones(4, 6)", "a.t().unsqueeze(0).squeeze(0)[1:3].reshape(-1)"),
    "tiny backward": ("a = torch.ones(8, requires_grad=True); b = torch.ones(8)", "(a * b).sum().backward()"),
}
_CHILD = """
import json, sys, time, timeit
import corelib as torch
cases = json.loads(sys.argv[1])
found = {}
for name, (setup, statement) in cases.items():
    space = {"torch": torch}
    exec(setup, space)
    timer = timeit.Timer(statement, timer=time.process_time, globals=space)
    timer.timeit(2000)
    found[name] = min(timer.repeat(400, 100))
print(json.dumps(found))
"""


def measured(checkout: Path) -> dict[str, float]:
    """The seconds of each case in a process that uses one checkout."""
    paths = [checkout, *sorted((checkout / "backends").iterdir())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(CASES)], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    ratios: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(options.rounds):
        order = [options.old.resolve(), options.new.resolve()][:: 1 if number % 2 else -1]
        seconds = {checkout: measured(checkout) for checkout in order}
        for name in CASES:
            ratios[name].append(seconds[options.new.resolve()][name] / seconds[options.old.resolve()][name])
    print(f"new/old over {options.rounds} rounds: median (middle half)")
    for name, found in ratios.items():
        low, middle, high = statistics.quantiles(found, n=4)
        print(f"{name:22s} {middle:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
