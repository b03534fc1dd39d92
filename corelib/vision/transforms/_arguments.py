"""The arguments that both generations of transforms share: sizes, ranges, paddings, and the geometry that follows from them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.ops.construction.construct import tensor
from corelib.ops.linalg.linear_systems import lstsq
from corelib.tensor import dtype as D

TWO = "Please provide only two dimensions (h, w) for size."
PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


def _setup_size(size: Any, error_msg: str = TWO) -> Any:
    """A height and a width from a number, a sequence of one, or of two."""
    given: Any = size
    if isinstance(size, numbers.Number):
        return int(given), int(given)
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(error_msg)
    return size


def _check_sequence_input(x: Any, name: str, req_sizes: Sequence[int]) -> None:
    """TypeError for what is no sequence, ValueError for one of another length."""
    accepted = " or ".join(map(str, req_sizes))
    if not isinstance(x, Sequence):
        raise TypeError(f"{name} should be a sequence of length {accepted}, but got {type(x)}")
    if len(x) not in req_sizes:
        raise ValueError(f"{name} should be a sequence of length {accepted}, but got {len(x)} elements")


def _setup_angle(x: Any, name: str, req_sizes: Sequence[int] = (2,)) -> list[float]:
    """A range of degrees: -x to x for a number."""
    given: Any = x
    if isinstance(x, numbers.Number):
        if given < 0:
            raise ValueError(f"{name}: a single number must not be negative, but got {x}")
        x = [-given, given]
    else:
        _check_sequence_input(x, name, req_sizes)
    return [float(d) for d in x]


def check_affine_ranges(translate: Any, scale: Any, center: Any) -> None:
    """What a random affine map is drawn from: fractions of the image, factors, and a point."""
    if translate is not None:
        _check_sequence_input(translate, "translate", req_sizes=(2,))
        if not all(0.0 <= t <= 1.0 for t in translate):
            raise ValueError(f"translate: expected fractions of the image between 0 and 1, but got {translate}")
    if scale is not None:
        _check_sequence_input(scale, "scale", req_sizes=(2,))
        if not all(s > 0 for s in scale):
            raise ValueError(f"scale: expected positive factors, but got {scale}")
    if center is not None:
        _check_sequence_input(center, "center", req_sizes=(2,))


def check_erasing(value: Any, scale: Any, ratio: Any) -> None:
    """What a random rectangle is drawn from and filled with."""
    if not isinstance(value, (numbers.Number, str, tuple, list)):
        raise TypeError(f"value: expected a number, 'random' or a sequence, but got {type(value)}")
    if isinstance(value, str) and value != "random":
        raise ValueError(f"value: the only string is 'random', but got {value!r}")
    check_ranges(scale, ratio)
    if scale[0] < 0 or scale[1] > 1:
        raise ValueError(f"scale: expected a range between 0 and 1, but got {scale}")


def check_ranges(scale: Any, ratio: Any) -> None:
    """The ranges of area and of aspect ratio that a rectangle is drawn from."""
    for name, given in (("scale", scale), ("ratio", ratio)):
        if not isinstance(given, Sequence):
            raise TypeError(f"{name} should be a sequence, but got {type(given)}")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warn("scale and ratio should be of the kind (min, max)")


def check_linear(matrix: Any, mean: Any) -> None:
    """A square matrix and a vector of its length, of one device and dtype."""
    if matrix.size(0) != matrix.size(1):
        raise ValueError(f"transformation_matrix should be square, but got {tuple(matrix.size())}")
    if mean.size(0) != matrix.size(0):
        raise ValueError(f"mean_vector should be as long as the transformation_matrix {tuple(matrix.size())}, but got {mean.size(0)}")
    if matrix.device != mean.device:
        raise ValueError(f"transformation_matrix and mean_vector should be on one device, but got {matrix.device} and {mean.device}")
    if matrix.dtype != mean.dtype:
        raise ValueError(f"transformation_matrix and mean_vector should have one dtype, but got {matrix.dtype} and {mean.dtype}")


def jitter_range(value: Any, name: str, center: float = 1, bound: tuple[float, float] = (0, math.inf), from_zero: bool = True) -> tuple[float, float] | None:
    """The range of a factor: around the centre for a number; None where it is the centre alone."""
    given: Any = value
    if isinstance(value, numbers.Number):
        if given < 0:
            raise ValueError(f"{name}: a single number must not be negative, but got {value}")
        low, high = center - float(given), center + float(given)
        low = max(low, 0.0) if from_zero else low
    elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a sequence of two, but got {value!r}")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name}: expected an increasing range within {bound}, but got {[low, high]}")
    return None if low == high == center else (low, high)


def parse_padding(padding: Any) -> list[int]:
    """left, right, top, bottom of one number, of two (across, down), or of four (left, top, right, bottom)."""
    if isinstance(padding, int):
        return [padding] * 4
    if not isinstance(padding, (tuple, list)):
        raise TypeError(f"padding should be an int, or a tuple or list of them, but got {padding!r}")
    if len(padding) not in (1, 2, 4):
        raise ValueError(f"padding must be an int or have 1, 2 or 4 elements, but got {len(padding)}")
    left, top, right, bottom = list(padding) * (4 // len(padding))
    return [left, right, top, bottom]


SEVEREST = 10
"""AugMix's strongest severity."""


