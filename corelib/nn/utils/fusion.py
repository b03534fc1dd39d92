"""A batch norm in evaluation folded into the layer before it."""

from __future__ import annotations

import copy
from typing import TypeVar

from corelib.nn.modules.batchnorm import _BatchNorm
from corelib.nn.modules.conv import _ConvNd
from corelib.nn.modules.linear import Linear
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.ops.construction.creation import zeros_like
from corelib.ops.elementwise.unary import rsqrt
from corelib.tensor.tensor import Tensor

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


_Layer = TypeVar("_Layer", bound=Module)
_Conv = TypeVar("_Conv", bound=_ConvNd)
_Linear = TypeVar("_Linear", bound=Linear)


def _fused(weight: Tensor, bias: Tensor | None, mean: Tensor, var: Tensor, eps: float, scale: Tensor | None, shift: Tensor | None, shape: list[int]) -> tuple[Parameter, Parameter]:
    trained, dtype = (True, weight.dtype) if bias is None else (bias.requires_grad, bias.dtype)
    bias = zeros_like(mean) if bias is None else bias
    factor = rsqrt(var + eps) if scale is None else scale * rsqrt(var + eps)
    made = (bias - mean) * factor
    made = made if shift is None else made + shift
    return Parameter((weight * factor.reshape(shape)).to(weight.dtype), weight.requires_grad), Parameter(made.to(dtype), trained and bias.requires_grad)


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a convolution that does a batch norm's work too."""
    shape = [1, -1] if transpose else [-1, 1]
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape + [1] * (conv_w.dim() - 2))


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None
) -> tuple[Parameter, Parameter]:
    """The weight and bias of a linear layer that does a batch norm's work too."""
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _ready(layer: _Layer, bn: _BatchNorm) -> tuple[_Layer, Tensor, Tensor]:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return copy.deepcopy(layer), bn.running_mean, bn.running_var


def fuse_conv_bn_eval(conv: _Conv, bn: _BatchNorm, transpose: bool = False) -> _Conv:
    """A copy of a convolution with the batch norm after it folded in. AssertionError unless both are in evaluation.

    >>> import corelib as torch
    >>> conv, bn = torch.nn.Conv1d(2, 3, 2).eval(), torch.nn.BatchNorm1d(3).eval()
    >>> x = torch.randn(1, 2, 4)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    made, mean, var = _ready(conv, bn)
    made.weight, made.bias = fuse_conv_bn_weights(made.weight, made.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose)
    return made


def fuse_linear_bn_eval(linear: _Linear, bn: _BatchNorm) -> _Linear:
    """A copy of a linear layer with the batch norm after it folded in. AssertionError unless both are in evaluation and fit."""
    made, mean, var = _ready(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            f"To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features={linear.out_features} and "
            f"bn.num_features={bn.num_features}"
        )
    made.weight, made.bias = fuse_linear_bn_weights(made.weight, made.bias, mean, var, bn.eps, bn.weight, bn.bias)
    return made
