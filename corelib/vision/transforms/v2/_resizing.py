"""Sizes drawn at random, and crops that keep enough of some box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.ops.random.random import rand, randint
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import _arguments as A, _draws as draws
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms._interpolation import InterpolationMode
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.transforms.v2._queries import fill_of, fills, get_bounding_boxes, has_all, has_any, is_pure_tensor, query_size
from corelib.vision.transforms.v2._transform import Params, Transform, _RandomApplyTransform

Mode = InterpolationMode | str | int


class RandomZoomOut(_RandomApplyTransform):
    """The image at a random place of a canvas larger by a random factor, with probability `p` (Liu et al., 2016)."""

    def __init__(self, fill: Any = 0, side_range: Sequence[float] = (1.0, 4.0), p: float = 0.5) -> None:
        super().__init__(p=p)
        self.fill = fill
        self._fill = fills(fill)
        A._check_sequence_input(side_range, "side_range", req_sizes=(2,))
        self.side_range = side_range
        if side_range[0] < 1.0 or side_range[0] > side_range[1]:
            raise ValueError(f"RandomZoomOut(): side_range should increase from at least 1, but got {side_range}")

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        low, high = self.side_range
        factor = low + rand(1) * (high - low)
        canvas_width, canvas_height = int(width * factor), int(height * factor)
        parts = rand(2)
        left, top = int((canvas_width - width) * parts[0]), int((canvas_height - height) * parts[1])
        return {"padding": [left, top, canvas_width - (left + width), canvas_height - (top + height)]}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.pad, inpt, **params, fill=fill_of(self._fill, type(inpt)))


class RandomIoUCrop(Transform):
    """A random crop that overlaps some box by at least one of several parts, or the whole image (Liu et al., 2016); boxes outside it become 0.

    sampler_options: the parts; one of 1 or more means the whole image. trials: how many crops are tried for one.
    """

    def __init__(
        self, min_scale: float = 0.3, max_scale: float = 1.0, min_aspect_ratio: float = 0.5, max_aspect_ratio: float = 2.0,
        sampler_options: list[float] | None = None, trials: int = 40,
    ) -> None:  # fmt: skip
        super().__init__()
        self.min_scale = min_scale
        self.max_scale = max_scale
        self.min_aspect_ratio = min_aspect_ratio
        self.max_aspect_ratio = max_aspect_ratio
        self.options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else sampler_options
        self.trials = trials

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if not (has_all(flat_inputs, tv_tensors.BoundingBoxes) and has_any(flat_inputs, _is_pil_image, tv_tensors.Image, is_pure_tensor)):
            raise TypeError(f"{type(self).__name__}() needs a sample with an image, tensor or PIL, and bounding boxes; it may have masks too")

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        found = get_bounding_boxes(flat_inputs)
        while True:
            least = self.options[draws.integer(0, len(self.options))]
            if least >= 1.0:  # the whole image
                return {}
            for _ in range(self.trials):
                params = self._crop(height, width, found, least)
                if params is not None:
                    return params

    def _crop(self, height: int, width: int, found: tv_tensors.BoundingBoxes, least: float) -> Params | None:
        """A random crop, or None where it does not do."""
        scales = self.min_scale + (self.max_scale - self.min_scale) * rand(2)
        new_w, new_h = int(width * scales[0]), int(height * scales[1])
        if not self.min_aspect_ratio <= new_w / new_h <= self.max_aspect_ratio:
            return None
        parts = rand(2)
        left, top = int((width - new_w) * parts[0]), int((height - new_h) * parts[1])
        if not (new_w and new_h):
            return None
        boxes = F.convert_bounding_box_format(found.as_subclass(Tensor), found.format, "XYXY")
        cx, cy = 0.5 * (boxes[..., 0] + boxes[..., 2]), 0.5 * (boxes[..., 1] + boxes[..., 3])
        within = (left < cx) & (cx < left + new_w) & (top < cy) & (cy < top + new_h)
        if not within.any() or float(_overlap(boxes[within], left, top, left + new_w, top + new_h).max()) < least:
            return None
        return {"top": top, "left": left, "height": new_h, "width": new_w, "is_within_crop_area": within}

    def transform(self, inpt: Any, params: Params) -> Any:
        if not params:
            return inpt
        made = self._call_kernel(F.crop, inpt, **{name: params[name] for name in ("top", "left", "height", "width")})
        if isinstance(made, tv_tensors.BoundingBoxes):
            made[~params["is_within_crop_area"]] = 0
        return made


def _overlap(boxes: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """The intersection of boxes with another, over their union."""
    x1, y1, x2, y2 = (boxes if boxes.is_floating_point() else boxes.double()).unbind(-1)
    inner = (x2.clamp(max=right) - x1.clamp(min=left)).clamp(min=0) * (y2.clamp(max=bottom) - y1.clamp(min=top)).clamp(min=0)
    return inner / ((x2 - x1) * (y2 - y1) + (right - left) * (bottom - top) - inner)


class _Resized(Transform):
    size: Any
    interpolation: Mode
    antialias: bool | None

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resize, inpt, size=params["size"], interpolation=self.interpolation, max_size=None, antialias=self.antialias)


class ScaleJitter(_Resized):
    """As large as fits into a target size, times a random factor (Ghiasi et al., 2021)."""

    def __init__(
        self, target_size: tuple[int, int], scale_range: tuple[float, float] = (0.1, 2.0), interpolation: Mode = "bilinear", antialias: bool | None = True
    ) -> None:
        super().__init__()
        self.target_size = target_size
        self.scale_range = scale_range
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        scale = self.scale_range[0] + rand(1) * (self.scale_range[1] - self.scale_range[0])
        ratio = min(self.target_size[1] / height, self.target_size[0] / width) * scale
        new_width, new_height = int(width * ratio), int(height * ratio)
        return {"size": (new_height, new_width)}


class RandomShortestSize(_Resized):
    """The shorter edge one of several sizes, the longer one at most `max_size`."""

    def __init__(self, min_size: int | Sequence[int], max_size: int | None = None, interpolation: Mode = "bilinear", antialias: bool | None = True) -> None:
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> Params:
        height, width = query_size(flat_inputs)
        ratio = self.min_size[draws.integer(0, len(self.min_size))] / min(height, width)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(height, width))
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomResize(_Resized):
    """The shorter edge of a random size from `min_size` up to `max_size`, without it."""

    def __init__(self, min_size: int, max_size: int, interpolation: Mode = "bilinear", antialias: bool | None = True) -> None:
        super().__init__()
        self.min_size = min_size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"size": [int(randint(self.min_size, self.max_size, ()))]}
