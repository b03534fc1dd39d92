"""Attention where some queries may attend to nothing, beside PyTorch: zeros, not NaN, on every way there, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..pairs import assert_arrays_close, both, quiet

RNG = np.random.default_rng(0)
QUERY, KEY, VALUE = (RNG.standard_normal((1, 2, n, 4)) for n in (3, 5, 5))
ROW = np.zeros((3, 5))
ROW[1] = -np.inf
PART = ROW.copy()
PART[0, :2] = -np.inf
NAN, INF = ROW.copy(), ROW.copy()
NAN[2, 1], INF[2, 1] = np.nan, np.inf
MASKS: dict[str, Any] = {
    "row": ROW, "part": PART, "bool": PART == 0, "all": np.full((3, 5), -np.inf), "all bool": np.zeros((3, 5), bool), "nan": NAN, "inf": INF,
}


def loaded(T: Any, module: Any) -> Any:
    rng = np.random.default_rng(1)
    with T.no_grad():
        for p in module.parameters():
            p.copy_(T.from_numpy(rng.standard_normal(tuple(p.shape)) / 2))
    return module


def of(T: Any, numbers: Any, dtype: str = "float64") -> Any:
    return T.from_numpy(numbers if numbers.dtype == bool else numbers.astype(dtype))


@pytest.mark.parametrize("dropout", [0.0, 1e-12])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MASKS)
def test_scaled_dot_product_attention_and_its_gradients(name: str, dtype: str, dropout: float) -> None:
    def made(T: Any) -> list[Any]:
        parts = [of(T, x, dtype).requires_grad_() for x in (QUERY, KEY, VALUE)]
        mask = of(T, MASKS[name], dtype)
        if mask.is_floating_point():
            parts.append(mask.requires_grad_())
        out = T.nn.functional.scaled_dot_product_attention(*parts[:3], mask, dropout)
        (out * out + out).sum().backward()
        return [out.detach().numpy(), *(p.grad.numpy() for p in parts)]

    assert_arrays_close(*both(made), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("grad", [False, True])
def test_scores_that_are_all_minus_infinity_without_a_mask(grad: bool) -> None:
    def made(T: Any) -> list[Any]:
        query = T.tensor([[[-float("inf"), 1.0], [1.0, 1.0]]]).requires_grad_(grad)
        key = T.tensor([[[1.0, 0.0], [2.0, 0.0]]])
        return [T.nn.functional.scaled_dot_product_attention(query, key, T.ones(1, 2, 2)).detach().numpy()]

    assert_arrays_close(*both(made), rtol=1e-6)


PADDING = np.zeros((2, 5), bool)
PADDING[1] = True
KINDS: dict[str, dict[str, Any]] = {
    "padding": {"key_padding_mask": PADDING}, "padding numbers": {"key_padding_mask": np.where(PADDING, -np.inf, 0)}, "mask": {"attn_mask": ROW != 0},
    "mask numbers": {"attn_mask": ROW}, "both": {"attn_mask": ROW != 0, "key_padding_mask": PADDING}, "by head": {"attn_mask": np.stack([ROW] * 4)},
}


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_multihead_attention(kind: str, need_weights: bool, training: bool, grad: bool) -> None:
    numbers = [np.random.default_rng(2).standard_normal((n, 2, 4)) for n in (3, 5)]

    def made(T: Any) -> list[Any]:
        attention = loaded(T, T.nn.MultiheadAttention(4, 2, dtype=T.float64)).train(training)
        query, key = (of(T, x).requires_grad_(grad) for x in numbers)
        masks = {name: of(T, mask) for name, mask in KINDS[kind].items()}
        with T.set_grad_enabled(grad):
            out, weights = attention(query, key, key, need_weights=need_weights, **masks)
        found = [out] if weights is None else [out, weights]
        if grad:
            (out * out).sum().backward()
            found += [query.grad, key.grad, attention.in_proj_weight.grad]
        return [t.detach().numpy() for t in found]

    assert_arrays_close(*both(made), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("kind", ["padding", "mask"])
@pytest.mark.parametrize("layer", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_transformer_layers(layer: str, kind: str, norm_first: bool) -> None:
    numbers = np.random.default_rng(3).standard_normal((2, 3, 4))
    which = "tgt" if "Decoder" in layer else "src"

    def made(T: Any) -> list[Any]:
        made_of = {"dim_feedforward": 8, "dropout": 0.0, "batch_first": True, "norm_first": norm_first, "dtype": T.float64}
        module = loaded(T, getattr(T.nn, layer)(4, 2, **made_of))
        x = of(T, numbers).requires_grad_()
        mask = np.zeros((2, 3) if kind == "padding" else (3, 3), bool)
        mask[1] = True
        masks = {f"{which}_key_padding_mask" if kind == "padding" else f"{which}_mask": of(T, mask)}
        with quiet():
            out = module(x, *([of(T, numbers * 2)] if which == "tgt" else []), **masks)
        (out * out).sum().backward()
        return [out.detach().numpy(), x.grad.numpy()]

    assert_arrays_close(*both(made), rtol=1e-6, atol=1e-9)
