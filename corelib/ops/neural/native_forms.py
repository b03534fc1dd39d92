"""The forms of neural functions that PyTorch's own derivatives, and programs written from them, call: statistics beside results, and backwards."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.namespaces import public
from corelib.graph.grad_mode import no_grad
from corelib.ops.elementwise.where import select_where, where
from corelib.ops.neural import dropout, normalization
from corelib.ops.neural.softmax import softmax_along
from corelib.ops.shape.permutation import in_format_of
from corelib.ops.spatial.grids import grid_sample
from corelib.ops.spatial.interpolation import interpolate, resampled
from corelib.ops.spatial.padding import pad as _pad
from corelib.ops.spatial.pixels import channel_shuffle
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, dtype as DType
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor

_INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


@public("torch")
def _softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: DType) -> Tensor:
    """The gradient of softmax along `dim` from its result, in `input_dtype`, row-major.

    >>> import corelib as torch
    >>> torch._softmax_backward_data(torch.tensor([1., 0.]), torch.tensor([0.5, 0.5]), 0, torch.float32)
    tensor([ 0.2500, -0.2500])
    """
    return ((grad_output - (grad_output * output).sum(dim, True)) * output).to(input_dtype).contiguous()


@public("torch")
def _log_softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int, input_dtype: DType) -> Tensor:
    """The gradient of log_softmax along `dim` from its result, in `input_dtype`, row-major.

    >>> import corelib as torch
    >>> torch._log_softmax_backward_data(torch.tensor([1., 0.]), torch.tensor([0., 0.]), 0, torch.float32)
    tensor([ 0., -1.])
    """
    return (grad_output - output.exp() * grad_output.sum(dim, True)).to(input_dtype).contiguous()


@public("torch")
def _safe_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """softmax, with 0 in place of nan where all of a row is -inf.

    >>> import corelib as torch
    >>> torch._safe_softmax(torch.full((2,), -float("inf")), 0)
    tensor([0., 0.])
    """
    if not (input.dtype.is_floating_point or dtype is not None):
        input = input.to(get_default_dtype())
    empty = (input == -float("inf")).all(dim, True)
    made = softmax_along(select_where(empty, 0.0, input), dim, 3, dtype)
    return select_where(empty, 0.0, made)


def _statistics(x: Tensor, dims: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalized along `dims`, the mean, and one over the deviation."""
    wide = x.to(D.float32) if x.dtype.itemsize == 2 else x
    mean = wide.mean(dims, True)
    off = wide - mean
    rstd = ((off * off).mean(dims, True) + eps).rsqrt()
    return off * rstd, mean, rstd


