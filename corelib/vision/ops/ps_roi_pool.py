"""Position-sensitive RoIPool: the mean in each bin of a region, each bin of channels of its own (Dai et al., R-FCN, 2016)."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._regions import Boxes, bin_channels, bin_places, pooled, regions, rounded, scaled, spans

__all__ = ["PSRoIPool", "ps_roi_pool"]


def ps_roi_pool(input: Tensor, boxes: Boxes, output_size: int | Sequence[int], spatial_scale: float = 1.0) -> Tensor:
    """The means of pictures (n, c * h * w, H, W) in a grid of h by w bins over each region, that read channels of their own: (k, c, h, w).

    boxes: as `roi_pool` has them. As in torchvision a picture's last row and column belong to no bin, and an empty bin is 0.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.ps_roi_pool(torch.arange(4.).view(1, 4, 1, 1).expand(1, 4, 3, 3), torch.tensor([[0., 0., 0., 2., 2.]]), 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])
    """
    rois, rows, columns = regions("ps_roi_pool", input, boxes, output_size)
    height, width = input.shape[2:]
    x1, y1, x2, y2 = (rounded(end) for end in scaled(rois, spatial_scale))
    lines, in_lines, many_lines = spans(y1, (y2 - y1).clamp(min=1) / rows, rows, height, height - 1)
    places, in_places, many_places = spans(x1, (x2 - x1).clamp(min=1) / columns, columns, width, width - 1)
    base = bin_places(rois, rows, columns, height * width)
    across, along = (lines, in_lines.to(input.dtype)), (places, in_places.to(input.dtype))
    total = pooled(bin_channels("ps_roi_pool", input, rows, columns), base, width, across, along)
    area = (many_lines[:, :, None] * many_places[:, None, :]).clamp(min=1).to(input.dtype)
    return (total / area[..., None]).permute(0, 3, 1, 2)


class PSRoIPool(Module):
    """`ps_roi_pool` as a module."""

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
