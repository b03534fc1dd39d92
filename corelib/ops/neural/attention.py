"""Attention."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE, Inferred
from corelib.dispatcher.warned import warn
from corelib.graph.grad_mode import is_grad_enabled
from corelib.ops.neural.dropout import dropout
from corelib.ops.neural.softmax import safe_softmax_along
from corelib.ops.products.products import matmul
from corelib.ops.reduction.reductions import logsumexp
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape, broadcast_shapes
from corelib.tensor.tensor import Tensor


class SDPBackend(Enum):
    """The kernels of scaled_dot_product_attention that PyTorch chooses among.

    corelib has MATH, products and a softmax, and FLASH_ATTENTION, the kernel of a device for the whole where PyTorch's on the cpu would run.
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __int__(self) -> int:
        return self.value

    __index__ = __int__
    __str__ = Enum.__str__


class SDPAParams(NamedTuple):
    """The arguments of attention, as `torch.backends.cuda.can_use_flash_attention` takes them."""

    query: Tensor
    key: Tensor
    value: Tensor
    attn_mask: Tensor | None
    dropout: float
    is_causal: bool
    enable_gqa: bool


ALLOWED = set(SDPBackend) - {SDPBackend.ERROR}
"""The kernels that may be chosen; `torch.nn.attention.sdpa_kernel` and `torch.backends.cuda` change it."""
_MATH = SDPBackend.MATH


def _choose(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float) -> None:
    """RuntimeError where none of the kernels that are left when MATH is not allowed can run, as PyTorch on the cpu."""
    if SDPBackend.FLASH_ATTENTION not in ALLOWED:
        raise RuntimeError(
            "No viable backend for scaled_dot_product_attention was found. This is likely due to turning off both the math kernel and the fused "
            "kernels; corelib has SDPBackend.MATH and SDPBackend.FLASH_ATTENTION"
        )
    reason = ""
    if not len(query._shape) == len(key._shape) == len(value._shape) == 4:
        reason = f"query, key and value must have 4 dimensions, got {len(query._shape)}, {len(key._shape)} and {len(value._shape)}"
    elif dropout_p:
        reason = f"dropout_p must be 0, got {dropout_p}"
    elif value._shape[-1] != query._shape[-1]:
        reason = f"query, key and value must have the same last dimension, got {query._shape[-1]}, {key._shape[-1]} and {value._shape[-1]}"
    elif mask is not None and mask.requires_grad and is_grad_enabled():
        reason = "attn_mask must not require a gradient"
    elif any(t.stride(-1) != 1 and t._shape[-1] > 1 for t in (query, key, value)):
        reason = "the last dimension of query, key and value must have stride 1"
    if reason:
        warn(f"Flash attention kernel not used because: {reason}")
        raise RuntimeError(f"No available kernel. Aborting execution: scaled_dot_product_attention may use flash attention only, and {reason}; allow SDPBackend.MATH")


def _with_scores(mask: Tensor, scores: tuple[int, int]) -> Shape:
    """The shape of a mask with the last two dimensions those of the scores; RuntimeError where it does not fit them."""
    shape = broadcast_shapes(mask._shape, scores)
    if shape is None or shape[-2:] != scores:
        raise RuntimeError(
            f"scaled_dot_product_attention(): attn_mask of shape {list(mask._shape)} cannot be broadcast to scores (..., {scores[0]}, {scores[1]})"
        )
    return shape


def _infer_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float) -> Inferred:
    shapes = [query._shape[:-2], key._shape[:-2], value._shape[:-2]]
    scores = (query._shape[-2], key._shape[-2])
    if mask is not None:
        shapes.append(_with_scores(mask, scores)[:-2])
    batch: Shape | None = ()
    for shape in shapes:
        batch = None if batch is None else broadcast_shapes(batch, shape)
    if batch is None:
        raise RuntimeError(
            f"scaled_dot_product_attention(): the batch dimensions of query {list(query._shape)}, key {list(key._shape)}, value "
            f"{list(value._shape)}{'' if mask is None else f' and attn_mask {list(mask._shape)}'} cannot be broadcast to one shape"
        )
    return ((*batch, query._shape[-2], value._shape[-1]), query._dtype), (query, key, value, mask, causal, scale)


@op(on=(), infer=_infer_attention)
def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value, of checked arguments."""
    return _attended(query, key, value, mask, causal, scale, 0.0)


def _infer_kept(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float) -> Inferred:
    _, given = _infer_attention(query, key, value, mask, causal, scale)
    shape, dtype = query._shape[:-1], query._dtype  # the batches are the same: see `_kept`
    return [((*shape, value._shape[-1]), dtype), (shape, D.float64 if dtype is D.float64 else D.float32)], given


def _kept_vjp(
    gs: tuple[Tensor | None, Tensor | None], query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float,
    out0: Tensor, out1: Tensor,
) -> tuple[Tensor, ...]:
    g, _ = gs  # nothing is made of the sums but gradients, whose own derivatives do without them
    assert g is not None
    return attention_backward(g, query, key, value, mask, out0, out1, causal, scale)


@op(on=(), several=True, infer=_infer_kept, vjp={("query", "key", "value"): _kept_vjp})
def attention_kept(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float) -> tuple[Tensor, Tensor]:
    """`attention` of the same batches, and for each query the logarithm of the sum of its scores' exponentials, from which gradients are computed."""
    wide = D.float64 if query._dtype is D.float64 else D.float32
    scores = _scores(query.to(wide), key.to(wide), mask, causal, scale)
    return _attended(query, key, value, mask, causal, scale, 0.0), logsumexp(scores, (-1,))


