"""Boxes on a canvas, upright ones and turned ones, in six formats."""

from __future__ import annotations

from enum import Enum
from typing import Any

from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor
from corelib.vision.tv_tensors._keypoints import OnCanvas

CLAMPING_MODE_TYPE = str | None


class BoundingBoxFormat(Enum):
    """What the numbers of a box are: two corners; a corner or the middle, width and height, and degrees counter-clockwise; or four corners."""

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"
    CXCYWHR = "CXCYWHR"
    XYXYXYXY = "XYXYXYXY"


_ROTATED = (BoundingBoxFormat.XYWHR, BoundingBoxFormat.CXCYWHR, BoundingBoxFormat.XYXYXYXY)


def is_rotated_bounding_format(format: BoundingBoxFormat | str) -> bool:
    """Whether boxes of a format may be turned. ValueError for what is no format.

    >>> from corelib.vision.tv_tensors import is_rotated_bounding_format
    >>> is_rotated_bounding_format("XYWHR")
    True
    """
    if isinstance(format, BoundingBoxFormat):
        return format in _ROTATED
    if isinstance(format, str):
        return format in [each.value for each in _ROTATED]
    raise ValueError(f"format should be a str or a BoundingBoxFormat, but got {type(format)}")


class BoundingBoxes(OnCanvas):
    """Boxes (n, 4), (n, 5) or (n, 8) of a format, in pixels of a canvas of (height, width); those of a turned format are floats.

    clamping_mode: what transforms do to a box that reaches beyond the canvas: "soft" keeps of a turned one as much as fits, "hard" cuts it, None leaves it.

    >>> from corelib.vision import tv_tensors
    >>> tv_tensors.BoundingBoxes([[0, 0, 2, 3]], format="XYWH", canvas_size=(4, 4)).format
    <BoundingBoxFormat.XYWH: 'XYWH'>
    """

    _known = ("format", "canvas_size", "clamping_mode")
    format: BoundingBoxFormat
    clamping_mode: CLAMPING_MODE_TYPE

    @classmethod
    def _wrap(
        cls, tensor: Tensor, *, check_dims: bool = True, format: BoundingBoxFormat | str = "", canvas_size: tuple[int, int] = (0, 0),
        clamping_mode: CLAMPING_MODE_TYPE = "soft", **known: Any,
    ) -> BoundingBoxes:  # fmt: skip
        if check_dims:
            if tensor.ndim == 1:
                tensor = tensor.unsqueeze(0)
            elif tensor.ndim != 2:
                raise ValueError(f"BoundingBoxes(): expected 1 or 2 dimensions, but got {tensor.ndim}")
        if clamping_mode is not None and clamping_mode not in ("hard", "soft"):
            raise ValueError(f"BoundingBoxes(): clamping_mode must be None, 'hard' or 'soft', but got {clamping_mode!r}")
        boxes: BoundingBoxes = tensor.as_subclass(cls)
        boxes.format = BoundingBoxFormat[format.upper()] if isinstance(format, str) else format
        boxes.canvas_size = canvas_size
        boxes.clamping_mode = clamping_mode
        return boxes

    def __new__(
        cls, data: Any, *, format: BoundingBoxFormat | str, canvas_size: tuple[int, int], clamping_mode: CLAMPING_MODE_TYPE = "soft",
        dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None,
    ) -> BoundingBoxes:  # fmt: skip
        tensor = cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)
        if not tensor.is_floating_point() and is_rotated_bounding_format(format):
            raise ValueError(f"BoundingBoxes(): boxes of the turned format {format} should be floating point tensors, but got {tensor.dtype}")
        return cls._wrap(tensor, format=format, canvas_size=canvas_size, clamping_mode=clamping_mode)
