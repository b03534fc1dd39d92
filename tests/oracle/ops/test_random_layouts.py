"""Random numbers for tensors that do not lie in row order: which element gets which number, and the strides of what is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import corelib

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda lib: lib.ones(6, 8),
    "transposed": lambda lib: lib.ones(6, 8).t(),
    "permuted": lambda lib: lib.ones(3, 4, 5).permute(2, 0, 1),
    "channels last": lambda lib: lib.ones(2, 3, 4, 5).to(memory_format=lib.channels_last),
    "batch second": lambda lib: lib.ones(7, 2, 4).transpose(0, 1),
    "every other": lambda lib: lib.ones(6, 8)[:, ::2],
    "expanded": lambda lib: lib.ones(1, 6).expand(4, 6),
}
DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "dropout": lambda lib, t: lib.nn.functional.dropout(t, 0.4),
    "dropout of a half": lambda lib, t: lib.nn.functional.dropout(t.to(lib.float64), 0.5),
    "torch.dropout": lambda lib, t: lib.dropout(t, 0.3, True),
    "alpha_dropout": lambda lib, t: lib.nn.functional.alpha_dropout(t, 0.4, True),
    "feature_dropout": lambda lib, t: lib.nn.functional.feature_alpha_dropout(t, 0.4, True),
    "randn_like": lambda lib, t: lib.randn_like(t),
    "randn_like in float64": lambda lib, t: lib.randn_like(t, dtype=lib.float64),
    "randn_like in rows": lambda lib, t: lib.randn_like(t, memory_format=lib.contiguous_format),
    "rand_like": lambda lib, t: lib.rand_like(t),
    "randint_like": lambda lib, t: lib.randint_like(t, 0, 9),
    "bernoulli": lambda lib, t: lib.bernoulli(t * 0.4),
    "bernoulli of a number": lambda lib, t: lib.bernoulli(t, 0.4),
    "Dropout": lambda lib, t: lib.nn.Dropout(0.4)(t),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("draw", DRAWS)
def test_numbers_stand_where_pytorchs_do(draw: str, layout: str) -> None:
    made = []
    for lib in (torch, corelib):
        t = LAYOUTS[layout](lib)
        lib.manual_seed(5)
        made.append((DRAWS[draw](lib, t), lib.rand(2).tolist()))
    (theirs, after), (ours, ours_after) = made
    torch.testing.assert_close(torch.tensor(ours.tolist(), dtype=theirs.dtype), theirs.contiguous(), rtol=1e-6, atol=1e-6)
    assert tuple(ours.stride()) == theirs.stride() and ours_after == after


@pytest.mark.parametrize("layout", ["transposed", "permuted", "channels last"])
def test_dropout_in_place_and_its_gradient(layout: str) -> None:
    made = []
    for lib in (torch, corelib):
        t = LAYOUTS[layout](lib)
        lib.manual_seed(6)
        x = lib.ones(t.shape).as_strided(t.shape, t.stride()).requires_grad_()
        y = lib.nn.functional.dropout(x * 1, 0.5, True, True)
        y.sum().backward()
        made.append((y.tolist(), x.grad.tolist()))
    assert made[0] == made[1]