def check_severity(severity: int) -> None:
    """How strong AugMix is, from 1. ValueError for another number."""
    if not 1 <= severity <= SEVEREST:
        raise ValueError(f"AugMix(): severity should be between 1 and {SEVEREST}, but got {severity}")


def check_padding_mode(padding_mode: str) -> None:
    """One of the four. ValueError for another."""
    if padding_mode not in PADDING_MODES:
        raise ValueError(f"padding_mode should be one of {PADDING_MODES}, but got {padding_mode!r}")


def resized_size(image_size: Sequence[int], size: Any, max_size: int | None = None, allow_size_none: bool = False) -> list[int]:
    """Height and width after a resize: as given, or by the shorter edge, the longer one at most `max_size`."""
    h, w = image_size
    short, long = (w, h) if w <= h else (h, w)
    if size is None:
        if not allow_size_none:
            raise ValueError("size: expected a size, but got None")
        if not isinstance(max_size, int):
            raise ValueError(f"max_size must be an integer when size is None, but got {max_size}")
        new_short, new_long = int(max_size * short / long), max_size
    elif len(size) == 1:
        asked = size[0]
        new_short, new_long = asked, int(asked * long / short)
        if max_size is not None:
            if max_size <= asked:
                raise ValueError(f"max_size (={max_size}) must be greater than the size of the smaller edge (={asked})")
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
    else:
        return [size[0], size[1]]
    return [new_long, new_short] if w <= h else [new_short, new_long]


def centered_padding(crop_height: int, crop_width: int, height: int, width: int) -> list[int]:
    """left, top, right, bottom: what an image lacks of a crop around its middle."""
    across, down = max(crop_width - width, 0), max(crop_height - height, 0)
    return [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2]


def centered_anchor(crop_height: int, crop_width: int, height: int, width: int) -> tuple[int, int]:
    """The top and the left of a crop around the middle."""
    return round((height - crop_height) / 2.0), round((width - crop_width) / 2.0)


def five_anchors(size: Any, height: int, width: int) -> tuple[int, int, list[tuple[int, int]]]:
    """The size of a crop, and its anchors in the four corners. ValueError where the image is smaller."""
    h, w = _setup_size(size)
    if w > width or h > height:
        raise ValueError(f"size: a crop of {size} is bigger than the image of {(height, width)}")
    return h, w, [(0, 0), (0, width - w), (height - h, 0), (height - h, width - w)]


