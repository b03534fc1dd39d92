"""nn.functional.grouped_mm: the products of groups of rows or columns, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

# the shapes of mat_a and mat_b, and the ends of the groups
CASES = [
    ((6, 8), (3, 8, 16), [2, 2, 6]),
    ((6, 8), (1, 8, 8), [6]),
    ((2, 5, 8), (8, 16), [8, 16]),
    ((2, 5, 8), (2, 8, 8), None),
    ((4, 16), (16, 8), [8, 16]),
    ((4, 16), (16, 8), [8, 8, 16]),
]


def operands(T: Any, a: tuple[int, ...], b: tuple[int, ...], offs: list[int] | None, dtype: str) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(3)
    made = [T.from_numpy(rng.standard_normal(shape).astype(np.float32)).to(getattr(T, dtype)).requires_grad_() for shape in (a, b)]
    return made[0], made[1], None if offs is None else T.tensor(offs, dtype=T.int32)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(("a", "b", "offs"), CASES)
def test_grouped_products_and_their_gradients(a: tuple[int, ...], b: tuple[int, ...], offs: list[int] | None, dtype: str) -> None:
    def run(T: Any) -> list[Any]:
        x, w, ends = operands(T, a, b, offs, dtype)
        out = T.nn.functional.grouped_mm(x, w, offs=ends)
        if dtype == "float32":
            (out * out).sum().backward()
        return [out.detach(), *([x.grad, w.grad] if dtype == "float32" else [])]

    for got, want in zip(run(corelib), run(torch)):
        assert str(got.dtype) == str(want.dtype)
        assert tuple(got.shape) == tuple(want.shape)
        np.testing.assert_allclose(got.double().numpy(), want.double().numpy(), rtol=2e-2 if dtype != "float32" else 1e-4, atol=3e-2 if dtype != "float32" else 1e-4)


REFUSED = """
F(T.ones(4, 8).double(), T.ones(2, 8, 16).double(), offs=T.tensor([2, 4], dtype=T.int32))
F(T.ones(8), T.ones(8, 16))
F(T.ones(4, 8), T.ones(8, 16))
F(T.ones(4, 8), T.ones(2, 8, 16))
F(T.ones(2, 4, 8), T.ones(2, 8, 16), offs=T.tensor([2, 4], dtype=T.int32))
F(T.ones(4, 8), T.ones(2, 8, 16), offs=T.tensor([2, 4]))
F(T.ones(4, 8), T.ones(2, 8, 16), offs=T.tensor([[2, 4]], dtype=T.int32))
F(T.ones(4, 8), T.ones(3, 8, 16), offs=T.tensor([2, 4], dtype=T.int32))
F(T.ones(4, 8), T.ones(2, 9, 16), offs=T.tensor([2, 4], dtype=T.int32))
F(T.ones(4, 8), T.ones(2, 8, 16), offs=T.tensor([2, 4], dtype=T.int32), bias=T.ones(16))
F(T.ones(4, 8).bfloat16(), T.ones(2, 8, 16).bfloat16(), offs=T.tensor([2, 4], dtype=T.int32), out_dtype=T.float32)
""".strip().splitlines()


@pytest.mark.parametrize("call", REFUSED)
def test_what_grouped_products_refuse(call: str) -> None:
    for T in (corelib, torch):
        with pytest.raises(RuntimeError):
            eval(call, {"T": T, "F": T.nn.functional.grouped_mm})
