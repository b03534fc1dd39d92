"""What is asked of an image, a video, boxes or points: sizes, and which of them make sense."""

from __future__ import annotations

from typing import Any

from corelib.as_torch.warned import warn
from corelib.ops.construction.construct import from_numpy
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors as tv
from corelib.vision.transforms import _functional_pil as F_pil, functional as F1
from corelib.vision.transforms._conversion import pil_to_tensor
from corelib.vision.transforms.v2.functional._formats import CORNERS, XYXY, Canvas, converted
from corelib.vision.transforms.v2.functional._registry import PILImage, functional, is_pure_tensor, named, register


@functional
def get_dimensions(inpt: Any) -> Any:
    """Channels, height and width."""


@register(get_dimensions, Tensor, tv.Image, wrapped=False)
def get_dimensions_image(image: Tensor) -> list[int]:
    """`get_dimensions` of an image."""
    if image.ndim < 2:
        raise TypeError(f"get_dimensions(): expected 2 dimensions or more, but got {image.ndim}")
    return [*([1] if image.ndim == 2 else []), *image.shape[-3:]]


@functional
def get_num_channels(inpt: Any) -> Any:
    """The number of channels."""


@register(get_num_channels, Tensor, tv.Image, wrapped=False)
def get_num_channels_image(image: Tensor) -> int:
    """`get_num_channels` of an image."""
    return get_dimensions_image(image)[0]


get_image_num_channels = get_num_channels


@functional
def get_size(inpt: Any) -> Any:
    """Height and width; of boxes and points, those of their canvas."""


@register(get_size, Tensor, tv.Image, wrapped=False)
def get_size_image(image: Tensor) -> list[int]:
    """`get_size` of an image."""
    if image.ndim < 2:
        raise TypeError(f"get_size(): expected 2 dimensions or more, but got {image.ndim}")
    return list(image.shape[-2:])


@register(get_size, tv.BoundingBoxes, wrapped=False)
def get_size_bounding_boxes(bounding_box: tv.BoundingBoxes) -> list[int]:
    """`get_size` of boxes' canvas."""
    return list(bounding_box.canvas_size)


@register(get_size, tv.KeyPoints, wrapped=False)
def get_size_keypoints(keypoints: tv.KeyPoints) -> list[int]:
    """`get_size` of points' canvas."""
    return list(keypoints.canvas_size)


@register(get_size, PILImage)
def _get_size_pil(image: Any) -> list[int]:
    return [image.height, image.width]


register(get_dimensions, PILImage)(F_pil.get_dimensions)
register(get_num_channels, PILImage)(F_pil.get_image_num_channels)
get_size_mask = register(get_size, tv.Mask, wrapped=False)(named(get_size_image, "get_size_mask", "mask"))
get_size_video = register(get_size, tv.Video, wrapped=False)(named(get_size_image, "get_size_video", "video"))
get_dimensions_video = register(get_dimensions, tv.Video, wrapped=False)(named(get_dimensions_image, "get_dimensions_video", "video"))
get_num_channels_video = register(get_num_channels, tv.Video, wrapped=False)(named(get_num_channels_image, "get_num_channels_video", "video"))


@functional
def get_num_frames(inpt: Any) -> Any:
    """The number of frames of a video."""


@register(get_num_frames, Tensor, tv.Video, wrapped=False)
def get_num_frames_video(video: Tensor) -> int:
    """`get_num_frames` of a video."""
    return video.shape[-4]


def get_image_size(inpt: Any) -> list[int]:
    """Width and height; deprecated: `get_size` gives height and width."""
    warn("get_image_size() is deprecated; use get_size(), which gives [h, w] instead of [w, h]")
    return F1.get_image_size(inpt)


def to_tensor(inpt: Any) -> Tensor:
    """A PIL Image or an array as a tensor from 0 to 1; deprecated: `to_image` and then `to_dtype(..., scale=True)` give the same."""
    warn("to_tensor() is deprecated; use to_image() and then to_dtype(..., dtype=torch.float32, scale=True)")
    return F1.to_tensor(inpt)


