"""RoIAlign over a pyramid of feature maps: each region on the map whose scale fits its size (Lin et al., FPN, 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from corelib.nn.modules.module import Module
from corelib.ops.construction.construct import tensor
from corelib.ops.elementwise.where import where
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision.ops._regions import regions
from corelib.vision.ops.boxes import box_area
from corelib.vision.ops.roi_align import roi_align

__all__ = ["LevelMapper", "MultiScaleRoIAlign", "initLevelMapper"]


class LevelMapper:
    """Which level of a pyramid each box belongs to: a box of `canonical_scale` to `canonical_level`, of half its side to the one below."""

    def __init__(self, k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6) -> None:
        self.k_min, self.k_max, self.s0, self.lvl0, self.eps = k_min, k_max, canonical_scale, canonical_level, eps

    def __call__(self, boxlists: Sequence[Tensor]) -> Tensor:
        """The levels of all boxes, counted from `k_min`."""
        sides = cat([box_area(boxes) for boxes in boxlists]).sqrt()
        levels = (self.lvl0 + (sides / self.s0).log2() + tensor(self.eps, dtype=sides.dtype, device=sides.device)).floor()
        return levels.clamp(self.k_min, self.k_max).to(D.int64) - self.k_min


def initLevelMapper(k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6) -> LevelMapper:
    """A `LevelMapper`."""
    return LevelMapper(k_min, k_max, canonical_scale, canonical_level, eps)


def _scale(feature: Tensor, picture: tuple[int, int]) -> float:
    """How much smaller a map is than the picture: a power of two, as its height says."""
    return float(2 ** round(log2(feature.shape[-2] / picture[0])))


class MultiScaleRoIAlign(Module):
    """`roi_align` over the maps named, called with a dict of maps, a list of boxes for each picture, and the pictures' sizes (height, width).

    The maps' scales are taken from the first call. Gives (boxes, channels, *output_size), in the order of the boxes.

    >>> import corelib as torch, corelib.vision as vision
    >>> pool = vision.ops.MultiScaleRoIAlign(["a", "b"], 3, 2)
    >>> maps = {"a": torch.ones(1, 5, 64, 64), "b": torch.ones(1, 5, 16, 16)}
    >>> pool(maps, [torch.tensor([[0., 0., 40., 40.], [10., 10., 250., 250.]])], [(256, 256)]).shape
    torch.Size([2, 5, 3, 3])
    """

    def __init__(
        self, featmap_names: list[str], output_size: int | Sequence[int], sampling_ratio: int, *, canonical_scale: int = 224, canonical_level: int = 4
    ) -> None:
        super().__init__()
        self.featmap_names, self.sampling_ratio = featmap_names, sampling_ratio
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        self.canonical_scale, self.canonical_level = canonical_scale, canonical_level
        self.scales: list[float] | None = None
        self.map_levels: LevelMapper | None = None

    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        """The boxes' regions."""
        maps = [value for name, value in x.items() if name in self.featmap_names]
        if self.scales is None or self.map_levels is None:
            if not image_shapes:
                raise ValueError("MultiScaleRoIAlign: images list should not be empty")
            whole = max(shape[0] for shape in image_shapes), max(shape[1] for shape in image_shapes)
            self.scales = [_scale(value, whole) for value in maps]
            self.map_levels = initLevelMapper(
                int(-log2(self.scales[0])), int(-log2(self.scales[-1])), canonical_scale=self.canonical_scale, canonical_level=self.canonical_level
            )
        rois, height, width = regions("MultiScaleRoIAlign", maps[0], boxes, self.output_size)
        if len(maps) == 1:
            return roi_align(maps[0], rois, (height, width), self.scales[0], self.sampling_ratio)
        levels = self.map_levels(boxes)
        found = rois.new_zeros((rois.shape[0], maps[0].shape[1], height, width))
        for level, (value, scale) in enumerate(zip(maps, self.scales, strict=False)):
            here = where(levels == level)[0]
            found[here] = roi_align(value, rois[here], (height, width), scale, self.sampling_ratio).to(found.dtype)
        return found

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(featmap_names={self.featmap_names}, output_size={self.output_size}, sampling_ratio={self.sampling_ratio})"
