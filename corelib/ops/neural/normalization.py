"""Normalizations: shift and scale to mean 0 and variance 1 over some dimensions.

layer_norm, rms_norm and batch_norm are ops with fused backward ops, `*_backward`, that return the gradients of input,
weight and bias at once; those have no rule of their own, so second derivatives go through their bodies.
"""

from __future__ import annotations

from math import prod
from typing import Any

from corelib.tensor.dtype import kind_name
from corelib.dispatcher.declare import op
from corelib.graph.grad_mode import no_grad
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor


def _float_only(name: str, input: Any) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"{name}(): \"{name}\" not implemented for '{kind_name(input._dtype)}'; floating dtypes are accepted")


def _check_shape(name: str, input: Any, normalized_shape: Any, *others: Any) -> tuple[int, ...]:
    _float_only(name, input)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(f"{name}(): Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []")
    for what, t in zip(("weight", "bias"), others, strict=False):
        if t is not None and t._shape != shape:
            raise RuntimeError(f"{name}(): Expected {what} to be of same shape as normalized_shape, but got {what} of shape {list(t._shape)} and normalized_shape = {list(shape)}")
        if t is not None and t._dtype is not input._dtype:
            raise RuntimeError(f"{name}(): expected scalar type {input._dtype} for {what} but found {t._dtype}")
    if input._shape[len(input._shape) - len(shape) :] != shape or len(input._shape) < len(shape):
        raise RuntimeError(
            f"{name}(): Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but got "
            f"input of size {list(input._shape)}"
        )
    return shape


def _infer_layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    shape = _check_shape("layer_norm", input, normalized_shape, weight, bias)
    return (input._shape, input._dtype), (input, shape, weight, bias, eps)


def _norm_vjp(g: Any, input: Any, normalized_shape: Any, weight: Any, eps: Any, needs: Any) -> Any:
    return layer_norm_backward(g, input, normalized_shape, weight, eps, needs)


@op(
    on=("nn.functional",), infer=_infer_layer_norm, grad_name="NativeLayerNormBackward0",
    vjp={("input", "weight", "bias"): _norm_vjp},
)
def layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Mean 0 and variance 1 over the last dimensions, then times `weight` plus `bias` (Ba et al., 2016).

    normalized_shape: the sizes of those dimensions, which weight and bias have too.

    >>> import corelib as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([1., 3.]), (2,))
    tensor([-1.0000,  1.0000])
    """
    made = _normalized(input, len(normalized_shape), eps)
    if weight is not None:
        made = made * weight
    return made if bias is None else made + bias


def _normalized(input: Any, n: int, eps: float) -> Any:
    dims = tuple(range(-n, 0))
    wide = input if input._dtype.itemsize > 2 else input.float()
    off = wide - wide.mean(dims, True)
    made = off * ((off * off).mean(dims, True) + eps).rsqrt()
    return made if wide is input else made.to(input._dtype)


def _infer_norm_backward(g: Any, input: Any, normalized_shape: Any, weight: Any, eps: Any, needs: Any) -> Any:
    specs = [(input._shape, input._dtype), (normalized_shape, input._dtype), (normalized_shape, input._dtype)]
    return specs, (g, input, normalized_shape, weight, eps, needs)


@op(on=(), several=True, infer=_infer_norm_backward)
def layer_norm_backward(g: Tensor, input: Tensor, normalized_shape: Any, weight: Tensor | None, eps: Any, needs: Any) -> Any:
    """The gradients of layer_norm's input, weight and bias."""
    n = len(normalized_shape)
    dims, lead = tuple(range(-n, 0)), tuple(range(len(input._shape) - n))
    wide: Any = input if input._dtype.itemsize > 2 else input.float()
    gw: Any = g if wide is input else g.float()
    off = wide - wide.mean(dims, True)
    scale = ((off * off).mean(dims, True) + eps).rsqrt()
    hat = off * scale
    gx = gw if weight is None else gw * weight
    dx = (gx - gx.mean(dims, True) - hat * (gx * hat).mean(dims, True)) * scale
    dw = (gw * hat).sum(lead) if lead else gw * hat
    db = gw.sum(lead) if lead else gw
    return tuple(t.to(input._dtype) for t in (dx, dw, db))


