"""Losses: how far an input is from its target, as one number ("mean", "sum") or element by element ("none")."""

from __future__ import annotations

import warnings
from typing import Any

from corelib.tensor.dtype import kind_name
from corelib.dispatcher.declare import op
from corelib.ops.elementwise.where import select_where
from corelib.ops.neural.activation import log_softmax_along, log_softmax_backward, logsigmoid
from corelib.ops.shape.shapes import broadcast_tensors
from corelib.tensor import dtype as D
from corelib.tensor.promotion import result_type
from corelib.tensor.tensor import Tensor


def _reduction(name: str, reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}(): {reduction} is not a valid value for reduction; accepted are 'none', 'mean' and 'sum'")
    return reduction


def _reduced(loss: Any, reduction: str) -> Any:
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _spread(g: Any, input: Any, reduction: str) -> Any:
    """The gradient of each element's loss."""
    return g / input._numel if reduction == "mean" else g


def _pair(name: str, input: Any, target: Any, broadcast: bool = True) -> tuple[Any, Any]:
    for i, (what, t) in enumerate((("input", input), ("target", target))):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' (position {i + 1}) must be Tensor, not {type(t).__name__}")
    if input._shape != target._shape:
        if not broadcast:
            raise ValueError(f"{name}(): Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. Please ensure they have the same size.")
        warnings.warn(
            f"{name}(): Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=4,
        )
        input, target = broadcast_tensors(input, target)
    if input._dtype is not target._dtype:
        dtype = result_type(input, target)
        input, target = input.to(dtype), target.to(dtype)
    if not input._dtype.is_floating_point and name != "l1_loss":
        raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(input._dtype)}'; floating dtypes are accepted")
    return input, target


def _infer_loss(input: Any, target: Any, reduction: str, *rest: Any) -> Any:
    return (input._shape if reduction == "none" else (), input._dtype), (input, target, reduction, *rest)


def _mse_slope(g: Any, input: Any, target: Any, reduction: str) -> Any:
    return (input - target) * (_spread(g, input, reduction) * 2)


@op(on=(), infer=_infer_loss, grad_name="MseLossBackward0",
    vjp={"input": _mse_slope, "target": lambda g, input, target, reduction: -_mse_slope(g, input, target, reduction)})