def affine_arguments(angle: Any, translate: Any, scale: float, shear: Any, center: Any) -> tuple[float, list[float], list[float], Any]:
    """What an affine map is made of, checked: degrees, a shift, two degrees of shear, and a centre."""
    if not isinstance(angle, (int, float)):
        raise TypeError(f"angle should be int or float, but got {type(angle)}")
    if not isinstance(translate, (list, tuple)):
        raise TypeError(f"translate should be a sequence, but got {type(translate)}")
    if len(translate) != 2:
        raise ValueError(f"translate should be a sequence of length 2, but got {translate}")
    if scale <= 0.0:
        raise ValueError(f"scale should be positive, but got {scale}")
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError(f"shear should be a number or a sequence of two, but got {type(shear)}")
    shear = [shear, 0.0] if isinstance(shear, numbers.Number) else [shear[0], shear[0]] if len(shear) == 1 else list(shear)
    if len(shear) != 2:
        raise ValueError(f"shear should be a sequence of two values, but got {shear}")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError(f"center should be a sequence, but got {type(center)}")
    return float(angle), list(translate), shear, center


def affine_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float], inverted: bool = True
) -> list[float]:
    """The first two rows of T C R(angle) Sh(shear) S(scale) C^-1, or by default of its inverse, which says where outputs are read."""
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    if inverted:
        matrix = [x / scale for x in (d, -b, 0.0, -c, a, 0.0)]
        matrix[2] += matrix[0] * (-cx - tx) + matrix[1] * (-cy - ty)
        matrix[5] += matrix[3] * (-cx - tx) + matrix[4] * (-cy - ty)
        matrix[2] += cx
        matrix[5] += cy
        return matrix
    matrix = [x * scale for x in (a, b, 0.0, c, d, 0.0)]
    matrix[2] += matrix[0] * -cx + matrix[1] * -cy
    matrix[5] += matrix[3] * -cx + matrix[4] * -cy
    matrix[2] += cx + tx
    matrix[5] += cy + ty
    return matrix


def affine_matrix_v2(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float], inverted: bool = True
) -> list[float]:
    """`affine_matrix` in the order of the second transforms, which the last bit depends on, and with it the nearest of two pixels."""
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    (cx, cy), (tx, ty) = center, translate
    a, c = math.cos(rot - sy) / math.cos(sy), math.sin(rot - sy) / math.cos(sy)
    b, d = -(a * math.tan(sx) + math.sin(rot)), math.cos(rot) - c * math.tan(sx)
    if inverted:
        m = [d / scale, -b / scale, 0.0, -c / scale, a / scale, 0.0]
        m[2] += cx - m[0] * (cx + tx) - m[1] * (cy + ty)
        m[5] += cy - m[3] * (cx + tx) - m[4] * (cy + ty)
        return m
    m = [a * scale, b * scale, 0.0, c * scale, d * scale, 0.0]
    m[2] += cx + tx - m[0] * cx - m[1] * cy
    m[5] += cy + ty - m[3] * cx - m[4] * cy
    return m


def _get_perspective_coeffs(startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]) -> list[float]:
    """a to h of x' = (ax + by + c) / (gx + hy + 1), y' = (dx + ey + f) / (gx + hy + 1), which send the ends to the starts."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(f"expected four corners each, but got {len(startpoints)} startpoints and {len(endpoints)} endpoints")
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    right = tensor([float(c) for point in startpoints for c in point], dtype=D.float64)
    found: list[float] = lstsq(tensor(rows).to(D.float64), right, driver="gels").solution.to(D.float32).tolist()
    return found


def linear(image: Any, matrix: Any, mean: Any) -> Any:
    """The flattened image less a mean, times a matrix. ValueError where they do not fit."""
    shape = image.shape
    n = shape[-3] * shape[-2] * shape[-1]
    if n != matrix.shape[0]:
        raise ValueError(f"an image of {shape[-3]} x {shape[-2]} x {shape[-1]} does not fit a transformation matrix of {matrix.shape[0]} rows")
    if image.device.type != mean.device.type:
        raise ValueError(f"the image should be on the device of the transformation matrix and mean vector, but got {image.device} vs {mean.device}")
    flat = image.reshape(-1, n) - mean
    return flat.mm(matrix.to(flat.dtype)).reshape(shape)
