"""torch.nn.grad: the gradients of convolutions with respect to their input and their weight, from those of their output."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corelib.nn._arguments import per_dimension
from corelib.ops.spatial.convolution import conv_input, conv_weight
from corelib.tensor.tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _gradient(
    of: Callable[..., Tensor], n: int, grad_output: Tensor, other: Tensor, shape: Sequence[int], stride: int | Sequence[int],
    padding: int | Sequence[int], dilation: int | Sequence[int], groups: int,
) -> Tensor:  # fmt: skip
    return of(grad_output, other, tuple(shape), per_dimension(stride, n), per_dimension(padding, n), per_dimension(dilation, n), groups)


def conv1d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` with respect to its input of shape `input_size`, (n, c, l); weight (o, c / groups, k).

    >>> import corelib as torch
    >>> torch.nn.grad.conv1d_input((1, 1, 2), torch.ones(1, 1, 1), torch.ones(1, 1, 2)).shape
    torch.Size([1, 1, 2])
    """
    return _gradient(conv_input, 1, grad_output, weight, input_size, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` with respect to its weight of shape `weight_size`, (o, c / groups, k); input (n, c, l).

    >>> import corelib as torch
    >>> torch.nn.grad.conv1d_weight(torch.ones(1, 1, 2), (1, 1, 1), torch.ones(1, 1, 2)).item()
    2.0
    """
    return _gradient(conv_weight, 1, grad_output, input, weight_size, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` with respect to its input of shape `input_size`, (n, c, h, w); weight (o, c / groups, kh, kw).

    >>> import corelib as torch
    >>> torch.nn.grad.conv2d_input((1, 1, 2, 2), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    return _gradient(conv_input, 2, grad_output, weight, input_size, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` with respect to its weight of shape `weight_size`, (o, c / groups, kh, kw); input (n, c, h, w).

    >>> import corelib as torch
    >>> torch.nn.grad.conv2d_weight(torch.ones(1, 1, 2, 2), (1, 1, 1, 1), torch.ones(1, 1, 2, 2)).item()
    4.0
    """
    return _gradient(conv_weight, 2, grad_output, input, weight_size, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` with respect to its input of shape `input_size`, (n, c, d, h, w); weight (o, c / groups, kd, kh, kw).

    >>> import corelib as torch
    >>> torch.nn.grad.conv3d_input((1, 1, 2, 2, 2), torch.ones(1, 1, 1, 1, 1), torch.ones(1, 1, 2, 2, 2)).shape
    torch.Size([1, 1, 2, 2, 2])
    """
    return _gradient(conv_input, 3, grad_output, weight, input_size, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` with respect to its weight of shape `weight_size`, (o, c / groups, kd, kh, kw); input (n, c, d, h, w).

    >>> import corelib as torch
    >>> torch.nn.grad.conv3d_weight(torch.ones(1, 1, 2, 2, 2), (1, 1, 1, 1, 1), torch.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _gradient(conv_weight, 3, grad_output, input, weight_size, stride, padding, dilation, groups)
