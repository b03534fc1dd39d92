"""How broken backends are declared: the cpu's, each with one fault, a counter that shows that the fault took effect, and the case
that has to name it. The faults are in faults_of_values.py, faults_of_memory.py and faults_of_word.py.

A fault is a function of (table, mutant) that replaces kernels, or a class that overrides the runtime. Faults of core (gradients,
random numbers) are context managers around the run.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from corelib.backend import KernelTable
from corelib_cpu_numpy.backend import NumpyBackend

MUTANTS: dict[str, Mutant] = {}


class Mutant:
    """One broken backend: how to make it, and the case that must kill it."""

    def __init__(self, name: str, killer: str, make: Any, around: Any = contextlib.nullcontext) -> None:
        self.name, self.killer, self._make, self.around = name, killer, make, around
        self.hits = 0

    def backend(self) -> Any:
        """A fresh backend with the fault, its counter at zero."""
        self.hits = 0
        return self._make(self)

    def hit(self) -> None:
        """The fault took effect."""
        self.hits += 1


class Clean(NumpyBackend):
    """The cpu's backend as a device of its own, whose memory the host does not see."""

    device_type = "mutant"
    host_memory = False
    small_limit = 0

    def __init__(self, mutant: Any = None) -> None:
        super().__init__()
        self.small_allocation = None
        self.mutant = mutant

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        return super().device_to_host(buffer, offset, nbytes, index).copy()

    def kernels(self) -> KernelTable:
        shared, table = super().kernels(), KernelTable()
        for name, by_dtype in shared.table.items():
            table.table[name] = dict(by_dtype)
        return table


def mutant(name: str, killer: str) -> Any:
    """Declare a fault in kernels: `fault(table, mutant)` changes the table."""

    def declared(fault: Any) -> Any:
        def make(self: Mutant) -> Any:
            class Broken(Clean):
                def kernels(self) -> KernelTable:
                    table = super().kernels()
                    fault(table, self.mutant)
                    return table

            return Broken(self)

        MUTANTS[name] = Mutant(name, killer, make)
        return fault

    return declared


def mutant_class(name: str, killer: str) -> Any:
    """Declare a fault in the runtime, as a subclass of `Clean`."""

    def declared(cls: Any) -> Any:
        MUTANTS[name] = Mutant(name, killer, lambda self: cls(self))
        return cls

    return declared


def mutant_core(name: str, killer: str) -> Any:
    """Declare a fault in core, as a context manager of (mutant)."""

    def declared(function: Any) -> Any:
        made = Mutant(name, killer, Clean)
        made.around = lambda: contextlib.contextmanager(function)(made)
        MUTANTS[name] = made
        return function

    return declared


def replaced(table: KernelTable, name: str, dtypes: Any, fault: Any, mutant: Mutant) -> None:
    """Run `fault(right, out, *args)` for a kernel: it returns what out would be without the fault, or NotImplemented where the
    kernel passes the call on. A hit counts where out differs from that."""
    for dtype in dtypes:
        right = table[name].get(dtype)
        if right is None:
            continue

        def run(out: Any, *args: Any, right: Any = right) -> Any:
            good = fault(right, out, *args)
            if good is NotImplemented:
                return good
            if good.tobytes() != np.array(out).tobytes():
                mutant.hit()
            return None

        table.table[name][dtype] = run


def after(table: KernelTable, name: str, dtypes: Any, spoil: Any, mutant: Mutant) -> None:
    """Run the right kernel, then `spoil(out, *args)`."""

    def fault(right: Any, out: Any, *args: Any) -> Any:
        if right(out, *args) is NotImplemented:
            return NotImplemented
        good = np.array(out)
        with np.errstate(all="ignore"):
            spoil(out, *args)
        return good

    replaced(table, name, dtypes, fault, mutant)


def instead(table: KernelTable, name: str, dtypes: Any, wrong: Any, mutant: Mutant) -> None:
    """Run `wrong(out, *args)` in place of the kernel."""

    def fault(right: Any, out: Any, *args: Any) -> Any:
        kept = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        good = np.empty_like(out)
        if right(good, *kept) is NotImplemented:
            return NotImplemented
        with np.errstate(all="ignore"):
            wrong(out, *args)
        return good

    replaced(table, name, dtypes, fault, mutant)


def scaled(out: Any, factor: float) -> None:
    out[...] = out * np.asarray(factor, out.dtype)
