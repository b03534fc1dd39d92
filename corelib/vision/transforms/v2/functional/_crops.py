"""Parts of images: around the middle, resized, five and ten at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors as tv
from corelib.vision.transforms import _arguments as A, _functional_pil as F_pil, _kernels_geometry as shapes
from corelib.vision.transforms._interpolation import InterpolationMode
from corelib.vision.transforms.v2.functional._geometry import _resize_pil, crop_image, crop_mask, horizontal_flip_image, resize_image, resize_mask, vertical_flip_image
from corelib.vision.transforms.v2.functional._registry import PILImage, functional, register, video_of

Mode = InterpolationMode | str | int
Size = int | Sequence[int]
BILINEAR = InterpolationMode.BILINEAR


@functional
def center_crop(inpt: Any, output_size: Size) -> Any:
    """A rectangle around the middle; zeros around what is too small."""


@register(center_crop, Tensor, tv.Image)
def center_crop_image(image: Tensor, output_size: Size) -> Tensor:
    """`center_crop` of an image."""
    crop_height, crop_width = A._setup_size(output_size)
    if image.numel() == 0:
        return image.reshape((*image.shape[:-2], crop_height, crop_width))
    height, width = image.shape[-2:]
    if crop_height > height or crop_width > width:
        sides = A.parse_padding(A.centered_padding(crop_height, crop_width, height, width))
        image = shapes.pad(image, sides, 0.0, "constant") if image.ndim > 2 else shapes.pad(image.unsqueeze(0), sides, 0.0, "constant").squeeze(0)
        height, width = image.shape[-2:]
        if (crop_height, crop_width) == (height, width):
            return image
    top, left = A.centered_anchor(crop_height, crop_width, height, width)
    return image[..., top : top + crop_height, left : left + crop_width]


center_crop_video = video_of(center_crop, center_crop_image)


@register(center_crop, tv.Mask)
def center_crop_mask(mask: Tensor, output_size: Size) -> Tensor:
    """`center_crop` of a mask."""
    return center_crop_image(mask, output_size)


@register(center_crop, PILImage)
def _center_crop_pil(image: Any, output_size: Size) -> Any:
    crop_height, crop_width = A._setup_size(output_size)
    if crop_height > image.height or crop_width > image.width:
        image = F_pil.pad(image, A.centered_padding(crop_height, crop_width, image.height, image.width), fill=0)
        if (crop_width, crop_height) == image.size:
            return image
    return F_pil.crop(image, *A.centered_anchor(crop_height, crop_width, image.height, image.width), crop_height, crop_width)


@functional
def resized_crop(
    inpt: Any, top: int, left: int, height: int, width: int, size: Size, interpolation: Mode = BILINEAR, antialias: bool | None = True
) -> Any:
    """A rectangle, resized."""


@register(resized_crop, Tensor, tv.Image)
def resized_crop_image(
    image: Tensor, top: int, left: int, height: int, width: int, size: Size, interpolation: Mode = BILINEAR, antialias: bool | None = True
) -> Tensor:
    """`resized_crop` of an image."""
    return resize_image(crop_image(image, top, left, height, width), size, interpolation, antialias=antialias)


resized_crop_video = video_of(resized_crop, resized_crop_image)


def resized_crop_mask(mask: Tensor, top: int, left: int, height: int, width: int, size: Size) -> Tensor:
    """`resized_crop` of a mask, by the nearest pixels."""
    return resize_mask(crop_mask(mask, top, left, height, width), size)


@register(resized_crop, tv.Mask)
def _resized_crop_mask(
    mask: Tensor, top: int, left: int, height: int, width: int, size: Size, interpolation: Any = None, antialias: Any = None
) -> Tensor:
    return resized_crop_mask(mask, top, left, height, width, size)


@register(resized_crop, PILImage)
def _resized_crop_pil(
    image: Any, top: int, left: int, height: int, width: int, size: Size, interpolation: Mode = BILINEAR, antialias: bool | None = True
) -> Any:
    if antialias is False:
        warn("resized_crop(): Pillow's images are always antialiased; antialias=False has no effect")
    return _resize_pil(F_pil.crop(image, top, left, height, width), size, interpolation)


@functional
def five_crop(inpt: Any, size: Size) -> Any:
    """The four corners and the middle: top left, top right, bottom left, bottom right, middle."""


@register(five_crop, Tensor, tv.Image)
def five_crop_image(image: Tensor, size: Size) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """`five_crop` of an image."""
    if image.ndim < 2:
        raise ValueError(f"five_crop(): expected an image (..., h, w), but got {image.ndim} dimensions")
    h, w, anchors = A.five_anchors(size, *image.shape[-2:])
    tl, tr, bl, br = [crop_image(image, top, left, h, w) for top, left in anchors]
    return tl, tr, bl, br, center_crop_image(image, [h, w])


@register(five_crop, PILImage)
def _five_crop_pil(image: Any, size: Size) -> tuple[Any, ...]:
    h, w, anchors = A.five_anchors(size, image.height, image.width)
    return (*(F_pil.crop(image, top, left, h, w) for top, left in anchors), _center_crop_pil(image, [h, w]))


@functional
def ten_crop(inpt: Any, size: Size, vertical_flip: bool = False) -> Any:
    """The five crops, and those of the image flipped."""


@register(ten_crop, Tensor, tv.Image)
def ten_crop_image(image: Tensor, size: Size, vertical_flip: bool = False) -> tuple[Tensor, ...]:
    """`ten_crop` of an image."""
    return five_crop_image(image, size) + five_crop_image(vertical_flip_image(image) if vertical_flip else horizontal_flip_image(image), size)


@register(ten_crop, PILImage)
def _ten_crop_pil(image: Any, size: Size, vertical_flip: bool = False) -> tuple[Any, ...]:
    return _five_crop_pil(image, size) + _five_crop_pil(F_pil.vflip(image) if vertical_flip else F_pil.hflip(image), size)


five_crop_video = video_of(five_crop, five_crop_image)
ten_crop_video = video_of(ten_crop, ten_crop_image)