def _infer_kept_backward(
    g: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, out: Tensor, sums: Tensor, causal: bool, scale: float
) -> Inferred:
    return [(t._shape, t._dtype) for t in (query, key, value)], (g, query, key, value, mask, out, sums, causal, scale)


@op(on=(), several=True, infer=_infer_kept_backward)
def attention_backward(
    g: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, out: Tensor, sums: Tensor, causal: bool, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of attention's query, key and value, which have the same batches. Derivatives of it go by the body, which computes the
    weights anew from query and key."""
    dtype = query._dtype
    if dtype in (D.float16, D.bfloat16):
        g, query, key, value = g.float(), query.float(), key.float(), value.float()
    weights = safe_softmax_along(_scores(query, key, mask, causal, scale), -1)
    slopes = matmul(g, value.transpose(-2, -1))
    slopes = weights * (slopes - (slopes * weights).sum(-1, True)) * scale
    made = matmul(slopes, key), matmul(slopes.transpose(-2, -1), query), matmul(weights.transpose(-2, -1), g)
    return made[0].to(dtype), made[1].to(dtype), made[2].to(dtype)


def _kept(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> bool:
    """Whether what a gradient needs is kept in place of the weights: where the device has kernels for that, and the batches are the same."""
    if not is_grad_enabled() or not (query.requires_grad or key.requires_grad or value.requires_grad) or (mask is not None and mask.requires_grad):
        return False
    alike = query._shape[:-2] == key._shape[:-2] == value._shape[:-2] and (mask is None or len(mask._shape) <= len(query._shape))
    return alike and TABLE["attention_backward"].kernel_for(query._key, query._dtype) is not None


def _attended(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float, dropout_p: float) -> Tensor:
    given = query._dtype
    if given in (D.float16, D.bfloat16):  # a score of 100 rounded to a half is off by as much as changes its weight by a twentieth
        query, key, value = query.float(), key.float(), value.float()
        mask = mask if mask is None or mask._dtype is D.bool else mask.float()
    weights = _weights(query, key, mask, causal, scale)
    return matmul(dropout(weights, dropout_p, True) if dropout_p else weights, value).to(given)


def _weights(query: Tensor, key: Tensor, mask: Tensor | None, causal: bool, scale: float) -> Tensor:
    """How much of each value a query takes. A row with nothing to attend to gives zeros, not NaN."""
    return safe_softmax_along(_scores(query, key, mask, causal, scale), -1)


def _scores(query: Tensor, key: Tensor, mask: Tensor | None, causal: bool, scale: float) -> Tensor:
    scores = matmul(query * scale, key.transpose(-2, -1))
    if causal:
        mask = query.new_ones(scores._shape[-2:], dtype=D.bool).tril()
    if mask is not None:
        scores = scores + mask if mask._dtype is not D.bool else scores.masked_fill(~mask, float("-inf"))
    return scores


@op(on=("nn.functional",))
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value (Vaswani et al., 2017).

    query (..., l, e), key (..., s, e), value (..., s, v) give (..., l, v). attn_mask: bool, True where attention is
    allowed, or numbers that are added to the scores; is_causal: position i sees positions up to i; scale defaults to
    1 / sqrt(e); enable_gqa: heads (dimension -3) of key and value are repeated to those of the query.

    >>> import corelib as torch
    >>> q = torch.ones(1, 2, 4)
    >>> torch.nn.functional.scaled_dot_product_attention(q, q, q).shape
    torch.Size([1, 2, 4])
    """
    name = "scaled_dot_product_attention"
    for what, t in (("query", query), ("key", key), ("value", value)):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(t).__name__}")
        if len(t._shape) < 2:
            raise ValueError(f"{name}(): All inputs must be at least 2D, but {what} has shape {list(t._shape)}")
    if not query._dtype is key._dtype is value._dtype:
        raise RuntimeError(f"{name}(): Expected query, key, and value to have the same dtype, but got query.dtype: {query._dtype} key.dtype: {key._dtype} and value.dtype: {value._dtype} instead.")
    if query._shape[-1] != key._shape[-1] or key._shape[-2] != value._shape[-2]:
        raise RuntimeError(
            f"{name}(): mat1 and mat2 shapes cannot be multiplied: query {list(query._shape)}, key {list(key._shape)}, value "
            f"{list(value._shape)} must agree in query's and key's last dimension and in key's and value's one before"
        )
    if attn_mask is not None and type(attn_mask) is not Tensor and hasattr(attn_mask, "_materialize"):  # a causal bias, known by name
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        attn_mask = attn_mask._materialize(query._device)
    if is_causal and attn_mask is not None:
        raise RuntimeError(f"{name}(): Explicit attn_mask should not be set when is_causal=True")
    if attn_mask is not None and attn_mask._dtype is not D.bool and attn_mask._dtype is not query._dtype:
        raise RuntimeError(f"{name}(): Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: {attn_mask._dtype} and query.dtype: {query._dtype} instead.")
    if _MATH not in ALLOWED:
        _choose(query, key, value, attn_mask, dropout_p)
    if enable_gqa and query._shape[-3] != key._shape[-3]:
        times = query._shape[-3] // key._shape[-3]
        key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
    factor = query._shape[-1] ** -0.5 if scale is None and query._shape[-1] else 1.0 if scale is None else scale
    if dropout_p:
        return _attended(query, key, value, attn_mask, is_causal, factor, dropout_p)
    if _kept(query, key, value, attn_mask):
        return attention_kept(query, key, value, attn_mask, is_causal, factor)[0]
    return attention(query, key, value, attn_mask, is_causal, factor)
