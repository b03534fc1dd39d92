"""How much rotated boxes overlap: the area of the polygon that two rectangles share, for all pairs at once."""

from __future__ import annotations

from math import pi

from corelib.ops.elementwise.where import where
from corelib.ops.shape.joining import cat, stack
from corelib.tensor.tensor import Tensor

_INSIDE = 1e-5  # how far, in sides of a box, a corner may lie outside of the other box and be in it, against rounding


def _corners(boxes: Tensor) -> Tensor:
    """(..., 5) as centre, size and degrees: the corners (..., 4, 2) in order around the box."""
    _, _, w, h, degrees = (part.unsqueeze(-1) for part in boxes.unbind(-1))
    radians = degrees * pi / 180.0
    cos, sin = radians.cos() / 2, radians.sin() / 2
    x = cat([sin * h + cos * w, -sin * h + cos * w, -sin * h - cos * w, sin * h - cos * w], -1)
    y = cat([cos * h - sin * w, -cos * h - sin * w, -cos * h + sin * w, cos * h + sin * w], -1)
    return stack([x, y], -1)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _within(points: Tensor, box: Tensor) -> Tensor:
    """Which of points (..., 4, 2) lie in a box of corners (..., 4, 2)."""
    origin, one, other = box[..., :1, :], box[..., 1:2, :] - box[..., :1, :], box[..., 3:4, :] - box[..., :1, :]
    ahead = points - origin
    inside = None
    for side in (one, other):
        along, whole = (ahead * side).sum(-1), (side * side).sum(-1)
        here = (along >= -_INSIDE * whole) & (along <= (1 + _INSIDE) * whole)
        inside = here if inside is None else inside & here
    assert inside is not None
    return inside


def box_iou_rotated(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union of each of n boxes (n, 5) with each of m (m, 5), as centre, size and degrees: (n, m)."""
    n, m = boxes1.shape[0], boxes2.shape[0]
    if not n or not m:
        return boxes1.new_zeros((n, m))
    area1, area2 = boxes1[:, 2] * boxes1[:, 3], boxes2[:, 2] * boxes2[:, 3]
    # Both seen from the middle between their centres, where numbers are small.
    half = (boxes1[:, None, :2] - boxes2[None, :, :2]) / 2
    first = _corners(boxes1)[:, None] + half[:, :, None]
    second = _corners(boxes2)[None] - half[:, :, None]
    sides1, sides2 = first.roll(-1, -2) - first, second.roll(-1, -2) - second
    # Sixteen points where sides may cross, and the corners of each box in the other.
    p, q = first[..., :, None, :], second[..., None, :, :]
    r, s = sides1[..., :, None, :], sides2[..., None, :, :]
    det = _cross(r, s)
    steep = det.abs() > 1e-14
    safe = where(steep, det, 1.0)
    along1, along2 = _cross(q - p, s) / safe, _cross(q - p, r) / safe
    crossing = steep & (along1 >= -_INSIDE) & (along1 <= 1 + _INSIDE) & (along2 >= -_INSIDE) & (along2 <= 1 + _INSIDE)
    points = cat([(p + along1[..., None] * r).reshape((n, m, 16, 2)), first, second], -2)
    real = cat([crossing.reshape((n, m, 16)), _within(first, second), _within(second, first)], -1)
    # Around their middle, those that are none after all others and at the place of the first.
    weights = real.to(points.dtype)[..., None]
    middle = (points * weights).sum(-2, keepdim=True) / weights.sum(-2, keepdim=True).clamp(min=1)
    ahead = where(real[..., None], points - middle, 0.0)
    angles = where(real, ahead[..., 1].atan2(ahead[..., 0]), 10.0)
    order = angles.argsort(-1)
    ring = ahead.gather(-2, order[..., None].expand(ahead.shape))
    ring = where(real.gather(-1, order)[..., None], ring, ring[..., :1, :])
    shared = _cross(ring, ring.roll(-1, -2)).sum(-1) / 2
    smallest = area1[:, None].minimum(area2[None])
    shared = where(smallest > 1e-14, shared.clamp(min=0).minimum(smallest), 0.0)
    union = area1[:, None] + area2[None] - shared
    iou: Tensor = where(shared > 0, shared / where(union > 0, union, 1.0), 0.0)
    return iou
