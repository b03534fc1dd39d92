"""What random transforms draw, in PyTorch's order, so that a seed gives the same numbers: one function each, for both generations."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import empty
from corelib.ops.random.scalars import integer as integer, uniform as uniform
from corelib.tensor import dtype as D
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

Corners = list[list[int]]


def chance() -> float:
    """A number from 0 to 1."""
    return uniform(0.0, 1.0)


def log_of(ratio: Sequence[float]) -> list[float]:
    """The logarithms of a range of aspect ratios, as float32 has them."""
    found: list[float] = np.log(np.asarray(ratio, dtype=np.float32)).tolist()
    return found


def _rectangle(area: float, scale: Sequence[float], log_ratio: Sequence[float]) -> tuple[int, int]:
    """The longer side first, where the aspect ratio is above 1, of a rectangle of a random part of the area."""
    part = area * uniform(scale[0], scale[1])
    aspect = float(np.exp(np.float32(uniform(log_ratio[0], log_ratio[1]))))
    return round(sqrt(part * aspect)), round(sqrt(part / aspect))


def resized_crop(height: int, width: int, scale: Sequence[float], ratio: Sequence[float], log_ratio: Sequence[float]) -> tuple[int, int, int, int]:
    """Top, left, height and width of a part of the image (Szegedy et al., 2015); around its middle, where ten have not fitted."""
    for _ in range(10):
        w, h = _rectangle(height * width, scale, log_ratio)
        if 0 < w <= width and 0 < h <= height:
            return integer(0, height - h + 1), integer(0, width - w + 1), h, w
    h, w = height, width
    if width / height < min(ratio):
        h = round(w / min(ratio))
    elif width / height > max(ratio):
        w = round(h * max(ratio))
    return (height - h) // 2, (width - w) // 2, h, w


def erasing(channels: int, height: int, width: int, scale: Sequence[float], log_ratio: Sequence[float], value: Sequence[float] | None) -> Any:
    """Row, column, height, width and values of a rectangle within the image (Zhong et al., 2017), or None where ten have not fitted."""
    for _ in range(10):
        h, w = _rectangle(height * width, scale, log_ratio)
        if h < height and w < width:
            v = empty((channels, h, w), dtype=D.float32).normal_() if value is None else tensor(value)[:, None, None]
            return integer(0, height - h + 1), integer(0, width - w + 1), h, w, v
    return None


def affine(
    degrees: Sequence[float], translate: Sequence[float] | None, scales: Sequence[float] | None, shears: Sequence[float] | None, size: Sequence[int]
) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
    """Angle, shift in pixels, factor and two angles of shear, for an image of width and height."""
    angle = uniform(float(degrees[0]), float(degrees[1]))
    shift = (0, 0)
    if translate is not None:
        across, down = float(translate[0] * size[0]), float(translate[1] * size[1])
        shift = (round(uniform(-across, across)), round(uniform(-down, down)))
    scale = 1.0 if scales is None else uniform(scales[0], scales[1])
    shear_x = shear_y = 0.0
    if shears is not None:
        shear_x = uniform(shears[0], shears[1])
        if len(shears) == 4:
            shear_y = uniform(shears[2], shears[3])
    return angle, shift, scale, (shear_x, shear_y)


def perspective(width: int, height: int, distortion_scale: float) -> tuple[Corners, Corners]:
    """The corners of the image, top left first and clockwise, and others at most so far inwards."""
    across, down = int(distortion_scale * (width // 2)) + 1, int(distortion_scale * (height // 2)) + 1
    left, right, top, bottom = (0, across), (width - across, width), (0, down), (height - down, height)
    ends = [[integer(*x), integer(*y)] for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    return [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], ends


def colors_of(img: Any, fill: Any, channels: int) -> Any:
    """The colour that the first transforms fill with: floats for each channel of a tensor, as given for Pillow's images."""
    if not isinstance(img, Tensor) or fill is None:
        return fill
    return [float(fill)] * channels if isinstance(fill, (int, float)) else [float(f) for f in fill]
