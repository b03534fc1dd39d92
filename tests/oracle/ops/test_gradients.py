"""First and second derivatives of every differentiable op against PyTorch's, over layouts and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from corelib_conformance import samples
from ..harness import (
    COUNTS,
    OPS,
    WIDE,
    Inputs,
    Op,
    Sample,
    attempt,
    describe,
    differences,
    error_difference,
    finite_max,
    flatten,
    forms_of,
    invoke,
    is_tensor,
    missing,
    subject,
    to_numpy,
)

assert samples.FAMILIES

CASES = [(op.name, dtype) for op in OPS.values() if op.grad and not missing(op) for dtype in WIDE if dtype in op.dtypes]
# What a whole backward pass may lose, in units of the last place of the largest number around.
ULPS = 32


class Run:
    """One library's outputs, gradients and second derivatives of a sample.

    The outputs are contracted with random weights, and the gradients with random directions. The weights are
    differentiated too, so that the second derivatives of a linear op are compared as well.
    """

    def __init__(self, T: Any, op: Op, sample: Sample, form: str, inputs: Inputs, dtype: str, second: bool) -> None:
        rng = np.random.default_rng(5)

        def draw(like: Any) -> Any:
            numbers = np.asarray(rng.uniform(0.5, 1.5, tuple(like.shape)) * rng.choice([-1, 1], tuple(like.shape)))
            return T.from_numpy(numbers).to(like.dtype)

        tensors = inputs.build(T)
        self.leaves = []
        for i, (spec, kind) in enumerate(zip(inputs.specs, inputs.dtypes, strict=True)):
            if spec.grad and kind in WIDE:
                tensors[i] = tensors[i].detach().requires_grad_()
                self.leaves.append(tensors[i])
        if form == "inplace":
            # In place on what is not a leaf; clone keeps the strides of dense layouts.
            tensors[0] = tensors[0].clone()
        result = invoke(op, sample, form, T, tensors)
        floats = [t for t in flatten(result) if is_tensor(t) and t.dtype.is_floating_point]
        self.flags = [t.requires_grad for t in floats]
        outputs = [t for t in floats if t.requires_grad]
        self.first: tuple[Any, ...] = ()
        self.second: tuple[Any, ...] = ()
        if not outputs or not self.leaves:
            return
        weights = [draw(t) for t in outputs]
        if second:
            weights = [w.requires_grad_() for w in weights]
        self.first = T.autograd.grad(outputs, self.leaves, weights, allow_unused=True, create_graph=second)
        draws = [draw(t) for t in self.leaves] if second else []
        pairs = [(g, d) for g, d in zip(self.first, draws, strict=False) if g is not None and g.requires_grad]
        if pairs:
            reached, directions = zip(*pairs, strict=True)
            self.second = T.autograd.grad(reached, [*self.leaves, *weights], directions, allow_unused=True)
        elif second:
            self.second = tuple(None for _ in [*self.leaves, *weights])


def alike(order: str, mine: tuple[Any, ...], theirs: tuple[Any, ...], scale: float, ulps: float) -> list[str]:
    """The differences of two lists of gradients, where None is no gradient."""
    found = [] if len(mine) == len(theirs) else [f"{len(mine)} {order} derivatives, PyTorch has {len(theirs)}"]
    for i, (got, want) in enumerate(zip(mine, theirs, strict=False)):
        zero = (got if want is None else want) if (got is None) != (want is None) else None
        if zero is not None:
            # An undefined gradient stands for zeros.
            if not to_numpy(zero, subject if want is None else torch).any():
                continue
            found.append(f"{order} derivative {i}: {'none' if got is None else 'one'}, PyTorch has the other")
        elif want is not None:
            COUNTS[f"{order} derivatives compared"] += 1
            found += [f"{order} derivative {i}: {d}" for d in differences(got, want, ulps=ulps, scale=scale)]
    return found


def compare(op: Op, number: int, sample: Sample, form: str, dtype: str, second: bool) -> list[str]:
    """Both libraries' derivatives of one sample."""
    inputs = Inputs(op, number, sample, dtype)
    theirs, their_error = attempt(lambda: Run(torch, op, sample, form, inputs, dtype, second))
    if their_error is not None and second:
        # No second derivative in PyTorch, or one that fails: the first must do.
        COUNTS["second derivatives that PyTorch refuses"] += 1
        return compare(op, number, sample, form, dtype, second=False)
    if "derivative for" in str(their_error) and "not implemented" in str(their_error):
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
    arrays = [to_numpy(t, torch) for t in (*theirs.first, *theirs.second) if t is not None]
    scale = finite_max([*inputs.numbers, *arrays])
    root = max((float(n.size) for n in inputs.numbers), default=1.0) ** 0.5
    slack = op.first_slack if dtype == "float64" else 1.0
    found = alike("first", mine.first, theirs.first, scale, ULPS * root * slack)
    return found or alike("second", mine.second, theirs.second, scale, 4 * ULPS * root * op.second_slack)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{n}-{d}" for n, d in CASES])
def test_derivatives_are_as_in_pytorch(name: str, dtype: str) -> None:
    """To second order in float64, to first in float32."""
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if not sample.grad or (sample.dtypes is not None and dtype not in sample.dtypes):
            continue
        for form in forms_of(op, sample):
            if form in ("function", "call", "inplace"):
                second = op.second and dtype == "float64" and form != "inplace"
                found = compare(op, number, sample, form, dtype, second)
                problems += [f"#{number} {describe(op, sample, form, dtype)}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])


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
