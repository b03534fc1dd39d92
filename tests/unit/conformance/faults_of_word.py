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


@mutant_core("what a kernel returns is lost", "1/returned_results")
def lost(m: Any) -> Any:
    from corelib.dispatcher.calls import outcome

    def must_pass(op: Any, device: Any, got: object) -> None:
        m.hit()

    with patch.object(outcome, "must_pass", must_pass):
        yield


@mutant_core("shared memory is not noticed", "2/overlap")
def unnoticed(m: Any) -> Any:
    from corelib.dispatcher.calls import primitive

    def between(a: Any, b: Any) -> int:
        m.hit()
        return primitive.SAME if a is b else primitive.APART

    with patch.object(primitive, "between", between):
        yield


@mutant_core("numbers that do not fit wrap", "2/numbers_that_do_not_fit/int8")
def wrapping(m: Any) -> Any:
    from corelib.ops.indexing import placing, selection

    def fitting_number(name: str, value: Any, dtype: Any) -> Any:
        m.hit()
        return np.array(value).astype(dtype.np).item()

    with patch.object(selection, "fitting_number", fitting_number), patch.object(placing, "fitting_number", fitting_number):
        yield


@mutant_core("a retained gradient is that of before the change", "4/retained_gradients")
def not_moved(m: Any) -> Any:
    from corelib.graph import edges, inplace

    def move_retained(old: Any, new: Any) -> None:
        m.hit()

    with patch.object(edges, "move_retained", move_retained), patch.object(inplace, "move_retained", move_retained):
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
