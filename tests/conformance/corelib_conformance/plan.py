"""The planned cases: a function of the suite's version and the level alone, the same for every device."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from corelib_conformance import samples
from corelib_conformance.checks import CHECKS, contract, exponents, gradients, primitives, runtime, sums, table, training  # noqa: F401  (they declare checks)
from corelib_conformance.checks.forward import RANDOM, present, samples_of
from corelib_conformance.checks.gradients import FLAT, STEPS
from corelib_conformance.checks.primitives import PRIMITIVES
from corelib_conformance.result import Case
from corelib_conformance.samples.declare import ALL, FLOATS, OPS, Op
from corelib_conformance.samples.listed import LISTED

assert samples.FAMILIES


def shown(op: Op, differentiable: bool = False) -> list[str]:
    """The dtypes of an op for which it has samples, or samples with a derivative."""
    return [dtype for dtype in (*op.dtypes, *op.also) if samples_of(op, dtype, True, differentiable)]


@cache
def plan(level: int = 5) -> tuple[Case, ...]:
    """Every case up to a level, in a fixed order."""
    cases = [Case(0, "round_trip", "", dtype) for dtype in ALL]
    cases += [Case(0, name) for name in (
        "views_share", "copies_are_copies", "order", "many_sizes", "threads", "nothing_leaks", "freed", "out_of_memory", "errors",
        "capabilities", "loader_workers", "two_devices", "copies_between_devices",
    )]
    for op, dtypes in PRIMITIVES.items():
        cases += [Case(1, check, op, dtype, "forward") for dtype in dtypes for check in ("sizes", "layouts", "values")]
    cases += [Case(1, "returned_results")]
    cases += [Case(1, "long_sums", "sum", dtype, "forward") for dtype in FLOATS]
    ops = [op for op in OPS.values() if present(op)]
    core = [op for op in ops if op.name in LISTED]
    cases += [Case(2, "forward", op.name, dtype, "forward") for op in core for dtype in shown(op)]
    cases += [Case(2, "overlap")]
    cases += [Case(2, "numbers_that_do_not_fit", "", dtype) for dtype in ALL if dtype not in ("bool", "bfloat16", "float64")]
    cases += [Case(2, "long_totals", "cumsum", dtype, "forward") for dtype in FLOATS if dtype != "float64"]
    cases += [Case(3, "whole_table", op.name, dtype, "forward") for op in ops if op.name not in LISTED for dtype in shown(op)]
    cases += [Case(3, "exponents", name, dtype, "forward") for name in exponents.FUNCTIONS for dtype in exponents.SINGLE if dtype in OPS[name].dtypes]
    cases += [
        Case(3, "body", op.name, dtype, "forward")
        for op in ops if op.name not in RANDOM and not op.needs for dtype in ("float32", "int64", "bool") if dtype in shown(op)
    ]
    cases += [Case(3, name) for name in ("determinism", "random_numbers", "nothing_on_the_host")]
    smooth = [op for op in ops if (op.grad or op.own_grad) and op.name not in RANDOM | STEPS]
    cases += [Case(4, "gradient", op.name, dtype, "backward") for op in smooth for dtype in FLOATS if dtype in shown(op, True)]
    cases += [
        Case(4, "second", op.name, dtype, "second")
        for op in smooth if op.second and op.name not in FLAT for dtype in ("float32", "float64") if dtype in shown(op, True)
    ]
    cases += [Case(4, name) for name in ("accumulation", "retained_gradients", "ties")]
    cases += [Case(5, "accuracy"), *[Case(5, "losses", about=kind) for kind in ("mlp", "cnn", "attention")], Case(5, "saved")]
    return tuple([case for case in cases if case.level <= level])


def selected(level: int = 5, op: str | None = None, case: str | None = None, dtype: str | None = None) -> tuple[Case, ...]:
    """The cases of a run: up to a level, with ops and dtypes that match regular expressions, or one case by its id."""
    found = plan(level)
    if dtype is not None:  # cases about no dtype are always among them
        found = tuple([c for c in found if not c.dtype or re.fullmatch(dtype, c.dtype)])
    if case is not None:
        return tuple([c for c in plan() if c.id == case])
    return found if op is None else tuple([c for c in found if c.op and re.fullmatch(op, c.op)])


def digest() -> str:
    """A hash of every planned id: what a level asks for."""
    return hashlib.sha256("\n".join(c.id for c in plan()).encode()).hexdigest()[:16]
