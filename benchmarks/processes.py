"""What needs an interpreter of its own for each figure: importing, the peak of memory, building a model, the first step of all.

Each figure comes from a fresh process; the two libraries take turns, and PyTorch's is taken twice.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.rounds import Measured, in_turn, surroundings

_IMPORT = """
import time
start = time.perf_counter()
import {library}
print((time.perf_counter() - start) * 1e3)
"""

# The whole of a short program, from the import to the end of its first training step.
_COLD = """
import time
start = time.perf_counter()
import {library} as T
T.set_num_threads({threads})
from benchmarks.cases import CASES
CASES["{case}"](T, "{device}")()
print((time.perf_counter() - start) * 1e3)
"""

# VmHWM where there is one: a new process inherits ru_maxrss from the one that started it, but not that.
_MEMORY = """
import os, resource, sys
import {library} as T
T.set_num_threads({threads})
from benchmarks.cases import CASES

def peak():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)

step = CASES["{case}"](T, "{device}")
before = peak()
for _ in range(5):
    step()
print(peak() - before)
"""

# The least of several: what else the machine does only adds.
_BUILD = """
import time
import {library} as T
T.set_num_threads({threads})
from benchmarks.cases.construction import {case}

build, took = {case}(T), []
model = build()
for _ in range(7):
    del model
    start = time.perf_counter()
    model = build()
    took.append(time.perf_counter() - start)
print(min(took) * 1e3)
"""


@dataclass(frozen=True)
class ProcessCase:
    """A row whose figure is printed by a program in a fresh interpreter."""

    name: str
    unit: str
    program: str
    case: str = ""
    goal: float | None = None


PROCESS_CASES = [
    ProcessCase("import", "ms", _IMPORT, goal=10.0),
    ProcessCase("import and first step, tutorial MLP", "ms", _COLD, "first_train_mlp_seed"),
    ProcessCase("peak memory, tutorial MLP with Adam", "MiB", _MEMORY, "first_train_mlp_adam", goal=1.0),
    ProcessCase("peak memory, CNN", "MiB", _MEMORY, "first_train_cnn", goal=1.0),
    ProcessCase("peak memory, GPT", "MiB", _MEMORY, "first_train_gpt", goal=1.0),
    ProcessCase("building vit_tiny as timm does", "ms", _BUILD, "build_vit_tiny", goal=0.67),
    ProcessCase("building a GPT-2 of 4 blocks as Hugging Face does", "ms", _BUILD, "build_gpt2", goal=0.67),
    ProcessCase("building 1000 Linear layers of 4 x 4", "ms", _BUILD, "build_small_layers", goal=0.67),
]


def measure_processes(cases: list[ProcessCase], ours: str, *, rounds: int, threads: int, device: str, told: Callable[[str], Any]) -> list[Measured]:
    """Run each case's program in rounds; the first run of each library only warms the file cache."""
    # what installing a wheel does; a checkout may not have been imported yet
    compileall.compile_dir(str(next(iter(__import__(ours).__path__))), quiet=2)

    def figure(case: ProcessCase, library: str) -> float:
        program = case.program.format(library=library, case=case.case, threads=threads, device="cpu" if library == "torch" else device)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=surroundings(threads))
        if done.returncode:
            raise RuntimeError(f"{case.name} with {library}: {done.stderr.strip().splitlines()[-1]}")
        return float(done.stdout)

    rows = []
    for case in cases:
        rows.append(row := Measured(case.name, case.unit, goal=case.goal))
        told(row.name)
        ask: dict[str, Callable[[], float]] = {
            who: (lambda library=library, case=case: figure(case, library))  # type: ignore[misc]
            for who, library in (("torch", "torch"), ("ours", ours), ("again", "torch"))
        }
        try:
            in_turn(0, ask)
            for number in range(rounds):
                took = in_turn(number, ask)
                row.figures.append((took["torch"], took["ours"], took["again"]))
        except RuntimeError as error:
            row.error = str(error)
    return rows
