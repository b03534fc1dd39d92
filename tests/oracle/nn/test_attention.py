"""MultiheadAttention and the Transformer family beside PyTorch's: parameters, printing, outputs, weights, gradients, masks, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


from ..pairs import both_seeded, leaves, quiet, refusals_of, tensors
from .modules import assert_same_gradients, evaluate, started_and_printed_alike

ATTENTIONS = [
    "nn.MultiheadAttention(8, 2)", "nn.MultiheadAttention(8, 4, bias=False)", "nn.MultiheadAttention(8, 2, add_bias_kv=True)",
    "nn.MultiheadAttention(8, 2, add_zero_attn=True)", "nn.MultiheadAttention(8, 2, kdim=5, vdim=6)", "nn.MultiheadAttention(8, 2, batch_first=True)",
    "nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True, kdim=5, vdim=6, batch_first=True)",
]
LAYERS = [
    "nn.TransformerEncoderLayer(8, 2, 12)", "nn.TransformerEncoderLayer(8, 2, 12, norm_first=True, activation='gelu')",
    "nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, bias=False, layer_norm_eps=1e-3)", "nn.TransformerDecoderLayer(8, 2, 12)",
    "nn.TransformerDecoderLayer(8, 2, 12, norm_first=True, activation=nn.functional.gelu, batch_first=True)",
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12), 2)", "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, batch_first=True), 2, nn.LayerNorm(8))",
    "nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12), 2, nn.LayerNorm(8))", "nn.Transformer(8, 2, 1, 2, 12)", "nn.Transformer(8, 2, 1, 1, 12, norm_first=True, bias=False, batch_first=True)",
]  # fmt: skip


@pytest.mark.parametrize("expression", ATTENTIONS + LAYERS)
def test_starts_and_prints_as_pytorch(expression: str) -> None:
    with quiet():
        started_and_printed_alike(expression)


def mask_of(T: Any, name: str, length: int, sources: int, batch: int, heads: int) -> dict[str, Any]:
    rng = np.random.default_rng(8)
    padding = np.zeros((batch, sources), dtype=bool)
    padding[0, -1] = padding[-1, -2:] = True
    attention = rng.random((length, sources)) < 0.3
    attention[:, 0] = False
    numbers = rng.standard_normal((length, sources)).astype(np.float32)
    every = rng.standard_normal((batch * heads, length, sources)).astype(np.float32)
    made: dict[str, Any] = {
        "none": {}, "padding": {"key_padding_mask": padding}, "bool": {"attn_mask": attention}, "float": {"attn_mask": numbers}, "each": {"attn_mask": every},
        "both": {"key_padding_mask": padding, "attn_mask": attention},
    }[name]
    return {key: T.from_numpy(value) for key, value in made.items()}


@pytest.mark.parametrize("weights", ["mean", "each head", "no"])
@pytest.mark.parametrize("mask", ["none", "padding", "bool", "float", "each", "both"])
@pytest.mark.parametrize("expression", ATTENTIONS)
def test_attention_is_pytorchs(expression: str, mask: str, weights: str) -> None:
    def make(T: Any) -> Any:
        T.manual_seed(1)
        layer = evaluate(expression, T)
        if layer.in_proj_bias is not None:
            T.nn.init.normal_(layer.in_proj_bias)
        shapes: Any = [(4, 3, 8), (5, 3, layer.kdim), (5, 3, layer.vdim)]
        if layer.batch_first:
            shapes = [(n, t, e) for t, n, e in shapes]
        q, k, v = tensors(T, *shapes)
        options = {"need_weights": weights != "no", "average_attn_weights": weights == "mean"}
        return leaves(layer(q, k, v, **options, **mask_of(T, mask, 4, 5, 3, layer.num_heads))), [q, k, v, *layer.parameters()]

    assert_same_gradients(make)


@pytest.mark.parametrize("same", ["all", "keys", "none"])
@pytest.mark.parametrize("batched", [True, False])
def test_shared_and_unbatched_operands(batched: bool, same: str) -> None:
    def make(T: Any) -> Any:
        T.manual_seed(1)
        layer = T.nn.MultiheadAttention(8, 2)
        q, k, v = tensors(T, *[(4, 3, 8) if batched else (4, 8)] * 3)
        args = {"all": (q, q, q), "keys": (q, k, k), "none": (q, k, v)}[same]
        return leaves(layer(*args)), [*dict.fromkeys(args), *layer.parameters()]

    assert_same_gradients(make)


def test_causal_attention() -> None:
    def make(T: Any) -> Any:
        T.manual_seed(1)
        layer = T.nn.MultiheadAttention(8, 2)
        (x,) = tensors(T, (4, 3, 8))
        mask = T.nn.Transformer.generate_square_subsequent_mask(4)
        return [layer(x, x, x, attn_mask=mask, is_causal=True, need_weights=False)[0], layer(x, x, x, attn_mask=mask, is_causal=True)[0]], [x, *layer.parameters()]

    assert_same_gradients(make)


@pytest.mark.parametrize("mask", ["none", "causal", "causal bool", "padding", "both"])
@pytest.mark.parametrize("expression", LAYERS)
def test_layers_are_pytorchs(expression: str, mask: str) -> None:
    def make(T: Any) -> Any:
        T.manual_seed(1)
        with quiet():
            layer = evaluate(expression, T).eval()
        for p in layer.parameters():
            p.requires_grad_()
        batch_first = "batch_first=True" in expression
        x, memory = tensors(T, *([(3, 5, 8), (3, 6, 8)] if batch_first else [(5, 3, 8), (6, 3, 8)]))
        causal = T.nn.Transformer.generate_square_subsequent_mask(5)
        padding = mask_of(T, "padding", 5, 5, 3, 2)["key_padding_mask"]
        if mask == "causal bool":
            causal = causal != 0
        kind = type(layer).__name__
        names = ("src_mask", "src_key_padding_mask") if kind == "TransformerEncoderLayer" else ("mask", "src_key_padding_mask") if kind == "TransformerEncoder" else ("tgt_mask", "tgt_key_padding_mask")
        options = {}
        if mask.startswith("causal") or mask == "both":
            options[names[0]] = causal
        if mask in ("padding", "both"):
            options[names[1]] = padding if mask == "padding" else T.zeros(3, 5).masked_fill(padding, float("-inf"))
        args = (x,) if "Encoder" in kind else (memory, x) if kind == "Transformer" else (x, memory)
        with quiet():
            return [layer(*args, **options)], [*args, *layer.parameters()]

    assert_same_gradients(make)


def test_a_small_transformer_trains_as_pytorchs() -> None:
    def losses(T: Any) -> list[float]:
        with quiet():
            model = T.nn.Transformer(8, 2, 1, 1, 16, dropout=0.0)
        optimizer = T.optim.Adam(model.parameters(), lr=1e-3)
        src, tgt, want = tensors(T, (5, 3, 8), (4, 3, 8), (4, 3, 8), grad=False)
        found = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = ((model(src, tgt, tgt_mask=model.generate_square_subsequent_mask(4)) - want) ** 2).mean()
            loss.backward()
            optimizer.step()
            found.append(float(loss.detach()))
        return found

    np.testing.assert_allclose(*both_seeded(5, losses), rtol=1e-4)


REFUSED = [
    "nn.MultiheadAttention(0, 2)", "nn.MultiheadAttention(8, 3)", "nn.MultiheadAttention(8, 2)(x[0, 0], x, x)", "nn.MultiheadAttention(8, 2)(x, x[0], x)",
    "nn.MultiheadAttention(8, 2)(x[0], x, x)", "nn.MultiheadAttention(8, 2)(x, x, x, key_padding_mask=x[0, 0] > 0)", "nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=x[0, 0])",
    "nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=x[0])", "nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=x)", "nn.MultiheadAttention(8, 2)(x, x, x[:2])",
    "nn.MultiheadAttention(6, 2)(x, x, x)", "nn.MultiheadAttention(8, 2)(x, x, x, is_causal=True)", "nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=x[0].long())",
    "nn.MultiheadAttention(8, 2)(x, x, x, key_padding_mask=x[:2, :, 0] > 0)", "nn.TransformerEncoderLayer(8, 2, activation='tanh')",
    "nn.Transformer(8, 2, 1, 1, 4)(x, x[:, :2])", "nn.Transformer(8, 2, 1, 1, 4)(x, x[..., :4])",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    mine, theirs = refusals_of(lambda T: evaluate(expression, T, x=tensors(T, (4, 3, 8))[0]))
    assert mine == theirs
