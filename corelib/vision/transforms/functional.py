"""The first transforms as functions of one image: a tensor (..., c, h, w), or one of Pillow's, which Pillow transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms import _arguments as A, _functional_pil as F_pil, _kernels_color as colors, _kernels_geometry as shapes
from corelib.vision.transforms._arguments import _get_perspective_coeffs as _get_perspective_coeffs
from corelib.vision.transforms._conversion import pil_to_tensor as pil_to_tensor, to_pil_image as to_pil_image, to_tensor as to_tensor
from corelib.vision.transforms._functional_pil import _is_pil_image as _is_pil_image
from corelib.vision.transforms._interpolation import (
    InterpolationMode as InterpolationMode,
    _interpolation_modes_from_int as _interpolation_modes_from_int,
    mode_of,
    pil_modes_mapping as pil_modes_mapping,
)

Fill = float | Sequence[float] | None


def _image(img: Tensor, channels: bool = False, least: int = 2) -> Tensor:
    """A tensor that is an image: of two dimensions or more, or `least`; with `channels`, grey or coloured. TypeError for another."""
    if img.ndim < least:
        raise TypeError(f"Expected an image tensor of at least {least} dimensions, but got {img.ndim}")
    if channels and (count := img.shape[-3] if img.ndim > 2 else 1) not in (1, 3):
        raise TypeError(f"Expected an image tensor of 1 or 3 channels, but got {count}")
    return img


def _with_channels(img: Tensor, function: str) -> Tensor:
    """Grey or coloured, with a dimension that says so. IndexError without it."""
    if _image(img, channels=True).ndim < 3:
        raise IndexError(f"{function}(): expected an image (..., c, h, w), but got {img.ndim} dimensions")
    return img


def _not_negative(factor: float, name: str) -> None:
    if factor < 0:
        raise ValueError(f"{name} should not be negative, but got {factor}")


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width of an image.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.functional import get_dimensions
    >>> get_dimensions(torch.zeros(8, 3, 4, 5))
    [3, 4, 5]
    """
    if not isinstance(img, Tensor):
        found: list[int] = F_pil.get_dimensions(img)
        return found
    shape = _image(img).shape
    return [1 if len(shape) == 2 else shape[-3], shape[-2], shape[-1]]


def get_image_size(img: Any) -> list[int]:
    """Width and height of an image."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels of an image."""
    return get_dimensions(img)[0]


def convert_image_dtype(image: Tensor, dtype: DType = D.float32) -> Tensor:
    """The image in another dtype, whose white is the other's: 255 becomes 1.0.

    RuntimeError from float32 to int32 or int64, and from float64 to int64, which floats cannot hold.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.functional import convert_image_dtype
    >>> convert_image_dtype(torch.tensor([0, 51, 255], dtype=torch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"convert_image_dtype(): image should be a Tensor, but got {type(image)}")
    return colors.rescale(image, dtype, v1=True)


def normalize(tensor: Tensor, mean: list[float], std: list[float], inplace: bool = False) -> Tensor:
    """(tensor - mean) / std in each channel, of floats (..., c, h, w). ValueError where a std is zero.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.functional import normalize
    >>> normalize(torch.ones(1, 1, 2), [0.5], [0.25])
    tensor([[[2., 2.]]])
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"normalize(): tensor should be a Tensor, but got {type(tensor)}")
    colors.check_normalize(_image(tensor))
    if colors.holds_zero(std, tensor.dtype):
        raise ValueError(f"normalize(): std {std} is zero in {tensor.dtype}, and nothing can be divided by it")
    return colors.normalize(tensor, mean, std, inplace, v1=True)


def _compute_resized_output_size(image_size: tuple[int, int], size: Any, max_size: int | None = None, allow_size_none: bool = False) -> list[int]:
    """Height and width after a resize."""
    return A.resized_size(image_size, [size] if isinstance(size, int) else size, max_size, allow_size_none)


