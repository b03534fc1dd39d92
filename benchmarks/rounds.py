"""Rounds of measurements: in each, fresh processes of PyTorch, of corelib and of PyTorch once more take every case in turns.

A process has one library and its threads to itself, for PyTorch's threads suffer beside another library's in the same process; those that wait for
their turn sleep. Who goes first changes with the round and the case. The second PyTorch beside the first says how far the figures can be trusted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What BLAS and OpenMP read once, when a library is first imported."""

TRUSTED = 0.05
"""How far PyTorch may be from itself."""


def surroundings(threads: int) -> dict[str, str]:
    """The environment of a measured process."""
    return {**os.environ, **dict.fromkeys(THREADS, str(threads)), "PYTHONHASHSEED": "0"}


class Worker:
    """A process that measures cases with one library; see benchmarks/worker.py. Leaving it ends the process."""

    def __init__(self, library: str, threads: int, device: str) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", library, str(threads), device]
        self.library = library
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(threads), text=True)

    def time_of(self, case: str, seconds: float) -> float:
        """Microseconds of a step. RuntimeError where the case fails or the process dies."""
        to, answers = self.process.stdin, self.process.stdout
        assert to is not None and answers is not None
        to.write(json.dumps({"case": case, "seconds": seconds}) + "\n")
        to.flush()
        answer = json.loads(answers.readline() or json.dumps({"error": f"the process ended with status {self.process.wait()}"}))
        if "error" in answer:
            raise RuntimeError(f"{case} with {self.library}: {answer['error']}")
        return float(answer["us"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        pipes: list[IO[str] | None] = [self.process.stdin, self.process.stdout]
        for pipe in pipes:
            if pipe is not None:
                pipe.close()
        self.process.wait()


@dataclass
class Measured:
    """One row: (torch, ours, torch again) of each round in `unit`, less is better; or the error that stopped it."""

    name: str
    unit: str
    figures: list[tuple[float, float, float]] = field(default_factory=list)
    goal: float | None = None
    error: str | None = None

    @property
    def torch(self) -> float:
        """PyTorch's median."""
        return statistics.median(theirs for theirs, _, _ in self.figures)

    @property
    def ours(self) -> float:
        """Our median."""
        return statistics.median(ours for _, ours, _ in self.figures)

    @property
    def ratios(self) -> list[float]:
        """PyTorch's time over ours, a round each: above 1 we are faster."""
        return sorted(theirs / ours for theirs, ours, _ in self.figures)

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def middle(self) -> tuple[float, float]:
        """Between which ratios the middle half of the rounds lies."""
        return self.ratios[len(self.ratios) // 4], self.ratios[-1 - len(self.ratios) // 4]

    @property
    def itself(self) -> float:
        """PyTorch's time over PyTorch's: how far it is from 1 is how far the ratio can be trusted."""
        return statistics.median(theirs / again for theirs, _, again in self.figures)

    @property
    def void(self) -> bool:
        """Whether PyTorch differs from itself by more than it may."""
        return not 1 - TRUSTED <= self.itself <= 1 / (1 - TRUSTED)


def in_turn(number: int, ask: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Ask each in turn, another one first each time."""
    names = list(ask)
    first = number % len(names)
    return {name: ask[name]() for name in names[first:] + names[:first]}


def measure(names: Iterable[str], ours: str, *, rounds: int, threads: int, seconds: float, device: str, told: Callable[[str], Any]) -> list[Measured]:
    """Measure cases in rounds; those in which PyTorch does not agree with itself get as many rounds once more."""
    rows = {name: Measured(name, "us") for name in names}

    def one_round(number: int, chosen: list[Measured]) -> None:
        with Worker("torch", threads, "cpu") as torch, Worker(ours, threads, device) as mine, Worker("torch", threads, "cpu") as again:
            for i, row in enumerate(chosen):
                if row.error is not None:
                    continue
                told(f"round {number + 1}: {row.name}")
                try:
                    took = in_turn(number + i, {
                        who: (lambda worker=worker, name=row.name: worker.time_of(name, seconds))  # type: ignore[misc]
                        for who, worker in (("torch", torch), ("ours", mine), ("again", again))
                    })  # fmt: skip
                except RuntimeError as error:
                    row.error = str(error)
                else:
                    row.figures.append((took["torch"], took["ours"], took["again"]))

    for number in range(rounds):
        one_round(number, list(rows.values()))
    doubtful = [row for row in rows.values() if row.error is None and row.void]
    for number in range(rounds, 2 * rounds) if doubtful else ():
        one_round(number, doubtful)
    return list(rows.values())