def to_image(inpt: Any) -> tv.Image:
    """A PIL Image, an array (h, w, c) or a tensor as an `Image`.

    >>> import numpy as np
    >>> from corelib.vision.transforms.v2 import functional as F
    >>> F.to_image(np.zeros((4, 5, 3))).shape
    torch.Size([3, 4, 5])
    """
    if isinstance(inpt, np.ndarray):
        return tv.Image(from_numpy(np.atleast_3d(inpt)).permute((2, 0, 1)).contiguous())
    if F_pil._is_pil_image(inpt):
        return tv.Image(pil_to_tensor(inpt))
    if isinstance(inpt, Tensor):
        return tv.Image(inpt)
    raise TypeError(f"to_image(): expected a plain tensor, an array or a PIL Image, but got {type(inpt)}")


def boxes_that_are(boxes: Tensor, format: Any, canvas_size: Canvas, min_size: float = 1.0, min_area: float = 1.0) -> Tensor:
    """Which boxes lie on their canvas and are large enough."""
    height, width = canvas_size
    turned = tv.is_rotated_bounding_format(format)
    made = converted(boxes.as_subclass(Tensor), format, CORNERS if turned else XYXY)
    if turned:
        x1, y1, x2, y2, _, y3, x4, _ = made.unbind(-1)
        x3 = made[..., 4]
        w = ((x1 - x2).pow(2) + (y1 - y2).pow(2)).sqrt()
        # The second side is measured by y2 - y3 and x3 - x4, as torchvision measures it.
        h = ((y2 - y3).pow(2) + (x3 - x4).pow(2)).sqrt()
    else:
        w, h = made[:, 2] - made[:, 0], made[:, 3] - made[:, 1]
    inside = (made >= 0).all(dim=-1) & (made[:, ::2] <= width).all(dim=-1) & (made[:, 1::2] <= height).all(dim=-1)
    return (w >= min_size) & (h >= min_size) & (w * h >= min_area) & inside


def points_that_are(points: Tensor, canvas_size: Canvas) -> Tensor:
    """Which points, or rows of points, lie on their canvas."""
    height, width = canvas_size
    x, y = points.as_subclass(Tensor).unbind(-1)
    valid: Tensor = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return valid.flatten(start_dim=1).all(dim=1) if valid.ndim > 1 else valid


def sanitize_bounding_boxes(
    bounding_boxes: Tensor, format: Any = None, canvas_size: Canvas | None = None, min_size: float = 1.0, min_area: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The boxes that lie on their canvas and are large enough, and which those are; of a plain tensor format and canvas have to be given."""
    if is_pure_tensor(bounding_boxes):
        if format is None or canvas_size is None:
            raise ValueError(f"sanitize_bounding_boxes(): a plain tensor needs format and canvas_size, but got {format} and {canvas_size}")
        kind = tv.BoundingBoxFormat[format.upper()] if isinstance(format, str) else format
        valid = boxes_that_are(bounding_boxes, kind, canvas_size, min_size, min_area)
        return bounding_boxes[valid], valid
    if not isinstance(bounding_boxes, tv.BoundingBoxes):
        raise ValueError(f"sanitize_bounding_boxes(): expected BoundingBoxes or a plain tensor, but got {type(bounding_boxes)}")
    if format is not None or canvas_size is not None:
        raise ValueError("sanitize_bounding_boxes(): format and canvas_size must not be given for BoundingBoxes, which know theirs")
    valid = boxes_that_are(bounding_boxes, bounding_boxes.format, bounding_boxes.canvas_size, min_size, min_area)
    return tv.wrap(bounding_boxes[valid], like=bounding_boxes), valid


def sanitize_keypoints(key_points: Tensor, canvas_size: Canvas | None = None) -> tuple[Tensor, Tensor]:
    """The points, or rows of points, that lie on their canvas, and which those are; of a plain tensor it has to be given."""
    if is_pure_tensor(key_points):
        if canvas_size is None:
            raise ValueError("sanitize_keypoints(): a plain tensor needs canvas_size")
        valid = points_that_are(key_points, canvas_size)
        return key_points[valid], valid
    if not isinstance(key_points, tv.KeyPoints):
        raise ValueError(f"sanitize_keypoints(): expected KeyPoints or a plain tensor, but got {type(key_points)}")
    if canvas_size is not None:
        raise ValueError("sanitize_keypoints(): canvas_size must not be given for KeyPoints, which know theirs")
    valid = points_that_are(key_points, key_points.canvas_size)
    return tv.wrap(key_points[valid], like=key_points), valid
