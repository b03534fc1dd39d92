"""Where pixels go: the functionals of the second transforms, with their kernels for images, videos, masks and Pillow's images.

Those for boxes and points are beside this, in `_boxes` and `_points`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.ops.shape.combinations import rot90
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors as tv
from corelib.vision.transforms import _arguments as A, _functional_pil as F_pil, _kernels_geometry as shapes
from corelib.vision.transforms._conversion import pil_to_tensor, to_pil_image
from corelib.vision.transforms._interpolation import InterpolationMode, _check_interpolation, pil_modes_mapping
from corelib.vision.transforms.v2.functional._registry import PILImage, functional, register, video_of

Fill = float | Sequence[float] | None
Mode = InterpolationMode | str | int
Size = int | Sequence[int] | None
BILINEAR, NEAREST = InterpolationMode.BILINEAR, InterpolationMode.NEAREST


def _masked(mask: Tensor, kernel: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """An image's kernel on a mask, which may have no channels."""
    return kernel(mask, *args, **kwargs) if mask.ndim >= 3 else kernel(mask.unsqueeze(0), *args, **kwargs).squeeze(0)


@functional
def horizontal_flip(inpt: Any) -> Any:
    """Left and right exchanged.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.v2 import functional as F
    >>> F.horizontal_flip(torch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """


@register(horizontal_flip, Tensor, tv.Image)
def horizontal_flip_image(image: Tensor) -> Tensor:
    """`horizontal_flip` of an image."""
    return image.flip(-1)


@register(horizontal_flip, tv.Mask)
def horizontal_flip_mask(mask: Tensor) -> Tensor:
    """`horizontal_flip` of a mask."""
    return mask.flip(-1)


@functional
def vertical_flip(inpt: Any) -> Any:
    """Top and bottom exchanged."""


@register(vertical_flip, Tensor, tv.Image)
def vertical_flip_image(image: Tensor) -> Tensor:
    """`vertical_flip` of an image."""
    return image.flip(-2)


@register(vertical_flip, tv.Mask)
def vertical_flip_mask(mask: Tensor) -> Tensor:
    """`vertical_flip` of a mask."""
    return mask.flip(-2)


register(horizontal_flip, PILImage)(F_pil.hflip)
register(vertical_flip, PILImage)(F_pil.vflip)
horizontal_flip_video = video_of(horizontal_flip, horizontal_flip_image)
vertical_flip_video = video_of(vertical_flip, vertical_flip_image)
hflip, vflip = horizontal_flip, vertical_flip


@functional
def resize(inpt: Any, size: Size, interpolation: Mode = BILINEAR, max_size: int | None = None, antialias: bool | None = True) -> Any:
    """In another size: (h, w), or the shorter edge, the longer one at most `max_size`; without a size the longer one is `max_size`.

    >>> from corelib.vision import tv_tensors
    >>> from corelib.vision.transforms.v2 import functional as F
    >>> F.resize(tv_tensors.BoundingBoxes([[0., 1., 2., 2.]], format="XYXY", canvas_size=(4, 4)), [8]).tolist()
    [[0.0, 2.0, 4.0, 4.0]]
    """


def output_size(canvas_size: Sequence[int], size: Size, max_size: int | None) -> tuple[int, int]:
    """Height and width after `resize`."""
    if isinstance(size, int):
        size = [size]
    elif max_size is not None and size is not None and len(size) != 1:
        raise ValueError(f"resize(): max_size needs the size of the smaller edge alone, or none, but got size {size}")
    height, width = A.resized_size(canvas_size, size, max_size, allow_size_none=True)
    return height, width


@register(resize, Tensor, tv.Image)
def resize_image(image: Tensor, size: Size, interpolation: Mode = BILINEAR, max_size: int | None = None, antialias: bool | None = True) -> Tensor:
    """`resize` of an image."""
    mode = _check_interpolation(interpolation)
    if mode is InterpolationMode.LANCZOS and not antialias:
        raise ValueError("resize(): InterpolationMode.LANCZOS needs antialias=True")
    channels, *old = image.shape[-3:]
    new = output_size(old, size, max_size)
    if new == tuple(old):
        return image
    shape = (*image.shape[:-3], channels, *new)
    if image.numel() == 0:
        return image.reshape(shape)
    return shapes.resize(image.reshape(-1, channels, *old), new, mode, bool(antialias), bytes_as_such=True).reshape(shape)


