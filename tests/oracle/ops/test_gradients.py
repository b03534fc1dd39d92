"""First and second derivatives of every differentiable op against PyTorch's, over layouts and arguments."""

from __future__ import annotations


import pytest
import torch

from corelib_conformance import samples
from ..harness import COUNTS, OPS, WIDE, Inputs, Op, Problems, Sample, attempt, error_difference, forms_of, missing, samples_of, subject
from .derivatives import Run, differences_of, not_in_pytorch

assert samples.FAMILIES

CASES = [(op.name, dtype) for op in OPS.values() if op.grad and not missing(op) for dtype in WIDE if dtype in op.dtypes]


def compare(op: Op, number: int, sample: Sample, form: str, dtype: str, second: bool) -> list[str]:
    """Both libraries' derivatives of one sample."""
    inputs = Inputs(op, number, sample, dtype)
    theirs, their_error = attempt(lambda: Run(torch, op, sample, form, inputs, dtype, second))
    if their_error is not None and second:
        # No second derivative in PyTorch, or one that fails: the first must do.
        COUNTS["second derivatives that PyTorch refuses"] += 1
        return compare(op, number, sample, form, dtype, second=False)
    if not_in_pytorch(their_error):
        COUNTS["first derivatives that PyTorch lacks"] += 1
        return []
    mine, my_error = attempt(lambda: Run(subject, op, sample, form, inputs, dtype, second))
    text = error_difference(my_error, their_error, "derivatives")
    if text:
        return [text]
    if their_error is not None:
        COUNTS["gradient refusals compared"] += 1
        return []
    if mine.flags != theirs.flags:
        return [f"requires_grad of the outputs {mine.flags}, PyTorch has {theirs.flags}"]
    return differences_of(mine, theirs, op, inputs, dtype)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{n}-{d}" for n, d in CASES])
def test_derivatives_are_as_in_pytorch(name: str, dtype: str) -> None:
    """To second order in float64, to first in float32."""
    op, problems = OPS[name], Problems()
    for number, sample in samples_of(op, dtype):
        for form in forms_of(op, sample) if sample.grad else ():
            if form in ("function", "call", "inplace"):
                second = op.second and dtype == "float64" and form != "inplace"
                problems.add(op, number, form, dtype, compare(op, number, sample, form, dtype, second))
    problems.check()


DIFFERENTIABLE = [o.name for o in OPS.values() if o.grad]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_some_sample_has_a_gradient_in_pytorch(name: str) -> None:
    """An op declared differentiable, but compared on no gradient, would be a hole."""
    op = OPS[name]
    for number, sample in enumerate(op.samples):
        form = forms_of(op, sample)[0]
        for dtype in (d for d in WIDE if d in (sample.dtypes or op.dtypes)):
            inputs = Inputs(op, number, sample, dtype)
            run, error = attempt(lambda s=sample, f=form, i=inputs, d=dtype: Run(torch, op, s, f, i, d, False))
            if error is None and any(g is not None for g in run.first):
                return
    assert name in WITHOUT_GRADIENT


# Comparisons, tests and integer ops, and a number modulo a tensor, which PyTorch does not differentiate.
WITHOUT_GRADIENT = set(
    """eq ne lt le gt ge isnan isinf isfinite isposinf isneginf
    bitwise_not bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift floor_divide where_one
    rmod""".split()
)
