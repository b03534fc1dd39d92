"""nll_loss and cross_entropy against torch's: long and short, weighed and with classes that are ignored, over memory in any order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import corelib

SHAPES = [(4, 3), (1, 2), (5, 7, 2), (3, 5, 4, 6), (2, 3, 100, 100), (20000, 2), (9000, 3, 2), (3,)]


def _cases(shape: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    classes = shape[min(1, len(shape) - 1)]
    x = rng.standard_normal(shape).astype(np.float32)
    target = np.asarray(rng.integers(0, classes, (shape[0], *shape[2:]) if len(shape) > 1 else ()))
    for ignored in (-100, 1):
        for weight in (None, rng.random(classes).astype(np.float32)):
            for reduction in ("mean", "sum", "none"):
                yield x, target, ignored, weight, reduction


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("innermost", [False, True])
def test_losses_of_classes_and_their_gradients(name: str, shape: tuple[int, ...], innermost: bool) -> None:
    for x, target, ignored, weight, reduction in _cases(shape):
        laid = np.ascontiguousarray(np.moveaxis(x, 1, -1)) if innermost and x.ndim > 1 else x
        made = []
        for library in (torch, corelib):
            leaf = library.from_numpy(laid.copy()).requires_grad_()
            input = leaf.movedim(-1, 1) if innermost and x.ndim > 1 else leaf
            given = None if weight is None else library.from_numpy(weight.copy())
            function = getattr(library.nn.functional, name)
            loss = function(input.contiguous() if library is torch else input, library.from_numpy(target.copy()), given, ignore_index=ignored, reduction=reduction)
            (loss * loss).sum().backward()
            made.append((loss.detach().numpy(), leaf.grad.numpy()))
        for wanted, found in zip(*made, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("label", [3, -1, 2**40])
def test_a_class_out_of_range_is_named(name: str, label: int) -> None:
    for library in (torch, corelib):
        with pytest.raises(IndexError, match=rf"Target {label} is out of bounds"):
            getattr(library.nn.functional, name)(library.zeros(1, 3), library.tensor([label]))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0)])
def test_losses_of_nothing(shape: tuple[int, ...], reduction: str) -> None:
    a, b = (
        library.nn.functional.nll_loss(library.zeros(shape), library.zeros((shape[0], *shape[2:]), dtype=library.int64), reduction=reduction).numpy()
        for library in (torch, corelib)
    )
    assert np.array_equal(a, b, equal_nan=True) and a.shape == b.shape
