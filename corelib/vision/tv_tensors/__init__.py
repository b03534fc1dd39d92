"""torchvision.tv_tensors: tensors that say what they are, images, masks, boxes, points or videos, so that transforms know what to do to each."""

from __future__ import annotations

from typing import Any

from corelib.tensor.tensor import Tensor
from corelib.vision.tv_tensors._bounding_boxes import (
    BoundingBoxes as BoundingBoxes,
    BoundingBoxFormat as BoundingBoxFormat,
    is_rotated_bounding_format as is_rotated_bounding_format,
)
from corelib.vision.tv_tensors._keypoints import KeyPoints as KeyPoints
from corelib.vision.tv_tensors._pictures import Image as Image, Mask as Mask, Video as Video
from corelib.vision.tv_tensors._tv_tensor import TVTensor as TVTensor, set_return_type as set_return_type


def wrap(wrappee: Tensor, *, like: Any, **kwargs: Any) -> Any:
    """A plain tensor as what `like` is, with its canvas and format, or others that are given.

    >>> import corelib as torch
    >>> from corelib.vision import tv_tensors
    >>> boxes = tv_tensors.BoundingBoxes(torch.zeros(1, 4), format="XYXY", canvas_size=(8, 8))
    >>> tv_tensors.wrap(torch.ones(1, 4), like=boxes).canvas_size
    (8, 8)
    """
    kind = type(like)
    return kind.wrap(wrappee, like, **kwargs) if hasattr(kind, "wrap") else wrappee.as_subclass(kind)