def resize(
    img: Any, size: Any, interpolation: Any = InterpolationMode.BILINEAR, max_size: int | None = None, antialias: bool | None = True
) -> Any:
    """The image in another size: height and width, or the shorter edge alone, the longer one at most `max_size`.

    antialias: a smooth mode averages what it leaves out; Pillow always does.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.functional import resize
    >>> resize(torch.zeros(3, 20, 30), 10).shape
    torch.Size([3, 10, 15])
    """
    mode = mode_of(interpolation)
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(f"resize(): size must be an int or have 1 or 2 elements, but got {len(size)}")
        if max_size is not None and len(size) != 1:
            raise ValueError(f"resize(): max_size needs the size of the smaller edge alone, but got size {size}")
    _, height, width = get_dimensions(img)
    output = _compute_resized_output_size((height, width), size, max_size)
    if [height, width] == output:
        return img
    if not isinstance(img, Tensor):
        if antialias is False:
            warn("resize(): Pillow's images are always antialiased; antialias=False has no effect")
        return F_pil.resize(img, output, pil_modes_mapping[mode])
    if img.ndim not in (3, 4):
        raise ValueError(f"resize(): expected an image of 3 or 4 dimensions, but got {img.ndim}")
    smooth = bool(antialias) and mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    made = shapes.resize(img if img.ndim > 3 else img.unsqueeze(0), output, mode, smooth, bytes_as_such=False)
    return made if img.ndim > 3 else made.squeeze(0)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """More pixels around: all sides alike, (left and right, top and bottom), or (left, top, right, bottom).

    padding_mode: "constant" of `fill`; "edge", "reflect" (without the edge) or "symmetric" (with it) of the image.
    """
    if not isinstance(img, Tensor):
        return F_pil.pad(img, padding, fill, padding_mode)
    _image(img)
    fill = 0 if fill is None else fill
    for name, given, kinds in (("padding", padding, (int, tuple, list)), ("fill", fill, (int, float)), ("padding_mode", padding_mode, (str,))):
        if not isinstance(given, kinds):
            raise TypeError(f"pad(): {name} should be one of {kinds}, but got {type(given)}")
    sides = A.parse_padding(padding)
    A.check_padding_mode(padding_mode)
    if padding_mode == "symmetric" and img.ndim not in (3, 4):
        raise RuntimeError(f"pad(): symmetric padding needs 3 or 4 dimensions, but got {img.ndim}")
    if padding_mode in ("edge", "reflect") and img.ndim > 4:
        raise NotImplementedError(f"pad(): padding_mode {padding_mode!r} takes at most 4 dimensions, but got {img.ndim}")
    if img.ndim > 2:
        return shapes.pad(img, sides, fill, padding_mode)
    return shapes.pad(img.unsqueeze(0), sides, fill, padding_mode).squeeze(0)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A rectangle of the image; zeros, or black, where it has no pixels."""
    if not isinstance(img, Tensor):
        return F_pil.crop(img, top, left, height, width)
    if _image(img).ndim > 2:
        return shapes.crop(img, top, left, height, width)
    return shapes.crop(img.unsqueeze(0), top, left, height, width).squeeze(0)


def center_crop(img: Any, output_size: Any) -> Any:
    """A rectangle around the image's middle; zeros, or black, around what is too small.

    >>> import corelib as torch
    >>> from corelib.vision.transforms.functional import center_crop
    >>> center_crop(torch.arange(9).reshape(3, 3), 1)
    tensor([[4]])
    """
    crop_height, crop_width = A._setup_size(output_size)
    _, height, width = get_dimensions(img)
    if crop_width > width or crop_height > height:
        img = pad(img, A.centered_padding(crop_height, crop_width, height, width), fill=0)
        _, height, width = get_dimensions(img)
        if (crop_height, crop_width) == (height, width):
            return img
    top, left = A.centered_anchor(crop_height, crop_width, height, width)
    return crop(img, top, left, crop_height, crop_width)


def resized_crop(
    img: Any, top: int, left: int, height: int, width: int, size: Any, interpolation: Any = InterpolationMode.BILINEAR, antialias: bool | None = True
) -> Any:
    """A rectangle of the image, resized."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    return _image(img).flip(-1) if isinstance(img, Tensor) else F_pil.hflip(img)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    return _image(img).flip(-2) if isinstance(img, Tensor) else F_pil.vflip(img)


def five_crop(img: Any, size: Any) -> tuple[Any, Any, Any, Any, Any]:
    """The four corners and the middle: top left, top right, bottom left, bottom right, middle."""
    _, height, width = get_dimensions(img)
    h, w, anchors = A.five_anchors(size, height, width)
    tl, tr, bl, br = (crop(img, top, left, h, w) for top, left in anchors)
    return tl, tr, bl, br, center_crop(img, [h, w])


def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """The five crops of the image, and those of it flipped."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def perspective(
    img: Any, startpoints: Any, endpoints: Any, interpolation: Any = InterpolationMode.BILINEAR, fill: Fill = None
) -> Any:
    """The image seen so that four corners, top left first and clockwise, come to lie at others."""
    coeffs = _get_perspective_coeffs(startpoints, endpoints)
    mode = mode_of(interpolation)
    if not isinstance(img, Tensor):
        return F_pil.perspective(img, coeffs, pil_modes_mapping[mode], fill)
    shapes.check_reading(_image(img), fill, mode, coeffs=coeffs, v1=True)
    return shapes.read(img, shapes.perspective_grid(coeffs, img), mode.value, fill, v1=True)


def _from_middle(center: Any, img: Any) -> list[float]:
    """A centre in pixels, from the image's middle."""
    if center is None:
        return [0.0, 0.0]
    _, height, width = get_dimensions(img)
    return [c - s * 0.5 for c, s in zip(center, (width, height), strict=False)]


