"""Losses of each element: how far an input is from its target, as one number ("mean", "sum") or element by element ("none").

What all losses share is here too: the reduction, weights, and the check of both tensors.
"""

from __future__ import annotations


from corelib.as_torch.warned import warn
from corelib.dispatcher.calls.elementwise import strides_of_result
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.operands import Aside
from corelib.graph.grad_mode import no_grad
from corelib.ops.elementwise.exponential import xlogy
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.reads import first_true
from corelib.ops.neural.activation import logsigmoid
from corelib.ops.reduction.reductions import vector_norm
from corelib.ops.shape.shapes import broadcast_tensors
from corelib.tensor.dtype import kind_name
from corelib.tensor.promotion import result_type
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor


def legacy_reduction(size_average: bool | None, reduce: bool | None) -> str:
    """What the two arguments of old mean, None standing for True."""
    return "none" if reduce is False else "sum" if size_average is False else "mean"


def reduction_of(name: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """How a loss is reduced, "none", "mean" or "sum", from the argument of today and the two of old. ValueError for another."""
    if size_average is not None or reduce is not None:
        made = legacy_reduction(size_average, reduce)
        warn(f"size_average and reduce args will be deprecated, please use reduction='{made}' instead.")
        return made
    if reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}(): {reduction} is not a valid value for reduction; accepted are 'none', 'mean' and 'sum'")
    return reduction


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """Each element's loss, or their mean or sum."""
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def weighed(loss: Tensor, weight: Tensor | None) -> Tensor:
    """Times a weight, where there is one."""
    return loss if weight is None else loss * weight


def _weighed_mean(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Weighed and reduced; the mean is over the sum of the weights."""
    loss = weighed(loss, weight)
    return loss.sum() / weight.expand_as(loss).sum() if reduction == "mean" else reduced(loss, reduction)


def _spread(g: Tensor, input: Tensor, reduction: str) -> Tensor:
    """The gradient of each element's loss."""
    return g / input._numel if reduction == "mean" else g


def check_tensors(name: str, input: Tensor, target: Tensor) -> None:
    """TypeError where the input or the target is no tensor."""
    for i, (what, t) in enumerate((("input", input), ("target", target))):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' (position {i + 1}) must be Tensor, not {type(t).__name__}")


def _pair(name: str, input: Tensor, target: Tensor, broadcast: bool = True) -> tuple[Tensor, Tensor]:
    check_tensors(name, input, target)
    if input._shape != target._shape:
        if not broadcast:
            raise ValueError(f"{name}(): Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. Please ensure they have the same size.")
        warn(
            f"{name}(): Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
        )
        input, target = broadcast_tensors(input, target)
    if input._dtype is not target._dtype:
        dtype = result_type(input, target)
        input, target = input.to(dtype), target.to(dtype)
    if not input._dtype.is_floating_point and name != "l1_loss":
        raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(input._dtype)}'; floating dtypes are accepted")
    return input, target


def _infer_loss(input: Tensor, target: Tensor, reduction: str, *rest: object) -> Inferred:
    if reduction != "none":
        return ((), input._dtype), (input, target, reduction, *rest)
    return (input._shape, input._dtype, strides_of_result(input, target)), (input, target, reduction, *rest)


