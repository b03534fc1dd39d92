"""Position-sensitive RoIAlign: each bin of a region has channels of its own (Li et al., Light-Head R-CNN, 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._regions import Boxes, bin_channels, bin_places, pooled, regions, samples, scaled

__all__ = ["PSRoIAlign", "ps_roi_align"]


def ps_roi_align(input: Tensor, boxes: Boxes, output_size: int | Sequence[int], spatial_scale: float = 1.0, sampling_ratio: int = -1) -> Tensor:
    """Regions of pictures (n, c * h * w, H, W), each averaged over a grid of h by w bins that read channels of their own: (k, c, h, w).

    Its arguments are those of `roi_align`, pixels' centres lie at halves. RuntimeError where the channels are no multiple of h * w.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.ps_roi_align(torch.arange(4.).view(1, 4, 1, 1).expand(1, 4, 3, 3), torch.tensor([[0., 0., 0., 2., 2.]]), 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])
    """
    rois, rows, columns = regions("ps_roi_align", input, boxes, output_size)
    height, width = input.shape[2:]
    x1, y1, x2, y2 = scaled(rois, spatial_scale, 0.5)
    *lines, many_lines = samples(y1, (y2 - y1) / rows, rows, sampling_ratio, height, None)
    *places, many_places = samples(x1, (x2 - x1) / columns, columns, sampling_ratio, width, None)
    total = pooled(bin_channels("ps_roi_align", input, rows, columns), bin_places(rois, rows, columns, height * width), width, lines, places)
    return (total / (many_lines * many_places).to(input.dtype)[:, None, None, None]).permute(0, 3, 1, 2)


class PSRoIAlign(Module):
    """`ps_roi_align` as a module."""

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float, sampling_ratio: int) -> None:
        super().__init__()
        self.output_size, self.spatial_scale, self.sampling_ratio = output_size, spatial_scale, sampling_ratio

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio})"
