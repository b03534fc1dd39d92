"""The formats of boxes, and from each to another: by way of two, the corners of boxes along the axes and the corner of rotated ones."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor

Change = Callable[[Tensor], Tensor]


def _cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    cx, cy, w, h = boxes.unbind(-1)
    return stack([cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h], -1)


def _xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], -1)


def _xywh_to_xyxy(boxes: Tensor) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    return stack([x, y, x + w, y + h], -1)


def _xyxy_to_xywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack([x1, y1, x2 - x1, y2 - y1], -1)


def _rotated(change: Change) -> Change:
    """Of integers, the numbers that the change gives, rounded."""

    def changed(boxes: Tensor) -> Tensor:
        found = change(boxes)
        return found if boxes.is_floating_point() else found.round().to(boxes.dtype)

    return changed


def _turn(degrees: Tensor) -> tuple[Tensor, Tensor]:
    radians = degrees * pi / 180.0
    return radians.cos(), radians.sin()


@_rotated
def _cxcywhr_to_xywhr(boxes: Tensor) -> Tensor:
    cx, cy, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    return stack([cx - w / 2 * cos - h / 2 * sin, cy - h / 2 * cos + w / 2 * sin, w, h, r], -1)


@_rotated
def _xywhr_to_cxcywhr(boxes: Tensor) -> Tensor:
    x, y, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    return stack([x + w / 2 * cos + h / 2 * sin, y - w / 2 * sin + h / 2 * cos, w, h, r], -1)


@_rotated
def _xywhr_to_xyxyxyxy(boxes: Tensor) -> Tensor:
    x, y, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    x2, y2 = x + w * cos, y - w * sin
    return stack([x, y, x2, y2, x2 + h * sin, y2 + h * cos, x + h * sin, y + h * cos], -1)


@_rotated
def _xyxyxyxy_to_xywhr(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2, x3, y3, _, _ = boxes.unbind(-1)
    degrees = (y1 - y2).atan2(x2 - x1) * 180 / pi
    return stack([x1, y1, ((x2 - x1) ** 2 + (y1 - y2) ** 2).sqrt(), ((x3 - x2) ** 2 + (y3 - y2) ** 2).sqrt(), degrees], -1)


_KINDS: dict[str, dict[str, tuple[Change, Change] | None]] = {
    "xyxy": {"xyxy": None, "xywh": (_xywh_to_xyxy, _xyxy_to_xywh), "cxcywh": (_cxcywh_to_xyxy, _xyxy_to_cxcywh)},
    "xywhr": {"xywhr": None, "cxcywhr": (_cxcywhr_to_xywhr, _xywhr_to_cxcywhr), "xyxyxyxy": (_xyxyxyxy_to_xywhr, _xywhr_to_xyxyxyxy)},
}
"""By the format in the middle: those that are changed by way of it, and the changes to it and from it."""
FORMATS = tuple(name for kind in _KINDS.values() for name in kind)


def changes(before: str, after: str) -> list[Change] | None:
    """What takes boxes from a format to another, one after another; None between boxes along the axes and rotated ones."""
    for kind in _KINDS.values():
        if before in kind and after in kind:
            first, second = kind[before], kind[after]
            return [*([first[0]] if first else []), *([second[1]] if second else [])]
    return None
