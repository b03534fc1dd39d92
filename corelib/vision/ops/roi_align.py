"""RoIAlign: regions of pictures read at evenly spread places, without rounding them to pixels (He et al., Mask R-CNN, 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._regions import Boxes, pooled, regions, samples, scaled

__all__ = ["RoIAlign", "roi_align"]


def roi_align(
    input: Tensor, boxes: Boxes, output_size: int | Sequence[int], spatial_scale: float = 1.0, sampling_ratio: int = -1, aligned: bool = False
) -> Tensor:
    """Regions of pictures (n, c, H, W), each averaged over a grid of bins: (k, c, *output_size).

    boxes: (k, 5) as a picture's number, x1, y1, x2, y2, or a list of (l, 4) for each picture. spatial_scale: what their coordinates are
    multiplied by. sampling_ratio: places in a bin along each side; 0 or less: as many as its pixels. aligned: pixels' centres lie at halves.

    >>> import corelib as torch, corelib.vision as vision
    >>> x = torch.arange(16.).view(1, 1, 4, 4)
    >>> vision.ops.roi_align(x, torch.tensor([[0., 0., 0., 4., 4.]]), 2, aligned=True)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    rois, rows, columns = regions("roi_align", input, boxes, output_size)
    n, channels, height, width = input.shape
    x1, y1, x2, y2 = scaled(rois, spatial_scale, 0.5 if aligned else 0.0)
    wide, high = x2 - x1, y2 - y1
    if not aligned:  # at least a pixel
        wide, high = wide.clamp(min=1), high.clamp(min=1)
    *lines, many_lines = samples(y1, high / rows, rows, sampling_ratio, height, None)
    *places, many_places = samples(x1, wide / columns, columns, sampling_ratio, width, None)
    base = (rois[:, 0].long() * (height * width))[:, None, None]
    total = pooled(input.permute(0, 2, 3, 1).reshape((n * height * width, channels)), base, width, lines, places)
    count = (many_lines * many_places).clamp(min=1).to(input.dtype)
    return (total / count[:, None, None, None]).permute(0, 3, 1, 2)


class RoIAlign(Module):
    """`roi_align` as a module."""

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float, sampling_ratio: int, aligned: bool = False) -> None:
        super().__init__()
        self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned = output_size, spatial_scale, sampling_ratio, aligned

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)

    def __repr__(self) -> str:
        return (
            f"{self.__class__.__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned})"
        )
