"""Losses of classes: the negative log-likelihood and the cross entropy.

`nll` works on rows (n, c) of log-probabilities; inputs of other shapes are brought to that one.
"""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE, Inferred
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN, checks_itself, ends, seen_within
from corelib.ops.losses.losses import check_tensors, reduction_of
from corelib.ops.neural.softmax import log_softmax_along, log_softmax_backward
from corelib.tensor import dtype as D
from corelib.tensor.dtype import kind_name
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _infer_nll(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Inferred:
    return (target._shape if reduction == "none" else (), input._dtype), (input, target, weight, ignore_index, reduction)


def _row_weights(target: Tensor, like: Tensor, weight: Tensor | None, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Each row's weight, zero where it is ignored, and a target that is within range for those."""
    used = target != ignore_index
    safe = select_where(used, target, 0)
    if weight is None:
        return used.to(like._dtype), safe
    return select_where(used, weight.index_select(0, safe.reshape((-1,))).reshape(safe._shape), 0.0), safe


def _nll_vjp(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    with KNOWN:
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


def check_target(name: str, target: Tensor, classes: int, ignore_index: int, of: Tensor) -> None:
    """IndexError for a class out of range; on a device without data there is nothing to check, nor where `gather` from `of` does."""
    if checks_itself(of) or target._numel == 0 or target._device.type == "meta":
        return
    if seen_within(target, classes):
        return
    # an ignored class may lie anywhere; without it there is one read from a device, which has to be waited for
    used = target if 0 <= ignore_index < classes else select_where(target == ignore_index, 0, target)
    low, high = ends([used])[0]
    if low >= 0 and high < classes:
        return
    bad = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if bool(bad.any()):
        value = int(target.masked_select(bad)[0])
        raise IndexError(f"{name}(): Target {value} is out of bounds (classes are 0 to {classes - 1}, ignore_index is {ignore_index})")


def _rows(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Shape]:
    """Input (n, c, *) and target (n, *), checked, and the shape of the unreduced loss; of one sample (c) and () as (1, c) and (1)."""
    check_tensors(name, input, target)
    if target._dtype not in (D.int64, D.uint8):
        raise RuntimeError(f"{name}(): expected target dtype to be Long or Byte, but got {kind_name(target._dtype)}; classes are whole numbers: target.long()")
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
        if ndim == 2:
            advice = ": target.squeeze(1)" if target._shape[1:] == (1,) else ""
            raise RuntimeError(f"{name}(): 0D or 1D target tensor expected, multi-target not supported; got a target of shape {list(target._shape)} for an input of {list(input._shape)}{advice}")
        raise RuntimeError(f"{name}(): only batches of spatial targets supported: expected target of shape {list(expected)} for input {list(input._shape)}, got {list(target._shape)}")
    return input, target, target._shape


def _check_weight(name: str, weight: Tensor | None, classes: int, dtype: D.dtype | None = None) -> None:
    if weight is not None and weight._shape != (classes,):
        raise RuntimeError(f"{name}(): weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: {list(weight._shape)}")
    if weight is not None and dtype is not None and weight._dtype is not dtype:
        raise RuntimeError(f"{name}(): expected scalar type {kind_name(dtype)} but found {kind_name(weight._dtype)} for argument 'weight'")


@op(on=("nn.functional",))
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability, in `input` (n, c, *), of each class in `target` (n, *); the mean is weighed by `weight`.

    >>> import corelib as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-0.5, -2.]]), torch.tensor([0]))
    tensor(0.5000)
    """
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    rows, flat, shape = _rows("nll_loss", input, target)
    if not rows._dtype.is_floating_point:
        raise NotImplementedError(f"nll_loss(): \"nll_loss_out_frame\" not implemented for {rows._dtype}; floating dtypes are accepted")
    _check_weight("nll_loss", weight, rows._shape[1], rows._dtype)
    if not TABLE["nll"].kernel_for(rows._key, rows._dtype):  # a kernel checks as it goes
        check_target("nll_loss", flat, rows._shape[1], ignore_index, rows)
    with KNOWN:
        made = nll(rows, flat, weight, ignore_index, reduction)
    return made.reshape(shape) if reduction == "none" else made


def _infer_fused(input: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Inferred:
    shape = target._shape if reduction == "none" else ()
    return [(shape, input._dtype), (input._shape, input._dtype)], (input, target, ignore_index, reduction)


def _fused_vjp(
    gs: tuple[Tensor | None, Tensor | None], target: Tensor, ignore_index: int, reduction: str, out1: Tensor
) -> Tensor | None:
    g, of_logp = gs
    made = None
    if g is not None:
        made = softmax_nll_backward(g, out1, target, ignore_index, reduction)
    if of_logp is not None:  # only in derivatives of derivatives
        more = log_softmax_backward(of_logp, out1, 1)
        made = more if made is None else made + more
    return made


@op(on=(), several=True, infer=_infer_fused, grad_name="NllLossBackward0", vjp=_fused_vjp)
def softmax_nll(input: Tensor, target: Tensor, ignore_index: int, reduction: str) -> tuple[Tensor, Tensor]:
    """Cross entropy of rows (n, c) of logits against classes (n), and the log-probabilities it was computed from."""
    logp = log_softmax_along(input, 1)
    return nll(logp, target, None, ignore_index, reduction), logp


def _infer_fused_backward(g: Tensor, logp: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Inferred:
    return (logp._shape, logp._dtype), (g, logp, target, ignore_index, reduction)


@op(on=(), infer=_infer_fused_backward)
def softmax_nll_backward(g: Tensor, logp: Tensor, target: Tensor, ignore_index: int, reduction: str) -> Tensor:
    """The gradient of the logits: (softmax - one hot) times each row's share of g."""
    w, safe = _row_weights(target, logp, None, ignore_index)
    each = select_where(w == 0, 0.0, w * (g / w.sum() if reduction == "mean" else g))
    made = logp.exp() * each.unsqueeze(1)
    with KNOWN:
        return made.scatter_add(1, safe.unsqueeze(1), -each.unsqueeze(1))


