"""What the numbers of a box are, and boxes held within their canvas."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

from corelib.ops.construction.creation import arange, zeros_like
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.shape.joining import cat, stack
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms.v2.functional._registry import is_pure_tensor
from corelib.vision.tv_tensors import BoundingBoxFormat, is_rotated_bounding_format

XYXY, XYWH, CXCYWH = BoundingBoxFormat.XYXY, BoundingBoxFormat.XYWH, BoundingBoxFormat.CXCYWH
XYWHR, CXCYWHR, CORNERS = BoundingBoxFormat.XYWHR, BoundingBoxFormat.CXCYWHR, BoundingBoxFormat.XYXYXYXY
Canvas = tuple[int, int]


def _half(x: Tensor) -> Tensor:
    return x.div(2, rounding_mode=None if x.is_floating_point() else "floor")


def _xywh_to_xyxy(xywh: Tensor) -> Tensor:
    return cat([xywh[..., :2], xywh[..., 2:] + xywh[..., :2]], -1)


def _xyxy_to_xywh(xyxy: Tensor) -> Tensor:
    return cat([xyxy[..., :2], xyxy[..., 2:] - xyxy[..., :2]], -1)


def _xywh_to_cxcywh(xywh: Tensor) -> Tensor:
    return cat([xywh[..., :2] + _half(xywh[..., 2:]), xywh[..., 2:]], -1)


def _cxcywh_to_xywh(cxcywh: Tensor) -> Tensor:
    if not cxcywh.is_floating_point():  # by both corners, so that they are whole numbers
        return _xyxy_to_xywh(_cxcywh_to_xyxy(cxcywh))
    return cat([cxcywh[..., :2] - cxcywh[..., 2:] / 2, cxcywh[..., 2:]], -1)


def _cxcywh_to_xyxy(cxcywh: Tensor) -> Tensor:
    middle, size = (cxcywh if cxcywh.is_floating_point() else cxcywh.to(D.float32)).split(2, -1)
    first = middle - size / 2
    return cat([first, size + first], -1).to(cxcywh.dtype)


def _xyxy_to_cxcywh(xyxy: Tensor) -> Tensor:
    size = xyxy[..., 2:] - xyxy[..., :2]
    return cat([_half(xyxy[..., :2] * 2 + size), size], -1)


def turn(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of boxes' angles."""
    angle = boxes[..., 4].mul(pi).div(180.0)
    return angle.cos(), angle.sin()


def _by_half(boxes: Tensor, sign: int) -> Tensor:
    """From the corner of turned boxes to their middle, or back with a sign of -1."""
    boxes, (cos, sin) = boxes.clone(), turn(boxes)
    w, h = _half(boxes[..., 2:4] * sign).unbind(-1)
    boxes[..., 0].add_(w * cos).add_(h * sin)
    boxes[..., 1].sub_(w * sin).add_(h * cos)
    return boxes


def _xywhr_to_cxcywhr(xywhr: Tensor) -> Tensor:
    return _by_half(xywhr, 1)


def _cxcywhr_to_xywhr(cxcywhr: Tensor) -> Tensor:
    return _by_half(cxcywhr, -1)


def _xywhr_to_corners(xywhr: Tensor) -> Tensor:
    x, y, w, h, _ = xywhr.unbind(-1)
    cos, sin = turn(xywhr)
    across, up, down, along = w * cos, w * sin, h * cos, h * sin
    return stack([x, y, x + across, y - up, x + (across + along), y - (up - down), x + along, y + down], -1).to(xywhr.dtype)


def _corners_to_xywhr(corners: Tensor) -> Tensor:
    x1, y1, x2, y2, x3, y3, _, _ = (corners if corners.dtype in (D.float32, D.float64) else corners.to(D.float32)).unbind(-1)
    angle = (y1 - y2).atan2(x2 - x1) / pi * 180.0
    w, h = ((x2 - x1).pow(2) + (y2 - y1).pow(2)).sqrt(), ((x3 - x2).pow(2) + (y3 - y2).pow(2)).sqrt()
    return stack([x1, y1, w, h, angle], -1).to(corners.dtype)


_STEPS = {
    (XYWH, XYXY): _xywh_to_xyxy, (CXCYWH, XYXY): _cxcywh_to_xyxy, (XYXY, XYWH): _xyxy_to_xywh, (XYXY, CXCYWH): _xyxy_to_cxcywh,
    (XYWH, CXCYWH): _xywh_to_cxcywh, (CXCYWH, XYWH): _cxcywh_to_xywh,
    (CXCYWHR, XYWHR): _cxcywhr_to_xywhr, (CORNERS, XYWHR): _corners_to_xywhr, (XYWHR, CXCYWHR): _xywhr_to_cxcywhr, (XYWHR, CORNERS): _xywhr_to_corners,
}  # fmt: skip


