"""Normalizations: shift and scale to mean 0 and variance 1 over some dimensions.

layer_norm, rms_norm and batch_norm are ops with fused backward ops, `*_backward`, that return the gradients of input,
weight and bias at once; those have no rule of their own, so second derivatives go through their bodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred, Spec
from corelib.dispatcher.operands import Aside
from corelib.graph.grad_mode import no_grad
from corelib.ops.indexing.selection import addcmul
from corelib.ops.shape.permutation import in_format_of
from corelib.tensor.dtype import float32, kind_name
from corelib.tensor.limits import finfo
from corelib.tensor.size import Dims, Shape
from corelib.tensor.tensor import Tensor


def _float_only(name: str, input: Tensor) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"{name}(): \"{name}\" not implemented for '{kind_name(input._dtype)}'; floating dtypes are accepted")


def _sizes(normalized_shape: int | Sequence[int]) -> Shape:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


def _wide(x: Tensor) -> Tensor:
    """A tensor in the dtype in which its sums are made: half precisions in float32."""
    return x if x._dtype.itemsize > 2 else x.float()


def _mixed(name: str, input: Tensor, *others: Tensor | None) -> bool:
    """Whether half precision is normalized with float32 parameters, as under autocast. RuntimeError for any other mix of dtypes."""
    dtypes = {t._dtype for t in others if t is not None}
    if not dtypes or dtypes == {input._dtype}:
        return False
    if input._dtype.itemsize == 2 and all(d is float32 for d in dtypes):
        return True
    found = next(d for d in dtypes if d is not input._dtype)
    raise RuntimeError(f"{name}(): mixed dtype (CPU): expect parameter to have scalar type of Float: expected scalar type {input._dtype} for the parameters but found {found}")


def _check_shape(name: str, input: Tensor, normalized_shape: int | Sequence[int], *others: Tensor | None) -> Shape:
    if name != "rms_norm" or not input._dtype.is_complex:
        _float_only(name, input)
    if isinstance(normalized_shape, int):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not {type(normalized_shape).__name__}")
    shape = _sizes(normalized_shape)
    if not shape:
        raise RuntimeError(f"{name}(): Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []")
    for what, t in zip(("weight", "bias"), others, strict=False):
        if t is not None and t._shape != shape:
            raise RuntimeError(f"{name}(): Expected {what} to be of same shape as normalized_shape, but got {what} of shape {list(t._shape)} and normalized_shape = {list(shape)}")
    if name != "rms_norm":
        _mixed(name, input, *others)
    if input._shape[len(input._shape) - len(shape) :] != shape or len(input._shape) < len(shape):
        raise RuntimeError(
            f"{name}(): Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but got "
            f"input of size {list(input._shape)}"
        )
    return shape


def _infer_layer_norm(
    input: Tensor, normalized_shape: int | Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> Inferred:
    shape = _check_shape("layer_norm", input, normalized_shape, weight, bias)
    return (input._shape, input._dtype), (input, shape, weight, bias, eps)


def _norm_vjp(
    g: Tensor, input: Tensor, normalized_shape: Shape, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> tuple[Tensor, ...]:
    return layer_norm_backward(g, input, normalized_shape, weight, eps, needs)


@op(
    on=("nn.functional",), infer=_infer_layer_norm, grad_name="NativeLayerNormBackward0",
    vjp={("input", "weight", "bias"): _norm_vjp},
)
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Mean 0 and variance 1 over the last dimensions, then times `weight` plus `bias` (Ba et al., 2016).

    normalized_shape: the sizes of those dimensions, which weight and bias have too.

    >>> import corelib as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([1., 3.]), (2,))
    tensor([-1.0000,  1.0000])
    """
    mixed = _mixed("layer_norm", input, weight, bias)
    made = _normalized(input.float() if mixed else input, len(_sizes(normalized_shape)), eps)
    if weight is not None:
        made = made * weight
    if bias is not None:
        made = made + bias
    return made.to(input._dtype) if mixed else made


def _normalized(input: Tensor, n: int, eps: float) -> Tensor:
    dims = tuple(range(-n, 0))
    wide = _wide(input)
    off = wide - wide.mean(dims, True)
    made = off * ((off * off).mean(dims, True) + eps).rsqrt()
    return made if wide is input else made.to(input._dtype)


