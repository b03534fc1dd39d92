"""What needs a process of its own: the time to import, the memory that training takes, and the time to build a model.

Each figure comes from fresh interpreters, the two libraries in turns.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.timing import Measured, compare

_IMPORT = """
import time
start = time.perf_counter()
import {library}
print((time.perf_counter() - start) * 1e3)
"""

# VmHWM where there is one: a new process inherits ru_maxrss from the one that started it, but not that.
_MEMORY = """
import os, resource, sys
import {library} as T
if "{library}" == "torch":
    T.set_num_threads({threads})
from benchmarks.cases.{module} import {case}

def peak():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)

step = {case}(T)
before = peak()
for _ in range(5):
    step()
print(peak() - before)
"""

# The least of several: what else the machine does only adds.
_BUILD = """
import time
import {library} as T
if "{library}" == "torch":
    T.set_num_threads({threads})
from benchmarks.cases.{module} import {case}

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

    family: str
    name: str
    unit: str
    program: str
    goal: float | None = None
    module: str = ""
    case: str = ""


PROCESS_CASES = [
    ProcessCase("process", "import", "ms", _IMPORT, goal=10.0),
    ProcessCase("process", "peak memory of training, tutorial MLP with Adam", "MiB", _MEMORY,
                module="training", case="tutorial_mlp_adam"),
    ProcessCase("process", "peak memory of training, CNN", "MiB", _MEMORY, module="training", case="cnn"),
    ProcessCase("process", "peak memory of training, GPT", "MiB", _MEMORY, module="transformer", case="gpt_step"),
    ProcessCase("construction", "vit_tiny as timm builds it", "ms", _BUILD, goal=0.67, module="construction", case="build_vit_tiny"),
    ProcessCase("construction", "GPT-2 of 4 blocks as Hugging Face builds it", "ms", _BUILD, goal=0.67,
                module="construction", case="build_gpt2"),
    ProcessCase("construction", "1000 Linear layers of 4 x 4", "ms", _BUILD, goal=0.67,
                module="construction", case="build_small_layers"),
]  # fmt: skip


def measure_process(case: ProcessCase, ours: str, rounds: int, threads: int) -> Measured:
    """Run a case's program for torch and for `ours` in turns; the first of each only warms the file cache."""
    # what installing a wheel does; a checkout may not have been imported yet
    compileall.compile_dir(str(next(iter(__import__(ours).__path__))), quiet=2)

    def figure(library: str) -> float:
        program = case.program.format(library=library, module=case.module, case=case.case, threads=threads)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{case.name} with {library}: {done.stderr.strip().splitlines()[-1]}")
        return float(done.stdout)

    for library in ("torch", ours):
        figure(library)
    pairs = [(figure("torch"), figure(ours)) for _ in range(rounds)]
    return compare(case.family, case.name, case.unit, case.goal, pairs)