def _mse_slope(g: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    return (input - target) * (_spread(g, input, reduction) * 2)


@op(on=(), infer=_infer_loss, grad_name="MseLossBackward0",
    vjp={"input": _mse_slope, "target": lambda g, input, target, reduction: -_mse_slope(g, input, target, reduction)})
def squared_error(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The squared differences, reduced."""
    off = input - target
    return reduced(off * off, reduction)


@op(on=("nn.functional",))
def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
    weight: Aside[Tensor | None] = None,
) -> Tensor:
    """The mean of (input - target)².

    >>> import corelib as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(2.)
    """
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    input, target = _pair("mse_loss", input, target)
    if weight is not None:
        return _weighed_mean(squared_error(input, target, "none"), weight, reduction)
    return squared_error(input, target, reduction)


@op(on=("nn.functional",))
def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
    weight: Aside[Tensor | None] = None,
) -> Tensor:
    """The mean of |input - target|.

    >>> import corelib as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(1.)
    """
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    input, target = _pair("l1_loss", input, target)
    loss = (input - target).abs()
    return reduced(loss, reduction) if weight is None else _weighed_mean(loss, weight, reduction)


def _smooth_slope(g: Tensor, input: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
    off = input - target
    slope = select_where(off <= -beta, -1.0, select_where(off >= beta, 1.0, off / beta if beta else off))
    return _spread(g, input, reduction) * slope


@op(on=(), infer=_infer_loss, grad_name="SmoothL1LossBackward0",
    vjp={"input": _smooth_slope, "target": lambda g, input, target, reduction, beta: -_smooth_slope(g, input, target, reduction, beta)})
def smooth_error(input: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
    """Quadratic below beta, linear above, reduced."""
    size = (input - target).abs()
    return reduced(select_where(size < beta, 0.5 * size * size / (beta or 1.0), size - 0.5 * beta), reduction)


@op(on=("nn.functional",))
def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The mean of 0.5 * d² / beta where d = |input - target| is below beta, else d - 0.5 * beta.

    >>> import corelib as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([0.]), torch.tensor([2.]))
    tensor(1.5000)
    """
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss(): smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target = _pair("smooth_l1_loss", input, target)
    return smooth_error(input, target, reduction, beta)


def _huber_slope(g: Tensor, input: Tensor, target: Tensor, reduction: str, delta: float) -> Tensor:
    off = input - target
    return _spread(g, input, reduction) * select_where(off <= -delta, -delta, select_where(off >= delta, delta, off))


@op(on=(), infer=_infer_loss, grad_name="HuberLossBackward0",
    vjp={"input": _huber_slope, "target": lambda g, input, target, reduction, delta: -_huber_slope(g, input, target, reduction, delta)})
def huber_error(input: Tensor, target: Tensor, reduction: str, delta: float) -> Tensor:
    """Quadratic below delta, linear above, reduced."""
    size = (input - target).abs()
    return reduced(select_where(size < delta, 0.5 * size * size, delta * (size - 0.5 * delta)), reduction)


@op(on=("nn.functional",))
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Aside[Tensor | None] = None
) -> Tensor:
    """delta times the smooth L1 loss with beta = delta (Huber, 1964)."""
    reduction = reduction_of("huber_loss", reduction)
    input, target = _pair("huber_loss", input, target)
    if not delta > 0:
        raise RuntimeError(f"huber_loss(): huber_loss does not support non-positive values for delta, got {delta}")
    if weight is None:
        return huber_error(input, target, reduction, delta)
    return reduced(weighed(huber_error(input, target, "none", delta), weight), reduction)


_TINY = 9.999999960041972e-13
"""The float32 next to 1e-12, which is PyTorch's bound."""


def _bce_slope(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    slope = (input - target) / ((1 - input) * input).clamp_min(_TINY)
    g = _spread(g, input, reduction) * slope
    return weighed(g, weight)


def _bce_target(g: Tensor, input: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    g = _spread(g, input, reduction) * ((-input).log1p() - input.log())
    return weighed(g, weight)


@op(on=(), grad_name="BinaryCrossEntropyBackward0", vjp={"input": _bce_slope, "target": _bce_target},
    infer=lambda input, target, weight, reduction: ((input._shape if reduction == "none" else (), input._dtype), (input, target, weight, reduction)))
def cross_entropy_of_two(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Minus target * log(input) + (1 - target) * log(1 - input), the logarithms at least -100."""
    loss = (target - 1) * (-input).log1p().clamp_min(-100) - target * input.log().clamp_min(-100)
    return reduced(weighed(loss, weight), reduction)


@op(on=("nn.functional",))
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities `input` from 0 to 1 against `target`; each logarithm is at least -100.

    >>> import corelib as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.]))
    tensor(0.6931)
    """
    reduction = reduction_of("binary_cross_entropy", reduction, size_average, reduce)
    input, target = _pair("binary_cross_entropy", input, target, broadcast=False)
    outside = first_true(lambda: ~((input >= 0) & (input <= 1)), lambda: ~((target >= 0) & (target <= 1)))
    if outside is not None:
        raise RuntimeError(f"binary_cross_entropy(): all elements of {('input', 'target')[outside]} should be between 0 and 1")
    if weight is not None:
        weight = weight.expand_as(input)
    return cross_entropy_of_two(input, target, weight, reduction)


def _logits_slope(
    g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    g = weighed(_spread(g, input, reduction), weight)
    if pos_weight is None:
        return g * (input.sigmoid() - target)
    t = pos_weight * target
    return g * ((t + 1 - target) * input.sigmoid() - t)


def _logits_target(g: Tensor, input: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    g = weighed(_spread(g, input, reduction), weight)
    if pos_weight is None:
        return g * -input
    return g * (logsigmoid(-input) - pos_weight * logsigmoid(input))


@op(on=(), grad_name="BinaryCrossEntropyWithLogitsBackward0", vjp={"input": _logits_slope, "target": _logits_target},
    infer=lambda input, target, weight, pos_weight, reduction: (
        (input._shape if reduction == "none" else (), input._dtype), (input, target, weight, pos_weight, reduction)))
def cross_entropy_of_logits(input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    """The cross entropy of sigmoid(input), without overflow."""
    # (1 - y) x + (1 + (w - 1) y) softplus(-x), and softplus(-x) = max(-x, 0) + log1p(exp(-|x|))
    soft = (-input).clamp_min(0) + (-input.abs()).exp().log1p()
    if pos_weight is not None:
        soft = soft * (1 + (pos_weight - 1) * target)
    loss = (1 - target) * input + soft
    return reduced(weighed(loss, weight), reduction)


@op(on=("nn.functional",))
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross entropy of sigmoid(input) against `target`, without overflow; `pos_weight` weighs the positive ones.

    >>> import corelib as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.]), torch.tensor([1.]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(name, reduction, size_average, reduce)
    check_tensors(name, input, target)
    if input._shape != target._shape:
        raise ValueError(f"{name}(): Target size ({target.shape}) must be the same as input size ({input.shape})")
    input, target = _pair(name, input, target)
    if weight is not None:
        weight = weight.expand_as(input)
    if pos_weight is not None:
        pos_weight = pos_weight.expand_as(input)
    return cross_entropy_of_logits(input, target, weight, pos_weight, reduction)


@op(on=("nn.functional",))
def kl_div(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input): the divergence of log-probabilities `input` from `target`; "batchmean" divides by the batch.

    >>> import corelib as torch
    >>> torch.nn.functional.kl_div(torch.tensor([0.]), torch.tensor([1.]), reduction="sum")
    tensor(0.)
    """
    if reduction == "batchmean" and size_average is None and reduce is None:
        how = "batchmean"
    else:
        how = reduction_of("kl_div", reduction, size_average, reduce)
    if how == "mean" and size_average is None and reduce is None:
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the "
            "batch size, and aligns with the KL math definition.'mean' will be changed to behave the same as 'batchmean' in the "
            "next major release.",
            UserWarning,
        )
    if not (input._dtype.is_floating_point and target._dtype.is_floating_point):
        raise RuntimeError(f"kl_div(): Integral inputs not supported, got input {input._dtype} and target {target._dtype}.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = xlogy(target, target) - target * input
    if how == "batchmean":
        return loss.sum() / (input._shape[0] if input._shape else 1)
    return reduced(loss, how)


@op(on=("torch", "nn.functional"))
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`.

    >>> import corelib as torch
    >>> torch.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 0.]]))
    tensor([1.])
    """
    kind = result_type(x1, x2)
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(f"cosine_similarity(): expected common dtype to be floating point, yet common dtype is {kind_name(kind)}")
    x1, x2 = broadcast_tensors(x1, x2)
    at = wrap_dim("cosine_similarity", dim, len(x1._shape))

    def direction(x: Tensor) -> Tensor:
        length = vector_norm(x, 2.0, (at,) if x._shape else (), True).clone()
        with no_grad():  # as in PyTorch the bound is no part of the graph, so a short vector has a gradient still
            length.clamp_min_(eps)
        return x / length

    return (direction(x1) * direction(x2)).sum(dim)
