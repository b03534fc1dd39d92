"""Multi-head attention with its projections, as torch.nn.functional.multi_head_attention_forward."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.as_torch.warned import warn
from corelib.dispatcher.namespaces import public
from corelib.ops.neural.attention import scaled_dot_product_attention
from corelib.ops.neural.dropout import dropout
from corelib.ops.neural.softmax import softmax
from corelib.ops.products.linear import linear
from corelib.ops.products.products import baddbmm, bmm
from corelib.ops.shape.joining import cat
from corelib.ops.spatial.padding import pad
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor


def _check_dims(
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, num_heads: int
) -> bool:
    """Whether the query is a batch; AssertionError, as PyTorch, where the others are not what goes with it."""
    dims = len(query._shape)
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    kind = "batched (3-D)" if dims == 3 else "unbatched (2-D)"
    if len(key._shape) != dims or len(value._shape) != dims:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {dims}-D but found {len(key._shape)}-D and {len(value._shape)}-D tensors respectively"
        )
    if key_padding_mask is not None and len(key_padding_mask._shape) != dims - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {dims - 1}-D but found {len(key_padding_mask._shape)}-D tensor instead"
        )
    if attn_mask is not None:
        if len(attn_mask._shape) not in (2, 3):
            raise AssertionError(f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {len(attn_mask._shape)}-D tensor instead")
        expected = (num_heads, query._shape[0], key._shape[0])
        if dims == 2 and len(attn_mask._shape) == 3 and attn_mask._shape != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    return dims == 3


def added_mask(mask: Tensor | None, name: str, dtype: DType, other: DType | None = None, other_name: str = "") -> Tensor | None:
    """A mask as numbers that are added to the scores: -inf where a bool one is True; a floating one as it is."""
    if mask is None:
        return None
    if mask._dtype is not D.bool and not mask._dtype.is_floating_point:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and mask._dtype is not other:
        warn(f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.", UserWarning)
    if mask._dtype is D.bool:
        return mask.new_zeros(mask._shape, dtype=dtype).masked_fill(mask, float("-inf"))
    return mask


def _with_one_more(mask: Tensor | None) -> Tensor | None:
    """A mask with a place for one more source, which may be attended to."""
    return None if mask is None else pad(mask, (0, 1))


def _projected(query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """The three projections by one packed weight, by as few products as the operands allow."""
    n = query._shape[-1]
    if key is value:
        if query is key:
            q, k, v = linear(query, weight, bias).chunk(3, -1)
            return q, k, v
        ws = weight.split([n, 2 * n])
        bs: Sequence[Tensor | None] = (None, None) if bias is None else bias.split([n, 2 * n])
        k, v = linear(key, ws[1], bs[1]).chunk(2, -1)
        return linear(query, ws[0], bs[0]), k, v
    ws, bs = weight.chunk(3), (None, None, None) if bias is None else bias.chunk(3)
    return linear(query, ws[0], bs[0]), linear(key, ws[1], bs[1]), linear(value, ws[2], bs[2])


@public("nn.functional")
def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
    need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """(output, weights or None) of attention in `num_heads` heads, with the projections before and after it.

    query (l, n, e), key and value (s, n, e), or without the batch dimension; masks: bool, True where attention is not allowed, or numbers
    that are added: key_padding_mask (n, s), attn_mask (l, s) or (n * num_heads, l, s). AssertionError and RuntimeError as PyTorch.

    Source: Vaswani et al., Attention is all you need, 2017.
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same = (key is query, value is key)
        query = query.unsqueeze(1)
        key = query if same[0] else key.unsqueeze(1)
        value = key if same[1] else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed_dim = query._shape
    sources = key._shape[0]
    dtype = query._dtype
    padding = added_mask(key_padding_mask, "key_padding_mask", dtype, None if attn_mask is None else attn_mask._dtype, "attn_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to "
            "create this mask."
        )
    if is_causal and padding is None and not need_weights:
        mask = None
    else:
        mask = added_mask(attn_mask, "attn_mask", dtype)
        is_causal = is_causal and padding is None
    if embed_dim != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed_dim}")
    head_dim = embed_dim // num_heads
    if head_dim * num_heads != embed_dim:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        if key._shape[:2] != value._shape[:2]:
            raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
        ws: list[Tensor] = []
        for what, weight in (("q", q_proj_weight), ("k", k_proj_weight), ("v", v_proj_weight)):
            if weight is None:
                raise AssertionError(f"use_separate_proj_weight is True but {what}_proj_weight is None")
            ws.append(weight)
        bs: Sequence[Tensor | None] = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = linear(query, ws[0], bs[0]), linear(key, ws[1], bs[1]), linear(value, ws[2], bs[2])
    else:
        if key._shape != value._shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        expected = (length, sources) if len(mask._shape) == 2 else (batch * num_heads, length, sources)
        if mask._shape != expected:
            raise RuntimeError(f"The shape of the {len(mask._shape)}D attn_mask is {mask.shape}, but should be {expected}.")
        mask = mask.unsqueeze(0) if len(mask._shape) == 2 else mask
    if (bias_k is None) != (bias_v is None):
        raise AssertionError("bias_k is set but bias_v is None" if bias_v is None else "bias_v is set but bias_k is None")
    if bias_k is not None and bias_v is not None:
        for what, static in (("key", static_k), ("value", static_v)):
            if static is not None:
                raise AssertionError(f"bias cannot be added to static {what}.")
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = _with_one_more(mask), _with_one_more(padding)

    def heads(x: Tensor, static: Tensor | None, name: str) -> Tensor:
        if static is None:
            return x.reshape((x._shape[0], batch * num_heads, head_dim)).transpose(0, 1)
        for d, n in ((0, batch * num_heads), (2, head_dim)):
            if static._shape[d] != n:
                raise AssertionError(f"expecting {name}.size({d}) of {n}, but got {static._shape[d]}")
        return static

    q, k, v = heads(q, None, ""), heads(k, static_k, "static_k"), heads(v, static_v, "static_v")
    if add_zero_attn:
        zeros = k.new_zeros((batch * num_heads, 1, head_dim))
        k, v = cat([k, zeros], 1), cat([v, zeros], 1)
        mask, padding = _with_one_more(mask), _with_one_more(padding)
    sources = k._shape[1]
    if padding is not None:
        for d, n in ((0, batch), (1, sources)):
            if padding._shape[d] != n:
                raise AssertionError(f"Expected key_padded_mask.shape[{d}] to be {n}, but got {padding._shape[d]}")
        rows = padding.reshape((batch, 1, 1, sources)).expand((-1, num_heads, -1, -1)).reshape((batch * num_heads, 1, sources))
        mask = rows if mask is None else mask + rows
    p = dropout_p if training else 0.0
    if not need_weights:
        if mask is not None:
            mask = mask.unsqueeze(0) if mask._shape[0] == 1 else mask.reshape((batch, num_heads, -1, sources))
        q, k, v = (x.reshape((batch, num_heads, x._shape[1], head_dim)) for x in (q, k, v))
        made = scaled_dot_product_attention(q, k, v, mask, p, is_causal).permute((2, 0, 1, 3))
        output = linear(made.reshape((batch * length, embed_dim)), out_proj_weight, out_proj_bias)
        output = output.reshape((length, batch, output._shape[1]))
        return (output if batched else output.squeeze(1)), None
    scaled = q * (1.0 / head_dim) ** 0.5
    scores = bmm(scaled, k.transpose(-2, -1)) if mask is None else baddbmm(mask, scaled, k.transpose(-2, -1))
    weights = softmax(scores, -1)
    if p > 0.0:
        weights = dropout(weights, p)
    made = bmm(weights, v).transpose(0, 1).reshape((length * batch, embed_dim))
    output = linear(made, out_proj_weight, out_proj_bias)
    output = output.reshape((length, batch, output._shape[1]))
    weights = weights.reshape((batch, num_heads, length, sources))
    if average_attn_weights:
        weights = weights.mean(1)
    return (output, weights) if batched else (output.squeeze(1), weights.squeeze(0))
