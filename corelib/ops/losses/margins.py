"""Losses of margins, of rankings and of distributions other than the categorical one."""

from __future__ import annotations

from collections.abc import Callable
from math import log as logarithm, pi
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.operands import Aside
from corelib.dispatcher.warned import warn
from corelib.ops.construction.creation import empty_like
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.losses.losses import reduced, reduction_of
from corelib.ops.neural.activation import logsigmoid
from corelib.ops.neural.softmax import softmax_along
from corelib.ops.products.distances import pairwise_distance
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor

_Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def _of(name: str, loss: Tensor, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> Tensor:
    return reduced(loss, reduction_of(name, reduction, size_average, reduce))


@op(on=("nn.functional",))
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None, eps: float = 1e-8,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """exp(input) - target * input, the negative log-likelihood of counts; without log_input, input - target * log(input + eps).

    full: with Stirling's approximation of log(target!) for targets above 1.

    >>> import corelib as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.]), torch.tensor([2.]))
    tensor(1.)
    """
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        above = target > 1
        t = select_where(above, target, 2.0)
        loss = loss + select_where(above, t * t.log() - t + 0.5 * (2 * pi * t).log(), 0.0)
    return _of("poisson_nll_loss", loss, reduction, size_average, reduce)


@op(on=("nn.functional",))
def gaussian_nll_loss(
    input: Tensor, target: Tensor | Number, var: Aside[Tensor | float], full: bool | int = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log(var) + (input - target)² / var) / 2, var at least `eps`; full: with the constant log(2 pi) / 2.

    var: a number, a tensor of the input's shape, without its last dimension, or with one dimension of size 1. ValueError for another
    shape, a negative variance, or an unknown reduction.

    >>> import corelib as torch
    >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([0.]), torch.tensor([2.]), torch.tensor([1.]))
    tensor(2.)
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.new_full(input._shape, var)
    elif not isinstance(var, Tensor):
        raise TypeError(f"gaussian_nll_loss(): argument 'var' (position 3) must be Tensor or float, not {type(var).__name__}")
    elif any_true(var < 0):
        raise ValueError("var has negative entry/entries")
    if var._shape != input._shape:
        if input._shape[:-1] == var._shape:
            var = var.unsqueeze(-1)
        elif len(input._shape) != len(var._shape) or sum(m for n, m in zip(input._shape, var._shape, strict=True) if n != m) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    # the gradient goes to the variance as if it had not been raised to eps
    spread = var + (var.detach().clamp(min=eps) - var.detach())
    loss = 0.5 * (spread.log() + (input - target) ** 2 / spread)
    return reduced(loss + 0.5 * logarithm(2 * pi) if full else loss, reduction)


@op(on=("nn.functional",))
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where target is 1, and what it lacks to `margin` where target is -1.

    >>> import corelib as torch
    >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.5, 0.25]), torch.tensor([1, -1]))
    tensor(0.6250)
    """
    lacking = (margin - input).clamp_min(0)
    loss = select_where(target != 1, lacking, 0.0) + select_where(target != -1, input, 0.0)
    return _of("hinge_embedding_loss", loss, reduction, size_average, reduce)


@op(on=("nn.functional",))
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin - target * (input1 - input2)): target 1 where the first should rank higher, -1 where the second.

    >>> import corelib as torch
    >>> torch.nn.functional.margin_ranking_loss(torch.tensor([1.]), torch.tensor([3.]), torch.tensor([1.]))
    tensor(2.)
    """
    if not len(input1._shape) == len(input2._shape) == len(target._shape):
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1.size()}, input2: "
            f"{input2.size()}, target: {target.size()} "
        )
    loss = (-target * (input1 - input2) + margin).clamp_min(0)
    return _of("margin_ranking_loss", loss, reduction, size_average, reduce)


@op(on=("nn.functional",))
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, and max(0, cos - margin) where it is -1; inputs (n, d) or (d).

    >>> import corelib as torch
    >>> torch.nn.functional.cosine_embedding_loss(torch.tensor([1., 0.]), torch.tensor([0., 1.]), torch.tensor(1))
    tensor(1.)
    """
    dims = len(target._shape)
    if dims > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported. Got {dims}D")
    if len(input1._shape) != dims + 1 or len(input2._shape) != dims + 1:
        raise RuntimeError(
            f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with sizes {list(input1._shape)} and {list(input2._shape)}."
        )
    tiny = 1e-12
    sizes = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cosine = (input1 * input2).sum(-1) / sizes.sqrt()
    loss = select_where(target == 1, 1 - cosine, 0.0) + select_where(target == -1, (cosine - margin).clamp_min(0), 0.0)
    return _of("cosine_embedding_loss", loss, reduction, size_average, reduce)


@op(on=("nn.functional",))
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6, swap: bool = False,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of differences; swap: with the smaller of the negative's
    distances to anchor and positive. ValueError for a margin of 0 or less.

    >>> import corelib as torch
    >>> torch.nn.functional.triplet_margin_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2))
    tensor(1.)

    Source: Balntas et al., Learning local feature descriptors with triplets and shallow convolutional neural networks, 2016.
    """
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)
    return _triplet(lambda a, b: pairwise_distance(a, b, p, eps), anchor, positive, negative, margin, swap, reduction)


