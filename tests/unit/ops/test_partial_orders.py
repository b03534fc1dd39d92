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


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int8", "uint8"])
@pytest.mark.parametrize("spread", [5, 100])
@pytest.mark.parametrize(("shape", "dim"), [((101,), 0), ((20, 40), 1), ((40, 20), 0), ((3, 31, 5), 1)])
def test_an_element_by_its_rank_is_that_of_a_stable_sort(dtype: str, spread: int, shape: tuple[int, ...], dim: int) -> None:
    values = np.random.default_rng(1).integers(0, spread, shape)
    x = torch.from_numpy(values).to(getattr(torch, dtype))
    ordered, order = x.sort(dim, stable=True)
    middle = (shape[dim] - 1) // 2
    for made, rank in (
        (x.kthvalue(1, dim, True), 0), (x.kthvalue(7, dim, True), 6), (x.kthvalue(shape[dim], dim, True), shape[dim] - 1),
        (x.median(dim, True), middle), (x.nanmedian(dim, True), middle),
    ):  # fmt: skip
        assert (made[0] == ordered.narrow(dim, rank, 1)).all() and (made[1] == order.narrow(dim, rank, 1)).all()
    assert x.median(dim).values.shape == shape[:dim] + shape[dim + 1 :] and x.median() == x.flatten().sort().values[(x.numel() - 1) // 2]


def test_the_median_is_nan_where_there_is_one_and_the_other_passes_it_over() -> None:
    x = torch.tensor([[3.0, float("nan"), 1.0, 2.0], [5.0, 4.0, 7.0, 6.0]])
    assert x.median(1).values.isnan().tolist() == [True, False] and x.median(1).indices.tolist() == [1, 0]
    assert x.nanmedian(1).values.tolist() == [2.0, 5.0] and x.kthvalue(4, 1).values.isnan().tolist() == [True, False]
