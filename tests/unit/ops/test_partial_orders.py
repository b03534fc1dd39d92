"""topk finds a few of many without sorting them all: the same elements and places that a stable sort has first."""

from __future__ import annotations

import numpy as np
import pytest

import corelib as torch


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int8", "uint8"])
@pytest.mark.parametrize("spread", [5, 100])  # many equals, few equals
@pytest.mark.parametrize(("shape", "dim"), [((1000,), 0), ((20, 200), 1), ((200, 20), 0), ((3, 100, 5), 1)])
def test_topk_is_the_beginning_of_a_stable_sort(dtype: str, spread: int, shape: tuple[int, ...], dim: int) -> None:
    values = np.random.default_rng(0).integers(0, spread, shape)
    x = torch.from_numpy(values).to(getattr(torch, dtype))
    for k in (1, 3, 12):
        for largest in (True, False):
            found, places = x.topk(k, dim, largest)
            ordered, order = x.sort(dim, descending=largest, stable=True)
            assert (found == ordered.narrow(dim, 0, k)).all() and (places == order.narrow(dim, 0, k)).all()


@pytest.mark.parametrize("largest", [True, False])
def test_topk_takes_nan_for_the_largest(largest: bool) -> None:
    x = torch.randn(4, 200)
    x[0, 5] = x[1, 3] = float("nan")
    x[1, 10:] = float("nan")
    x[2, 7], x[2, 8], x[3] = float("inf"), float("-inf"), float("nan")
    found, places = x.topk(4, 1, largest)
    ordered, order = x.sort(1, descending=largest, stable=True)
    assert np.array_equal(found.numpy(), ordered[:, :4].numpy(), equal_nan=True) and (places == order[:, :4]).all()
