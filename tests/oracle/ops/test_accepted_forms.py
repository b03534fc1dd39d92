"""Forms of calls that PyTorch accepts beside the usual ones: each is called in both libraries and gives the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import corelib

from ..pairs import both, refusals_of

PYTHON_TYPES = [
    "T.zeros(2, dtype=float)", "T.zeros(2, dtype=int)", "T.ones(2, dtype=bool)", "T.zeros(2, dtype=complex)", "T.tensor([1], dtype=float)", "x.to(float)", "x.to(dtype=int)", "x.to('cpu', int)",
    "x.sum(dtype=float)", "T.mean(x, dtype=float)", "x.prod(dtype=float)", "x.cumsum(0, dtype=float)", "T.arange(3, dtype=float)", "T.ones_like(x, dtype=int)", "T.full((2,), 1, dtype=float)", "T.eye(2, dtype=float)",
    "T.rand(2, dtype=float).dtype", "T.randn(2, dtype=float).dtype", "T.randint(3, (2,), dtype=int).dtype", "T.linspace(0, 1, 3, dtype=float)", "T.as_tensor([1], dtype=float)", "x.new_zeros(2, dtype=int)", "T.empty(0, dtype=float)",
    "T.nn.functional.softmax(x, 0, dtype=float)", "x.softmax(0, dtype=float)", "T.linalg.norm(x, dtype=float)", "T.linalg.vector_norm(x, dtype=float)", "x.double().view(int)", "T.finfo(float)", "T.iinfo(int)",
    "T.nn.Linear(2, 2, dtype=float).weight.dtype", "T.nn.Linear(2, 2).to(float).weight.dtype", "T.nn.Linear(2, 2).to(dtype=float).weight.dtype",
]  # fmt: skip
LISTS_IN_EINSUM = [
    "T.einsum(m, [0, 1], m, [2, 1], [0, 2])", "T.einsum(m, [0, 1])", "T.einsum(m, [..., 1], [...])", "T.einsum(m, [0, 1], m, [2, 1])", "T.einsum(m @ m.T, [0, 0])", "T.einsum(m, [51, 0], [0, 51])", "T.einsum('ij->ji', [m])",
]  # fmt: skip
NO_STRIDE = [
    "F.avg_pool2d(image, 2, ())", "F.max_pool2d(image, 2, stride=())", "F.avg_pool1d(image[0], 2, ())", "F.max_pool1d(image[0], 2, [])", "F.avg_pool3d(image, 2, ())", "F.max_pool3d(image, 2, ())", "F.lp_pool2d(image, 2, 2, ())", "T.max_pool2d(image, 2, ())",
]  # fmt: skip
MIXED = [
    "T.searchsorted(T.tensor([1., 2, 3]), T.tensor([2]))", "T.searchsorted(T.tensor([1, 2, 3]), T.tensor([2.5]))", "T.searchsorted(T.tensor([1, 2, 3]), 2.5)", "T.searchsorted(T.tensor([1., 2, 3]), T.tensor(2.5, dtype=T.float64))",
    "T.bucketize(T.tensor([2]), T.tensor([1., 2, 3]))", "T.bucketize(2, T.tensor([1., 2, 3]))", "T.isin(T.tensor([44, 3], dtype=T.int8), 300)", "T.isin(300, T.tensor([44, 3], dtype=T.int8))", "T.isin(T.tensor([1, 3], dtype=T.int8), 1.5)",
    "T.tensor([T.tensor([1.]), T.tensor([2.])])", "T.tensor([[T.tensor([[1]]), T.tensor(2)], [3, 4]])", "T.tensor([2, T.tensor([1.5])])", "T.tensor([[2.], T.tensor([1.])])", "T.as_tensor([T.tensor([True]), T.tensor([False])])", "T.FloatTensor([T.tensor([1.]), T.tensor([2])])",
    "x.clamp(0, T.tensor(0.5))", "T.clamp(x, T.tensor(1), 3)", "T.clip(x, min=0, max=T.tensor(1))", "x.clone().clamp_(T.tensor(0.25), 1)", "T.tensor([1, 5]).clamp(0, T.tensor(2.5))",
    "T.equal(T.ones(2), T.ones(2).int())", "T.equal(T.ones(2), T.ones(3).double())", "T.equal(T.ones(2) * 1.5, T.ones(2).int())", "T.ones(2, 2).equal(T.ones(2, 2, dtype=T.float16))",
]  # fmt: skip
NUMBERS = [
    "T.tensor(-1, dtype=T.uint8)", "T.tensor([-1, 3], dtype=T.uint8)", "T.tensor(-255, dtype=T.uint8)", "T.tensor(2**128, dtype=T.float32)", "T.tensor(-2**128, dtype=T.float32)", "T.tensor(2**100, dtype=T.float64)", "T.tensor([2.0**200], dtype=T.float32)",
    "T.tensor(1e300, dtype=T.float16)", "T.tensor(1e300)", "T.tensor([1e300])", "T.tensor(float('nan'), dtype=T.float16)", "T.tensor(2**128, dtype=T.bfloat16)", "T.tensor([2**100, 1], dtype=T.float32)",
]  # fmt: skip
EMPTY = [
    "T.cat([T.tensor([]), T.tensor([])], 1)", "T.cat([T.tensor([])], 1)", "T.cat([T.tensor([]), T.ones(2, 3)], 1)", "T.cat([T.tensor([], dtype=T.float64), T.ones(2, 3)], -2)", "T.block_diag()", "T.cat([T.zeros(0, 3), T.ones(2, 3)])",
]  # fmt: skip
SIZES = [
    "m.permute(dims=(1, 0))", "m.expand(size=(2, 3))", "m.repeat(repeats=(1, 2))", "m.view(size=(3, 2))", "m.reshape(shape=(3, 2))", "m.tile(dims=(1, 2))", "m.flip(dims=(0,))", "T.rand(size=(2,)).shape", "T.randn(size=(2, 2)).shape",
    "T.empty(0).resize_(size=(3,)).shape", "T.zeros(size=(2, 3))", "T.ones(size=(2,))", "T.full(size=(2,), fill_value=1)", "x.new_zeros(size=(2,))", "x.new_ones(size=(2,))", "m.view(size=[-1])", "m.requires_grad_().permute(dims=[1, 0]).shape",
]  # fmt: skip
OTHERS = [
    "reversed(T.arange(3))", "reversed(m)", "reversed(T.tensor(1))", "T.div(1, T.tensor([2., -3.]), rounding_mode='trunc')", "T.div(7, T.tensor([2, -3]), rounding_mode='floor')", "T.return_types.max((T.ones(1), T.ones(1)))",
    "T.return_types.topk([T.ones(1), T.ones(1)]).values", "isinstance(T.max(m, 0), T.return_types.max)", "isinstance(T.linalg.qr(m), T.return_types.linalg_qr)", "T.default_generator is T.random.default_generator", "T.default_generator.device",
    "isinstance(T.default_generator, T.Generator)", "T.rand(2, generator=T.default_generator.manual_seed(3))", "T.default_generator.initial_seed()",
]  # fmt: skip
REFUSED = [
    "T.zeros(2, dtype=str)", "T.zeros(2, dtype='float32')", "T.tensor(256, dtype=T.uint8)", "T.tensor(-256, dtype=T.uint8)", "T.tensor([-1.0], dtype=T.uint8)", "T.tensor(-200, dtype=T.int8)", "T.tensor(1e300, dtype=T.int64)", "T.tensor(2**2000, dtype=T.float32)", "T.einsum(m, [0, 52])",
    "T.linspace(0, 1, 3, dtype=str)", "m.permute()", "m.permute(dim=(1, 0))", "T.return_types.nothing", "T.isin(1, 2)",
]  # fmt: skip


def names(T: Any) -> dict[str, Any]:
    image = T.arange(64.0).reshape(1, 4, 4, 4)
    return {"T": T, "F": T.nn.functional, "x": T.ones(2), "m": T.arange(6.0).reshape(2, 3), "image": image}


@pytest.mark.filterwarnings("ignore:.*max_pool1d.*")
@pytest.mark.parametrize("expression", [*PYTHON_TYPES, *LISTS_IN_EINSUM, *NO_STRIDE, *MIXED, *NUMBERS, *EMPTY, *SIZES, *OTHERS])
def test_the_same(expression: str) -> None:
    mine, theirs = both(lambda T: eval(expression, names(T)))
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("expression", REFUSED)
def test_the_same_refusals(expression: str) -> None:
    refusals_of(lambda T: eval(expression, names(T)))


def test_every_named_result_is_among_the_return_types() -> None:
    ours = {name for name in dir(corelib.return_types) if not name.startswith("_")}
    assert ours <= set(dir(torch.return_types))