@public("torch")
def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(result, mean, rstd): `nn.functional.layer_norm`, and the statistics with 1 for each dimension of `normalized_shape`.

    >>> import corelib as torch
    >>> torch.native_layer_norm(torch.tensor([1., 3.]), (2,), None, None, 0.)
    (tensor([-1.,  1.]), tensor([2.]), tensor([1.]))
    """
    made = normalization.layer_norm(input, normalized_shape, weight, bias, eps)
    dims = tuple(range(-len(normalized_shape), 0))
    _, mean, rstd = _statistics(input.detach(), dims, eps)
    kept = input.dtype if weight is None or weight.dtype is input.dtype else weight.dtype
    return made, mean.to(kept), rstd.to(kept)


@public("torch")
def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(result, mean, rstd): `nn.functional.group_norm` of `input` (N, C, ...), and the statistics, (N, group).

    >>> import corelib as torch
    >>> torch.native_group_norm(torch.tensor([[1., 3.]]), None, None, 1, 2, 1, 1, 0.)
    (tensor([[-1.,  1.]]), tensor([[2.]]), tensor([[1.]]))
    """
    normed, mean, rstd = _statistics(input.reshape((N, group, C // group * HxW)), (2,), eps)
    shape = (1, C, *[1] * (input.dim() - 2))
    made = normed.reshape(input.shape)
    if weight is not None:
        made = made * weight.reshape(shape)
    if bias is not None:
        made = made + bias.reshape(shape)
    kept = input.dtype if weight is None or weight.dtype is input.dtype else weight.dtype
    return in_format_of(input, made.to(input.dtype)), mean.reshape((N, group)).to(kept), rstd.reshape((N, group)).to(kept)


def _batch_normed(
    name: str, input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: bool,
    momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    if not training:
        made = normalization.normalized_batch(input, running_mean, running_var, weight, bias, False, momentum, eps)
        return made, input.new_empty((0,)), input.new_empty((0,))
    made, mean, var = normalization.batch_norm_training(input, weight, bias, eps)
    count = prod((input.shape[0], *input.shape[2:]))
    if running_mean is not None and running_var is not None:
        with no_grad():
            running_mean.mul_(1 - momentum).add_(mean.to(running_mean.dtype), alpha=momentum)
            running_var.mul_(1 - momentum).add_(var.to(running_var.dtype) * (count / max(count - 1, 1)), alpha=momentum)
    return made, mean.detach(), (var.detach() + eps).rsqrt()


@public("torch", outs=True)
def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: bool,
    momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(result, mean, invstd): `nn.functional.batch_norm`, and in training the batch's mean and one over its deviation, (C,); else two empty tensors.

    >>> import corelib as torch
    >>> torch.native_batch_norm(torch.tensor([[1.], [3.]]), None, None, None, None, True, 0.1, 0.)[1:]
    (tensor([2.]), tensor([1.]))
    """
    return _batch_normed("native_batch_norm", input, weight, bias, running_mean, running_var, training, momentum, eps)


@public("torch", outs=True)
def _native_batch_norm_legit(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | bool | None, running_var: Tensor | float | None,
    training: float, momentum: float = 0.1, eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """`native_batch_norm`; without running statistics also as (input, weight, bias, training, momentum, eps).

    >>> import corelib as torch
    >>> torch._native_batch_norm_legit(torch.tensor([[1.], [3.]]), None, None, None, None, True, 0.1, 0.)[1]
    tensor([2.])
    """
    if isinstance(running_mean, bool) and isinstance(running_var, (int, float)):  # what follows the bias are training, momentum and eps
        return _batch_normed("_native_batch_norm_legit", input, weight, bias, None, None, running_mean, running_var, training)
    for what, t in (("running_mean", running_mean), ("running_var", running_var)):
        if t is not None and not isinstance(t, Tensor):
            raise TypeError(f"_native_batch_norm_legit(): argument '{what}' must be Tensor, not {type(t).__name__}")
    means, variances = (t if isinstance(t, Tensor) else None for t in (running_mean, running_var))
    return _batch_normed("_native_batch_norm_legit", input, weight, bias, means, variances, bool(training), momentum, eps)


@public("torch")
def _batch_norm_with_update(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor, running_var: Tensor, momentum: float, eps: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`native_batch_norm` in training, and an empty tensor of bytes, where PyTorch has what a GPU's library keeps.

    >>> import corelib as torch
    >>> torch._batch_norm_with_update(torch.tensor([[1.], [3.]]), None, None, torch.zeros(1), torch.ones(1), 0.1, 0.)[1]
    tensor([2.])
    """
    made = _batch_normed("_batch_norm_with_update", input, weight, bias, running_mean, running_var, True, momentum, eps)
    return (*made, input.new_empty((0,), dtype=D.uint8))


@public("torch")
def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """(result, mask): `nn.functional.dropout`, and a bool tensor of what was kept.

    >>> import corelib as torch
    >>> torch.native_dropout(torch.ones(2), 0.5, False)
    (tensor([1., 1.]), tensor([True, True]))
    """
    if train is False or not input.numel():
        return input.clone(), input.new_ones(input.shape, dtype=D.bool)
    kept = dropout.dropout(input.new_ones(input.shape), p, True)
    return input * kept, kept != 0


@public("torch")
def native_dropout_backward(grad_output: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The gradient of dropout: `grad_output` where `mask` is True, times `scale`.

    >>> import corelib as torch
    >>> torch.native_dropout_backward(torch.ones(2), torch.tensor([True, False]), 2.)
    tensor([2., 0.])
    """
    return grad_output * mask * scale


@public("torch", "nn.functional")
def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`nn.functional.channel_shuffle`.

    >>> import corelib as torch
    >>> torch.native_channel_shuffle(torch.arange(4).reshape(1, 4, 1, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    return channel_shuffle(input, groups)


@public("torch")
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Number = 0) -> Tensor:
    """`nn.functional.pad` with a constant.

    >>> import corelib as torch
    >>> torch.constant_pad_nd(torch.ones(1), (1, 2))
    tensor([0., 1., 0., 0.])
    """
    return _pad(input, pad, "constant", value)


def _grid_sampler(name: str, ndim: int, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    if input.dim() != ndim:
        raise RuntimeError(f"{name}(): expected an input and a grid of {ndim} dimensions, got an input of {input.dim()}")
    return grid_sample(input, grid, _INTERPOLATIONS[interpolation_mode], _PADDINGS[padding_mode], align_corners)


@public("torch", whole=True)
def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`nn.functional.grid_sample` with numbers for the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border, 2 reflection.

    >>> import corelib as torch
    >>> torch.grid_sampler(torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[1.]]]])
    """
    return _grid_sampler("grid_sampler", 5 if input.dim() == 5 else 4, input, grid, interpolation_mode, padding_mode, align_corners)


@public("torch")
def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`grid_sampler` of (n, c, h, w).

    >>> import corelib as torch
    >>> torch.grid_sampler_2d(torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[1.]]]])
    """
    return _grid_sampler("grid_sampler_2d", 4, input, grid, interpolation_mode, padding_mode, align_corners)


@public("torch")
def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`grid_sampler` of (n, c, d, h, w).

    >>> import corelib as torch
    >>> torch.grid_sampler_3d(torch.ones(1, 1, 1, 1, 1), torch.zeros(1, 1, 1, 1, 3), 0, 0, False)
    tensor([[[[[1.]]]]])
    """
    return _grid_sampler("grid_sampler_3d", 5, input, grid, interpolation_mode, padding_mode, align_corners)


@public("torch")
def _upsample_bilinear2d_aa(
    input: Tensor, output_size: Sequence[int] | None, align_corners: bool, scale_factors: Sequence[float] | None = None, *,
    scales_h: float | None = None, scales_w: float | None = None,
) -> Tensor:  # fmt: skip
    """`nn.functional.interpolate` of (n, c, h, w), bilinear and antialiased; beside `output_size`, scales_h and scales_w say how far
    apart the outputs lie: 1 / scale.

    >>> import corelib as torch
    >>> torch._upsample_bilinear2d_aa(torch.ones(1, 1, 2, 2), (1, 1), False)
    tensor([[[[1.]]]])
    """
    if output_size is None or scale_factors is not None:
        size = None if output_size is None else tuple(output_size)
        return interpolate(input, size, None if scale_factors is None else tuple(scale_factors), "bilinear", align_corners, antialias=True)
    if len(input._shape) != 4 or len(output_size) != 2:
        raise RuntimeError(f"_upsample_bilinear2d_aa(): expected a 4-D input and an output_size of 2, got shape {list(input._shape)} and {list(output_size)}")
    return resampled(input, output_size, (scales_h, scales_w), "bilinear", align_corners, True)


def _places(input: Tensor, indices: Sequence[Tensor | None]) -> tuple[Tensor | slice, ...]:
    """Indices with what lies outside brought to the border."""
    sized = zip(indices, input.shape, strict=False)
    return tuple(slice(None) if i is None else i.clamp(-n, n - 1) for i, n in sized)


@public("torch")
def _unsafe_masked_index(input: Tensor, mask: Tensor, indices: Sequence[Tensor | None], fill: Number) -> Tensor:
    """`input[indices]` where `mask` is True, `fill` elsewhere; there the indices may lie outside.

    >>> import corelib as torch
    >>> torch._unsafe_masked_index(torch.tensor([1., 2.]), torch.tensor([True, False]), [torch.tensor([1, 9])], 0.)
    tensor([2., 0.])
    """
    made: Tensor = where(mask, input[_places(input, indices)], fill).to(input.dtype)
    return made.contiguous()


@public("torch")
def _unsafe_masked_index_put_accumulate(input: Tensor, mask: Tensor, indices: Sequence[Tensor | None], values: Tensor) -> Tensor:
    """`input` with `values` added at `indices` where `mask` is True; elsewhere the indices may lie outside.

    >>> import corelib as torch
    >>> torch._unsafe_masked_index_put_accumulate(torch.zeros(2), torch.tensor([True, False]), [torch.tensor([1, 9])], torch.ones(2))
    tensor([0., 1.])
    """
    counted = values.masked_fill(mask.logical_not(), 0)
    places = tuple(p if isinstance(p, Tensor) else None for p in _places(input, indices))
    return input.index_put(places, counted, accumulate=True)


@public("torch")
def max_pool2d_with_indices_backward(
    grad_output: Tensor, input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int], padding: int | Sequence[int],
    dilation: int | Sequence[int], ceil_mode: bool, indices: Tensor,
) -> Tensor:  # fmt: skip
    """The gradient of a two-dimensional max pool from the places of its maxima, in the input's shape. The window is not looked at again.

    >>> import corelib as torch
    >>> torch.max_pool2d_with_indices_backward(torch.ones(1, 1, 1), torch.zeros(1, 1, 2), (1, 2), (1, 2), 0, 1, False, torch.tensor([[[1]]]))
    tensor([[[0., 1.]]])
    """
    if grad_output.shape != indices.shape:
        raise RuntimeError(
            f"max_pool2d_with_indices_backward(): expected grad_output of the shape of indices, {list(indices.shape)}, got {list(grad_output.shape)}"
        )
    made = grad_output.new_zeros(input.shape).flatten(-2)
    made = made.scatter_add(-1, indices.flatten(-2), grad_output.flatten(-2)).reshape(input.shape)
    if input.requires_grad:  # whose gradient is zero, and not none, as in PyTorch
        made = made + select_where(input.new_zeros((), dtype=D.bool), input, 0.0)
    return in_format_of(input, made)


@public("aten", names=("slice",))
def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    """A view of the places from `start` up to `end` along `dim`: Python's syntax of the same, as a function.

    >>> import corelib as torch
    >>> torch.ops.aten.slice(torch.arange(4), 0, 1, 3)
    tensor([1, 2])
    """
    if not input.dim():
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    made: Tensor = input[(*[slice(None)] * wrap_dim("slice", dim, input.dim()), slice(start, end, step))]
    return made
