"""What pooling over regions of pictures has in common: regions given in either form, and weighted sums of a picture's places.

A pooled value is a sum over the rows and columns that one bin of a region touches. Which these are, and with what weights, is found for the
rows and the columns by themselves; regions get no gradient, pictures do.
"""

from __future__ import annotations

from collections.abc import Sequence

from corelib.graph.grad_mode import no_grad
from corelib.nn.modules.utils import _pair
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import where
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

Boxes = Tensor | Sequence[Tensor]
_MOST = 1 << 24  # elements that are read from a picture in one step


def regions(function: str, input: Tensor, boxes: Boxes, output_size: int | Sequence[int]) -> tuple[Tensor, int, int]:
    """Boxes as one tensor (k, 5) of a picture's number and two corners, and the output's height and width.

    AssertionError for other shapes of boxes, RuntimeError for another dtype than the input's: torchvision's types.
    """
    height, width = _pair(output_size)
    if isinstance(boxes, Tensor):
        if boxes.size(1) != 5:
            raise AssertionError(f"{function}(): The boxes tensor shape is not correct as Tensor[K, 5]: {tuple(boxes.shape)}")
        rois = boxes
    elif isinstance(boxes, (list, tuple)):
        for one in boxes:
            if one.size(1) != 4:
                raise AssertionError(f"{function}(): The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]: {tuple(one.shape)}")
        rois = cat([cat([one.new_full((one.shape[0], 1), n), one], 1) for n, one in enumerate(boxes)])
    else:
        raise AssertionError(f"{function}(): boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]], got {type(boxes).__name__}")
    if rois.dtype is not input.dtype:
        raise RuntimeError(f"{function}(): Expected tensor for 'input' to have the same type as tensor for 'rois'; got {input.dtype} and {rois.dtype}")
    if input.dim() != 4:
        raise RuntimeError(f"{function}(): input must be N, C, H, W, got {input.dim()} dimensions")
    return rois.detach(), height, width


def bin_channels(function: str, input: Tensor, height: int, width: int) -> Tensor:
    """A picture of n, c * height * width, H, W with a bin's own channels apart: its places as rows (n * height * width * H * W, c)."""
    n, channels, h, w = input.shape
    if channels % (height * width):
        raise RuntimeError(f"{function}(): input channels must be a multiple of pooling height * pooling width, got {channels} and {height} * {width}")
    return input.reshape((n, channels // (height * width), height, width, h, w)).permute(0, 2, 3, 4, 5, 1).flatten(0, 4)


def bin_places(rois: Tensor, height: int, width: int, area: int) -> Tensor:
    """Where in `bin_channels` the picture of each region's bins begins: (k, height, width)."""
    bins = arange(height * width, device=rois.device).reshape((height, width))
    return (rois[:, 0].long()[:, None, None] * (height * width) + bins) * area


def samples(start: Tensor, step: Tensor, bins: int, ratio: int, size: int, least: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """Bilinear reading along one axis, at places spread evenly over each bin.

    start, step (k): where a region and how long its bins are. ratio: places in a bin; 0 or less: one for each pixel or part of one.
    Gives the indices (k, bins, m) that are read, their weights, and how many places (k) a bin has, at least `least`.
    """
    many = step.new_full(step.shape, ratio) if ratio > 0 else step.ceil()
    most = ratio if ratio > 0 else max(int(many.max()) if many.numel() else 0, 0)
    within = arange(most, device=start.device)
    first = start[:, None] + arange(bins, device=start.device) * step[:, None]
    places = first[:, :, None] + (within + 0.5).to(start.dtype) * (step / many)[:, None, None]
    known = (places >= -1) & (places <= size) & (within < many[:, None, None])
    places = places.clamp(0, size - 1)
    count = many if least is None else many.clamp(min=least)
    if ratio > 0 or most < 3:
        low = places.floor().clamp(max=max(size - 2, 0))
        far = where(known, places - low, 0.0)
        near = where(known, 1 - far, 0.0)
        low = where(known, low, 0.0).long()  # NaN is no index
        index, weight = cat([low, (low + 1).clamp(max=size - 1)], 2), cat([near, far], 2)
    else:  # places lie less than a pixel apart: each row is named once
        low = where(known, places, float(size)).amin(2, keepdim=True).floor().clamp(0, size - 1)
        rows = low + arange(most + 2, device=start.device)
        hats = (1 - (where(known, places, -9.0)[:, :, None, :] - rows[..., None]).abs()).clamp(min=0)
        weight, index = hats.sum(3), rows.long().clamp(max=size - 1)
    return index, weight, count


def spans(start: Tensor, step: Tensor, bins: int, size: int, last: int) -> tuple[Tensor, Tensor, Tensor]:
    """Whole pixels along one axis: indices (k, bins, m), which of them belong to a bin, and how many (k, bins) do; `last` bounds the ends."""
    here = arange(bins, device=start.device).to(step.dtype)
    low, high = (here * step[:, None]).floor(), ((here + 1) * step[:, None]).ceil()
    low, high = ((end + start[:, None]).clamp(0, last) for end in (low, high))
    many = (high - low).clamp(min=0)
    rows = low[..., None] + arange(max(int(many.max()) if many.numel() else 0, 1), device=start.device)
    return rows.long().clamp(max=size - 1), rows < high[..., None], many


def rounded(x: Tensor) -> Tensor:
    """To the nearest integer, halves away from zero, as C's `round`."""
    whole = x.abs().floor()
    return (whole + (x.abs() - whole >= 0.5).to(x.dtype)) * x.sign()


def pooled(rows: Tensor, base: Tensor, width: int, across: Sequence[Tensor], along: Sequence[Tensor]) -> Tensor:
    """Sums over the places that bins touch, as (k, h, w, c).

    rows: a picture's places (n, c), those of a line of `width` after one another; base: where a region's, or its bins', picture begins in
    them, broadcast over (k, h, w); across, along: the indices (k, h or w, m) of lines and of places in a line, and their weights.
    """
    (lines, line_weights), (places, place_weights) = across, along
    k, h, w, channels = lines.shape[0], lines.shape[1], places.shape[1], rows.shape[1]
    read = lines.shape[2] * places.shape[2]
    if not k or not read:
        return rows.new_zeros((k, h, w, channels)) + rows[:0].sum()
    at_once = max(1, _MOST // max(1, h * w * read * channels))
    found = []
    for begin in range(0, k, at_once):
        some = slice(begin, begin + at_once)
        with no_grad():
            index = base[some, ..., None, None] + lines[some, :, None, :, None] * width + places[some, None, :, None, :]
            weight = (line_weights[some, :, None, :, None] * place_weights[some, None, :, None, :]).to(rows.dtype)
        values = rows.index_select(0, index.reshape((-1,))).reshape((-1, read, channels))
        found.append((values * weight.reshape((-1, read, 1))).sum(1).reshape((-1, h, w, channels)))
    return found[0] if len(found) == 1 else cat(found)


def in_float(t: Tensor) -> Tensor:
    """Half precisions in float32, in which coordinates are computed."""
    return t if t.dtype in (D.float32, D.float64) else t.float()


def scaled(rois: Tensor, spatial_scale: float, offset: float = 0.0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The corners x1, y1, x2, y2 in the picture's pixels."""
    x1, y1, x2, y2 = (in_float(rois[:, n]) * spatial_scale - offset for n in range(1, 5))
    return x1, y1, x2, y2
