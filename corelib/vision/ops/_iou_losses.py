"""What the losses of pairs of boxes share."""

from __future__ import annotations

from corelib.ops.elementwise.where import where
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

_REDUCTIONS = ("none", "mean", "sum")


def in_float(boxes: Tensor) -> Tensor:
    """Half precisions and integers in float32, in which areas do not overflow."""
    return boxes if boxes.dtype in (D.float32, D.float64) else boxes.float()


def inter_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """The areas that the boxes of each pair share, and that they cover together."""
    size = boxes1[..., 2:].minimum(boxes2[..., 2:]) - boxes1[..., :2].maximum(boxes2[..., :2])
    shared: Tensor = where((size > 0).all(-1), size[..., 0] * size[..., 1], 0.0)
    sides1, sides2 = boxes1[..., 2:] - boxes1[..., :2], boxes2[..., 2:] - boxes2[..., :2]
    return shared, sides1[..., 0] * sides1[..., 1] + sides2[..., 0] * sides2[..., 1] - shared


def around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The sides of the smallest box around each pair."""
    return boxes1[..., 2:].maximum(boxes2[..., 2:]) - boxes1[..., :2].minimum(boxes2[..., :2])


def distance_loss(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """1 - IoU and the squared distance of the centres over the squared diagonal around both; and the IoU."""
    shared, union = inter_union(boxes1, boxes2)
    iou = shared / (union + eps)
    diagonal = (around(boxes1, boxes2) ** 2).sum(-1) + eps
    centre1, centre2 = (boxes1[..., :2] + boxes1[..., 2:]) / 2, (boxes2[..., :2] + boxes2[..., 2:]) / 2
    return 1 - iou + ((centre1 - centre2) ** 2).sum(-1) / diagonal, iou


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """As the reduction says; of no pairs the mean too is 0. ValueError for other words."""
    if reduction not in _REDUCTIONS:
        raise ValueError(f"Invalid Value for arg 'reduction': '{reduction}'; accepted are 'none', 'mean' and 'sum'")
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" and loss.numel() else loss.sum()