def _infer_rms_norm(input: Any, normalized_shape: Any, weight: Any, eps: Any) -> Any:
    shape = _check_shape("rms_norm", input, normalized_shape, weight)
    if eps is None:
        eps = finfo(input._dtype).eps
    return (input._shape, input._dtype), (input, shape, weight, eps)


@op(on=("torch", "nn.functional"))
def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: Any = None) -> Tensor:
    """Divided by the root of the mean square over the last dimensions, then times `weight` (Zhang and Sennrich, 2019).

    eps defaults to the dtype's.

    >>> import corelib as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([3., 3.]), (2,))
    tensor([1., 1.])
    """
    _, (input, shape, weight, eps) = _infer_rms_norm(input, normalized_shape, weight, eps)
    dims = tuple(range(-len(shape), 0))
    wide: Any = input if input._dtype.itemsize > 2 else input.float()
    made = wide * ((wide * wide).mean(dims, True) + eps).rsqrt()
    made = made if weight is None else made * weight
    return made.to(input._dtype)


def _channels(t: Any, ndim: int) -> Any:
    return t.reshape((1, -1, *[1] * (ndim - 2)))


def _infer_batch_norm(input: Any, weight: Any, bias: Any, eps: float) -> Any:
    c = (input._shape[1],)
    return [(input._shape, input._dtype), (c, input._dtype), (c, input._dtype)], (input, weight, bias, eps)


def _batch_vjp(gs: Any, input: Any, weight: Any, eps: Any, needs: Any) -> Any:
    if gs[0] is None:
        return None, None, None
    return batch_norm_backward(gs[0], input, weight, eps, needs)


@op(on=(), several=True, infer=_infer_batch_norm, grad_name="NativeBatchNormBackward0",
    vjp={("input", "weight", "bias"): _batch_vjp})