def _infer_norm_backward(
    g: Tensor, input: Tensor, normalized_shape: Shape, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> Inferred:
    parameters = input._dtype if weight is None else weight._dtype
    specs: list[Spec] = [(input._shape, input._dtype), (normalized_shape, parameters), (normalized_shape, parameters)]
    return specs, (g, input, normalized_shape, weight, eps, needs)


@op(on=(), several=True, infer=_infer_norm_backward)
def layer_norm_backward(
    g: Tensor, input: Tensor, normalized_shape: Shape, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of layer_norm's input, weight and bias."""
    n, ndim = len(normalized_shape), len(input._shape)
    return _gradients(g, input, weight, tuple(range(-n, 0)), tuple(range(ndim - n)), eps)


def _gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, dims: Shape, shared: Shape, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Those of the input, normalized over `dims`, and of a weight and bias that stand for all places along `shared`."""
    wide = _wide(input)
    gw = g if wide is input else g.float()
    off = wide - wide.mean(dims, True)
    scale = ((off * off).mean(dims, True) + eps).rsqrt()
    hat = off * scale
    gx = gw if weight is None else gw * weight
    dx = (gx - gx.mean(dims, True) - hat * (gx * hat).mean(dims, True)) * scale
    dw, db = ((gw * hat).sum(shared), gw.sum(shared)) if shared else (gw * hat, gw)
    parameters = input._dtype if weight is None else weight._dtype
    return dx.to(input._dtype), dw.to(parameters), db.to(parameters)


@op(on=("torch", "nn.functional"))
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divided by the root of the mean square over the last dimensions, then times `weight` (Zhang and Sennrich, 2019).

    eps defaults to the dtype's, and to float32's for half precisions, which are computed in it. The result has the input's dtype.

    >>> import corelib as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([3., 3.]), (2,))
    tensor([1., 1.])
    """
    shape = _check_shape("rms_norm", input, normalized_shape, weight)
    wide = _wide(input)
    if eps is None:
        eps = finfo(wide._dtype).eps
    dims = tuple(range(-len(shape), 0))
    made = wide * ((wide * wide).mean(dims, True) + eps).rsqrt()
    made = made if weight is None else made * weight
    return made.to(input._dtype).contiguous()


def _channels(t: Tensor, ndim: int) -> Tensor:
    return t.reshape((1, -1, *[1] * (ndim - 2)))


def _scaled(made: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Times a weight and plus a bias of each channel."""
    if weight is not None:
        made = made * _channels(weight, len(made._shape))
    return made if bias is None else made + _channels(bias, len(made._shape))


def _batch_specs(input: Tensor) -> list[Spec]:
    c = (input._shape[1],)
    return [(input._shape, input._dtype), (c, input._dtype), (c, input._dtype)]


def _infer_batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Inferred:
    return _batch_specs(input), (input, weight, bias, eps)


def _batch_vjp(
    gs: tuple[Tensor | None, ...], input: Tensor, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    if gs[0] is None:
        return None, None, None
    return batch_norm_backward(gs[0], input, weight, eps, needs)


@op(on=(), several=True, infer=_infer_batch_norm, grad_name="NativeBatchNormBackward0",
    vjp={("input", "weight", "bias"): _batch_vjp})
def batch_norm_training(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The batch normalized by its own statistics, and those: mean and biased variance of each channel."""
    dims = (0, *range(2, len(input._shape)))
    wide = _wide(input)
    mean = wide.mean(dims, True)
    off = wide - mean
    var = (off * off).mean(dims, True)
    made = _scaled(off * (var + eps).rsqrt(), weight, bias)
    return made.to(input._dtype), mean.reshape((-1,)).to(input._dtype), var.reshape((-1,)).to(input._dtype)


def _infer_batch_backward(
    g: Tensor, input: Tensor, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> Inferred:
    return _batch_specs(input), (g, input, weight, eps, needs)


@op(on=(), several=True, infer=_infer_batch_backward)
def batch_norm_backward(
    g: Tensor, input: Tensor, weight: Tensor | None, eps: float, needs: tuple[bool, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of batch_norm's input, weight and bias in training."""
    ndim = len(input._shape)
    dims = (0, *range(2, ndim))
    return _gradients(g, input, None if weight is None else _channels(weight, ndim), dims, dims, eps)


def _check_statistics(name: str, running_mean: Tensor | None, running_var: Tensor | None) -> None:
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{name}(): running_mean and running_var must either both be None or neither be None")


def _move(running: Tensor, now: Tensor, momentum: float) -> None:
    running.mul_(1 - momentum).add_(now, alpha=momentum)


@op(on=("nn.functional",))
def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None, bias: Tensor | None = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Each channel (dimension 1) to mean 0 and variance 1, then times `weight` plus `bias` (Ioffe and Szegedy, 2015).

    In training by the batch's own statistics, which also move `running_mean` and `running_var` (unbiased) in place by
    `momentum`; otherwise by the running ones.
    """
    if training and eps <= 0:
        raise ValueError(f"batch_norm(): batch_norm eps must be positive during training, but got {eps}")
    if eps < 0:
        raise ValueError(f"batch_norm(): batch_norm eps must be non-negative, but got {eps}")
    return normalized_batch(input, running_mean, running_var, weight, bias, training, momentum, eps)


def normalized_batch(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None, bias: Tensor | None, training: bool, momentum: float,
    eps: float,
) -> Tensor:  # fmt: skip
    """`batch_norm` with any eps, as the native forms have it."""
    _float_only("batch_norm", input)
    if input._shape == (0,):  # nothing to normalize
        return input.clone()
    if len(input._shape) < 2:
        raise ValueError(f"batch_norm(): expected an input of at least 2 dimensions (batch, channels, ...), got {list(input._shape)}")
    c = input._shape[1]
    for what, t in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if t is not None and t._numel != c:
            raise RuntimeError(f"batch_norm(): {what} should contain {c} elements not {t._numel}")
    if _mixed("batch_norm", input, running_mean, running_var, weight, bias):
        return normalized_batch(input.float(), running_mean, running_var, weight, bias, training, momentum, eps).to(input._dtype)
    n = input._numel // c if c else 0
    if training:
        _check_statistics("batch_norm", running_mean, running_var)
        if input._numel == 0:  # nothing to learn of: the statistics stay, and weight and bias have gradients of zero
            return _scaled(input * 1, weight, bias)
        if n <= 1:
            raise ValueError(f"batch_norm(): Expected more than 1 value per channel when training, got input size {input.shape}")
        made, mean, var = batch_norm_training(input, weight, bias, eps)
        if running_mean is not None and running_var is not None:
            with no_grad():
                _move(running_mean, mean.detach().to(running_mean._dtype), momentum)
                _move(running_var, var.detach().to(running_var._dtype) * (n / (n - 1)), momentum)
        return in_format_of(input, made)
    if running_mean is None or running_var is None:
        raise RuntimeError("batch_norm(): Expected running_mean and running_var to be defined when training=False")
    ndim = len(input._shape)
    scale = (running_var + eps).rsqrt()
    if weight is not None:
        scale = scale * weight
    if input._dtype.itemsize > 2 and scale._dtype is input._dtype:  # in one pass
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        return in_format_of(input, addcmul(_channels(shift, ndim), input, _channels(scale, ndim)))
    return in_format_of(input, _scaled((input - _channels(running_mean, ndim)) * _channels(scale, ndim), None, bias))


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
    if _mixed("group_norm", input, weight, bias):
        return group_norm(input.float(), num_groups, weight, bias, eps).to(input._dtype)
    if b * (c // num_groups) * prod(input._shape[2:]) == 1:
        raise ValueError(f"group_norm(): Expected more than 1 value per channel when training, got input size {list(input._shape)}")
    if input._numel == 0:
        return _scaled(input * 1, weight, bias)
    rows = input.reshape((b, num_groups, input._numel // (b * num_groups)))
    return in_format_of(input, _scaled(layer_norm(rows, (rows._shape[-1],), None, None, eps).reshape(input._shape), weight, bias))


@op(on=("nn.functional",))
def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample to mean 0 and variance 1 (Ulyanov et al., 2016)."""
    if not use_input_stats:
        return normalized_batch(input, running_mean, running_var, weight, bias, False, momentum, eps)
    _check_statistics("instance_norm", running_mean, running_var)
    if prod(input._shape[2:]) == 1:
        raise ValueError(f"instance_norm(): Expected more than 1 spatial element when training, got input size {input.shape}")
    if running_mean is not None and running_var is not None:
        with no_grad():
            dims = tuple(range(2, len(input._shape)))
            n = prod(input._shape[2:])
            _move(running_mean, input.mean(dims).mean(0), momentum)
            _move(running_var, input.var(dims, correction=1 if n > 1 else 0).mean(0), momentum)
    return group_norm(input, input._shape[1], weight, bias, eps).contiguous()


@op(on=("nn.functional",))
def normalize(
    input: Tensor, p: float | None = 2.0, dim: Dims = 1, eps: float = 1e-12, out: Aside[Tensor | None] = None
) -> Tensor:
    """Divided by its p-norm along `dim`, or by `eps` where that is larger.

    >>> import corelib as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    made = input / input.norm(p, dim, True).clamp_min(eps).expand_as(input)
    return made if out is None else write("normalize", made, out, (input,), "safe")
