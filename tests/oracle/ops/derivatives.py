"""The derivatives of a sample in one library, and how those of two are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..harness import COUNTS, WIDE, Inputs, Op, Sample, differences, finite_max, flatten, invoke, is_tensor, root_of_size, subject, to_numpy

ULPS = 32
"""What a whole backward pass may lose, in units of the last place of the largest number around."""


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


def differences_of(mine: Run, theirs: Run, op: Op, inputs: Inputs, dtype: str) -> list[str]:
    """How the first derivatives differ, or the second where the first do not."""
    arrays = [to_numpy(t, torch) for t in (*theirs.first, *theirs.second) if t is not None]
    scale = finite_max([*inputs.numbers, *arrays])
    root = root_of_size(inputs)
    slack = op.first_slack if dtype == "float64" else 1.0
    found = alike("first", mine.first, theirs.first, scale, ULPS * root * slack)
    return found or alike("second", mine.second, theirs.second, scale, 4 * ULPS * root * op.second_slack)


def not_in_pytorch(error: Exception | None) -> bool:
    """Whether PyTorch says that it has no such derivative."""
    return "derivative for" in str(error) and "not implemented" in str(error)
