"""Operations in place on every so-manyth element of a tensor, which NumPy has had wrong for some."""

from __future__ import annotations

import pytest

import corelib as torch

OPS = ("abs_", "ceil_", "exp_", "floor_", "neg_", "reciprocal_", "sign_", "sqrt_", "square_", "trunc_")


@pytest.mark.parametrize("gap", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("name", OPS)
def test_only_the_elements_of_the_view_change_and_each_by_itself(name: str, gap: int) -> None:
    for n in (2, 5, 17, 40):
        whole = torch.arange(1.0, n * gap + 1)
        expected = getattr(whole[::gap].clone(), name)().tolist()
        view = whole[::gap]
        getattr(view, name)()
        assert view.tolist() == expected
        assert whole[1::gap].tolist() == [float(2 + gap * i) for i in range(n)]


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64, torch.float64])
def test_columns_are_negated_in_place_in_any_dtype(dtype: torch.dtype) -> None:
    rows = torch.arange(1, 21, dtype=dtype).reshape(5, 4)
    rows[:, 0].neg_()
    assert rows[:, 0].tolist() == [-1, -5, -9, -13, -17]
