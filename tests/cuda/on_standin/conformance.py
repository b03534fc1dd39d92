"""A part of the conformance suite on `cuda`, drawn by a seed, or all of it: `python conformance.py --count 300 --seed 0 -n 2`.

Level 0 and level 5 are always whole. The texts that the part will need are collected first and compiled many at once; level 5 runs kernels
without the executor's checks, which the other levels have made.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import corelib
from corelib_conformance.plan import selected
from corelib_conformance.workers import run_in_workers
from executor import prepare
from plan import collected

SETTINGS = "CORELIB_CUDA_STANDIN"
RIGHT = ("pass", "unsupported")


def chosen(seed: int, count: int | None) -> list[Any]:
    """The cases: `count` of levels 1 to 4, all where that is None."""
    cases = list(selected(5))
    between = [n for n, case in enumerate(cases) if 0 < case.level < 5]
    kept = set(between if count is None else random.Random(seed).sample(between, min(count, len(between))))
    return [case for n, case in enumerate(cases) if n in kept or not 0 < case.level < 5]


def compiled(cases: list[Any], processes: int) -> tuple[int, float]:
    """Texts of these cases, compiled; how many there are, and the seconds."""
    start = time.perf_counter()
    texts = list(collected(cases))
    step = max(1, min(64, -(-len(texts) // processes)))
    parts = [texts[i : i + step] for i in range(0, len(texts), step)]
    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(prepare, parts))
    return len(texts), time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, help="so many cases of levels 1 to 4 (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-n", "--processes", type=int, default=1)
    args = parser.parse_args()
    corelib.backends.set_fallback("error")
    cases = chosen(args.seed, args.count)
    texts, seconds = compiled([c for c in cases if 0 < c.level < 5], args.processes)
    print(f"{len(cases)} of {len(selected(5))} cases, seed {args.seed}; {texts} texts compiled in {seconds:.0f} s", flush=True)
    results, start = [], time.perf_counter()
    for checked, levels in ((1, range(5)), (0, (5,))):
        os.environ[SETTINGS] = f"seed={args.seed},checked={checked}"
        for result in run_in_workers("cuda", [c for c in cases if c.level in levels], args.processes, args.seed, 900.0):
            results.append(result)
            if result.status not in RIGHT:
                print(f"{result.case.id}: {result.status}: {result.message}", flush=True)
        print(f"levels {levels[0]} to {levels[-1]}: after {time.perf_counter() - start:.0f} s", flush=True)
    counts = Counter((r.case.level, "right" if r.status in RIGHT else "wrong") for r in results)
    for level in range(6):
        print(f"level {level}: {counts[level, 'right']} right, {counts[level, 'wrong']} wrong")
    return int(any(n for (_, verdict), n in counts.items() if verdict == "wrong") or len(results) != len(cases))


if __name__ == "__main__":
    sys.exit(main())