@op(on=("nn.functional",))
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
    reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) over dimension 1 against `target`: classes (n, *), or probabilities (n, c, *).

    weight: one number for each class; ignore_index: a class that does not count; label_smoothing: this share of each
    target is spread evenly over all classes.

    >>> import corelib as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0., 0.]]), torch.tensor([1]))
    tensor(0.6931)
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if (
        weight is None and label_smoothing == 0.0 and isinstance(input, Tensor) and isinstance(target, Tensor)
        and len(input._shape) >= 2 and target._shape == (input._shape[0], *input._shape[2:])
        and target._dtype is D.int64 and input._dtype.is_floating_point and input._numel
    ):
        if not TABLE["softmax_nll"].kernel_for(input._key, input._dtype):  # a kernel checks as it goes
            check_target("cross_entropy", target, input._shape[1], ignore_index, input)
        return softmax_nll(input, target, ignore_index, reduction)[0]
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"cross_entropy(): label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    check_tensors("cross_entropy", input, target)
    at = 0 if len(input._shape) == 1 else 1
    if not input._shape:
        raise ValueError("cross_entropy(): Expected 1 or more dimensions (got 0)")
    if input._shape == target._shape:
        if ignore_index >= 0:
            raise RuntimeError(f"cross_entropy(): ignore_index is not supported for floating point target, got {ignore_index}")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, at)
    if target._dtype.is_floating_point:
        if at and target._shape and target._shape[0] != input._shape[0]:
            raise ValueError(f"cross_entropy(): Expected input batch_size ({input._shape[0]}) to match target batch_size ({target._shape[0]}).")
        raise RuntimeError(
            f"cross_entropy(): expected target dtype to be Long or Byte, but got {kind_name(target._dtype)}; classes are whole numbers: target.long(). "
            f"Probabilities need the input's shape, {list(input._shape)}, and the target has {list(target._shape)}"
        )
    logp = log_softmax_along(input, at)
    rows, flat, shape = _rows("cross_entropy", logp, target)
    classes = rows._shape[1]
    _check_weight("cross_entropy", weight, classes, rows._dtype)
    check_target("cross_entropy", flat, classes, ignore_index, rows)
    with KNOWN:
        made = nll(rows, flat, weight, ignore_index, reduction)
    if label_smoothing:
        with KNOWN:
            w, _ = _row_weights(flat, rows, weight, ignore_index)
        used = (flat != ignore_index).to(rows._dtype)
        smooth = -(rows if weight is None else rows * weight.reshape((-1, *[1] * (len(rows._shape) - 2)))).sum(1) * used
        if reduction == "mean":
            smooth = smooth.sum() / w.sum()
        elif reduction == "sum":
            smooth = smooth.sum()
        made = made * (1 - label_smoothing) + smooth * (label_smoothing / classes)
    return made.reshape(shape) if reduction == "none" else made


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float, at: int
) -> Tensor:
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
    return each.sum() / (input._numel // n if n else 0) if reduction == "mean" else each.sum()