def _triplet(
    distance: _Distance, anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, swap: bool | int, reduction: str
) -> Tensor:
    dims = [len(t._shape) for t in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            f"The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor {dims[0]}D, "
            f"positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp_min(0), reduction)


@public("nn.functional")
def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: _Distance | None = None, margin: float = 1.0,
    swap: bool | int = False, reduction: str = "mean",
) -> Tensor:
    """As `triplet_margin_loss`, with any distance function of two tensors; the Euclidean distance by default."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet(distance_function or pairwise_distance, anchor, positive, negative, margin, swap, reduction)


@op(on=("nn.functional",))
def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target * input)), targets 1 and -1.

    >>> import corelib as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.]), torch.tensor([1.]))
    tensor(0.6931)
    """
    z = -target * input
    # from the larger side, so that exp does not overflow
    loss = z.clamp_min(0) + (-z.abs()).exp().log1p()
    return _of("soft_margin_loss", loss, reduction, size_average, reduce)


@op(on=("nn.functional",))
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor | Number, weight: Tensor | Number | None = None, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes (last dimension) of the binary cross entropy of logits, one value for each row before the reduction.

    >>> import corelib as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 2), torch.tensor([[1., 0.]]))
    tensor(0.6931)
    """
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _of("multilabel_soft_margin_loss", loss.sum(-1) / input._shape[-1], reduction, size_average, reduce)


def _rows(name: str, input: Tensor) -> Tensor:
    if not input._shape:
        return input.reshape((1, 1))
    if len(input._shape) > 2 or not input._shape[-1]:
        raise RuntimeError(f"{name}(): Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input._shape)}")
    return input.reshape((input._shape[0] if len(input._shape) == 2 else 1, input._shape[-1]))


@op(on=("nn.functional",))
def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """The mean over the other classes of max(0, margin - input[target] + input[class])**p, p 1 or 2; times the target's weight.

    >>> import corelib as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.5, 0.25]]), torch.tensor([0]))
    tensor(0.3750)
    """
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    how = reduction_of("multi_margin_loss", reduction, size_average, reduce)
    if weight is not None and len(weight._shape) != 1:
        raise ValueError(f"multi_margin_loss(): weight must be one-dimensional, got shape {list(weight._shape)}")
    x = _rows("multi_margin_loss", input)
    index = target.reshape((target._numel, 1))
    if index._shape[0] != x._shape[0]:
        raise RuntimeError(f"multi_margin_loss(): inconsistent target size, expected {[x._shape[0]]} but got {list(target._shape)}")
    lacking = (margin - x.gather(1, index) + x).relu()
    loss = lacking if p == 1 else lacking * lacking
    with KNOWN:  # by gather
        if weight is not None:
            loss = loss * weight.take(index)
        loss = loss.scatter(1, index, 0.0).sum(1) / x._shape[1]
    return reduced(loss if target._shape else loss.reshape(()), how)


@op(on=("nn.functional",))
def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """The mean over classes of the sum over pairs of a target and another class of max(0, 1 - input[target] + input[other]).

    target: the classes of each row, padded with -1, after which nothing counts.

    >>> import corelib as torch
    >>> torch.nn.functional.multilabel_margin_loss(torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([[2, -1, 0]]))
    tensor(0.5000)
    """
    how = reduction_of("multilabel_margin_loss", reduction, size_average, reduce)
    x = _rows("multilabel_margin_loss", input)
    if target._shape != input._shape:
        raise RuntimeError(f"multilabel_margin_loss(): inconsistent target size: {list(target._shape)} for input of size: {list(input._shape)}")
    places = target.reshape(x._shape)
    counts = (places < 0).to(D.int64).cumsum(1) == 0
    kept = select_where(counts, places, 0)
    # a class that is no target gives what every target lacks against it
    chosen = x.new_zeros(x._shape, dtype=D.int64).scatter_add(1, kept, counts.to(D.int64)) > 0
    with KNOWN:
        lacking = (1 - x.gather(1, kept).unsqueeze(2) + x.unsqueeze(1)).relu()
    pairs = counts.unsqueeze(2) & ~chosen.unsqueeze(1)
    loss = select_where(pairs, lacking, 0.0).sum((1, 2)) / x._shape[1]
    return reduced(loss if len(input._shape) > 1 else loss.reshape(()), how)


@op(on=("nn.functional",))
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Samples of the Gumbel-softmax distribution: softmax((logits + Gumbel noise) / tau) along `dim`; hard: one-hot, with the gradient
    of the soft ones.

    >>> import corelib as torch
    >>> torch.nn.functional.gumbel_softmax(torch.zeros(2, 3), hard=True).sum(1)
    tensor([1., 1.])

    Source: Jang et al., Categorical reparameterization with Gumbel-softmax, 2016.
    """
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    noise = -empty_like(logits).exponential_().log()
    soft = softmax_along((logits + noise) / tau, dim)
    if not hard:
        return soft
    one = soft.detach().argmax(dim, True)
    return logits.new_zeros(logits._shape).scatter(dim, one, 1.0) - soft.detach() + soft