def squared_error(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The squared differences, reduced."""
    off: Any = input - target
    return _reduced(off * off, reduction)


@op(on=("nn.functional",))
def mse_loss(input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None) -> Tensor:
    """The mean of (input - target)².

    >>> import corelib as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(2.)
    """
    reduction = _reduction("mse_loss", reduction, size_average, reduce)
    input, target = _pair("mse_loss", input, target)
    if weight is not None:
        loss = squared_error(input, target, "none") * weight
        return loss.sum() / weight.expand_as(loss).sum() if reduction == "mean" else _reduced(loss, reduction)
    return squared_error(input, target, reduction)


@op(on=("nn.functional",))
def l1_loss(input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None) -> Tensor:
    """The mean of |input - target|.

    >>> import corelib as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(1.)
    """
    reduction = _reduction("l1_loss", reduction, size_average, reduce)
    input, target = _pair("l1_loss", input, target)
    loss = (input - target).abs()
    if weight is not None:
        loss = loss * weight
        return loss.sum() / weight.expand_as(loss).sum() if reduction == "mean" else _reduced(loss, reduction)
    return _reduced(loss, reduction)


def _smooth_slope(g: Any, input: Any, target: Any, reduction: str, beta: float) -> Any:
    off = input - target
    slope = select_where(off.abs() < beta, off / beta if beta else off, off.sign())
    return _spread(g, input, reduction) * slope


@op(on=(), infer=_infer_loss, grad_name="SmoothL1LossBackward0",
    vjp={"input": _smooth_slope, "target": lambda g, input, target, reduction, beta: -_smooth_slope(g, input, target, reduction, beta)})
def smooth_error(input: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
    """Quadratic below beta, linear above, reduced."""
    size: Any = (input - target).abs()
    return _reduced(select_where(size < beta, 0.5 * size * size / (beta or 1.0), size - 0.5 * beta), reduction)


@op(on=("nn.functional",))
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """The mean of 0.5 * d² / beta where d = |input - target| is below beta, else d - 0.5 * beta.

    >>> import corelib as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([0.]), torch.tensor([2.]))
    tensor(1.5000)
    """
    reduction = _reduction("smooth_l1_loss", reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss(): smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target = _pair("smooth_l1_loss", input, target)
    return smooth_error(input, target, reduction, beta)


@op(on=("nn.functional",))
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Tensor:
    """delta times the smooth L1 loss with beta = delta (Huber, 1964)."""
    reduction = _reduction("huber_loss", reduction)
    input, target = _pair("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss(): huber_loss does not support non-positive values for delta, got {delta}")
    loss = smooth_error(input, target, "none", delta) * delta
    return _reduced(loss if weight is None else loss * weight, reduction)


def _bce_slope(g: Any, input: Any, target: Any, weight: Any, reduction: str) -> Any:
    slope = (input - target) / ((1 - input) * input).clamp_min(1e-12)
    g = _spread(g, input, reduction) * slope
    return g if weight is None else g * weight


def _bce_target(g: Any, input: Any, weight: Any, reduction: str) -> Any:
    g = _spread(g, input, reduction) * ((1 - input).log().clamp_min(-100) - input.log().clamp_min(-100))
    return g if weight is None else g * weight


@op(on=(), grad_name="BinaryCrossEntropyBackward0", vjp={"input": _bce_slope, "target": _bce_target},
    infer=lambda input, target, weight, reduction: ((input._shape if reduction == "none" else (), input._dtype), (input, target, weight, reduction)))
def cross_entropy_of_two(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Minus target * log(input) + (1 - target) * log(1 - input), the logarithms at least -100."""
    loss: Any = (target - 1) * (-input).log1p().clamp_min(-100) - target * input.log().clamp_min(-100)
    return _reduced(loss if weight is None else loss * weight, reduction)


@op(on=("nn.functional",))
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Tensor:
    """The cross entropy of probabilities `input` from 0 to 1 against `target`; each logarithm is at least -100.

    >>> import corelib as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.]))
    tensor(0.6931)
    """
    reduction = _reduction("binary_cross_entropy", reduction, size_average, reduce)
    input, target = _pair("binary_cross_entropy", input, target, broadcast=False)
    if input._numel and input._device.type != "meta" and not bool(((input >= 0) & (input <= 1)).all()):
        raise RuntimeError("binary_cross_entropy(): all elements of input should be between 0 and 1")
    if weight is not None:
        weight = weight.expand_as(input)
    return cross_entropy_of_two(input, target, weight, reduction)


