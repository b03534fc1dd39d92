"""The samples on another device of corelib's than the CPU, against PyTorch's results on the CPU."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

import corelib

from corelib_conformance import samples
from corelib_conformance.target import Placed
from ..chosen import WHOLE
from ..harness import (
    ALL, COUNTS, OPS, Inputs, Op, Problems, Sample, attempt, differences, dtypes_of, error_difference, flatten, forms_of, invoke, is_tensor, missing,
    overlaps_itself, quiet, samples_of, tolerance,
)  # fmt: skip
from ..ops.derivatives import Run, differences_of, not_in_pytorch

assert samples.FAMILIES

PRESENT = [op for op in OPS.values() if not missing(op) and not op.extension]
# Every kernel has to be compiled once on a machine; a run of all takes the dtypes too that share the others' code.
DTYPES = ALL if WHOLE else ("bool", "int64", "bfloat16", "float32")
CASES = [(op.name, dtype) for op in PRESENT for dtype in op.dtypes if dtype in DTYPES and not op.needs]
COMPLEX = [op.name for op in OPS.values() if op.needs]
"""What needs complex dtypes."""
GRADIENTS = [op.name for op in PRESENT if op.grad and "float64" in op.dtypes]
# Off the CPU random numbers come from another generator than PyTorch's: only types and shapes are compared.
RANDOM = ("rand", "randn", "randint", "randperm", "bernoulli", "normal", "inplace_random")


class Place(Placed):
    """corelib with a device of its own, whose name is PyTorch's `cpu` where a sample gives it back."""

    def attempt(self, function: Any) -> tuple[Any, Exception | None]:
        with quiet():
            return super().attempt(function)

    def renamed(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)) and not hasattr(value, "numel") and not hasattr(value, "_fields"):
            return type(value)(self.renamed(v) for v in value)
        return "cpu" if isinstance(value, str) and value == self._device else value


@cache
def absent_on(device: str) -> frozenset[str]:
    """The dtypes of samples that the device declares it has not."""
    declared = corelib.device(device).runtime.backend.dtypes
    return frozenset(dtype for dtype in ALL if declared.get(dtype, "absent") == "absent")


def compare(device: str, op: Op, number: int, sample: Sample, form: str, dtype: str) -> list[str]:
    inputs, here = Inputs(op, number, sample, dtype), Place(device)
    if absent_on(device) & {*inputs.dtypes}:
        return []
    want, their_error = attempt(lambda: invoke(op, sample, form, torch, inputs.build(torch)))
    if absent_on(device) & {*dtypes_of(want)}:
        return []
    mine = inputs.build(here)
    got, my_error = here.attempt(lambda: invoke(op, sample, form, here, mine))
    if absent_on(device) and "has no torch." in str(my_error):
        COUNTS["bodies: refusals of an absent dtype"] += 1
        return []
    text = error_difference(my_error, their_error, got)
    if text:
        return [] if overlaps_itself(form, inputs, my_error) else [text]
    if their_error is not None:
        COUNTS["bodies: refusals compared"] += 1
        return []
    COUNTS["bodies: calls compared"] += 1
    ulps, scale = tolerance(op, sample, want, inputs)
    values = op.values and op.name not in RANDOM
    found = differences(here.renamed(got), want, ulps=ulps, scale=scale, values=values)
    places = {t.device.type for t in flatten(got) if is_tensor(t)}
    if mine and places - {device} and op.name != "to":
        found.append(f"results on {places}, and the operands are on {device}")
    return found


def compare_samples(device: str, name: str, dtype: str, counted: str) -> None:
    """Fail with the differences of all samples of an op on a device."""
    op, problems = OPS[name], Problems()
    for number, sample in samples_of(op, dtype):
        COUNTS[counted] += 1
        forms = forms_of(op, sample)
        for form in forms:
            if form in ("function", "call", "inplace") or (form == "method" and "function" not in forms):
                problems.add(op, number, form, dtype, compare(device, op, number, sample, form, dtype))
    problems.check()


def compare_gradients(device: str, op: Op, number: int, sample: Sample, form: str) -> list[str]:
    inputs, here = Inputs(op, number, sample, "float64"), Place(device)
    theirs, their_error = attempt(lambda: Run(torch, op, sample, form, inputs, "float64", False))
    if not_in_pytorch(their_error):
        return []
    mine, my_error = here.attempt(lambda: Run(here, op, sample, form, inputs, "float64", False))
    text = error_difference(my_error, their_error, "derivatives")
    if text or their_error is not None:
        return [text] if text else []
    return differences_of(mine, theirs, op, inputs, "float64")


def differentiate_samples(device: str, name: str, counted: str) -> None:
    """Fail with the differences of the gradients of all samples of an op on a device."""
    op, problems = OPS[name], Problems()
    for number, sample in samples_of(op, "float64"):
        if not sample.grad:
            continue
        COUNTS[counted] += 1
        form = forms_of(op, sample)[0]
        if form in ("function", "method", "call"):
            problems.add(op, number, form, "float64", compare_gradients(device, op, number, sample, form))
    problems.check()
