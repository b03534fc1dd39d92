"""RoIPool: the largest value in each bin of a region, its borders rounded to pixels (Girshick, Fast R-CNN, 2015)."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.graph.grad_mode import no_grad
from corelib.nn.modules.module import Module
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import where
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._regions import Boxes, regions, rounded, scaled, spans

__all__ = ["RoIPool", "roi_pool"]

_MOST = 1 << 23  # elements that are compared in one step


def roi_pool(input: Tensor, boxes: Boxes, output_size: int | Sequence[int], spatial_scale: float = 1.0) -> Tensor:
    """The largest values of pictures (n, c, H, W) in a grid of bins over each region: (k, c, *output_size); 0 in a bin outside the picture.

    boxes: (k, 5) as a picture's number, x1, y1, x2, y2, or a list of (l, 4) for each picture; their last pixels belong to them.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.roi_pool(torch.arange(16.).view(1, 1, 4, 4), torch.tensor([[0., 0., 0., 3., 3.]]), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    rois, rows, columns = regions("roi_pool", input, boxes, output_size)
    n, channels, height, width = input.shape
    x1, y1, x2, y2 = (rounded(end) for end in scaled(rois, spatial_scale))
    with no_grad():
        lines, in_lines, _ = spans(y1, (y2 - y1 + 1).clamp(min=1) / rows, rows, height, height)
        places, in_places, _ = spans(x1, (x2 - x1 + 1).clamp(min=1) / columns, columns, width, width)
        pixels = (lines[:, :, None, :, None] * width + places[:, None, :, None, :]).flatten(3)
        there = (in_lines[:, :, None, :, None] & in_places[:, None, :, None, :]).flatten(3)
        pictures = rois[:, 0].long()
        at_once = max(1, _MOST // max(1, channels * rows * columns * pixels.shape[3]))
        flat = input.detach().reshape((n, channels, height * width))
        found = [
            _largest(flat, pictures[k : k + at_once], pixels[k : k + at_once], there[k : k + at_once]) for k in range(0, max(1, rois.shape[0]), at_once)
        ]
        places_of_largest = cat(found)
        full = there.any(3)[:, None]
    best = input.reshape((-1,)).index_select(0, places_of_largest.reshape((-1,))).reshape(places_of_largest.shape)
    out: Tensor = where(full, best, 0.0)
    return out


def _largest(flat: Tensor, pictures: Tensor, pixels: Tensor, there: Tensor) -> Tensor:
    """Where in all pictures the first of the largest values of each bin stands: (k, c, h, w)."""
    n, channels, area = flat.shape
    k, h, w, _ = pixels.shape
    starts = (pictures[:, None] * channels + arange(channels, device=flat.device)) * area
    index = starts[:, :, None, None, None] + pixels[:, None]
    values = flat.reshape((-1,)).index_select(0, index.reshape((-1,))).reshape(index.shape)
    values = where(there[:, None] & (values == values), values, float("-inf"))
    return index.gather(4, values.argmax(4, keepdim=True)).reshape((k, channels, h, w))


class RoIPool(Module):
    """`roi_pool` as a module."""

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