def batch_norm_training(input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Any:
    """The batch normalized by its own statistics, and those: mean and biased variance of each channel."""
    dims = (0, *range(2, len(input._shape)))
    wide: Any = input if input._dtype.itemsize > 2 else input.float()
    mean = wide.mean(dims, True)
    off = wide - mean
    var = (off * off).mean(dims, True)
    made = off * (var + eps).rsqrt()
    if weight is not None:
        made = made * _channels(weight, len(input._shape))
    if bias is not None:
        made = made + _channels(bias, len(input._shape))
    return made.to(input._dtype), mean.reshape((-1,)).to(input._dtype), var.reshape((-1,)).to(input._dtype)


def _infer_batch_backward(g: Any, input: Any, weight: Any, eps: Any, needs: Any) -> Any:
    c = (input._shape[1],)
    return [(input._shape, input._dtype), (c, input._dtype), (c, input._dtype)], (g, input, weight, eps, needs)


@op(on=(), several=True, infer=_infer_batch_backward)
def batch_norm_backward(g: Tensor, input: Tensor, weight: Tensor | None, eps: Any, needs: Any) -> Any:
    """The gradients of batch_norm's input, weight and bias in training."""
    dims = (0, *range(2, len(input._shape)))
    wide: Any = input if input._dtype.itemsize > 2 else input.float()
    gw: Any = g if wide is input else g.float()
    off = wide - wide.mean(dims, True)
    scale = ((off * off).mean(dims, True) + eps).rsqrt()
    hat = off * scale
    dw, db = (gw * hat).sum(dims), gw.sum(dims)
    gx = gw if weight is None else gw * _channels(weight, len(input._shape))
    dx = (gx - gx.mean(dims, True) - hat * (gx * hat).mean(dims, True)) * scale
    return dx.to(input._dtype), dw.to(input._dtype), db.to(input._dtype)


@op(on=("nn.functional",))
def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None, bias: Tensor | None = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Each channel (dimension 1) to mean 0 and variance 1, then times `weight` plus `bias` (Ioffe and Szegedy, 2015).

    In training by the batch's own statistics, which also move `running_mean` and `running_var` (unbiased) in place by
    `momentum`; otherwise by the running ones.
    """
    _float_only("batch_norm", input)
    if len(input._shape) < 2:
        raise ValueError(f"batch_norm(): expected an input of at least 2 dimensions (batch, channels, ...), got {list(input._shape)}")
    c = input._shape[1]
    for what, t in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if t is not None and t._numel != c:
            raise RuntimeError(f"batch_norm(): {what} should contain {c} elements not {t._numel}")
    n = input._numel // c if c else 0
    if training:
        if n <= 1:
            raise ValueError(f"batch_norm(): Expected more than 1 value per channel when training, got input size {input.shape}")
        made, mean, var = batch_norm_training(input, weight, bias, eps)
        if running_mean is not None:
            with no_grad():
                running_mean.mul_(1 - momentum).add_(mean.detach().to(running_mean._dtype), alpha=momentum)
                unbiased = var.detach().to(running_var._dtype) * (n / (n - 1))
                running_var.mul_(1 - momentum).add_(unbiased, alpha=momentum)
        return made
    if running_mean is None or running_var is None:
        raise RuntimeError("batch_norm(): Expected running_mean and running_var to be defined when training=False")
    ndim = len(input._shape)
    scale = (running_var + eps).rsqrt()
    if weight is not None:
        scale = scale * weight
    made = (input - _channels(running_mean, ndim)) * _channels(scale, ndim)
    return made if bias is None else made + _channels(bias, ndim)


@op(on=("nn.functional",))
def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Groups of channels of each sample to mean 0 and variance 1, then times `weight` plus `bias` (Wu and He, 2018).

    >>> import corelib as torch
    >>> torch.nn.functional.group_norm(torch.ones(1, 4, 2), 2).sum()
    tensor(0.)
    """
    _float_only("group_norm", input)
    if len(input._shape) < 2:
        raise RuntimeError(f"group_norm(): Expected at least 2 dimensions for input tensor but received {len(input._shape)}")
    b, c = input._shape[:2]
    if num_groups <= 0 or c % num_groups:
        raise RuntimeError(f"group_norm(): Expected number of channels in input to be divisible by num_groups, but got input of shape {list(input._shape)} and num_groups={num_groups}")
    for what, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._shape != (c,):
            raise RuntimeError(f"group_norm(): Expected {what} to be a vector of size equal to the number of channels in input, but got {what} of shape {list(t._shape)} and input of shape {list(input._shape)}")
    if input._numel == 0:
        return input * 1
    rows = input.reshape((b, num_groups, input._numel // (b * num_groups)))
    made = layer_norm(rows, (rows._shape[-1],), None, None, eps).reshape(input._shape)
    if weight is not None:
        made = made * _channels(weight, len(input._shape))
    return made if bias is None else made + _channels(bias, len(input._shape))


@op(on=("nn.functional",))
def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample to mean 0 and variance 1 (Ulyanov et al., 2016)."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if running_mean is not None:
        with no_grad():
            dims = tuple(range(2, len(input._shape)))
            n = prod(input._shape[2:])
            running_mean.mul_(1 - momentum).add_(input.mean(dims).mean(0), alpha=momentum)
            running_var.mul_(1 - momentum).add_(input.var(dims, correction=1 if n > 1 else 0).mean(0), alpha=momentum)
    return group_norm(input, input._shape[1], weight, bias, eps)


@op(on=("nn.functional",))
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> Tensor:
    """Divided by its p-norm along `dim`, or by `eps` where that is larger.

    >>> import corelib as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    made = input / input.norm(p, dim, True).clamp_min(eps).expand_as(input)
    return made if out is None else out.copy_(made)