def converted(boxes: Tensor, old: BoundingBoxFormat, new: BoundingBoxFormat) -> Tensor:
    """Boxes in another format; those that already have it are the very same tensor. ValueError between upright and turned ones."""
    if old is new:
        return boxes
    turned = is_rotated_bounding_format(old)
    if turned is not is_rotated_bounding_format(new):
        raise ValueError(f"Cannot convert between rotated and unrotated bounding boxes, from {old} to {new}")
    if (old, new) in _STEPS:
        return _STEPS[old, new](boxes)
    hub = XYWHR if turned else XYXY
    return _STEPS[hub, new](_STEPS[old, hub](boxes))


def _format_of(format: BoundingBoxFormat | str | None) -> Any:
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


def convert_bounding_box_format(
    inpt: Tensor, old_format: BoundingBoxFormat | str | None = None, new_format: BoundingBoxFormat | str | None = None, inplace: bool = False
) -> Tensor:
    """Boxes in another format; of a plain tensor the old one has to be given.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.v2 import functional as F
    >>> F.convert_bounding_box_format(torch.tensor([[1, 2, 3, 4]]), "XYXY", "XYWH").tolist()
    [[1, 2, 2, 2]]
    """
    if new_format is None:
        raise TypeError("convert_bounding_box_format(): missing 1 required argument: 'new_format'")
    new = _format_of(new_format)
    if isinstance(inpt, tv_tensors.BoundingBoxes):
        if old_format is not None:
            raise ValueError("convert_bounding_box_format(): old_format must not be given for BoundingBoxes, which know theirs")
        old = inpt.format
    elif not is_pure_tensor(inpt):
        raise TypeError(f"convert_bounding_box_format(): expected a plain tensor or BoundingBoxes, but got {type(inpt)}")
    elif old_format is None:
        raise ValueError("convert_bounding_box_format(): old_format has to be given for a plain tensor")
    else:
        old = _format_of(old_format)
    boxes = inpt.as_subclass(Tensor)
    made = converted(boxes, old, new)
    if inplace and made.shape == boxes.shape:
        made = boxes if made is boxes else boxes.copy_(made)
    if isinstance(inpt, tv_tensors.BoundingBoxes):
        made = tv_tensors.wrap(made, like=inpt, format=new)
    return made


def clamped(boxes: Tensor, format: BoundingBoxFormat, canvas_size: Sequence[int], clamping_mode: str | None) -> Tensor:
    """Boxes held within a canvas of height and width, as a clamping mode asks for."""
    if clamping_mode is None:
        return boxes.clone()
    if is_rotated_bounding_format(format):
        return _clamped_turned(boxes, format, (canvas_size[0], canvas_size[1]), clamping_mode)
    height, width = canvas_size
    corners = converted(boxes.clone() if boxes.is_floating_point() else boxes.to(D.float32), format, XYXY)
    corners[..., 0::2].clamp_(min=0, max=width)
    corners[..., 1::2].clamp_(min=0, max=height)
    return converted(corners, XYXY, format).to(boxes.dtype)


def _clamped_turned(boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, clamping_mode: str) -> Tensor:
    """Turned boxes, cut at each edge of the canvas in turn, which is turned itself for that."""
    made = converted(boxes.clone(), format, CORNERS).reshape(-1, 8)
    first = made.clone()
    for _ in range(4):
        order = _leftmost_first(made)
        made, first = made.gather(1, order), first.gather(1, order)
        made = _cut_left(made, first, canvas_size, clamping_mode)
        made, first = made.gather(1, order), first.gather(1, order)
        made, first = (stack([each[:, 1::2], canvas_size[1] - each[:, ::2]], -1).reshape(-1, 8) for each in (made, first))
        canvas_size = (canvas_size[1], canvas_size[0])
    return converted(made, CORNERS, format).reshape(boxes.shape)


def _leftmost_first(boxes: Tensor) -> Tensor:
    """The order of the corners' numbers that begins with the leftmost corner, the upper of two."""
    x, y = boxes[..., 0::2], boxes[..., 1::2]
    _, least = (y / y.abs().amax(1, keepdim=True) + x / x.abs().amax(1, keepdim=True) * 100).min(dim=1)
    order: Tensor = (least.unsqueeze(1) * 2 + arange(8, device=boxes.device)) % 8
    return order


