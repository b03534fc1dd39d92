"""Boxes of pictures: their formats, areas, overlaps, and which to keep of many that overlap."""

from __future__ import annotations

from math import pi

import numpy as np

from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.creation import arange, empty, zeros
from corelib.ops.elementwise.where import where
from corelib.ops.ordering.distinct import unique
from corelib.ops.shape.joining import cat, stack
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._box_convert import FORMATS, changes
from corelib.vision.ops._rotated import box_iou_rotated

__all__ = [
    "batched_nms", "box_area", "box_convert", "box_iou", "clip_boxes_to_image", "complete_box_iou", "distance_box_iou", "generalized_box_iou",
    "masks_to_boxes", "nms", "remove_small_boxes",
]  # fmt: skip

_ALONG_AXES = FORMATS[:3]
_AT_ONCE = 256  # boxes that are compared with one another in one step


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the boxes (n, 4; x1, y1, x2, y2) that overlap none of a better score, that is kept, by more than the threshold.

    Gives their indices, best score first; of equal scores the first box first. RuntimeError for other shapes.

    >>> import corelib as torch, corelib.vision as vision
    >>> boxes = torch.tensor([[0., 0., 10., 10.], [1., 1., 10., 10.], [20., 20., 30., 30.]])
    >>> vision.ops.nms(boxes, torch.tensor([0.8, 0.9, 0.3]), 0.5)
    tensor([1, 2])
    """
    if boxes.dim() != 2 or boxes.shape[1] != 4:
        raise RuntimeError(f"nms(): boxes should be a 2d tensor of 4 columns, got one of shape {tuple(boxes.shape)}")
    if scores.dim() != 1:
        raise RuntimeError(f"nms(): scores should be a 1d tensor, got {scores.dim()}D")
    if boxes.shape[0] != scores.shape[0]:
        raise RuntimeError(f"nms(): boxes and scores should have same number of elements in dimension 0, got {boxes.shape[0]} and {scores.shape[0]}")
    if boxes.dtype is not scores.dtype or not boxes.is_floating_point():
        raise RuntimeError(f"nms(): boxes should have the same type as scores, and a floating point one, got {boxes.dtype} and {scores.dtype}")
    with no_grad():
        boxes = _upcast(boxes)
        threshold = _just_below(iou_threshold) if boxes.dtype is D.float32 else iou_threshold
        left = scores.sort(stable=True, dim=0, descending=True)[1]
        kept = [left[:0]]
        while left.shape[0]:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            chosen = some[_best(boxes[some], threshold)]
            kept.append(chosen)
            if left.shape[0]:
                left = left[~(_overlap(boxes[chosen], boxes[left]) > threshold).any(0)]
        return cat(kept)


def _just_below(x: float) -> float:
    """The largest float32 that is not above x: what is above it, in float32, is above x."""
    near = np.float32(x)
    return float(np.nextafter(near, np.float32(-np.inf)) if float(near) > x else near)


def _overlap(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union as NMS has it, in the boxes' own dtype; the sides one after the other, which is quicker than together."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = boxes1.unbind(1), boxes2.unbind(1)
    wide = x2[:, None].minimum(u2) - x1[:, None].maximum(u1)
    high = y2[:, None].minimum(v2) - y1[:, None].maximum(v1)
    shared = wide.clamp(min=0) * high.clamp(min=0)
    return shared / (((x2 - x1) * (y2 - y1))[:, None] + (u2 - u1) * (v2 - v1) - shared)


def _best(boxes: Tensor, threshold: float) -> Tensor:
    """Which of sorted boxes stay: each that no box before it, that stays, overlaps.

    That is one fixed point; guesses reach it from the first box on, in as many steps as boxes displace one another in a chain.
    """
    rank = arange(boxes.shape[0], device=boxes.device)
    displaces = (_overlap(boxes, boxes) > threshold) & (rank[:, None] < rank[None])
    stays = ~displaces.any(0)
    while True:
        before, stays = stays, ~(displaces & stays[:, None]).any(0)
        if bool((before == stays).all()):
            return stays


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` within each category by itself, idxs (n) saying which a box is of; the indices kept, best score first.

    >>> import corelib as torch, corelib.vision as vision
    >>> boxes = torch.tensor([[0., 0., 10., 10.], [1., 1., 10., 10.]])
    >>> vision.ops.batched_nms(boxes, torch.tensor([0.8, 0.9]), torch.tensor([0, 1]), 0.5)
    tensor([1, 0])
    """
    if boxes.numel() > (4000 if boxes.device.type == "cpu" else 100_000):
        kept = [indices[nms(boxes[indices], scores[indices], iou_threshold)] for indices in (where(idxs == each)[0] for each in unique(idxs))]
        found = cat(kept).sort()[0]
        return found[scores[found].sort(descending=True)[1]]
    if not boxes.numel():
        return empty((0,), dtype=D.int64, device=boxes.device)
    # Each category moved to a place of its own, where it meets no other.
    apart = idxs.to(boxes) * (boxes.max() + 1)
    return nms(boxes + apart[:, None], scores, iou_threshold)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes (n, 4; x1, y1, x2, y2) whose two sides are at least `min_size`."""
    wide, high = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    kept: Tensor = where((wide >= min_size) & (high >= min_size))[0]
    return kept


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes (..., 4; x1, y1, x2, y2) cut off at the borders of a picture of `size` (height, width)."""
    height, width = size
    x, y = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return stack([x, y], boxes.dim()).reshape(boxes.shape)


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes (..., 4, 5 or 8) in another format.

    Along the axes: "xyxy" (two corners), "xywh" (a corner and the size), "cxcywh" (the centre and the size). Rotated, r in degrees
    counter-clockwise: "xywhr", "cxcywhr", "xyxyxyxy" (four corners). ValueError for others, NotImplementedError between the two kinds.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.box_convert(torch.tensor([1., 2., 5., 8.]), "xyxy", "cxcywh")
    tensor([3., 5., 4., 6.])
    """
    said = f"box_convert(): Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}; accepted are {', '.join(FORMATS)}"
    if in_fmt not in FORMATS or out_fmt not in FORMATS:
        raise ValueError(said)
    if in_fmt == out_fmt:
        return boxes.clone()
    steps = changes(in_fmt, out_fmt)
    if steps is None:
        raise NotImplementedError(f"{said}, not from boxes along the axes to rotated ones, nor back")
    for change in steps:
        boxes = change(boxes)
    return boxes


def _upcast(t: Tensor) -> Tensor:
    """In a dtype in which products do not overflow."""
    if t.is_floating_point():
        return t if t.dtype in (D.float32, D.float64) else t.float()
    return t if t.dtype in (D.int32, D.int64) else t.int()


def _known(fmt: str, function: str) -> None:
    if fmt not in _ALONG_AXES:
        raise ValueError(f"{function}(): Unsupported format {fmt!r}; accepted are {', '.join(_ALONG_AXES)}")


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The areas of boxes (..., 4); fmt: "xyxy", "xywh" or "cxcywh"."""
    _known(fmt, "box_area")
    boxes = _upcast(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _ends(boxes: Tensor, fmt: str) -> tuple[Tensor, Tensor]:
    """The corners nearest to and farthest from the origin."""
    near, far = boxes[..., :2], boxes[..., 2:]
    if fmt == "xyxy":
        return near, far
    return (near, near + far) if fmt == "xywh" else (near - far / 2, near + far / 2)


def _inter_union(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """The areas that each two boxes share, and that they cover together."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    (near1, far1), (near2, far2) = _ends(boxes1, fmt), _ends(boxes2, fmt)
    size = _upcast(far1[..., None, :].minimum(far2[..., None, :, :]) - near1[..., None, :].maximum(near2[..., None, :, :])).clamp(min=0)
    shared = size[..., 0] * size[..., 1]
    return shared, area1[..., None] + area2[..., None, :] - shared


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of each box of (..., n, 4) with each of (..., m, 4): (..., n, m).

    fmt: one of `box_convert`'s; rotated boxes are (n, 5) or (n, 8), without further dimensions.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.box_iou(torch.tensor([[0., 0., 2., 2.]]), torch.tensor([[1., 1., 3., 3.], [0., 0., 2., 1.]]))
    tensor([[0.1429, 0.5000]])
    """
    if fmt in _ALONG_AXES:
        shared, union = _inter_union(boxes1, boxes2, fmt)
        return shared / union
    if fmt not in FORMATS:
        raise ValueError(f"box_iou(): Unsupported format {fmt!r}; accepted are {', '.join(FORMATS)}")
    boxes1, boxes2 = (b if b.dtype in (D.float32, D.float64) else b.float() for b in (boxes1, boxes2))
    if fmt != "cxcywhr":
        boxes1, boxes2 = (box_convert(b, fmt, "cxcywhr") for b in (boxes1, boxes2))
    return box_iou_rotated(boxes1, boxes2)


def _around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The sizes of the smallest boxes around each two."""
    near = boxes1[..., None, :2].minimum(boxes2[..., None, :, :2])
    far = boxes1[..., None, 2:].maximum(boxes2[..., None, :, 2:])
    return _upcast(far - near).clamp(min=0)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """`box_iou` less the share of the box around each two that neither covers (Rezatofighi et al., 2019): from -1 to 1."""
    shared, union = _inter_union(boxes1, boxes2)
    around = _around(boxes1, boxes2)
    whole = around[..., 0] * around[..., 1]
    return shared / union - (whole - union) / whole


def _distance_and_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou = box_iou(boxes1, boxes2)
    around = _around(boxes1, boxes2)
    diagonal = around[..., 0] ** 2 + around[..., 1] ** 2 + eps
    centre1, centre2 = ((b[..., :2] + b[..., 2:]) / 2 for b in (boxes1, boxes2))
    between = _upcast(centre1[..., None, :] - centre2[..., None, :, :]) ** 2
    return iou - (between[..., 0] + between[..., 1]) / diagonal, iou


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`box_iou` less the squared distance of the centres over the squared diagonal of the box around both (Zheng et al., 2020)."""
    return _distance_and_iou(_upcast(boxes1), _upcast(boxes2), eps)[0]


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`distance_box_iou` less a term for how the ratios of width to height differ (Zheng et al., 2020)."""
    boxes1, boxes2 = _upcast(boxes1), _upcast(boxes2)
    distance, iou = _distance_and_iou(boxes1, boxes2, eps)
    slope1, slope2 = (((b[..., 2] - b[..., 0]) / (b[..., 3] - b[..., 1])).atan() for b in (boxes1, boxes2))
    v = (4 / pi**2) * (slope1[..., None] - slope2[..., None, :]) ** 2
    with no_grad():
        alpha = v / (1 - iou + v + eps)
    return distance - alpha * v


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest boxes (n, 4; x1, y1, x2, y2, all within) around masks (n, h, w); zeros around an empty mask.

    >>> import corelib as torch, corelib.vision as vision
    >>> mask = torch.zeros(1, 4, 5)
    >>> mask[0, 1:3, 2:4] = 1
    >>> vision.ops.masks_to_boxes(mask)
    tensor([[2., 1., 3., 2.]])
    """
    if not masks.numel():
        return zeros((0, 4), device=masks.device, dtype=D.float32)
    there = masks.bool()
    ends = []
    for dim in (1, 2):  # columns, then rows
        line = there.any(dim).float()
        ends.append((line.argmax(1), line.shape[1] - 1 - line.flip(1).argmax(1)))
    (x1, x2), (y1, y2) = ends
    return stack([x1, y1, x2, y2], 1).float() * there.flatten(1).any(1)[:, None]