def _logits_slope(g: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    g = _spread(g, input, reduction)
    if weight is not None:
        g = g * weight
    if pos_weight is None:
        return g * (input.sigmoid() - target)
    t = pos_weight * target
    return g * ((t + 1 - target) * input.sigmoid() - t)


def _logits_target(g: Any, input: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    g = _spread(g, input, reduction)
    if weight is not None:
        g = g * weight
    if pos_weight is None:
        return g * -input
    return g * (logsigmoid(-input) - pos_weight * logsigmoid(input))


@op(on=(), grad_name="BinaryCrossEntropyWithLogitsBackward0", vjp={"input": _logits_slope, "target": _logits_target},
    infer=lambda input, target, weight, pos_weight, reduction: (
        (input._shape if reduction == "none" else (), input._dtype), (input, target, weight, pos_weight, reduction)))
def cross_entropy_of_logits(input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    """The cross entropy of sigmoid(input), without overflow."""
    # (1 - y) x + (1 + (w - 1) y) softplus(-x), and softplus(-x) = max(-x, 0) + log1p(exp(-|x|))
    soft: Any = (-input).clamp_min(0) + (-input.abs()).exp().log1p()
    if pos_weight is not None:
        soft = soft * (1 + (pos_weight - 1) * target)
    loss = (1 - target) * input + soft
    return _reduced(loss if weight is None else loss * weight, reduction)


@op(on=("nn.functional",))
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross entropy of sigmoid(input) against `target`, without overflow; `pos_weight` weighs the positive ones.

    >>> import corelib as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.]), torch.tensor([1.]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = _reduction(name, reduction, size_average, reduce)
    for what, t in (("input", input), ("target", target)):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(t).__name__}")
    if input._shape != target._shape:
        raise ValueError(f"{name}(): Target size ({target.shape}) must be the same as input size ({input.shape})")
    input, target = _pair(name, input, target)
    if weight is not None:
        weight = weight.expand_as(input)
    if pos_weight is not None:
        pos_weight = pos_weight.expand_as(input)
    return cross_entropy_of_logits(input, target, weight, pos_weight, reduction)


@op(on=("nn.functional",))
def kl_div(input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """target * (log(target) - input): the divergence of log-probabilities `input` from `target`; "batchmean" divides by the batch.

    >>> import corelib as torch
    >>> torch.nn.functional.kl_div(torch.tensor([0.]), torch.tensor([1.]), reduction="sum")
    tensor(0.)
    """
    if reduction == "batchmean" and size_average is None and reduce is None:
        how = "batchmean"
    else:
        how = _reduction("kl_div", reduction, size_average, reduce)
    if how == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the "
            "batch size, and aligns with the KL math definition.'mean' will be changed to behave the same as 'batchmean' in the "
            "next major release.",
            UserWarning,
            stacklevel=3,
        )
    if not (input._dtype.is_floating_point and target._dtype.is_floating_point):
        raise RuntimeError(f"kl_div(): Integral inputs not supported, got input {input._dtype} and target {target._dtype}.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        product: Any = target * select_where(target > 0, target, 1.0).log()
        loss = select_where(target > 0, product, 0.0) - target * input
    if how == "batchmean":
        return loss.sum() / (input._shape[0] if input._shape else 1)
    return _reduced(loss, how)


# Negative log likelihood. `nll` works on rows (n, c) of log-probabilities; others are brought to that shape.


def _infer_nll(input: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> Any:
    return (target._shape if reduction == "none" else (), input._dtype), (input, target, weight, ignore_index, reduction)


def _row_weights(target: Any, like: Any, weight: Any, ignore_index: int) -> tuple[Any, Any]:
    """Each row's weight, zero where it is ignored, and a target that is within range for those."""
    used = target != ignore_index
    safe = select_where(used, target, 0)
    if weight is None:
        return used.to(like._dtype), safe
    return select_where(used, weight.index_select(0, safe), 0.0), safe


def _nll_vjp(g: Any, input: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> Any:
    w, safe = _row_weights(target, input, weight, ignore_index)
    each = select_where(w == 0, 0.0, -w * (g / w.sum() if reduction == "mean" else g))
    return each.new_zeros(input._shape).scatter_add(1, safe.unsqueeze(1), each.unsqueeze(1))


@op(on=(), infer=_infer_nll, grad_name="NllLossBackward0", vjp={"input": _nll_vjp})
def nll(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    """Minus the target's log-probability in each row, weighed and reduced."""
    w, safe = _row_weights(target, input, weight, ignore_index)
    each = -input.gather(1, safe.unsqueeze(1)).squeeze(1) * w
    if reduction == "none":
        return each
    return each.sum() / w.sum() if reduction == "mean" else each.sum()


def check_target(name: str, target: Any, classes: int, ignore_index: int) -> None:
    """IndexError for a class out of range; on a device without data there is nothing to check."""
    if target._numel == 0 or target._device.type == "meta":
        return
    if int(target.amin()) >= 0 and int(target.amax()) < classes:
        return
    bad = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if bool(bad.any()):
        value = int(target.masked_select(bad)[0])
        raise IndexError(f"{name}(): Target {value} is out of bounds (classes are 0 to {classes - 1}, ignore_index is {ignore_index})")


def _rows(name: str, input: Any, target: Any) -> tuple[Any, Any, Any]:
    """Input (n, c, *) and target (n, *) as rows (m, c) and (m), and the shape of the unreduced loss."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if not isinstance(target, Tensor):
        raise TypeError(f"{name}(): argument 'target' (position 2) must be Tensor, not {type(target).__name__}")
    if target._dtype not in (D.int64, D.uint8):
        raise RuntimeError(f"{name}(): expected scalar type Long but found {target._dtype} for argument 'target'")
    if target._dtype is not D.int64:
        target = target.long()
    ndim = len(input._shape)
    if ndim == 0:
        raise ValueError(f"{name}(): Expected 1 or more dimensions (got {ndim})")
    if ndim == 1:
        if target._shape:
            raise ValueError(f"{name}(): Expected target of shape () for an input of shape {list(input._shape)}, got {list(target._shape)}")
        return input.unsqueeze(0), target.reshape((1,)), ()
    if input._shape[0] != (target._shape[0] if target._shape else None):
        raise ValueError(f"{name}(): Expected input batch_size ({input._shape[0]}) to match target batch_size ({target._shape[0] if target._shape else 'none'}).")
    expected = (input._shape[0], *input._shape[2:])
    if target._shape != expected:
        raise RuntimeError(f"{name}(): only batches of spatial targets supported: expected target of shape {list(expected)} for input {list(input._shape)}, got {list(target._shape)}")
    if ndim == 2:
        return input, target, target._shape
    rows = input.movedim(1, -1).reshape((-1, input._shape[1]))
    return rows, target.reshape((-1,)), target._shape


def _check_weight(name: str, weight: Any, classes: int) -> None:
    if weight is not None and weight._shape != (classes,):
        raise RuntimeError(f"{name}(): weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: {list(weight._shape)}")


@op(on=("nn.functional",))
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability, in `input` (n, c, *), of each class in `target` (n, *); the mean is weighed by `weight`.

    >>> import corelib as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-0.5, -2.]]), torch.tensor([0]))
    tensor(0.5000)
    """
    reduction = _reduction("nll_loss", reduction, size_average, reduce)
    rows, flat, shape = _rows("nll_loss", input, target)
    if not rows._dtype.is_floating_point:
        raise NotImplementedError(f"nll_loss(): \"nll_loss_out_frame\" not implemented for {rows._dtype}; floating dtypes are accepted")
    _check_weight("nll_loss", weight, rows._shape[1])
    check_target("nll_loss", flat, rows._shape[1], ignore_index)
    made = nll(rows, flat, weight, ignore_index, reduction)
    return made.reshape(shape) if reduction == "none" else made


def _infer_fused(input: Any, target: Any, ignore_index: int, reduction: str) -> Any:
    shape = target._shape if reduction == "none" else ()
    return [(shape, input._dtype), (input._shape, input._dtype)], (input, target, ignore_index, reduction)


def _fused_vjp(gs: Any, target: Any, ignore_index: int, reduction: str, out1: Any) -> Any:
    g, logp = gs[0], out1
    made = None
    if g is not None:
        made = softmax_nll_backward(g, logp, target, ignore_index, reduction)
    if gs[1] is not None:  # only in derivatives of derivatives
        more = log_softmax_backward(gs[1], logp, 1)
        made = more if made is None else made + more
    return made


@op(on=(), several=True, infer=_infer_fused, grad_name="NllLossBackward0", vjp=_fused_vjp)
def softmax_nll(input: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Any:
    """Cross entropy of rows (n, c) of logits against classes (n), and the log-probabilities it was computed from."""
    logp = log_softmax_along(input, 1)
    return nll(logp, target, None, ignore_index, reduction), logp


def _infer_fused_backward(g: Any, logp: Any, target: Any, ignore_index: int, reduction: str) -> Any:
    return (logp._shape, logp._dtype), (g, logp, target, ignore_index, reduction)


@op(on=(), infer=_infer_fused_backward)
def softmax_nll_backward(g: Tensor, logp: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Tensor:
    """The gradient of the logits: (softmax - one hot) times each row's share of g."""
    w, safe = _row_weights(target, logp, None, ignore_index)
    each: Any = select_where(w == 0, 0.0, w * (g / w.sum() if reduction == "mean" else g))
    made = logp.exp() * each.unsqueeze(1)
    return made.scatter_add(1, safe.unsqueeze(1), -each.unsqueeze(1))


@op(on=("nn.functional",))
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) over dimension 1 against `target`: classes (n, *), or probabilities (n, c, *).

    weight: one number for each class; ignore_index: a class that does not count; label_smoothing: this share of each
    target is spread evenly over all classes.

    >>> import corelib as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0., 0.]]), torch.tensor([1]))
    tensor(0.6931)
    """
    reduction = _reduction("cross_entropy", reduction, size_average, reduce)
    if (
        weight is None and label_smoothing == 0.0 and isinstance(input, Tensor) and isinstance(target, Tensor)
        and len(input._shape) == 2 and len(target._shape) == 1 and input._shape[0] == target._shape[0]
        and target._dtype is D.int64 and input._dtype.is_floating_point and input._numel
    ):
        if not softmax_nll.op.kernel_for(input._key, input._dtype):  # a kernel checks as it goes
            check_target("cross_entropy", target, input._shape[1], ignore_index)
        return softmax_nll(input, target, ignore_index, reduction)[0]
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"cross_entropy(): label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    for i, (what, t) in enumerate((("input", input), ("target", target))):
        if not isinstance(t, Tensor):
            raise TypeError(f"cross_entropy(): argument '{what}' (position {i + 1}) must be Tensor, not {type(t).__name__}")
    at = 0 if len(input._shape) == 1 else 1
    if not input._shape:
        raise ValueError("cross_entropy(): Expected 1 or more dimensions (got 0)")
    if input._shape == target._shape:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, at)
    if target._dtype.is_floating_point:
        raise RuntimeError(f"cross_entropy(): expected scalar type Long but found {target._dtype} for argument 'target' (shape {list(target._shape)}; probabilities need the input's shape {list(input._shape)})")
    logp = log_softmax_along(input, at)
    rows, flat, shape = _rows("cross_entropy", logp, target)
    classes = rows._shape[1]
    _check_weight("cross_entropy", weight, classes)
    check_target("cross_entropy", flat, classes, ignore_index)
    made = nll(rows, flat, weight, ignore_index, reduction)
    if label_smoothing:
        w, _ = _row_weights(flat, rows, weight, ignore_index)
        used = (flat != ignore_index).to(rows._dtype)
        smooth = -(rows if weight is None else rows * weight).sum(1) * used
        if reduction == "mean":
            smooth = smooth.sum() / w.sum()
        elif reduction == "sum":
            smooth = smooth.sum()
        made = made * (1 - label_smoothing) + smooth * (label_smoothing / classes)
    return made.reshape(shape) if reduction == "none" else made


def _soft_cross_entropy(input: Any, target: Any, weight: Any, reduction: str, label_smoothing: float, at: int) -> Any:
    if not target._dtype.is_floating_point:
        raise RuntimeError(f"cross_entropy(): Expected floating point type for target with class probabilities, got {target._dtype}")
    n = input._shape[at]
    _check_weight("cross_entropy", weight, n)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / n
    logp = log_softmax_along(input, at)
    if weight is not None:
        logp = logp * weight.reshape((-1, *[1] * (len(input._shape) - at - 1)))
    each = -(logp * target).sum(at)
    if reduction == "none":
        return each
    return each.sum() / (input._numel // n) if reduction == "mean" else each.sum()


@op(on=("torch", "nn.functional"))
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`.

    >>> import corelib as torch
    >>> torch.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 0.]]))
    tensor([1.])
    """
    a = (x1 * x1).sum(dim).sqrt().clamp_min(eps)
    b = (x2 * x2).sum(dim).sqrt().clamp_min(eps)
    return (x1 * x2).sum(dim) / (a * b)
