"""The comparison itself: what it must notice, and what it must let pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from . import chosen
from .harness import ALL, LAYOUTS, Inputs, Op, Sample, Spec, differences, error_difference, spec

WANT = torch.arange(6.0).view(2, 3)
STEP = 2.0**-23


@pytest.mark.parametrize(
    ("got", "part"),
    [
        (WANT.double(), "dtype"),
        (WANT.flatten(), "shape"),
        (WANT.t().contiguous().t(), "strides"),
        (WANT + torch.tensor([[0, 0, 0], [0, 0, 5 * 8 * STEP]]), "1 of 6 values"),
        (WANT / 0, "values"),
        ([0.0], "a tensor"),
    ],
)
def test_a_wrong_result_is_seen(got: Any, part: str) -> None:
    found = differences(got, WANT, ulps=4, scale=0.0, strides="dense")
    assert len(found) == 1
    assert part in found[0]


def test_rounding_within_the_tolerance_passes_and_zero_tolerance_is_exact() -> None:
    near = WANT * (1 + STEP)
    assert differences(near, WANT, ulps=4, scale=0.0) == []
    assert differences(near, WANT, ulps=0, scale=0.0) != []


def test_infinities_and_nans_must_be_where_pytorch_has_them() -> None:
    want = torch.tensor([float("inf"), float("nan"), 1.0])
    assert differences(want.clone(), want, ulps=4, scale=1.0) == []
    assert differences(-want, want, ulps=4, scale=1.0) != []
    assert differences(torch.tensor([1e38, float("nan"), 1.0]), want, ulps=4, scale=1.0) != []
    assert differences(torch.tensor([float("inf"), 0.0, 1.0]), want, ulps=4, scale=1.0) != []


def test_a_view_must_have_the_strides_and_the_offset() -> None:
    base = torch.arange(4.0)
    assert differences(base[1:2], base[2:3], ulps=0, scale=0.0, strides="exact", values=False) != []


def test_exceptions_differ_by_type_and_by_absence() -> None:
    assert error_difference(ValueError("a"), ValueError("b"), None) == ""
    assert "IndexError" in error_difference(IndexError("a"), ValueError("b"), None)
    assert "computed" in error_difference(None, ValueError("b"), 1)
    assert "raised" in error_difference(ValueError("b"), None, None)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ALL)
def test_a_spec_makes_the_tensor_that_it_describes(layout: str, dtype: str) -> None:
    s = spec(2, 3, 4, layout=layout, unique=dtype != "bool")
    t = Inputs(Op("x"), 0, Sample((s,)), dtype).build(torch)[0]
    assert tuple(t.shape) == (2, 3, 4)
    assert str(t.dtype) == f"torch.{dtype}"
    assert t.is_contiguous() == (layout in ("contiguous", "offset"))
    assert t.storage_offset() == {"offset": 3, "strided": 1}.get(layout, 0)
    assert len(t.unique()) == (2 if dtype == "bool" else 12 if layout == "expanded" else 24)


def test_given_values_are_placed_by_the_layout() -> None:
    values = np.arange(6.0).reshape(2, 3)
    for layout in ("contiguous", "transposed", "strided", "offset"):
        t = Inputs(Op("x"), 0, Sample((Spec((2, 3), layout, values=values),)), "float32").build(torch)[0]
        assert t.tolist() == values.tolist()


def test_a_part_of_the_slow_tests_is_drawn_by_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(range(100))
    parts = []
    for commit in "abc":
        monkeypatch.setattr(chosen, "seed", lambda commit=commit: commit)
        parts.append(chosen.part(cases, 0.25))
        assert len(parts[-1]) == 25 and parts[-1] == sorted(parts[-1]) == chosen.part(cases, 0.25)
    assert parts[0] != parts[1] != parts[2] and len({*parts[0], *parts[1], *parts[2]}) > 50
    monkeypatch.setattr(chosen, "WHOLE", True)
    assert chosen.part(cases, 0.25) == cases
