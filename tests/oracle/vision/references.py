"""torchvision's compiled operators as plain loops over numbers, from their formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def kept_by_nms(boxes: Array, scores: Array, threshold: float) -> list[int]:
    """From the best score down, each box that overlaps none that has been kept by more than the threshold."""
    kept: list[int] = []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in np.argsort(-scores, kind="stable"):
        if kept:
            size = np.minimum(boxes[kept, 2:], boxes[i, 2:]) - np.maximum(boxes[kept, :2], boxes[i, :2])
            shared = np.maximum(size, 0).prod(1)
            with np.errstate(invalid="ignore"):  # boxes of no area
                share = shared / (area[kept] + area[i] - shared)
            if (share.astype(np.float64) > threshold).any():  # as C++ compares a float with a double
                continue
        kept.append(int(i))
    return kept


def between(picture: Array, y: float, x: float) -> float:
    """A picture read between its pixels, those at its border going on for one more; 0 beyond."""
    height, width = picture.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
    y0, x0 = int(y), int(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    b, r = y - y0, x - x0
    return (1 - b) * ((1 - r) * picture[y0, x0] + r * picture[y0, x1]) + b * ((1 - r) * picture[y1, x0] + r * picture[y1, x1])


def read_between(data: Array, boxes: Array, size: tuple[int, int], scale: float, ratio: int, aligned: bool, own_channels: bool = False) -> Array:
    """RoIAlign; own_channels: the position-sensitive one."""
    rows, columns = size
    channels = data.shape[1] // (rows * columns) if own_channels else data.shape[1]
    out = np.zeros((len(boxes), channels, rows, columns))
    for k, (n, *corners) in enumerate(boxes):
        x1, y1, x2, y2 = (c * scale - (0.5 if aligned else 0.0) for c in corners)
        wide, high = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1.0), max(y2 - y1, 1.0))
        down, right = high / rows, wide / columns
        lines, places = (ratio, ratio) if ratio > 0 else (math.ceil(down), math.ceil(right))
        for c in range(channels):
            for i in range(rows):
                for j in range(columns):
                    picture = data[int(n), (c * rows + i) * columns + j if own_channels else c]
                    total = 0.0
                    for a in range(lines):
                        for b in range(places):
                            total += between(picture, y1 + i * down + (a + 0.5) * down / lines, x1 + j * right + (b + 0.5) * right / places)
                    count = lines * places if own_channels else max(lines * places, 1)
                    out[k, c, i, j] = total / count if count else np.nan
    return out


def away(x: float) -> int:
    """C's round."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def bins_of_whole_pixels(length: float, bins: int, start: int, last: int) -> list[tuple[int, int]]:
    """The pixels of each bin, from the first to before the last."""
    step = length / bins
    return [(min(max(math.floor(i * step) + start, 0), last), min(max(math.ceil((i + 1) * step) + start, 0), last)) for i in range(bins)]


def roi_max(data: Array, boxes: Array, size: tuple[int, int], scale: float) -> tuple[Array, Array]:
    """RoIPool and the gradient of its sum."""
    height, width = data.shape[2:]
    out, slope = np.zeros((len(boxes), data.shape[1], *size)), np.zeros(data.shape)
    for k, (n, *corners) in enumerate(boxes):
        x1, y1, x2, y2 = (away(c * scale) for c in corners)
        lines = bins_of_whole_pixels(max(y2 - y1 + 1, 1), size[0], y1, height)
        places = bins_of_whole_pixels(max(x2 - x1 + 1, 1), size[1], x1, width)
        for c in range(data.shape[1]):
            for i, (top, bottom) in enumerate(lines):
                for j, (left, right) in enumerate(places):
                    part = data[int(n), c, top:bottom, left:right]
                    if part.size:
                        a, b = np.unravel_index(part.argmax(), part.shape)
                        out[k, c, i, j] = part[a, b]
                        slope[int(n), c, top + a, left + b] += 1
    return out, slope


def ps_mean(data: Array, boxes: Array, size: tuple[int, int], scale: float) -> Array:
    """The position-sensitive RoIPool, which leaves a picture's last row and column out."""
    (rows, columns), (height, width) = size, data.shape[2:]
    out = np.zeros((len(boxes), data.shape[1] // (rows * columns), rows, columns))
    for k, (n, *corners) in enumerate(boxes):
        x1, y1, x2, y2 = (away(c * scale) for c in corners)
        lines = bins_of_whole_pixels(max(y2 - y1, 1), rows, y1, height - 1)
        places = bins_of_whole_pixels(max(x2 - x1, 1), columns, x1, width - 1)
        for c in range(out.shape[1]):
            for i, (top, bottom) in enumerate(lines):
                for j, (left, right) in enumerate(places):
                    part = data[int(n), (c * rows + i) * columns + j, top:bottom, left:right]
                    out[k, c, i, j] = part.mean() if part.size else 0.0
    return out


def deformed(data: Array, offset: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any, mask: Array | None) -> Array:
    """Deformable convolution."""
    n, channels, height, width = data.shape
    out_channels, per_group, kh, kw = weight.shape
    h, w = offset.shape[2:]
    parts, groups = offset.shape[1] // (2 * kh * kw), channels // per_group
    out = np.zeros((n, out_channels, h, w)) + bias[:, None, None]
    padded = np.pad(data, ((0, 0), (0, 0), (1, 1), (1, 1)))
    for b, i, j, ky, kx, part in np.ndindex(n, h, w, kh, kw, parts):
        tap = (part * kh + ky) * kw + kx
        y = i * stride[0] - padding[0] + ky * dilation[0] + offset[b, 2 * tap, i, j]
        x = j * stride[1] - padding[1] + kx * dilation[1] + offset[b, 2 * tap + 1, i, j]
        if not (-1 < y < height and -1 < x < width):
            continue
        for channel in range(part * channels // parts, (part + 1) * channels // parts):
            value = between(padded[b, channel], y + 1, x + 1) * (1.0 if mask is None else mask[b, tap, i, j])
            group = channel // per_group
            for o in range(group * out_channels // groups, (group + 1) * out_channels // groups):
                out[b, o, i, j] += weight[o, channel % per_group, ky, kx] * value
    return out
