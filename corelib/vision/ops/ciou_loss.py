"""The complete IoU loss (Zheng et al., 2020)."""

from __future__ import annotations

from math import pi

from corelib.graph.grad_mode import no_grad
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._iou_losses import distance_loss, in_float, reduced

__all__ = ["complete_box_iou_loss"]


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """`distance_box_iou_loss`, and how the ratios of width to height of each pair differ.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.complete_box_iou_loss(torch.tensor([0., 0., 1., 1.]), torch.tensor([0., 0., 1., 2.]))
    tensor(0.5532)
    """
    boxes1, boxes2 = in_float(boxes1), in_float(boxes2)
    loss, iou = distance_loss(boxes1, boxes2, 1e-7)  # torchvision's: `eps` is for the ratios only
    slope1, slope2 = (((b[..., 2] - b[..., 0]) / (b[..., 3] - b[..., 1])).atan() for b in (boxes1, boxes2))
    v = (4 / pi**2) * (slope2 - slope1) ** 2
    with no_grad():
        alpha = v / (1 - iou + v + eps)
    return reduced(loss + alpha * v, reduction)