resize_video = video_of(resize, resize_image)


@register(resize, PILImage)
def _resize_pil(image: Any, size: Size, interpolation: Mode = BILINEAR, max_size: int | None = None, antialias: bool | None = True) -> Any:
    if antialias is False:
        warn("resize(): Pillow's images are always antialiased; antialias=False has no effect")
    new = output_size((image.height, image.width), size, max_size)
    mode = _check_interpolation(interpolation)
    return image if new == (image.height, image.width) else image.resize(new[::-1], resample=pil_modes_mapping[mode])


def resize_mask(mask: Tensor, size: Size, interpolation: Mode = BILINEAR, max_size: int | None = None) -> Tensor:
    """`resize` of a mask: the nearest pixels, whatever is asked for."""
    mode = _check_interpolation(interpolation)
    return _masked(mask, resize_image, size, mode if mode is InterpolationMode.NEAREST_EXACT else NEAREST, max_size)


@register(resize, tv.Mask)
def _resize_mask(mask: Tensor, size: Size, interpolation: Mode = BILINEAR, max_size: int | None = None, antialias: Any = None) -> Tensor:
    return resize_mask(mask, size, interpolation, max_size)


@functional
def affine(
    inpt: Any, angle: float, translate: Sequence[float], scale: float, shear: Any, interpolation: Mode = NEAREST, fill: Fill = None, center: Any = None
) -> Any:
    """Turned clockwise by degrees, shifted by pixels, scaled and sheared by degrees, around the middle or `center` (x, y)."""


def _from_middle(center: Any, image: Tensor) -> list[float]:
    return [0.0, 0.0] if center is None else [c - s * 0.5 for c, s in zip(center, image.shape[:-3:-1], strict=True)]


@register(affine, Tensor, tv.Image)
def affine_image(
    image: Tensor, angle: float, translate: Sequence[float], scale: float, shear: Any, interpolation: Mode = NEAREST, fill: Fill = None, center: Any = None
) -> Tensor:
    """`affine` of an image."""
    mode = _check_interpolation(interpolation)
    angle, shift, slant, center = A.affine_arguments(angle, translate, scale, shear, center)
    matrix = A.affine_matrix_v2(_from_middle(center, image), angle, [float(t) for t in shift], scale, slant)
    shapes.check_reading(image, fill, mode, matrix)
    height, width = image.shape[-2:]
    return shapes.read(image, shapes.affine_grid(matrix, image, width, height), mode.value, fill)


affine_video = video_of(affine, affine_image)


@register(affine, PILImage)
def _affine_pil(
    image: Any, angle: float, translate: Sequence[float], scale: float, shear: Any, interpolation: Mode = NEAREST, fill: Fill = None, center: Any = None
) -> Any:
    mode = _check_interpolation(interpolation)
    angle, shift, slant, center = A.affine_arguments(angle, translate, scale, shear, center)
    middle = [image.width * 0.5, image.height * 0.5] if center is None else [float(c) for c in center]
    return F_pil.affine(image, A.affine_matrix_v2(middle, angle, shift, scale, slant), pil_modes_mapping[mode], fill)


def affine_mask(
    mask: Tensor, angle: float, translate: Sequence[float], scale: float, shear: Any, fill: Fill = None, center: Any = None
) -> Tensor:
    """`affine` of a mask, by the nearest pixels."""
    return _masked(mask, affine_image, angle, translate, scale, shear, NEAREST, fill, center)


@register(affine, tv.Mask)
def _affine_mask(
    mask: Tensor, angle: float, translate: Sequence[float], scale: float, shear: Any, interpolation: Any = None, fill: Fill = None, center: Any = None
) -> Tensor:
    return affine_mask(mask, angle, translate, scale, shear, fill, center)


@functional
def rotate(inpt: Any, angle: float, interpolation: Mode = NEAREST, expand: bool = False, center: Any = None, fill: Fill = None) -> Any:
    """Turned counter-clockwise by degrees, around the middle or `center` (x, y). expand: as large as what is turned."""


