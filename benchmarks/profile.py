"""Where the time of a training step goes: `python -m benchmarks.profile [CASE ...]`.

Each phase of a step (zero_grad, forward, loss, backward, optimizer) is timed whole, with PyTorch, and with corelib with its kernels in C and with
NumPy's alone; and the kernels that corelib called in it are called again by themselves with the arrays they had, so that what is left is the way to
them: looking up, checking, allocating, recording. One thread; each library in a process of its own; the least of many repetitions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.rounds import surroundings

CASES = ("first_train_mlp_tiny", "first_train_lstm")
PHASES = ("zero_grad", "forward", "loss", "backward", "step")
WAYS = (("PyTorch", "torch", "1"), ("corelib, NumPy alone", "corelib", "0"), ("corelib, kernels in C", "corelib", "1"))


def parts_of(T: Any, case: str) -> tuple[Any, Any, Any, Any, Any]:
    """The model, input, target, loss function and optimizer of a training case."""
    from benchmarks.cases import CASES as every, first

    found: list[Any] = []
    usual = first.train
    first.train = lambda T, dev, *given: found.extend(given)  # type: ignore[assignment]
    try:
        every[case](T, "cpu")
    finally:
        first.train = usual
    model, x, y, loss_fn, optimizer = found
    return model, x, y, loss_fn, optimizer


def phases(T: Any, case: str) -> Callable[[Callable[[str], None]], None]:
    """A step that says when each of its phases has ended."""
    model, x, y, loss_fn, optimizer = parts_of(T, case)

    def step(ended: Callable[[str], None]) -> None:
        optimizer.zero_grad()
        ended("zero_grad")
        out = model(x)
        ended("forward")
        loss = loss_fn(out, y)
        ended("loss")
        loss.backward()
        ended("backward")
        optimizer.step()
        ended("step")

    return step


def timed(step: Callable[[Callable[[str], None]], None], repeats: int = 3000) -> dict[str, float]:
    """The microseconds of each phase: the least of many."""
    best = dict.fromkeys(PHASES, float("inf"))
    last = 0.0

    def ended(phase: str) -> None:
        nonlocal last
        now = perf_counter()
        best[phase] = min(best[phase], (now - last) * 1e6)
        last = perf_counter()

    for _ in range(repeats):
        last = perf_counter()
        step(ended)
    return best


def kernels_of(step: Callable[[Callable[[str], None]], None]) -> dict[str, list[tuple[Any, tuple[Any, ...]]]]:
    """The kernels that computed in each phase of a step, with their arguments."""
    from corelib.dispatcher.op import TABLE

    called: list[tuple[Any, tuple[Any, ...]]] = []
    by_phase: dict[str, list[tuple[Any, tuple[Any, ...]]]] = {}
    kept = []

    def noted(kernel: Any) -> Any:
        def run(*args: Any) -> Any:
            got = kernel(*args)
            if got is not NotImplemented:  # copies, for who holds a gradient's memory keeps the engine from giving it to a leaf
                called.append((kernel, tuple(_copied(a) for a in args)))
            return got

        return run

    def ended(phase: str) -> None:
        by_phase[phase] = called[:]
        called.clear()

    for op in TABLE.values():
        for key, table in list(op.kernels.items()):
            kept.append((op.kernels, key, table))
            op.kernels[key] = {dtype: noted(kernel) for dtype, kernel in table.items()}
    try:
        step(ended)
    finally:
        for kernels, key, table in kept:
            kernels[key] = table
    return by_phase


def _copied(given: Any) -> Any:
    if isinstance(given, (tuple, list)):
        return type(given)(_copied(each) for each in given)
    return given.copy("K") if hasattr(given, "strides") else given


def replayed(calls: list[tuple[Any, tuple[Any, ...]]], repeats: int = 2000) -> float:
    """The microseconds of calling kernels by themselves."""
    best = float("inf")
    for _ in range(repeats):
        start = perf_counter()
        for kernel, args in calls:
            kernel(*args)
        best = min(best, perf_counter() - start)
    return best * 1e6


def child(library: str, case: str) -> None:
    """Print the figures of one library as JSON."""
    T = __import__(library)
    T.set_num_threads(1)
    T.manual_seed(0)
    step = phases(T, case)
    figures: dict[str, Any] = {"whole": timed(step)}
    if library == "corelib":
        calls = kernels_of(step)
        figures["kernels"] = {phase: replayed(calls[phase]) for phase in PHASES}
        figures["calls"] = {phase: len(calls[phase]) for phase in PHASES}
    print(json.dumps(figures))


def table(case: str) -> str:
    """A table of one case, in Markdown."""
    found = {}
    for title, library, native in WAYS:
        environment = {**surroundings(1), "CORELIB_NATIVE": native}
        if native == "1" and library == "corelib":
            environment.pop("CORELIB_NATIVE")
        done = subprocess.run([sys.executable, "-m", "benchmarks.profile", "--child", library, case], env=environment, capture_output=True, text=True, check=True)
        found[title] = json.loads(done.stdout)
    torch, numpy, native = (found[title] for title, _, _ in WAYS)
    lines = [
        f"| {case} | PyTorch | NumPy's kernels: whole | kernels | around them | kernels in C: whole | kernels | around them | kernel calls |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for phase in (*PHASES, "all"):
        def of(figures: dict[str, float], phase: str = phase) -> float:
            return sum(figures.values()) if phase == "all" else figures[phase]

        cells = [of(torch["whole"])]
        for ours in (numpy, native):
            whole, inside = of(ours["whole"]), of(ours["kernels"])
            cells += [whole, inside, whole - inside]
        lines.append(f"| {phase} | {' | '.join(f'{cell:.1f}' for cell in cells)} | {of(native['calls']):.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Print a table for each case."""
    given = sys.argv[1:]
    if given[:1] == ["--child"]:
        child(given[1], given[2])
        return
    os.environ.pop("CORELIB_NATIVE", None)
    for case in given or CASES:
        print(table(case), end="\n\n")


if __name__ == "__main__":
    main()
