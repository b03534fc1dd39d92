"""Losses of `torch` itself: those of `torch.nn.functional` with the reduction as a number, 0 none, 1 mean, 2 sum."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.namespaces import public
from corelib.ops.losses import ctc, losses, margins
from corelib.tensor.tensor import Tensor

_REDUCTIONS = ("none", "mean", "sum")


def _reduction(name: str, number: int) -> str:
    if not 0 <= number < 3:
        raise ValueError(f"{name}(): {number} is not a valid value for reduction; accepted are 0 (none), 1 (mean) and 2 (sum)")
    return _REDUCTIONS[number]


@public("torch")
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: int = 1
) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2), reduction=0)
    tensor([0.6931, 0.6931])
    """
    made = _reduction("binary_cross_entropy_with_logits", reduction)
    return losses.binary_cross_entropy_with_logits(input, target, weight, reduction=made, pos_weight=pos_weight)


@public("torch")
def kl_div(input: Tensor, target: Tensor, reduction: int = 1, *, log_target: bool = False) -> Tensor:
    """`nn.functional.kl_div`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.kl_div(torch.zeros(2), torch.ones(2), 2)
    tensor(0.)
    """
    loss = losses.kl_div(input, target, reduction="none", log_target=log_target)
    return losses.reduced(loss, _reduction("kl_div", reduction))


@public("torch")
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 1) -> Tensor:
    """`nn.functional.hinge_embedding_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.hinge_embedding_loss(torch.tensor([2., 3.]), torch.tensor([1., -1.]))
    tensor(1.)
    """
    return margins.hinge_embedding_loss(input, target, margin, reduction=_reduction("hinge_embedding_loss", reduction))


@public("torch")
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1) -> Tensor:
    """`nn.functional.margin_ranking_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.margin_ranking_loss(torch.tensor([1.]), torch.tensor([3.]), torch.tensor([1.]))
    tensor(2.)
    """
    return margins.margin_ranking_loss(input1, input2, target, margin, reduction=_reduction("margin_ranking_loss", reduction))


@public("torch")
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1) -> Tensor:
    """`nn.functional.cosine_embedding_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.cosine_embedding_loss(torch.tensor([[1., 0.]]), torch.tensor([[0., 1.]]), torch.tensor([1]))
    tensor(1.)
    """
    return margins.cosine_embedding_loss(input1, input2, target, margin, reduction=_reduction("cosine_embedding_loss", reduction))


@public("torch")
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """`nn.functional.poisson_nll_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.poisson_nll_loss(torch.zeros(1), torch.ones(1), True, False, 1e-8, 1)
    tensor(1.)
    """
    return margins.poisson_nll_loss(input, target, log_input, full, None, eps, None, _reduction("poisson_nll_loss", reduction))


@public("torch")
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: int = 1
) -> Tensor:
    """`nn.functional.triplet_margin_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.triplet_margin_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2))
    tensor(1.)
    """
    return margins.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=_reduction("triplet_margin_loss", reduction))


@public("torch")
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], target_lengths: Tensor | Sequence[int], blank: int = 0,
    reduction: int = 1, zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """`nn.functional.ctc_loss`, with the reduction as a number.

    >>> import corelib as torch
    >>> torch.ctc_loss(torch.zeros(2, 1, 2), torch.tensor([[1]]), (2,), (1,))
    tensor(-1.0986)
    """
    return ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, _reduction("ctc_loss", reduction), zero_infinity)
