"""Functions that PyTorch's package has under another signature than `torch.nn.functional`, and computes alike."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.namespaces import public
from corelib.ops.neural import activation, dropout as _dropout, normalization
from corelib.ops.neural.softmax import log_softmax_along, softmax_along
from corelib.ops.shape.shapes import split
from corelib.tensor.base import attach
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor


@public("torch", out=True)
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """x where it is above `threshold`, else `value`, elementwise.

    >>> import corelib as torch
    >>> torch.threshold(torch.tensor([1., 3.]), 2, 0)
    tensor([0., 3.])
    """
    return activation.threshold_of(input, threshold, value)


@public("torch")
def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: bool,
    momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.batch_norm`, with the parameters before the statistics. `cudnn_enabled` changes nothing.

    >>> import corelib as torch
    >>> torch.batch_norm(torch.tensor([[1.], [3.]]), None, None, None, None, True, 0.1, 0., False)
    tensor([[-1.],
            [ 1.]])
    """
    return normalization.normalized_batch(input, running_mean, running_var, weight, bias, training, momentum, eps)


@public("torch")
def instance_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.instance_norm`, with the parameters before the statistics. `cudnn_enabled` changes nothing.

    >>> import corelib as torch
    >>> torch.instance_norm(torch.tensor([[[1., 3.]]]), None, None, None, None, True, 0.1, 0., False)
    tensor([[[-1.,  1.]]])
    """
    return normalization.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


@public("torch")
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """`nn.functional.layer_norm`. `cudnn_enable` changes nothing.

    >>> import corelib as torch
    >>> torch.layer_norm(torch.tensor([1., 3.]), (2,), eps=0.)
    tensor([-1.,  1.])
    """
    return normalization.layer_norm(input, normalized_shape, weight, bias, eps)


@public("torch")
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`nn.functional.group_norm`. `cudnn_enabled` changes nothing.

    >>> import corelib as torch
    >>> torch.group_norm(torch.tensor([[1., 3.]]), 1, eps=0.)
    tensor([[-1.,  1.]])
    """
    return normalization.group_norm(input, num_groups, weight, bias, eps)


@public("torch")
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout`, where it must be said whether this is training.

    >>> import corelib as torch
    >>> torch.dropout(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return _dropout.dropout(input, p, train)


@public("torch")
def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`, where it must be said whether this is training.

    >>> import corelib as torch
    >>> torch.alpha_dropout(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return _dropout.alpha_dropout(input, p, train)


@public("torch")
def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout`, where it must be said whether this is training.

    >>> import corelib as torch
    >>> torch.feature_alpha_dropout(torch.ones(1, 2), 0.5, False)
    tensor([[1., 1.]])
    """
    return _dropout.feature_alpha_dropout(input, p, train)


@public("torch", names=("softmax", "special.softmax"))
def softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """Numbers along `dim` made positive with sum 1: exp(x) / sum(exp(x)). `dtype` casts the input first.

    >>> import corelib as torch
    >>> torch.softmax(torch.tensor([0., 0.]), 0)
    tensor([0.5000, 0.5000])
    """
    made: Tensor = softmax_along(input, dim, 3, dtype)
    return made if out is None else write("softmax", made, out, (input,))


@public("torch", names=("log_softmax", "special.log_softmax"))
def log_softmax(input: Tensor, dim: int, dtype: DType | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of softmax, without its loss of digits. `dtype` casts the input first.

    >>> import corelib as torch
    >>> torch.log_softmax(torch.tensor([0., 0.]), 0)
    tensor([-0.6931, -0.6931])
    """
    made: Tensor = log_softmax_along(input, dim, 3, dtype)
    return made if out is None else write("log_softmax", made, out, (input,))


def _split(self: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    return split(self, split_size, dim)


_split.__name__ = _split.__qualname__ = "split"
_split.__doc__ = split.__doc__
attach("split", _split)
