"""Deterministic mode: what PyTorch refuses on the CPU, warns of with warn_only, and fills where nothing has been set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ..told import LIBRARIES, same

REFUSED = [
    "F.max_unpool1d(T.ones(1, 1, 2), T.tensor([[[0, 2]]]), 2)", "F.max_unpool2d(T.ones(1, 1, 1, 1), T.tensor([[[[0]]]]), 2)", "F.max_unpool3d(T.ones(1, 1, 1, 1, 1), T.tensor([[[[[0]]]]]), 2)", "nn.MaxUnpool1d(2)(T.ones(1, 1, 2), T.tensor([[[0, 2]]]))",
    "v.put_(i, x)", "T.put(v, i, x)", "v.put(i, x)",
]  # fmt: skip
ALLOWED = [
    "v.put_(i, x, accumulate=True)", "v.put(i, x, True)", "T.histc(v)", "T.bincount(i, weights=x)", "T.kthvalue(v, 1)", "v.median(0)", "T.cumsum(v, 0)", "v.index_add(0, i, x)", "v.index_copy(0, i, x)", "v.index_put((i,), x)", "v.index_put((i,), x, accumulate=True)",
    "v.scatter(0, i, x)", "v.scatter_add(0, i, x)", "v.scatter_reduce(0, i, x, 'prod')", "F.interpolate(image, scale_factor=2, mode='bilinear')", "w = image.clone().requires_grad_(); F.interpolate(w, scale_factor=2, mode='bicubic').sum().backward(); w.grad",
    "w = image.clone().requires_grad_(); F.adaptive_avg_pool2d(w, 2).sum().backward(); w.grad", "w = image.clone().requires_grad_(); F.pad(w, (1, 1, 1, 1), mode='reflect').sum().backward(); w.grad", "w = image.clone().requires_grad_(); F.max_pool3d(w, 2).sum().backward(); w.grad",
    "F.embedding_bag(T.tensor([[0, 1]]), sq, mode='max')", "F.nll_loss(sq.log(), T.tensor([0, 1, 2]))", "F.grid_sample(image, T.zeros(1, 2, 2, 2))", "T.index_select(v, 0, i)", "w = v.clone().requires_grad_(); w[[i]].sum().backward(); w.grad",
]  # fmt: skip
FILLED = [
    *[f"T.empty(3, dtype=T.{d})" for d in ("float32", "float64", "float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64", "complex128")], "T.empty_like(v)", "T.empty_like(v, dtype=T.int16)", "v.new_empty(3)", "v.new_empty_strided((2, 2), (1, 2))",
    "T.empty_strided((2, 2), (1, 2))", "T.empty_strided((2, 2), (1, 4))", "T.empty_strided((2, 2), (2, 1))", "T.empty_permuted((2, 3), (1, 0))", "x.resize_(5)", "T.ones(5).resize_(2)", "T.ones(2, dtype=T.int64).resize_(5)", "x[:1].resize_(5)", "T.empty(0).resize_(2, 2)", "v.resize_as_(sq)",
    "o = T.empty(0); T.add(x, x, out=o); o", "T.empty(3, out=T.ones(3))", "T.empty(3, out=T.ones(2))", "T.Tensor(3)", "T.FloatTensor(3)", "v.new(2)", "T.empty(3, device='meta').shape", "T.empty((2, 2), memory_format=T.contiguous_format)", "T.empty(0)", "T.empty(2, 2, requires_grad=True)",
    "nn.Linear(2, 2).weight.isnan().any()", "T.utils.deterministic.fill_uninitialized_memory",
]  # fmt: skip


@pytest.fixture(params=["error", "warn"])
def mode(request: Any) -> Iterator[str]:
    for T in LIBRARIES:
        T.set_deterministic_debug_mode(request.param)
    yield request.param
    for T in LIBRARIES:
        T.use_deterministic_algorithms(False)
        T.utils.deterministic.fill_uninitialized_memory = True


@pytest.mark.parametrize("piece", REFUSED)
def test_what_pytorch_refuses(piece: str, mode: str) -> None:
    for told in same(piece):
        assert "does not have a deterministic implementation" in (told[3] if mode == "error" else told[2][0])


@pytest.mark.parametrize("piece", [*ALLOWED, *FILLED])
def test_what_is_deterministic_goes_on_and_what_is_not_set_is_filled(piece: str, mode: str) -> None:
    same(piece)


def test_memory_is_left_alone_where_that_is_asked_for(mode: str) -> None:
    for T in LIBRARIES:
        T.utils.deterministic.fill_uninitialized_memory = False
        assert not T.utils.deterministic.fill_uninitialized_memory
        assert not T.ones(1000).resize_(10).isnan().any()
        T.utils.deterministic.fill_uninitialized_memory = True
        assert T.empty(3).isnan().all()
    same("T.utils.deterministic.fill_uninitialized_memory = 1; 0")


@pytest.mark.parametrize("piece", ["F.max_unpool2d(T.ones(1, 1, 1, 1), T.tensor([[[[0]]]]), 2)", "v.put_(i, x)", "T.use_deterministic_algorithms(True, 1)", "T.use_deterministic_algorithms('a')", "T.use_deterministic_algorithms(False, warn_only=True); T.is_deterministic_algorithms_warn_only_enabled()"])
def test_outside_the_mode(piece: str) -> None:
    try:
        same(piece)
    finally:
        for T in LIBRARIES:
            T.use_deterministic_algorithms(False)