def _lines(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Slope and intercept of each side, from a corner to the next."""
    x, y = boxes[..., ::2], boxes[..., 1::2]
    a = y.diff(append=y[..., 0:1]) / x.diff(append=x[..., 0:1])
    return a, y - a * x


def _held_lines(a: Tensor, b: Tensor, first: Tensor, canvas_size: Canvas, clamping_mode: str) -> Tensor:
    """Where the sides' lines are to meet the canvas's left edge, so that the box remains one and fits."""
    height, width = canvas_size
    a1, a2, a3, a4 = a.unbind(-1)
    b1, b2, b3, b4 = b.unbind(-1)
    m1, m2, m3, m4 = _lines(first)[1].unbind(-1)
    b1 = b2.clamp(b1, b3).clamp(0, height)
    b4 = b3.clamp(b2, b4).clamp(0, height)
    if clamping_mode == "hard":
        b1 = b4 = (b1 + b4) / 2
        least = stack([b1 * a2 / a1, b3 * a2 / a3, (a1 - a2) * width + b1, (a3 - a2) * width + b3], dim=1)
        b2 = least.max(dim=1)[0].clamp(max=b2)
        most = stack([height * (1 - a3 / a4) + b4 * a3 / a4, height * (1 - a3 / a2) + b2 * a3 / a2, (a2 - a3) * width + b2, (a4 - a3) * width + b4], dim=1)
        b3 = most.min(dim=1)[0].clamp(min=b3)
        b1 = b4 = b1.clamp(m1, m3).clamp(m2, m4)
    else:
        b1, b4 = b1.clamp(m1, m3), b4.clamp(m2, m4)
    return stack([b1, b2.clamp(m2, m4), b3.clamp(m1, m3), b4], dim=-1)


def _cut_left(boxes: Tensor, first: Tensor, canvas_size: Canvas, clamping_mode: str) -> Tensor:
    """Boxes, their leftmost corners first, cut at the canvas's left edge."""
    a, b = _lines(boxes)
    x1, y1, x2, y2, x3, y3, x4, y4 = boxes.unbind(-1)
    b = _held_lines(a, b, first, canvas_size, clamping_mode)
    x = b.diff(prepend=b[..., 3:4]).neg() / a.diff(prepend=a[..., 3:4])
    met = stack([x, a * x + b], -1).reshape(-1, 8)  # where each side's line meets the one before
    upright = boxes.clone()
    upright[..., 0].clamp_(0)
    upright[..., 6].clamp_(0)
    outside = (x1 <= 0) & (x2 <= 0) & (x3 <= 0) & (x4 <= 0)
    level = y1.isclose(y2) | y3.isclose(y4)
    gone = outside | y1.isclose(y4) | y2.isclose(y3) | (level & x1.isclose(x2))
    for where_so, made in (((x1 < 0) & ~met.isnan().any(-1), met), (level, upright), (gone, zeros_like(boxes))):
        boxes = where(where_so.unsqueeze(1), made, boxes)
    return boxes


def clamp_bounding_boxes(
    inpt: Tensor, format: BoundingBoxFormat | None = None, canvas_size: Canvas | None = None, clamping_mode: str | None = "auto"
) -> Tensor:
    """Boxes held within their canvas; of a plain tensor format, canvas and mode have to be given. "auto": the boxes' own mode."""
    if clamping_mode is not None and clamping_mode not in ("soft", "hard", "auto"):
        raise ValueError(f"clamp_bounding_boxes(): clamping_mode must be 'soft', 'hard', 'auto' or None, but got {clamping_mode!r}")
    if isinstance(inpt, tv_tensors.BoundingBoxes):
        if format is not None or canvas_size is not None:
            raise ValueError("clamp_bounding_boxes(): format and canvas_size must not be given for BoundingBoxes, which know theirs")
        mode = inpt.clamping_mode if clamping_mode == "auto" else clamping_mode
        made: Tensor = tv_tensors.wrap(clamped(inpt.as_subclass(Tensor), inpt.format, inpt.canvas_size, mode), like=inpt)
        return made
    if not is_pure_tensor(inpt):
        raise TypeError(f"clamp_bounding_boxes(): expected a plain tensor or BoundingBoxes, but got {type(inpt)}")
    if format is None or canvas_size is None or clamping_mode == "auto":
        raise ValueError("clamp_bounding_boxes(): format, canvas_size and clamping_mode have to be given for a plain tensor")
    return clamped(inpt, format, canvas_size, clamping_mode)


def clamp_keypoints(inpt: Tensor, canvas_size: Canvas | None = None) -> Tensor:
    """Points held on the pixels of their canvas; of a plain tensor it has to be given."""
    if isinstance(inpt, tv_tensors.KeyPoints):
        if canvas_size is not None:
            raise ValueError("clamp_keypoints(): canvas_size must not be given for KeyPoints, which know theirs")
        canvas = inpt.canvas_size
    elif not is_pure_tensor(inpt):
        raise TypeError(f"clamp_keypoints(): expected a plain tensor or KeyPoints, but got {type(inpt)}")
    elif canvas_size is None:
        raise ValueError("clamp_keypoints(): canvas_size has to be given for a plain tensor")
    else:
        canvas = canvas_size
    points = inpt.as_subclass(Tensor)
    made: Tensor = points.clone() if points.is_floating_point() else points.to(D.float32)
    made[..., 0].clamp_(min=0, max=canvas[1] - 1)
    made[..., 1].clamp_(min=0, max=canvas[0] - 1)
    made = made.to(points.dtype)
    if isinstance(inpt, tv_tensors.KeyPoints):
        made = tv_tensors.wrap(made, like=inpt)
    return made
