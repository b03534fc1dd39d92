"""The distance IoU loss (Zheng et al., 2020)."""

from __future__ import annotations

from corelib.tensor.tensor import Tensor
from corelib.vision.ops._iou_losses import distance_loss, in_float, reduced

__all__ = ["distance_box_iou_loss"]


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - the IoU of each pair of boxes (..., 4; x1, y1, x2, y2), and how far apart their centres are.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.distance_box_iou_loss(torch.tensor([0., 0., 1., 1.]), torch.tensor([2., 0., 3., 1.]))
    tensor(1.4000)
    """
    return reduced(distance_loss(in_float(boxes1), in_float(boxes2), eps)[0], reduction)
