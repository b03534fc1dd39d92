"""The focal loss (Lin et al., RetinaNet, 2017)."""

from __future__ import annotations

from corelib.nn import functional as F
from corelib.tensor.tensor import Tensor

__all__ = ["sigmoid_focal_loss"]


def sigmoid_focal_loss(inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none") -> Tensor:
    """The binary cross entropy of logits, less where they are right already: times (1 - the chance given to the target) ** gamma.

    targets: 0 or 1 in the inputs' shape. alpha: the weight of target 1, that of 0 being 1 - alpha; -1: none. ValueError for others.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.sigmoid_focal_loss(torch.tensor([3., -3.]), torch.tensor([1., 1.]))
    tensor([2.7321e-05, 6.9157e-01])
    """
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ValueError(f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore.")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"Invalid Value for arg 'reduction': '{reduction}'; accepted are 'none', 'mean' and 'sum'")
    chance = inputs.sigmoid()
    right = chance * targets + (1 - chance) * (1 - targets)
    loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none") * (1 - right) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