def _get_inverse_affine_matrix(
    center: list[float], angle: float, translate: list[float], scale: float, shear: list[float], inverted: bool = True
) -> list[float]:
    """Where the output of an affine map is read: two rows of a matrix."""
    return A.affine_matrix(center, angle, translate, scale, shear, inverted)


def rotate(
    img: Any, angle: float, interpolation: Any = InterpolationMode.NEAREST, expand: bool = False, center: Any = None, fill: Fill = None
) -> Any:
    """The image turned counter-clockwise by degrees, around its middle or `center` (x, y). expand: as large as what is turned."""
    mode = mode_of(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError(f"rotate(): angle should be int or float, but got {type(angle)}")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError(f"rotate(): center should be a sequence, but got {type(center)}")
    if not isinstance(img, Tensor):
        return F_pil.rotate(img, angle, pil_modes_mapping[mode], expand, center, fill)
    # The matrix is that of the inverse map, whose angle has the other sign.
    matrix = A.affine_matrix(_from_middle(center, img), -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    shapes.check_reading(_image(img), fill, mode, matrix, v1=True)
    height, width = img.shape[-2:]
    wide, tall = shapes.affine_output_size(matrix, width, height, v1=True) if expand else (width, height)
    return shapes.read(img, shapes.affine_grid(matrix, img, wide, tall), mode.value, fill, v1=True)


def affine(
    img: Any, angle: float, translate: Any, scale: float, shear: Any, interpolation: Any = InterpolationMode.NEAREST, fill: Fill = None, center: Any = None
) -> Any:
    """The image turned clockwise by degrees, shifted, scaled and sheared, around its middle or `center` (x, y)."""
    mode = mode_of(interpolation)
    angle, shift, slant, center = A.affine_arguments(angle, translate, scale, shear, center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        matrix = A.affine_matrix([width * 0.5, height * 0.5] if center is None else center, angle, shift, scale, slant)
        return F_pil.affine(img, matrix, pil_modes_mapping[mode], fill)
    matrix = A.affine_matrix(_from_middle(center, img), angle, [1.0 * t for t in shift], scale, slant)
    shapes.check_reading(img, fill, mode, matrix, v1=True)
    return shapes.read(img, shapes.affine_grid(matrix, img, width, height), mode.value, fill, v1=True)


def elastic_transform(
    img: Any, displacement: Tensor, interpolation: Any = InterpolationMode.BILINEAR, fill: Fill = None
) -> Any:
    """The image read at its own places and displacements (1, h, w, 2), which are in halves of its size."""
    if isinstance(interpolation, int):
        warn("elastic_transform(): interpolation should be an InterpolationMode and not an int")
        interpolation = _interpolation_modes_from_int(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError(f"elastic_transform(): displacement should be a Tensor, but got {type(displacement)}")
    return _by_tensor(img, "elastic_transform", lambda image: _elastic(image, displacement, interpolation.value, fill))


def _elastic(image: Tensor, displacement: Tensor, mode: str, fill: Fill) -> Tensor:
    height, width = image.shape[-2:]
    if displacement.shape != (1, height, width, 2):
        raise ValueError(f"elastic_transform(): displacement should have the shape {(1, height, width, 2)}, but got {tuple(displacement.shape)}")
    grid = shapes.identity_grid(height, width, None, image.device) + displacement.to(image.device)
    return shapes.read(image, grid, mode, fill, v1=True)


def _by_tensor(img: Any, function: str, of: Any) -> Any:
    """What a function of tensors makes of an image, Pillow's too."""
    if isinstance(img, Tensor):
        return of(img)
    if not _is_pil_image(img):
        raise TypeError(f"{function}(): img should be a PIL Image or a Tensor, but got {type(img)}")
    return to_pil_image(of(pil_to_tensor(img)), mode=img.mode)


def gaussian_blur(img: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """Averaged under a Gaussian kernel of odd width and height, whose spread is 0.15 times them and 0.35 by default."""
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(f"gaussian_blur(): kernel_size should be an int or a sequence of ints, but got {type(kernel_size)}")
    sizes, sigmas = shapes.check_blur(kernel_size, sigma)
    if isinstance(img, Tensor) and _image(img).ndim > 4:
        raise NotImplementedError(f"gaussian_blur(): expected at most 4 dimensions, but got {img.ndim}")
    if isinstance(img, Tensor) and 0 in img.shape[-3:]:
        raise RuntimeError(f"gaussian_blur(): expected an image with pixels, but got {tuple(img.shape)}")
    return _by_tensor(img, "gaussian_blur", lambda image: shapes.blur(image, sizes, sigmas, v1=True))


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Darker below a factor of 1, brighter above; grey or coloured images."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_brightness(img, brightness_factor)
    _not_negative(brightness_factor, "brightness_factor")
    return colors.brightness(_image(img, channels=True), float(brightness_factor))  # an int would stay within a byte


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Flat grey at a factor of 0, the image at 1, stronger above."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_contrast(img, contrast_factor)
    _not_negative(contrast_factor, "contrast_factor")
    return colors.contrast(_with_channels(img, "adjust_contrast"), contrast_factor, v1=True)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Grey at a factor of 0, the image at 1, more colourful above."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_saturation(img, saturation_factor)
    _not_negative(saturation_factor, "saturation_factor")
    return img if _image(img, channels=True).ndim == 2 else colors.saturation(img, saturation_factor, v1=True)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The hues turned by a part of the circle, -0.5 to 0.5."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_hue(img, hue_factor)
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor should be between -0.5 and 0.5, but got {hue_factor}")
    return img if _image(img, channels=True).ndim == 2 else colors.hue(img, hue_factor, v1=True)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """gain times the image to the power of gamma, its values taken as 0 to 1."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_gamma(img, gamma, gain)
    _image(img, channels=True)
    _not_negative(gamma, "gamma")
    return colors.gamma(img, gamma, gain, v1=True)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Blurred at a factor of 0, the image at 1, sharper above."""
    if not isinstance(img, Tensor):
        return F_pil.adjust_sharpness(img, sharpness_factor)
    _not_negative(sharpness_factor, "sharpness_factor")
    if _with_channels(img, "adjust_sharpness").ndim > 4 and min(img.shape[-2:]) > 2:  # smaller ones stay as they are
        raise RuntimeError(f"adjust_sharpness(): expected at most 4 dimensions, but got {img.ndim}")
    return colors.sharpness(img, sharpness_factor, v1=True)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL Image in grey, of one channel or three equal ones. TypeError for anything else."""
    if not _is_pil_image(img):
        raise TypeError(f"to_grayscale(): img should be a PIL Image, but got {type(img)}")
    return F_pil.to_grayscale(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue, in one channel or three equal ones."""
    if not isinstance(img, Tensor):
        return F_pil.to_grayscale(img, num_output_channels)
    if num_output_channels not in (1, 3):
        _image(img, channels=True, least=3)
        raise ValueError(f"num_output_channels should be either 1 or 3, but got {num_output_channels}")
    if _image(img, channels=True, least=3).shape[-3] == 1:  # which stays one channel here, also for three
        return img.clone() if num_output_channels == 1 else img.clone().expand(img.shape)
    return colors.grayscale(img, num_output_channels, v1=True)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """A rectangle of a tensor's from row i and column j on, given other values. TypeError for a PIL Image."""
    if not isinstance(img, Tensor):
        raise TypeError(f"erase(): img should be a Tensor, but got {type(img)}")
    return colors.erase(_image(img), i, j, h, w, v, inplace)


def invert(img: Any) -> Any:
    """White less each value."""
    return colors.invert(_image(img, channels=True, least=3), v1=True) if isinstance(img, Tensor) else F_pil.invert(img)


def posterize(img: Any, bits: int) -> Any:
    """The highest bits alone, of uint8."""
    if not 0 <= bits <= 8:
        raise ValueError(f"posterize(): bits should be between 0 and 8, but got {bits}")
    if not isinstance(img, Tensor):
        return F_pil.posterize(img, bits)
    return colors.posterize(_bytes(img), bits)


def _bytes(img: Tensor) -> Tensor:
    _image(img, least=3)
    if img.dtype is not D.uint8:
        raise TypeError(f"Expected an image tensor of uint8, but got {img.dtype}")
    return _image(img, channels=True)


def solarize(img: Any, threshold: Any) -> Any:
    """Inverted from a threshold on. TypeError for one above white."""
    return colors.solarize(_image(img, channels=True, least=3), threshold, v1=True) if isinstance(img, Tensor) else F_pil.solarize(img, threshold)


def autocontrast(img: Any) -> Any:
    """Each channel stretched from black to white."""
    return colors.autocontrast(_image(img, channels=True, least=3), v1=True) if isinstance(img, Tensor) else F_pil.autocontrast(img)


def equalize(img: Any) -> Any:
    """About as many pixels of each grey, in each channel; uint8."""
    if not isinstance(img, Tensor):
        return F_pil.equalize(img)
    if not 3 <= img.ndim <= 4:
        raise TypeError(f"equalize(): expected an image tensor of 3 or 4 dimensions, but got {img.ndim}")
    return colors.equalize(_bytes(img))
