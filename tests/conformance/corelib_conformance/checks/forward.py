"""Levels 2 and 3: every op of the table on its samples, against the reference."""

from __future__ import annotations

import re
import warnings
from typing import Any

import corelib
from corelib_conformance.checks import check_of_ops
from corelib_conformance.compare import error_over_bound, is_tensor
from corelib_conformance.reference import here
from corelib_conformance.result import Failure, Unsupported
from corelib_conformance.samples.declare import OPS, Inputs, Named, Op, Sample, describe, flatten, invoke
from corelib_conformance.samples.listed import LISTED
from corelib_conformance.target import Placed, Target

RANDOM = frozenset(
    "rand randn randint randperm rand_like randn_like randint_like bernoulli normal inplace_random multinomial dropout alpha_dropout "
    "empty empty_like new_empty".split()
)
"""Their values are not a function of their arguments; random numbers have a check of their own."""
UPDATED = {"batch_norm": (1, 2), "instance_norm": (1, 2)}
"""Operands that an op is meant to change: running statistics."""
FEW = 8


def present(op: Op) -> bool:
    """Whether corelib has what a family of samples calls, or must have it; those of later versions wait."""
    return op.name in LISTED or any(Named(op.path).stands_in(root) for root in (corelib, corelib.Tensor))


def form_of(op: Op, sample: Sample) -> str:
    """How a sample is called: as a function, or as a method where there is no function."""
    if sample.call is not None:
        return "call"
    return "function" if Named(op.path).stands_in(corelib) else "method"


def samples_of(op: Op, dtype: str, all_of: bool, differentiable: bool = False) -> list[int]:
    """The numbers of an op's samples for a dtype, or of those with a derivative: all of them, or a few from the first to the last."""
    every = [n for n, s in enumerate(op.samples) if (s.dtypes is None or dtype in s.dtypes) and (s.grad or not differentiable)]
    if all_of or len(every) <= FEW:
        return every
    return sorted({every[round(i * (len(every) - 1) / (FEW - 1))] for i in range(FEW)})


def both(target: Target, op: Op, number: int, dtype: str, run: Any) -> tuple[Any, Any, str]:
    """What `run(T, tensors)` gives on the device and on the reference, and the call as text; Failure where the errors differ."""
    sample = op.samples[number]
    inputs = Inputs(op, number, sample, dtype, target.seed)
    text = describe(op, sample, form_of(op, sample), dtype)
    found = []
    for device in (target.name, here()):
        place = Placed(device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(place.attempt(lambda place=place: run(place, inputs.build(place))))
    (got, error), (want, expected) = found
    if isinstance(error, NotImplementedError):
        absent = re.search(r"has no torch\.(\w+)", str(error))
        if absent and target.declared(absent[1]) == "absent":  # the sample itself asks for another dtype than the case's
            raise Unsupported(f"{target.device.type} has no {absent[1]}, which {text} asks for")
        if expected is None:
            raise error
    if type(error) is not type(expected):
        said = f"raised {type(error).__name__}: {error}" if error is not None else "raised nothing"
        wanted = f"{type(expected).__name__}: {expected}" if expected is not None else "no error"
        raise Failure(f"{text}: {said}; expected {wanted}")
    return got, want, text


def bits(t: Any) -> bytes:
    """A tensor's elements as bytes."""
    result: bytes = t.detach().cpu().contiguous().numpy().tobytes()
    return result


def worst_of(numbers: list[int], one: Any) -> float:
    """The largest error over its bound of some samples. Those that ask for a dtype which the device has not are refused as they
    must be; Unsupported where all do."""
    worst, done, reason = 0.0, 0, ""
    for number in numbers:
        try:
            worst = max(worst, one(number))
            done += 1
        except Unsupported as refused:
            reason = str(refused)
    if not numbers:
        raise Failure("there is no sample to compare")
    if not done:
        raise Unsupported(reason)
    return worst


@check_of_ops(2)
def forward(target: Target, name: str, dtype: str) -> float:
    """The op's results on its samples: dtypes, shapes, values within bounds, errors; operands unchanged, results on the device."""
    # the dtypes that most programs use are tried on every sample
    numbers = samples_of(OPS[name], dtype, dtype in ("float32", "int64", "bool"))
    return worst_of(numbers, lambda number: one(target, OPS[name], number, dtype))


def one(target: Target, op: Op, number: int, dtype: str) -> float:
    """One sample, forward."""
    sample = op.samples[number]
    form = form_of(op, sample)
    kept: list[Any] = []

    def run(place: Any, tensors: list[Any]) -> Any:
        before = [bits(t) for t in tensors]
        result = invoke(op, sample, form, place, tensors)
        changed = [n for n, t in enumerate(tensors) if bits(t) != before[n] and n not in UPDATED.get(op.name, ())]
        if form != "call" and not op.name.endswith("_") and changed:
            kept.append(f"the call changed operand {changed[0]}")
        return result

    got, want, text = both(target, op, number, dtype, run)
    if kept:
        raise Failure(f"{text}: {kept[0]}")
    places = {str(t.device.type) for t in flatten(got) if is_tensor(t)}
    if form != "call" and not places <= {target.device.type}:
        raise Failure(f"{text}: the result is on {', '.join(sorted(places))}")
    return 0.0 if op.name in RANDOM else error_over_bound(got, want, target.tier, text)
