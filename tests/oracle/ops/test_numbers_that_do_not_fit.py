"""Numbers that a dtype, a size or 64 bits cannot hold, and lists as indices: the same results and the same errors as PyTorch's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import COUNTS, attempt, quiet

NUMBERS: tuple[Any, ...] = (300, -1, -200, 2**40, 2**63, 2**64, 2**70, -(2**70), 1e30, 1.5, float("inf"), float("nan"), 1e39)


def assigned(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def f(T: Any) -> Any:
    return T.nn.functional


CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "full": lambda T, x, v: T.full((2,), v, dtype=x.dtype),
    "full of one": lambda T, x, v: T.full((1,), v, dtype=x.dtype),
    "full_like": lambda T, x, v: T.full_like(x, v),
    "new_full": lambda T, x, v: x.new_full((2,), v),
    "fill_": lambda T, x, v: x.fill_(v),
    "x[0] =": lambda T, x, v: assigned(x, 0, v),
    "x[[0]] =": lambda T, x, v: assigned(x, T.tensor([0]), v),
    "x[mask] =": lambda T, x, v: assigned(x, T.tensor([True, False]), v),
    "masked_fill": lambda T, x, v: x.masked_fill(T.tensor([True, False]), v),
    "index_fill": lambda T, x, v: x.index_fill(0, T.tensor([0]), v),
    "fill_diagonal_": lambda T, x, v: T.stack([x, x]).fill_diagonal_(v),
    "scatter": lambda T, x, v: x.scatter(0, T.tensor([0]), v),
    "where": lambda T, x, v: T.where(T.tensor([True, False]), x, v),
    "add": lambda T, x, v: x + v,
    "sub": lambda T, x, v: v - x,
    "mul_": lambda T, x, v: x.add_(v) if isinstance(v, int) else None,
    "less": lambda T, x, v: x < v,
    "equal": lambda T, x, v: x == v,
    "clamp max": lambda T, x, v: x.clamp(max=v),
    "clamp min": lambda T, x, v: x.clamp(min=v),
    "clamp_": lambda T, x, v: x.clamp_(max=v) if not isinstance(v, float) else None,
    "add alpha": lambda T, x, v: x.add(x, alpha=v),
    "addcmul value": lambda T, x, v: x.addcmul(x, x, value=v),
    "addmm alpha": lambda T, x, v: T.addmm(T.stack([x, x]), T.ones(2, 2, dtype=x.dtype), T.ones(2, 2, dtype=x.dtype), alpha=v),  # infinity times 0: BLAS's order
    "index_add alpha": lambda T, x, v: x.index_add(0, T.tensor([0]), x[:1], alpha=v),
    "threshold value": lambda T, x, v: f(T).threshold(x, 1, v),
    "hardtanh max_val": lambda T, x, v: f(T).hardtanh(x, 0, v),
    "scalar_tensor": lambda T, x, v: T.scalar_tensor(v, dtype=x.dtype),
    "linspace": lambda T, x, v: T.linspace(0, v, 2, dtype=x.dtype),
    "constant_": lambda T, x, v: T.nn.init.constant_(x.clone(), v),
}


def plain(value: Any) -> Any:
    return None if value is None else (tuple(value.shape), str(value.dtype), repr(value.tolist()))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "float32"])
@pytest.mark.parametrize("name", CALLS)
def test_a_number_that_does_not_fit_wraps_or_is_refused_as_in_pytorch(name: str, dtype: str) -> None:
    problems = []
    for number in NUMBERS:
        with quiet():
            theirs, wanted = attempt(lambda v=number: plain(CALLS[name](torch, torch.tensor([1, 0], dtype=getattr(torch, dtype)), v)))
            mine, error = attempt(lambda v=number: plain(CALLS[name](corelib, corelib.tensor([1, 0], dtype=getattr(corelib, dtype)), v)))
        COUNTS["numbers beyond a dtype compared"] += 1
        if type(error).__name__ != type(wanted).__name__ or (wanted is None and mine != theirs):
            problems.append(f"{number!r}: {error or mine}; PyTorch: {type(wanted).__name__} {wanted or theirs}")
    assert not problems, "\n".join(problems)


INDICES: tuple[Callable[[Any], Any], ...] = (
    lambda T: [[0, 1], [1, 0]], lambda T: [[0, 1]], lambda T: [0, 1], lambda T: [slice(0, 1), 0], lambda T: [0, slice(0, 2)],
    lambda T: [T.tensor([0, 1])], lambda T: [T.tensor([0, 1]), T.tensor([1, 0])], lambda T: [T.tensor(0), T.tensor(1)], lambda T: [None, 0],
    lambda T: [..., 0], lambda T: [[0, 1], slice(0, 1)], lambda T: [[0, 1], [1, 0], [0, 0]], lambda T: [[0, 1], [1, 0], [0, 0], [1, 1]],
    lambda T: [[[0, 1], [1, 0]]], lambda T: ([[0, 1], [1, 0]],), lambda T: ([0, 1], [1, 0]), lambda T: [True, False], lambda T: [[True, False]],
    lambda T: [], lambda T: [[]], lambda T: [[], []], lambda T: ["a"], lambda T: [np.array([0, 1]), np.array([1, 0])], lambda T: [range(2)],
    lambda T: [0] * 32, lambda T: [(0, 1), (1, 0)], lambda T: [[0, 1], None], lambda T: [[0, 1], [0]], lambda T: [[0, 1, 1], [0, 1]], lambda T: {0: 1},
    lambda T: (0, 5), lambda T: 2**70, lambda T: slice(None, None, 1.0), lambda T: slice(None, None, 0),
)  # fmt: skip


@pytest.mark.parametrize("at", range(len(INDICES)))
def test_a_list_as_an_index_means_what_it_means_in_pytorch(at: int) -> None:
    def read(T: Any) -> Any:
        return plain(T.arange(24).reshape(2, 3, 4)[INDICES[at](T)])

    def written(T: Any) -> Any:
        return plain(assigned(T.arange(24).reshape(2, 3, 4), INDICES[at](T), -1))

    for use in (read, written):
        with warnings.catch_warnings(action="ignore"):
            theirs, wanted = attempt(lambda use=use: use(torch))
            mine, error = attempt(lambda use=use: use(corelib))
        assert type(error) is type(wanted), (error, wanted)
        assert mine == theirs


def test_a_list_of_lists_as_an_index_warns() -> None:
    for T in (corelib, torch):
        with pytest.warns(UserWarning, match="non-tuple sequence for multidimensional indexing"):
            T.zeros(2, 2)[[[0, 1], [1, 0]]]


SIZES: dict[str, Callable[[Any], Any]] = {
    "zeros": lambda T: T.zeros(2**62), "meta": lambda T: T.zeros(2**40, 2**40, device="meta"), "expand": lambda T: T.ones(1).expand(2**62, 4),
    "arange": lambda T: T.arange(1e300), "arange step": lambda T: T.arange(0, 1, 1e-320), "randn": lambda T: T.randn(2**62), "eye": lambda T: T.eye(2**40),
    "as_strided": lambda T: T.ones(3).as_strided((-1,), (1,)), "as_strided twice": lambda T: T.ones(3).as_strided((2**62, 4), (0, 0)),
    "empty_strided": lambda T: T.empty_strided((2**40, 2), (2**40, 1)), "resize_": lambda T: T.ones(2).resize_(2**62), "repeat": lambda T: T.ones(2).repeat(2**40, 2**40),
    "full": lambda T: T.full((2**62,), 1.0), "too much memory": lambda T: T.zeros(2**44), "device": lambda T: T.device("cpu", 2**100),
    "dict": lambda T: T.tensor({0: 1}), "object": lambda T: T.tensor([object()]),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_sizes_that_cannot_be_are_refused_in_words_of_ours(name: str) -> None:
    _, wanted = attempt(lambda: SIZES[name](torch))
    _, error = attempt(lambda: SIZES[name](corelib))
    assert isinstance(error, type(wanted)), (error, wanted)
    assert "Maximum allowed dimension" not in str(error)
