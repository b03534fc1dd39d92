"""The plan: which kernel texts are executed without a GPU, and what their results are checked against.

Every case of levels 1 to 4 of the conformance suite about real numbers, with all of its samples and dtypes, runs on the device `arena`; its results are
compared with the suite's reference within the suite's bounds. The plan is walked twice: on the device `paper`, which only collects
texts, so that they can be compiled many at once, and then on `arena`, which executes them.
"""

from __future__ import annotations

import contextlib
import random
import time
import warnings
from typing import NamedTuple

import corelib
from arena_device import arena_launches, ArenaBackend, PaperBackend
from corelib_conformance.checks.forward import form_of, samples_of
from corelib_conformance.checks.gradients import derivatives
from corelib_conformance.plan import selected
from corelib_conformance.run import _once, limited, TooLong
from corelib_conformance.samples.declare import Inputs, invoke, OPS
from corelib_conformance.target import Placed, Target
from executor import prepare

LEVELS = (1, 2, 3, 4)
LIMIT, ON_PAPER = 600.0, 5.0
"""Seconds for a case; on paper a loop that waits for a result may have no end."""


class Walked(NamedTuple):
    """What a walk of the plan gave."""

    results: list
    """Of the cases, as the suite has them."""
    generated: set[str]
    """The texts that the device's kernels were made of."""
    ran: set[str]
    """Those that were launched, checked, to their end."""
    faults: list
    seconds: dict[str, float]

    @property
    def wrong(self):
        return [f"{r.case.id}: {r.status}: {r.message}" for r in self.results if r.status not in ("pass", "unsupported")]


def cases():
    """The whole plan, in the suite's order. Complex numbers are CuPy's business: the generated kernels know real ones only."""
    return [case for case in selected(max(LEVELS)) if case.level in LEVELS and not _needs(case).startswith("complex")]


def _needs(case):
    return OPS[case.op].needs.get(case.dtype, case.dtype) if case.op in OPS else case.dtype


def part(seed, count):
    """Some cases of the plan, drawn by a seed; as many forward as of derivatives and primitives come by chance."""
    whole = cases()
    return [whole[n] for n in sorted(random.Random(seed).sample(range(len(whole)), min(count, len(whole))))]


def collected(chosen, said=lambda line: None):
    """The texts that the cases generate, as far as that can be seen without running them: one kernel's result may decide on the next."""
    backend = PaperBackend()
    with arena_launches(backend), corelib.backends.register(backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = Target("paper")
        for number, case in enumerate(chosen):
            if number % 1000 == 999:
                said(f"{number + 1} cases on paper, {len(backend.launcher.texts)} texts")
            orders = {"forward": 0, "whole_table": 0, "gradient": 1, "second": 2}
            with contextlib.suppress(TooLong), limited(ON_PAPER):
                if case.check in orders:
                    _collect(OPS[case.op], case.dtype, orders[case.check])
                else:
                    _once(target, case, ON_PAPER)
        return dict(backend.launcher.texts)


def _collect(op, dtype, order):
    """One op's samples, without what is compared."""
    place = Placed("paper")
    numbers = samples_of(op, dtype, not order and dtype in ("float32", "int64", "bool"), differentiable=order > 0)
    for number in numbers:
        sample = op.samples[number]
        inputs = Inputs(op, number, sample, dtype)
        run = derivatives(op, number, order) if order else lambda place, tensors, sample=sample: invoke(op, sample, form_of(op, sample), place, tensors)
        place.attempt(lambda run=run, inputs=inputs: run(place, inputs.build(place)))


def walked(chosen, seed=0, said=lambda line: None):
    """Collect, compile, execute; `said` is told of progress and of each case that is wrong."""
    start = time.perf_counter()
    texts = collected(chosen, said)
    collecting = time.perf_counter()
    said(f"{len(chosen)} cases, {len(texts)} texts collected in {collecting - start:.0f} s")
    prepare(texts)
    compiling = time.perf_counter()
    said(f"compiled in {compiling - collecting:.0f} s")
    backend, results = ArenaBackend(seed), []
    with arena_launches(backend), corelib.backends.register(backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = Target("arena")
        for number, case in enumerate(chosen):
            result = _once(target, case, LIMIT)
            results.append(result)
            if result.status not in ("pass", "unsupported"):
                said(f"{case.id}: {result.status}: {result.message}")
            if number % 500 == 499:
                said(f"{number + 1} cases after {time.perf_counter() - compiling:.0f} s")
    generated = set(backend.launcher.texts)
    seconds = {"collect": collecting - start, "compile": compiling - collecting, "execute": time.perf_counter() - compiling}
    return Walked(results, generated, set(backend.launcher.ran), backend.faults, seconds)
