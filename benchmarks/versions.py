"""The cost of a call in two checkouts of corelib, new beside old: `python -m benchmarks.versions OLD NEW [--rounds 15]`.

Each measurement is a process of its own; in each round the old checkout is measured twice and the new one once, which goes first
changing with every round, so that a machine whose speed drifts slows all alike. What is measured is the processor's time, the
least of many short runs, so that others at work on the machine count for little. Printed are new/old and, as a measure of the
noise, old/old: the median, and the middle half of all rounds; below 1 the first one is quicker.
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
    old, new = options.old.resolve(), options.new.resolve()
    ratios: dict[str, dict[str, list[float]]] = {what: {name: [] for name in CASES} for what in ("new/old", "old/old")}
    for number in range(options.rounds):
        turns = [("old", old), ("new", new), ("again", old)]
        turns = turns[number % 3 :] + turns[: number % 3]
        seconds = {which: measured(checkout) for which, checkout in turns}
        for name in CASES:
            ratios["new/old"][name].append(seconds["new"][name] / seconds["old"][name])
            ratios["old/old"][name].append(seconds["again"][name] / seconds["old"][name])
    print(f"over {options.rounds} rounds: median (middle half)")
    for name in CASES:
        found = {what: statistics.quantiles(of[name], n=4) for what, of in ratios.items()}
        print(f"{name:22s} " + "   ".join(f"{what} {middle:.3f} ({low:.3f} to {high:.3f})" for what, (low, middle, high) in found.items()))


if __name__ == "__main__":
    main()