@register(rotate, Tensor, tv.Image)
def rotate_image(image: Tensor, angle: float, interpolation: Mode = NEAREST, expand: bool = False, center: Any = None, fill: Fill = None) -> Tensor:
    """`rotate` of an image."""
    angle = angle % 360
    height, width = image.shape[-2:]
    if center is None and angle % 90 == 0 and (angle % 180 == 0 or expand or height == width):
        return rot90(image, k=int(angle) // 90, dims=(-2, -1)) if angle else image.clone()
    mode = _check_interpolation(interpolation)
    # The matrix is that of the inverse map, whose angle has the other sign.
    matrix = A.affine_matrix_v2(_from_middle(center, image), -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    shapes.check_reading(image, fill, mode, matrix)
    wide, tall = shapes.affine_output_size(matrix, width, height) if expand else (width, height)
    return shapes.read(image, shapes.affine_grid(matrix, image, wide, tall), mode.value, fill)


rotate_video = video_of(rotate, rotate_image)


@register(rotate, PILImage)
def _rotate_pil(image: Any, angle: float, interpolation: Mode = NEAREST, expand: bool = False, center: Any = None, fill: Fill = None) -> Any:
    return F_pil.rotate(image, angle, pil_modes_mapping[_check_interpolation(interpolation)], expand=expand, fill=fill, center=center)


def rotate_mask(mask: Tensor, angle: float, expand: bool = False, center: Any = None, fill: Fill = None) -> Tensor:
    """`rotate` of a mask, by the nearest pixels."""
    return _masked(mask, rotate_image, angle, NEAREST, expand, center, fill)


@register(rotate, tv.Mask)
def _rotate_mask(mask: Tensor, angle: float, interpolation: Any = None, expand: bool = False, center: Any = None, fill: Fill = None) -> Tensor:
    return rotate_mask(mask, angle, expand, center, fill)


@functional
def pad(inpt: Any, padding: Any, fill: Fill = None, padding_mode: str = "constant") -> Any:
    """More pixels around: all sides alike, (left and right, top and bottom), or (left, top, right, bottom).

    padding_mode: "constant" of `fill`, a value or one for each channel; "edge", "reflect" (without the edge) or "symmetric" (with it).
    """


@register(pad, Tensor, tv.Image)
def pad_image(image: Tensor, padding: Any, fill: Fill = None, padding_mode: str = "constant") -> Tensor:
    """`pad` of an image."""
    sides = A.parse_padding(padding)
    A.check_padding_mode(padding_mode)
    if isinstance(fill, Sequence) and len(fill) != 1:
        if padding_mode != "constant":
            raise ValueError(f"pad(): padding_mode {padding_mode!r} takes no fill for each channel")
        return shapes.pad_with_colors(image, sides, fill)
    value = fill[0] if isinstance(fill, Sequence) else 0 if fill is None else fill
    return shapes.pad(image, sides, value, padding_mode)


pad_video = video_of(pad, pad_image)
register(pad, PILImage)(F_pil.pad)


@register(pad, tv.Mask)
def pad_mask(mask: Tensor, padding: Any, fill: Fill = None, padding_mode: str = "constant") -> Tensor:
    """`pad` of a mask, with one value."""
    if isinstance(fill, (tuple, list)):
        raise ValueError(f"pad(): a mask is filled with one value, but got {fill}")
    return _masked(mask, pad_image, padding, 0 if fill is None else fill, padding_mode)


@functional
def crop(inpt: Any, top: int, left: int, height: int, width: int) -> Any:
    """A rectangle; zeros where there are no pixels."""


@register(crop, Tensor, tv.Image)
def crop_image(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """`crop` of an image."""
    return shapes.crop(image, top, left, height, width)


crop_video = video_of(crop, crop_image)
register(crop, PILImage)(F_pil.crop)


@register(crop, tv.Mask)
def crop_mask(mask: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """`crop` of a mask."""
    return _masked(mask, crop_image, top, left, height, width)


@functional
def perspective(inpt: Any, startpoints: Any, endpoints: Any, interpolation: Mode = BILINEAR, fill: Fill = None, coefficients: Any = None) -> Any:
    """Seen so that four corners, top left first and clockwise, come to lie at others; or by the eight coefficients of that map's inverse."""


def perspective_coefficients(startpoints: Any, endpoints: Any, coefficients: Any) -> Sequence[float]:
    """The eight numbers, from corners or as they are given."""
    if coefficients is not None:
        if startpoints is not None and endpoints is not None:
            raise ValueError("perspective(): expected startpoints and endpoints, or coefficients, but got all of them")
        if len(coefficients) != 8:
            raise ValueError(f"perspective(): expected 8 coefficients, but got {len(coefficients)}")
        given: Sequence[float] = coefficients
        return given
    if startpoints is None or endpoints is None:
        raise ValueError("perspective(): expected startpoints and endpoints, or coefficients, but got neither")
    return A._get_perspective_coeffs(startpoints, endpoints)


@register(perspective, Tensor, tv.Image)
def perspective_image(
    image: Tensor, startpoints: Any, endpoints: Any, interpolation: Mode = BILINEAR, fill: Fill = None, coefficients: Any = None
) -> Tensor:
    """`perspective` of an image."""
    coeffs = perspective_coefficients(startpoints, endpoints, coefficients)
    mode = _check_interpolation(interpolation)
    shapes.check_reading(image, fill, mode, coeffs=coeffs)
    return shapes.read(image, shapes.perspective_grid(coeffs, image), mode.value, fill)


perspective_video = video_of(perspective, perspective_image)


@register(perspective, PILImage)
def _perspective_pil(image: Any, startpoints: Any, endpoints: Any, interpolation: Mode = BILINEAR, fill: Fill = None, coefficients: Any = None) -> Any:
    coeffs = perspective_coefficients(startpoints, endpoints, coefficients)
    return F_pil.perspective(image, coeffs, pil_modes_mapping[_check_interpolation(interpolation)], fill)


def perspective_mask(mask: Tensor, startpoints: Any, endpoints: Any, fill: Fill = None, coefficients: Any = None) -> Tensor:
    """`perspective` of a mask, by the nearest pixels."""
    return _masked(mask, perspective_image, startpoints, endpoints, NEAREST, fill, coefficients)


@register(perspective, tv.Mask)
def _perspective_mask(mask: Tensor, startpoints: Any, endpoints: Any, interpolation: Any = None, fill: Fill = None, coefficients: Any = None) -> Tensor:
    return perspective_mask(mask, startpoints, endpoints, fill, coefficients)


@functional
def elastic(inpt: Any, displacement: Tensor, interpolation: Mode = BILINEAR, fill: Fill = None) -> Any:
    """Read at its own places and displacements (1, h, w, 2), which are in halves of its size."""


def check_displacement(displacement: Any, height: int, width: int) -> None:
    """A tensor of the shape that a canvas needs."""
    if not isinstance(displacement, Tensor):
        raise TypeError(f"elastic(): displacement should be a Tensor, but got {type(displacement)}")
    if displacement.shape != (1, height, width, 2):
        raise ValueError(f"elastic(): displacement should have the shape {(1, height, width, 2)}, but got {tuple(displacement.shape)}")


@register(elastic, Tensor, tv.Image)
def elastic_image(image: Tensor, displacement: Tensor, interpolation: Mode = BILINEAR, fill: Fill = None) -> Tensor:
    """`elastic` of an image."""
    if not isinstance(displacement, Tensor):
        raise TypeError(f"elastic(): displacement should be a Tensor, but got {type(displacement)}")
    mode, kind = _check_interpolation(interpolation), image.dtype
    if kind is D.float16 and image.device.type == "cpu":  # as PyTorch, which reads no halves there
        image = image.to(D.float32)
    height, width = image.shape[-2:]
    check_displacement(displacement, height, width)
    computed = image.dtype if image.is_floating_point() else D.float32
    grid = shapes.identity_grid(height, width, computed, image.device).add_(displacement.to(dtype=computed, device=image.device))
    return shapes.read(image, grid, mode.value, fill).to(kind)


elastic_video = video_of(elastic, elastic_image)
elastic_transform = elastic


@register(elastic, PILImage)
def _elastic_pil(image: Any, displacement: Tensor, interpolation: Mode = BILINEAR, fill: Fill = None) -> Any:
    return to_pil_image(elastic_image(pil_to_tensor(image), displacement, interpolation, fill), mode=image.mode)


def elastic_mask(mask: Tensor, displacement: Tensor, fill: Fill = None) -> Tensor:
    """`elastic` of a mask, by the nearest pixels."""
    return _masked(mask, elastic_image, displacement, NEAREST, fill)


@register(elastic, tv.Mask)
def _elastic_mask(mask: Tensor, displacement: Tensor, interpolation: Any = None, fill: Fill = None) -> Tensor:
    return elastic_mask(mask, displacement, fill)
