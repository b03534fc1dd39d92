"""Faults in what a backend says of itself, and in what core does around it."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from unittest import SkipTest

import corelib
import numpy as np
from corelib.backend import KernelTable
from corelib.tensor.dtype import NUMBERS

from .mutants import Clean, after, instead, mutant, mutant_class, mutant_core


@mutant_class("supports nothing", "1/sizes/add/float32/forward")
class Nothing(Clean):
    def kernels(self) -> KernelTable:
        self.mutant.hit()
        table = super().kernels()
        for name in list(table.table):
            if name not in ("fill", "copy"):
                del table.table[name]
        return table


@mutant("raises skip", "1/sizes/add/float32/forward")
def raises_skip(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        m.hit()
        raise SkipTest("not today")

    after(table, "add", NUMBERS, spoil, m)


@mutant("claims a dtype that it does not compute", "1/sizes/sub/float64/forward")
def claims_too_much(table: Any, m: Any) -> None:
    for name in ("sub", "add", "mul"):
        del table.table[name][corelib.float64]
    m.hit()


@mutant_class("claims less than it does", "1/sizes/sub/float32/forward")
class ClaimsTooLittle(Clean):
    @property
    def unsupported(self) -> dict[str, str]:
        self.mutant.hit()
        return {"sub/float32": "there is no subtraction here"}


@mutant_class("an event that measures nothing is declared absent", "0/capabilities")
class HiddenEvents(Clean):
    def capabilities(self) -> dict[str, Any]:
        self.mutant.hit()
        return super().capabilities() | {"memory_info": True}


@mutant("computes on the host in silence", "3/nothing_on_the_host")
def silent_host(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        m.hit()
        out[...] = corelib.from_numpy(np.array(x)).tanh().numpy()

    instead(table, "tanh", [corelib.float32], wrong, m)


# Core.


@mutant_core("repeated random numbers", "3/random_numbers")
def repeated(m: Any) -> Any:
    from corelib.ops.random.generator import Generator

    original, first = Generator.random_uniform, {}

    def random_uniform(self: Any, n: int, *rest: Any) -> Any:
        made = original(self, n, *rest)
        m.hit()
        return first.setdefault((id(self), n), made)

    with patch.object(Generator, "random_uniform", random_uniform):
        yield


@mutant_core("a broadcast gradient not summed", "4/accumulation")
def not_summed(m: Any) -> Any:
    from corelib.autograd import engine

    def fitted(g: Any, shape: Any, node: Any, i: int) -> Any:
        m.hit()
        while len(g.shape) > len(shape):
            g = g[0]
        for d, n in enumerate(shape):
            if n == 1 != g.shape[d]:
                g = g.narrow(d, 0, 1)
        return g

    with patch.object(engine, "fitted", fitted):
        yield


@mutant_core("a gradient overwritten, not accumulated", "4/accumulation")
def overwritten(m: Any) -> Any:
    from corelib.autograd import engine

    original = engine._accumulate

    def accumulate(node: Any, g: Any, create_graph: bool) -> None:
        leaf = node.variable
        if leaf.grad is not None:
            m.hit()
            leaf.grad = None
        original(node, g, create_graph)

    with patch.object(engine, "_accumulate", accumulate):
        yield
