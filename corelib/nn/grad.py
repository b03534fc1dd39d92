"""torch.nn.grad: the gradients of convolutions with respect to their input and their weight, from those of their output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.nn import functional
from corelib.nn._arguments import per_dimension
from corelib.ops.construction.creation import empty
from corelib.ops.spatial.convolution import conv_input, conv_weight
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _check(name: str, input: Shape, weight: Shape, given: Shape, *rest: Any) -> None:
    """RuntimeError unless a convolution of these shapes gives a result of the gradient's shape."""
    convolve = getattr(functional, name.partition("_")[0])
    expected = convolve(empty(input, device="meta"), empty(weight, device="meta"), None, *rest).shape
    if len(given) != len(expected):
        raise RuntimeError(f"{name}(): expected a gradient of {len(expected)} dimensions, but got {len(given)}")
    for d, (n, m) in enumerate(zip(expected, given, strict=True)):
        if n != m:
            raise RuntimeError(f"{name}(): Expected a tensor of dimension {len(expected)} and tensor.size[{d}] == {n} but got: dimension {len(given)} and tensor.size[{d}] = {m}")


def _input(name: str, size: Sequence[int], weight: Tensor, g: Tensor, *rest: Any) -> Tensor:
    _check(name, tuple(size), weight._shape, g._shape, *rest)
    stride, padding, dilation, groups = rest
    n = len(g._shape) - 2
    return conv_input(g, weight, tuple(size), per_dimension(stride, n), per_dimension(padding, n), per_dimension(dilation, n), groups)


def _weight(name: str, input: Tensor, size: Sequence[int], g: Tensor, *rest: Any) -> Tensor:
    _check(name, input._shape, tuple(size), g._shape, *rest)
    stride, padding, dilation, groups = rest
    n = len(g._shape) - 2
    return conv_weight(g, input, tuple(size), per_dimension(stride, n), per_dimension(padding, n), per_dimension(dilation, n), groups)


def conv1d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` with respect to its input of shape `input_size`, (n, c, l); weight (o, c / groups, k).

    >>> import corelib as torch
    >>> torch.nn.grad.conv1d_input((1, 1, 2), torch.ones(1, 1, 1), torch.ones(1, 1, 2)).shape
    torch.Size([1, 1, 2])
    """
    return _input("conv1d_input", input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` with respect to its weight of shape `weight_size`, (o, c / groups, k); input (n, c, l).

    >>> import corelib as torch
    >>> torch.nn.grad.conv1d_weight(torch.ones(1, 1, 2), (1, 1, 1), torch.ones(1, 1, 2)).item()
    2.0
    """
    return _weight("conv1d_weight", input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` with respect to its input of shape `input_size`, (n, c, h, w); weight (o, c / groups, kh, kw).

    >>> import corelib as torch
    >>> torch.nn.grad.conv2d_input((1, 1, 2, 2), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    return _input("conv2d_input", input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` with respect to its weight of shape `weight_size`, (o, c / groups, kh, kw); input (n, c, h, w).

    >>> import corelib as torch
    >>> torch.nn.grad.conv2d_weight(torch.ones(1, 1, 2, 2), (1, 1, 1, 1), torch.ones(1, 1, 2, 2)).item()
    4.0
    """
    return _weight("conv2d_weight", input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` with respect to its input of shape `input_size`, (n, c, d, h, w); weight (o, c / groups, kd, kh, kw).

    >>> import corelib as torch
    >>> torch.nn.grad.conv3d_input((1, 1, 2, 2, 2), torch.ones(1, 1, 1, 1, 1), torch.ones(1, 1, 2, 2, 2)).shape
    torch.Size([1, 1, 2, 2, 2])
    """
    return _input("conv3d_input", input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` with respect to its weight of shape `weight_size`, (o, c / groups, kd, kh, kw); input (n, c, d, h, w).

    >>> import corelib as torch
    >>> torch.nn.grad.conv3d_weight(torch.ones(1, 1, 2, 2, 2), (1, 1, 1, 1, 1), torch.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _weight("conv3d_weight", input, weight_size, grad_output, stride, padding, dilation, groups)
