"""The generalized IoU loss (Rezatofighi et al., 2019)."""

from __future__ import annotations

from corelib.tensor.tensor import Tensor
from corelib.vision.ops._iou_losses import around, in_float, inter_union, reduced

__all__ = ["generalized_box_iou_loss"]


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - the generalized IoU of each pair of boxes (..., 4; x1, y1, x2, y2), which tells apart pairs that do not meet.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.generalized_box_iou_loss(torch.tensor([0., 0., 1., 1.]), torch.tensor([2., 0., 3., 1.]))
    tensor(1.3333)
    """
    boxes1, boxes2 = in_float(boxes1), in_float(boxes2)
    shared, union = inter_union(boxes1, boxes2)
    sides = around(boxes1, boxes2)
    whole = sides[..., 0] * sides[..., 1]
    return reduced(1 - (shared / (union + eps) - (whole - union) / (whole + eps)), reduction)
