"""Boxes and points, taken where the functionals of `_geometry` and `_crops` take the pixels under them."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi as PI
from typing import Any

from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import ones
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.ordering.sorting import aminmax
from corelib.ops.shape.joining import cat, stack
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms import _arguments as A, _kernels_geometry as shapes
from corelib.vision.transforms.v2.functional import _crops as crops, _geometry as geometry
from corelib.vision.transforms.v2.functional._formats import CORNERS, CXCYWHR, XYWH, XYWHR, XYXY, Canvas, clamped, converted, turn
from corelib.vision.transforms.v2.functional._geometry import Size
from corelib.vision.transforms.v2.functional._registry import register_on_canvas
from corelib.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints, is_rotated_bounding_format


_OTHER_CORNERS = [2, 3, 0, 1, 6, 7, 4, 5]


def _flat(boxes: Tensor, format: BoundingBoxFormat) -> Tensor:
    return boxes.reshape(-1, 8 if format is CORNERS else 5 if is_rotated_bounding_format(format) else 4)


def _flip_boxes(boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, axis: int) -> Tensor:
    """Mirrored: their x's for an axis of 0, their y's for 1."""
    span, shape = canvas_size[1 - axis], boxes.shape
    boxes = _flat(boxes.clone(), format)
    if format is CORNERS:
        boxes[:, axis::2].sub_(span).neg_()
        return boxes[:, _OTHER_CORNERS].reshape(shape)
    near = boxes[:, axis]
    if format is XYXY:
        far = boxes[:, axis + 2]
        low, high = (far - span).neg_(), (near - span).neg_()
        near.copy_(low)
        far.copy_(high)
        return boxes.reshape(shape)
    if format is XYWH:
        near.add_(boxes[:, axis + 2])
    elif format is XYWHR:  # its corner becomes the other end of its upper side
        cos, sin = turn(boxes)
        boxes[:, 0].add_(boxes[:, 2] * cos)
        boxes[:, 1].sub_(boxes[:, 2] * sin)
    near.sub_(span).neg_()
    if format in (XYWHR, CXCYWHR):
        boxes[:, 4].neg_().add_(180 * axis)
    return boxes.reshape(shape)


@register_on_canvas(geometry.horizontal_flip, BoundingBoxes)
def horizontal_flip_bounding_boxes(bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas) -> Tensor:
    """`horizontal_flip` of boxes."""
    return _flip_boxes(bounding_boxes, format, canvas_size, 0)


@register_on_canvas(geometry.vertical_flip, BoundingBoxes)
def vertical_flip_bounding_boxes(bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas) -> Tensor:
    """`vertical_flip` of boxes."""
    return _flip_boxes(bounding_boxes, format, canvas_size, 1)


def _flip_points(points: Tensor, canvas_size: Canvas, axis: int) -> Tensor:
    points = points.clone()
    points[..., axis].sub_(canvas_size[1 - axis] - 1).neg_()
    return points


@register_on_canvas(geometry.horizontal_flip, KeyPoints)
def horizontal_flip_keypoints(keypoints: Tensor, canvas_size: Canvas) -> Tensor:
    """`horizontal_flip` of points."""
    return _flip_points(keypoints, canvas_size, 0)


@register_on_canvas(geometry.vertical_flip, KeyPoints)
def vertical_flip_keypoints(keypoints: Tensor, canvas_size: Canvas) -> Tensor:
    """`vertical_flip` of points."""
    return _flip_points(keypoints, canvas_size, 1)


def _rectangles(corners: Tensor) -> Tensor:
    """The rectangles around parallelograms (n, 8), of as nearly their sides, around the same middles."""
    x1, y1, x2, y2, x3, y3, x4, y4 = (corners if corners.dtype in (D.float32, D.float64) else corners.to(D.float32)).unbind(-1)
    cx, cy = (x1 + x3) / 2, (y1 + y3) / 2
    wp, hp = ((x2 - x1).pow(2) + (y2 - y1).pow(2)).sqrt(), ((x4 - x1).pow(2) + (y4 - y1).pow(2)).sqrt()
    r12, r14 = (y1 - y2).atan2(x2 - x1), (y1 - y4).atan2(x4 - x1)
    between = r12 - r14
    sign = where(between > PI / 2, -1, 1)
    cos, sin = between.cos(), between.sin()
    w = where(wp < hp, wp * sin, wp + hp * cos * sign)
    h = where(wp > hp, hp * sin, hp + wp * cos * sign)
    angle = where(hp > wp, r14 + PI / 2, r12)
    cos, sin = angle.cos(), angle.sin()
    across, up, down, along = w / 2 * cos, w / 2 * sin, h / 2 * cos, h / 2 * sin
    made = [cx - across - along, cy - down + up, cx + across - along, cy - down - up, cx + across + along, cy + down - up, cx - across + along, cy + down + up]
    return stack(made, -1).to(corners.dtype)


def _as_corners(boxes: Tensor, format: BoundingBoxFormat) -> tuple[Tensor, BoundingBoxFormat]:
    """The four corners (n, 4, 2) of each box, and the format that `_around` makes boxes of them in."""
    if is_rotated_bounding_format(format):
        return converted(boxes, format, CORNERS).reshape(-1, 4, 2), CORNERS
    return converted(boxes, format, XYXY).reshape(-1, 4)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]], XYXY


def _around(points: Tensor, between: BoundingBoxFormat) -> Tensor:
    """Boxes around moved corners."""
    if between is CORNERS:
        return _rectangles(points.reshape(-1, 8))
    low, high = aminmax(points.reshape(-1, 4, 2), dim=1)
    return cat([low, high], dim=1)


def _with_one(points: Tensor) -> Tensor:
    return cat([points, ones((points.shape[0], 1), device=points.device, dtype=points.dtype if points.is_floating_point() else None)], dim=-1)


@register_on_canvas(geometry.resize, KeyPoints)
def resize_keypoints(keypoints: Tensor, size: Size, canvas_size: Canvas, max_size: int | None = None) -> tuple[Tensor, Canvas]:
    """`resize` of points, and their new canvas."""
    new = geometry.output_size(canvas_size, size, max_size)
    if new == tuple(canvas_size):
        return keypoints, canvas_size
    ratios = tensor([new[1] / canvas_size[1], new[0] / canvas_size[0]], device=keypoints.device)
    return keypoints.mul(ratios).to(keypoints.dtype), new


@register_on_canvas(geometry.resize, BoundingBoxes)
def resize_bounding_boxes(
    bounding_boxes: Tensor, canvas_size: Canvas, size: Size, max_size: int | None = None, format: BoundingBoxFormat = XYXY, clamping_mode: str | None = "soft"
) -> tuple[Tensor, Canvas]:
    """`resize` of boxes, and their new canvas."""
    new = geometry.output_size(canvas_size, size, max_size)
    if new == tuple(canvas_size):
        return bounding_boxes, canvas_size
    ratios = [new[1] / canvas_size[1], new[0] / canvas_size[0]]
    if not is_rotated_bounding_format(format):
        return bounding_boxes.mul(tensor(ratios * 2, device=bounding_boxes.device)).to(bounding_boxes.dtype), new
    corners = converted(bounding_boxes, format, CORNERS).reshape(-1, 8).mul(tensor(ratios * 4, device=bounding_boxes.device))
    made = converted(clamped(_rectangles(corners), CORNERS, new, clamping_mode), CORNERS, format)
    return made.to(bounding_boxes.dtype).reshape(bounding_boxes.shape), new


def _affine_points(
    points: Tensor, canvas_size: Canvas, angle: float, translate: Any, scale: float, shear: Any, center: Any, expand: bool
) -> tuple[Tensor, Canvas]:
    """Points (n, 2) under an affine map; expand: on a canvas as large as what is turned."""
    kind, device, (height, width) = points.dtype, points.device, canvas_size
    angle, shift, slant, center = A.affine_arguments(angle, translate, scale, shear, center)
    middle = [width * 0.5, height * 0.5] if center is None else [float(c) for c in center]
    matrix = tensor(A.affine_matrix_v2(middle, angle, shift, scale, slant, inverted=False), dtype=kind, device=device).reshape(2, 3).T
    made = _with_one(points).matmul(matrix)
    if not expand:
        return made, canvas_size
    h, w = float(height), float(width)
    canvas = tensor([[0.0, 0.0, 1.0], [0.0, h, 1.0], [w, h, 1.0], [w, 0.0, 1.0]], dtype=kind, device=device).matmul(matrix)
    made.sub_(canvas.amin(dim=0, keepdim=True))
    wide, tall = shapes.affine_output_size(A.affine_matrix_v2(middle, angle, shift, scale, slant), width, height)
    return made, (tall, wide)


def _affine_keypoints(keypoints: Tensor, canvas_size: Canvas, expand: bool = False, **map: Any) -> tuple[Tensor, Canvas]:
    if keypoints.numel() == 0:
        return keypoints, canvas_size
    points = (keypoints if keypoints.is_floating_point() else keypoints.to(D.float32)).reshape(-1, 2)
    made, canvas = _affine_points(points, canvas_size, expand=expand, **map)
    return made.reshape(keypoints.shape).to(keypoints.dtype), canvas


def _affine_boxes(
    boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, clamping_mode: str | None, expand: bool = False, **map: Any
) -> tuple[Tensor, Canvas]:
    if boxes.numel() == 0:
        return boxes, canvas_size
    corners, between = _as_corners(boxes if boxes.is_floating_point() else boxes.to(D.float32), format)
    made, canvas = _affine_points(corners.reshape(-1, 2), canvas_size, expand=expand, **map)
    held = clamped(_around(made, between), between, canvas, clamping_mode)
    return converted(held, between, format).reshape(boxes.shape).to(boxes.dtype), canvas


@register_on_canvas(geometry.affine, KeyPoints)
def affine_keypoints(
    keypoints: Tensor, canvas_size: Canvas, angle: float, translate: Any, scale: float, shear: Any, center: Any = None
) -> tuple[Tensor, Canvas]:
    """`affine` of points, and their canvas, which stays."""
    return _affine_keypoints(keypoints, canvas_size, angle=angle, translate=translate, scale=scale, shear=shear, center=center)


@register_on_canvas(geometry.affine, BoundingBoxes)
def affine_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, angle: float, translate: Any, scale: float, shear: Any, center: Any = None,
    clamping_mode: str | None = "soft",
) -> Tensor:  # fmt: skip
    """`affine` of boxes."""
    return _affine_boxes(bounding_boxes, format, canvas_size, clamping_mode, angle=angle, translate=translate, scale=scale, shear=shear, center=center)[0]


_STILL = {"translate": [0.0, 0.0], "scale": 1.0, "shear": [0.0, 0.0]}


@register_on_canvas(geometry.rotate, KeyPoints)
def rotate_keypoints(keypoints: Tensor, canvas_size: Canvas, angle: float, expand: bool = False, center: Any = None) -> tuple[Tensor, Canvas]:
    """`rotate` of points, and their new canvas."""
    return _affine_keypoints(keypoints, canvas_size, expand, angle=-angle, center=center, **_STILL)


@register_on_canvas(geometry.rotate, BoundingBoxes)
def rotate_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, angle: float, expand: bool = False, center: Any = None,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, Canvas]:  # fmt: skip
    """`rotate` of boxes, and their new canvas."""
    return _affine_boxes(bounding_boxes, format, canvas_size, clamping_mode, expand, angle=-angle, center=center, **_STILL)


def _padded(canvas_size: Canvas, padding: Any, padding_mode: str) -> tuple[list[int], Canvas]:
    """How far to the right and down a padding takes things, and the canvas after it."""
    if padding_mode != "constant":
        raise ValueError(f"pad(): padding_mode {padding_mode!r} is not supported with boxes and points; accepted is 'constant'")
    left, right, top, bottom = A.parse_padding(padding)
    return [left, top], (canvas_size[0] + top + bottom, canvas_size[1] + left + right)


def _shifted(boxes: Tensor, format: BoundingBoxFormat, by: Sequence[int]) -> Tensor:
    count = {CORNERS: 4, XYXY: 2}.get(format, 1)
    rest = 0 if count > 1 else 3 if is_rotated_bounding_format(format) else 2
    return boxes + tensor([*by] * count + [0] * rest, dtype=boxes.dtype, device=boxes.device)


@register_on_canvas(geometry.pad, KeyPoints)
def pad_keypoints(keypoints: Tensor, canvas_size: Canvas, padding: Any, padding_mode: str = "constant") -> tuple[Tensor, Canvas]:
    """`pad` of points, and their new canvas."""
    by, canvas = _padded(canvas_size, padding, padding_mode)
    return keypoints + tensor(by, dtype=keypoints.dtype, device=keypoints.device), canvas


@register_on_canvas(geometry.pad, BoundingBoxes)
def pad_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, padding: Any, padding_mode: str = "constant", clamping_mode: str | None = "soft"
) -> tuple[Tensor, Canvas]:
    """`pad` of boxes, and their new canvas."""
    by, canvas = _padded(canvas_size, padding, padding_mode)
    return clamped(_shifted(bounding_boxes, format, by), format, canvas, clamping_mode), canvas


@register_on_canvas(geometry.crop, KeyPoints)
def crop_keypoints(keypoints: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Canvas]:
    """`crop` of points, and their new canvas."""
    return keypoints - tensor([left, top], dtype=keypoints.dtype, device=keypoints.device), (height, width)


@register_on_canvas(geometry.crop, BoundingBoxes)
def crop_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, top: int, left: int, height: int, width: int, clamping_mode: str | None = "soft"
) -> tuple[Tensor, Canvas]:
    """`crop` of boxes, and their new canvas."""
    moved = _shifted(bounding_boxes, format, [-left, -top])
    return clamped(_rectangles(moved) if format is CORNERS else moved, format, (height, width), clamping_mode), (height, width)


@register_on_canvas(crops.center_crop, KeyPoints)
def center_crop_keypoints(inpt: Tensor, canvas_size: Canvas, output_size: Any) -> tuple[Tensor, Canvas]:
    """`center_crop` of points, and their new canvas."""
    h, w = A._setup_size(output_size)
    top, left = A.centered_anchor(h, w, canvas_size[0], canvas_size[1])
    return crop_keypoints(inpt, top, left, h, w)


@register_on_canvas(crops.center_crop, BoundingBoxes)
def center_crop_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, output_size: Any, clamping_mode: str | None = "soft"
) -> tuple[Tensor, Canvas]:
    """`center_crop` of boxes, and their new canvas."""
    h, w = A._setup_size(output_size)
    top, left = A.centered_anchor(h, w, canvas_size[0], canvas_size[1])
    return crop_bounding_boxes(bounding_boxes, format, top, left, h, w, clamping_mode)


@register_on_canvas(crops.resized_crop, KeyPoints)
def resized_crop_keypoints(keypoints: Tensor, top: int, left: int, height: int, width: int, size: Size) -> tuple[Tensor, Canvas]:
    """`resized_crop` of points, and their new canvas."""
    points, canvas = crop_keypoints(keypoints, top, left, height, width)
    return resize_keypoints(points, size=size, canvas_size=canvas)


@register_on_canvas(crops.resized_crop, BoundingBoxes)
def resized_crop_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, top: int, left: int, height: int, width: int, size: Size, clamping_mode: str | None = "soft"
) -> tuple[Tensor, Canvas]:
    """`resized_crop` of boxes, and their new canvas."""
    boxes, canvas = crop_bounding_boxes(bounding_boxes, format, top, left, height, width, clamping_mode=clamping_mode)
    return resize_bounding_boxes(boxes, format=format, canvas_size=canvas, size=size, clamping_mode=clamping_mode)


def _perspective_points(points: Tensor, coefficients: Sequence[float]) -> Tensor:
    """Points (n, 2) under the inverse of the map that coefficients describe, which is where pixels are read."""
    a, b, c, d, e, f, g, h = coefficients
    denom = a * e - b * d
    if denom == 0:
        raise RuntimeError(f"perspective(): a map with the coefficients {list(coefficients)} has no inverse, by which boxes and points go")
    kind, device = points.dtype if points.is_floating_point() else D.float32, points.device
    rows = [[e - f * h, c * h - b, b * f - c * e], [f * g - d, a - c * g, c * d - a * f]]
    last = [(d * h - e * g) / denom, (b * g - a * h) / denom, 1.0]
    given = _with_one(points)
    upper = given.matmul(tensor([[x / denom for x in row] for row in rows], dtype=kind, device=device).T)
    return upper.div_(given.matmul(tensor([last, last], dtype=kind, device=device).T))


@register_on_canvas(geometry.perspective, KeyPoints)
def perspective_keypoints(keypoints: Tensor, canvas_size: Canvas, startpoints: Any, endpoints: Any, coefficients: Any = None) -> Tensor:
    """`perspective` of points."""
    if keypoints.numel() == 0:
        return keypoints
    made = _perspective_points(keypoints.reshape(-1, 2), geometry.perspective_coefficients(startpoints, endpoints, coefficients))
    return made.to(keypoints.dtype).reshape(keypoints.shape)


@register_on_canvas(geometry.perspective, BoundingBoxes)
def perspective_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, startpoints: Any, endpoints: Any, coefficients: Any = None,
    clamping_mode: str | None = "soft",
) -> Tensor:  # fmt: skip
    """`perspective` of boxes."""
    if bounding_boxes.numel() == 0:
        return bounding_boxes
    corners, between = _as_corners(bounding_boxes, format)
    made = _perspective_points(corners.reshape(-1, 2), geometry.perspective_coefficients(startpoints, endpoints, coefficients))
    held = clamped(_around(made, between), between, canvas_size, clamping_mode)
    return converted(held, between, format).reshape(bounding_boxes.shape).to(bounding_boxes.dtype)


def _displaced(points: Tensor, canvas_size: Canvas, displacement: Tensor, kind: Any) -> Tensor:
    """Whole-numbered points (n, 2) where about the displaced pixels under them lie."""
    height, width = canvas_size
    grid = shapes.identity_grid(height, width, kind, points.device).sub_(displacement.to(dtype=kind, device=points.device))
    x, y = points.to(D.int64).unbind(-1)
    found = grid[0, y.clamp(0, height - 1), x.clamp(0, width - 1), :]
    return found.add_(1).mul_(0.5 * tensor([width, height], device=points.device, dtype=kind)).sub_(0.5)


@register_on_canvas(geometry.elastic, KeyPoints)
def elastic_keypoints(keypoints: Tensor, canvas_size: Canvas, displacement: Tensor) -> Tensor:
    """`elastic` of points, about."""
    geometry.check_displacement(displacement, *canvas_size)
    if keypoints.numel() == 0:
        return keypoints
    kind = keypoints.dtype if keypoints.is_floating_point() else D.float32
    return _displaced(keypoints.reshape(-1, 2), canvas_size, displacement, kind).to(keypoints.dtype).reshape(keypoints.shape)


@register_on_canvas(geometry.elastic, BoundingBoxes)
def elastic_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: Canvas, displacement: Tensor, clamping_mode: str | None = "soft"
) -> Tensor:
    """`elastic` of boxes, about: by their corners, or the middle of turned ones."""
    geometry.check_displacement(displacement, *canvas_size)
    if bounding_boxes.numel() == 0:
        return bounding_boxes
    kind = bounding_boxes.dtype if bounding_boxes.is_floating_point() else D.float32
    if is_rotated_bounding_format(format):
        between = CXCYWHR
        boxes = converted(bounding_boxes, format, between).reshape(-1, 5)
        made = cat([_displaced(boxes[:, :2].ceil(), canvas_size, displacement, kind), boxes[:, 2:]], dim=1).to(boxes.dtype)
    else:
        corners, between = _as_corners(bounding_boxes, format)
        points = corners.reshape(-1, 2)
        moved = _displaced(points.ceil() if points.is_floating_point() else points, canvas_size, displacement, kind)
        made = _around(moved, between).to(bounding_boxes.dtype)
    return converted(clamped(made, between, canvas_size, clamping_mode), between, format).reshape(bounding_boxes.shape)
