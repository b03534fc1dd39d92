"""Small functions and methods, one expression each, evaluated with both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import flatten, is_tensor
from ..pairs import both, both_seeded, tensors

EXPRESSIONS = """
T.alias_copy(x)
T.as_strided_copy(x, (2, 2), (1, 2))
T.detach_copy(x)
T.diagonal_copy(x, 1)
T.expand_copy(x[:, :1], (3, 4))
T.narrow_copy(x, 1, 1, 2)
x.narrow_copy(0, 0, 2)
T.permute_copy(x, (1, 0))
T.select_copy(x, 0, 1)
T.slice_copy(x, 1, 0, 4, 2)
T.split_copy(x, 2, 1)
T.split_with_sizes_copy(x, [1, 3], 1)
T.squeeze_copy(x[:1])
T.t_copy(x)
T.transpose_copy(x, 0, 1)
T.unbind_copy(x, 1)
T.unfold_copy(x, 1, 2, 1)
T.unsqueeze_copy(x, 0)
T.view_copy(x, (4, 3))
T.view_copy(x, (4, 3), out=T.empty(0))
T.unsafe_chunk(x, 2)
T.unsafe_split(x, 2)
x.unsafe_split_with_sizes([1, 2])
T.is_nonzero(T.tensor([2.0]))
T.tensor(0).is_nonzero()
T.is_nonzero(T.tensor([1, 2]))
T.is_nonzero(T.tensor([]))
T.is_same_size(x, x.t())
T.is_signed(T.tensor([1], dtype=T.uint8))
T.is_inference(x)
T.get_device(x)
T.typename(x)
T.typename("text")
T.nonzero_static(T.tensor([[0, 5], [7, 0]]), size=3)
T.tensor([0, 5, 7]).nonzero_static(size=1)
T.tensor([0, 5, 7]).nonzero_static(size=4, fill_value=9)
T.rsub(x, 2.0, alpha=3)
T.rsub(x, x * 2)
x.sum_to_size(1, 4)
x.sum_to_size((4,))
x.sum_to_size(2, 4)
T.zeros(2).resize_as_(x).shape
x.clone().apply_(lambda v: v + 1)
x.clone().map_(x * 2, lambda a, b: a + b)
x.clone().map2_(x, x, lambda a, b, c: a + b * c)
x.clone().requires_grad_().apply_(lambda v: v)
x.t().dim_order()
T.zeros(2, 3, 4, 5).to(memory_format=T.channels_last).dim_order()
T.logspace(0, 2, 5)
T.logspace(-1, 3, 4, base=2.0, dtype=T.float64)
T.logspace(0, 3, 4, dtype=T.int64)
T.fill_(x.clone(), 3)
T.zero_(x.clone())
T.clamp_(x.clone(), 0.2, 0.5)
T.clip_(x.clone(), max=0.5)
T.round_(x.clone())
T.xlogy_(x.clone(), x.abs() + 1)
T.logit_(x.clone().sigmoid())
T.gcd_(T.tensor([12]), T.tensor([18]))
T.nan_to_num_(T.tensor([float("nan")]))
T.index_put_(x.clone(), (T.tensor([0]), T.tensor([1])), T.tensor(9.0))
T.hardshrink(x, 0.3)
x.hardshrink(0.3)
(x.is_xla, x.is_xpu, x.is_mps, x.is_mkldnn, x.is_nested, x.is_sparse_csr, x.is_vulkan)
T.special.expit(x)
T.special.softmax(x, 1)
T.special.log_softmax(x, 0)
T.special.logsumexp(x, 1)
T.special.gammaln(x.abs() + 2)
T.special.psi(x.abs() + 2)
T.special.multigammaln(x.abs() + 3, 2)
T.special.round(x)
T.special.expm1(x)
T.special.log1p(x.abs())
T.special.exp2(x)
T.special.sinc(x)
T.special.xlogy(x, x.abs() + 1)
T.special.polygamma(2, x.abs() + 1)
T.special.logit(x.sigmoid())
T.special.i0(x)
T.special.erf(x)
T.special.erfc(x)
T.special.erfinv(x.tanh())
""".strip().splitlines()


def evaluate(expression: str, T: Any) -> Any:
    """The expression's value, or the type of what it raises."""
    (x,) = tensors(T, (3, 4), seed=5, grad=False)
    try:
        return eval(expression, {"T": T, "x": x})
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_is_as_in_pytorch(expression: str) -> None:
    got, want = both(lambda T: flatten(evaluate(expression, T)))
    assert len(got) == len(want)
    for mine, theirs in zip(got, want, strict=True):
        if not is_tensor(theirs):
            assert mine == theirs
            continue
        assert str(mine.dtype) == str(theirs.dtype)
        assert tuple(mine.stride()) == tuple(theirs.stride())
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(("method", "arguments"), [("cauchy_", (1.0, 2.0)), ("geometric_", (0.3,)), ("log_normal_", (0.5, 1.5))])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_fills_are_pytorchs(method: str, arguments: tuple[float, ...], dtype: str) -> None:
    made = both_seeded(11, lambda T: getattr(T.empty(50, dtype=getattr(T, dtype)), method)(*arguments).numpy())
    np.testing.assert_allclose(*made, rtol=1e-5)


@pytest.mark.parametrize("call", ["x.cauchy_(0, 0)", "x.geometric_(1.5)", "x.log_normal_(0, -1)", "x.long().cauchy_()"])
def test_random_fills_refuse_what_pytorch_refuses(call: str) -> None:
    assert evaluate(call, corelib) is evaluate(call, torch)


@pytest.mark.parametrize("name", ["celu_", "elu_", "hardtanh_", "leaky_relu_", "selu_"])
def test_in_place_activations(name: str) -> None:
    def activated(T: Any) -> Any:
        x = T.from_numpy(np.linspace(-3, 3, 9).astype(np.float32))
        made = getattr(T.nn.functional, name)(x)
        assert made is x
        return made.numpy()

    np.testing.assert_allclose(*both(activated), rtol=1e-6)


@pytest.mark.parametrize("name", ["uniform", "normal", "constant", "eye", "dirac", "xavier_uniform", "kaiming_normal", "orthogonal"])
def test_deprecated_initial_values_warn(name: str) -> None:
    def filled(T: Any) -> Any:
        x = T.empty(3, 3, 3) if name == "dirac" else T.empty(3, 4)
        with pytest.warns(FutureWarning, match=f"nn.init.{name}_"):
            return getattr(T.nn.init, name)(x, *([2.0] if name == "constant" else [])).numpy()

    np.testing.assert_allclose(*both_seeded(2, filled), rtol=1e-5, atol=1e-6)
