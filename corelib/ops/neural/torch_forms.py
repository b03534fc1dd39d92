"""Functions that PyTorch's package has under another signature than `torch.nn.functional`, and computes alike."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.namespaces import public
from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.creation import arange, ones_like
from corelib.ops.elementwise.where import where
from corelib.ops.neural import activation, dropout as _dropout, embedding_bags, normalization
from corelib.ops.neural.embedding import embedding_rows
from corelib.ops.neural.softmax import log_softmax_along, softmax_along
from corelib.ops.ordering.searching import searchsorted
from corelib.ops.shape.shapes import split
from corelib.ops.spatial import convolution, pooling
from corelib.tensor.base import attach
from corelib.tensor.dtype import bool as bool_, dtype as DType, float64
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


@public("torch")
def embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """`nn.functional.embedding` with the table before the indices. padding_idx: the row that gets no gradient; -1 means none.

    >>> import corelib as torch
    >>> torch.embedding(torch.tensor([[1.], [2.]]), torch.tensor([1, 0]))
    tensor([[2.],
            [1.]])
    """
    if sparse:
        raise NotImplementedError("embedding(): sparse=True asks for sparse gradients, which corelib does not have yet")
    return embedding_rows(weight, indices, padding_idx, scale_grad_by_freq)


@public("torch")
def embedding_bag(
    weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False, mode: int = 0, sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`nn.functional.embedding_bag` of (total,) indices with the table before them and `mode` as a number, 0 sum, 1 mean, 2 max.

    Beside the result, what PyTorch's derivative asks for: the bag of each index (none where quick sums need it not), the number of those in each
    bag (for sums 0), and for "max" the row that each element came from, else the numbers again.

    >>> import corelib as torch
    >>> torch.embedding_bag(torch.tensor([[1.], [3.]]), torch.tensor([0, 1]), torch.tensor([0]), mode=1)[:3]
    (tensor([[2.]]), tensor([0, 0]), tensor([2]))
    """
    if not 0 <= mode < 3:
        raise ValueError(f"embedding_bag(): mode must be 0 (sum), 1 (mean) or 2 (max), got {mode}")
    made = embedding_bags.embedding_bag(
        indices, weight, offsets, None, 2, scale_grad_by_freq, ("sum", "mean", "max")[mode], sparse, per_sample_weights, include_last_offset, padding_idx
    )
    with no_grad():
        bags = len(made)
        none = offsets.new_zeros(bags + include_last_offset)
        if mode == 0 and weight.dtype is not float64 and padding_idx is None:  # PyTorch's quick sums need none of it
            return made, offsets.new_empty(0), none, none.clone()
        places = searchsorted(offsets[:bags].contiguous(), arange(len(indices), device=indices.device), right=True) - 1
        if mode == 0:
            return made, places.to(offsets.dtype), none, none.clone()
        counted = indices != padding_idx if padding_idx is not None else ones_like(indices, dtype=bool_)
        sizes = offsets.new_zeros(bags).index_add(0, places, counted.to(offsets.dtype))
        rows = sizes.clone()
        if mode == 2:
            found = (weight[indices] == made[places]) & counted[:, None]
            first = where(found, arange(len(indices), device=indices.device)[:, None], len(indices))
            least = first.new_full(made.shape, len(indices)).scatter_reduce(0, places[:, None].expand_as(first), first, "amin")
            rows = where(least < len(indices), indices[least.clamp(max=len(indices) - 1)], 0).to(offsets.dtype)
    return made, places.to(offsets.dtype), sizes, rows


@public("torch")
def adaptive_max_pool1d(input: Tensor, output_size: int | Sequence[int]) -> tuple[Tensor, Tensor]:
    """`nn.functional.adaptive_max_pool1d` with the indices of the largest elements.

    >>> import corelib as torch
    >>> torch.adaptive_max_pool1d(torch.tensor([[1., 3., 2.]]), 1)
    (tensor([[3.]]), tensor([[1]]))
    """
    values, indices = pooling.adaptive_max_pool1d(input, output_size, return_indices=True)
    return values, indices


@public("torch")
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels, dimension 1: all of a channel's elements or none.

    >>> import corelib as torch
    >>> torch.feature_dropout(torch.ones(1, 2, 2), 0.5, False).sum()
    tensor(4.)
    """
    return _dropout.dropped_channels("feature_dropout", input, p, train, False)


@public("torch")
def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place.

    >>> import corelib as torch
    >>> torch.feature_dropout_(torch.ones(1, 2), 0., True)
    tensor([[1., 1.]])
    """
    return _dropout.dropped_channels("feature_dropout_", input, p, train, True)


@public("torch", "nn.functional")
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A convolution over sequences (time, batch, channels) with weights (width, channels, out channels) and a bias (out channels).

    >>> import corelib as torch
    >>> torch.conv_tbc(torch.ones(3, 1, 1), torch.ones(2, 1, 1), torch.zeros(1)).flatten()
    tensor([2., 2.])
    """
    if not len(input._shape) == len(weight._shape) == 3:
        raise RuntimeError(f"conv_tbc(): Input and weight must have 3 dims: time, batch and channels, got {list(input._shape)} and {list(weight._shape)}")
    if bias._shape != weight._shape[2:]:
        raise RuntimeError(f"conv_tbc(): Bias must be of shape {list(weight._shape[2:])}, got {list(bias._shape)}")
    if input._shape[2] != weight._shape[1]:
        raise RuntimeError(f"conv_tbc(): Input dim 2 (input channels) is not == dim 1 in the weight tensor: {input._shape[2]} and {weight._shape[1]}")
    return convolution.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1).contiguous()

