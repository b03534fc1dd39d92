"""Linear maps of which an extent is 0: shapes, values and gradients beside PyTorch."""

from __future__ import annotations

import pytest
import torch

import corelib


@pytest.mark.parametrize("shape", [(2,), (3, 2), (6, 2, 2), (0, 5, 2), (4, 0), (3, 4, 0), (0, 0)], ids=str)
@pytest.mark.parametrize("features", [0, 4])
@pytest.mark.parametrize("biased", [False, True])
def test_linear(shape, features, biased):
    told = []
    for library in (torch, corelib):
        x, w = library.ones(shape, requires_grad=True), library.ones(features, shape[-1], requires_grad=True)
        b = library.ones(features, requires_grad=True) if biased else None
        y = library.nn.functional.linear(x, w, b)
        y.sum().backward()
        told.append([(tuple(each.shape), each.tolist()) for each in (y.detach(), *(each.grad for each in (x, w, b) if each is not None))])
    assert told[0] == told[1]
