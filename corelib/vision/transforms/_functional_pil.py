"""What transforms do to Pillow's images: thin calls of Pillow, which is imported where it is used."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any, TypeVar

from corelib.tensor.host import np
from corelib.vision._optional import pillow as installed
from corelib.vision.transforms._arguments import check_padding_mode

Fill = float | Sequence[float] | None
F = TypeVar("F", bound=Callable[..., Any])


@cache
def pillow(module: str) -> Any:
    """A module of Pillow's. ImportError that says what to install, without it."""
    return installed(module, "Transforming images of Pillow's")


@cache
def _is_pil_type(kind: Any) -> bool:
    return any((each.__module__, each.__name__) == ("PIL.Image", "Image") for each in kind.__mro__)


def _is_pil_image(img: Any) -> bool:
    """Whether this is one of Pillow's images, which are known by their class's name, so that Pillow need not be there."""
    kind: Any = type(img)
    return _is_pil_type(kind)


def _of_image(function: F) -> Any:
    """Of Pillow's images alone: TypeError for anything else."""

    def checked(img: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_pil_image(img):
            raise TypeError(f"{function.__name__}(): img should be a PIL Image, but got {type(img)}")
        return function(img, *args, **kwargs)

    return wraps(function)(checked)


def image_of(array: Any, mode: str) -> Any:
    """An image of a mode from an array (h, w) or (h, w, c), whose bytes are taken as that mode's, and shared where Pillow can."""
    pixels = array if array.flags.c_contiguous else array.tobytes()
    return pillow("Image").frombuffer(mode, (array.shape[1], array.shape[0]), pixels, "raw", mode, 0, 1)


@_of_image
def get_dimensions(img: Any) -> list[int]:
    """Channels, height, width."""
    return [len(img.getbands()), img.height, img.width]


@_of_image
def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    return list(img.size)


@_of_image
def get_image_num_channels(img: Any) -> int:
    """Channels."""
    return len(img.getbands())


@_of_image
def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    return img.transpose(0)


@_of_image
def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    return img.transpose(1)


@_of_image
def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Blended with black."""
    return pillow("ImageEnhance").Brightness(img).enhance(brightness_factor)


@_of_image
def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Blended with its mean grey."""
    return pillow("ImageEnhance").Contrast(img).enhance(contrast_factor)


@_of_image
def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Blended with its grey image."""
    return pillow("ImageEnhance").Color(img).enhance(saturation_factor)


@_of_image
def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Blended with its smoothed image."""
    return pillow("ImageEnhance").Sharpness(img).enhance(sharpness_factor)


@_of_image
def _turned_hue(img: Any, hue_factor: float) -> Any:
    if img.mode in ("L", "1", "I", "F"):
        return img
    h, s, v = img.convert("HSV").split()
    turned = np.array(h, dtype=np.uint8)
    turned += np.int32(hue_factor * 255).astype(np.uint8)  # modulo 256
    return pillow("Image").merge("HSV", (image_of(turned, "L"), s, v)).convert(img.mode)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Its hues turned by a part of the circle, -0.5 to 0.5."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor: expected -0.5 to 0.5, but got {hue_factor}")
    return _turned_hue(img, hue_factor)


@_of_image
def adjust_gamma(img: Any, gamma: float, gain: float = 1.0) -> Any:
    """255 gain (x / 255)^gamma."""
    if gamma < 0:
        raise ValueError(f"gamma should not be negative, but got {gamma}")
    table = [int((255 + 1 - 1e-3) * gain * pow(x / 255.0, gamma)) for x in range(256)] * 3
    return img.convert("RGB").point(table).convert(img.mode)


@_of_image
def pad(img: Any, padding: Any, fill: Fill = 0, padding_mode: str = "constant") -> Any:
    """More pixels around: of a colour, or those of the image by its edge or reflected."""
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError(f"pad(): padding should be a number or a sequence, but got {type(padding)}")
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError(f"pad(): fill should be a number or a sequence, but got {type(fill)}")
    if not isinstance(padding_mode, str):
        raise TypeError(f"pad(): padding_mode should be a string, but got {type(padding_mode)}")
    sides: Any = tuple(padding) if isinstance(padding, (tuple, list)) else padding
    if isinstance(sides, tuple):
        if len(sides) not in (1, 2, 4):
            raise ValueError(f"pad(): padding must be an int or have 1, 2 or 4 elements, but got {len(sides)}")
        sides = sides[0] if len(sides) == 1 else sides
    check_padding_mode(padding_mode)
    palette = img.getpalette() if img.mode == "P" else None
    if padding_mode == "constant":
        padded = pillow("ImageOps").expand(img, border=sides, **_parse_fill(fill, img, name="fill"))
    else:
        left, top, right, bottom = (sides,) * 4 if isinstance(sides, int) else sides * 2 if len(sides) == 2 else sides
        if min(left, top, right, bottom) < 0:
            img = img.crop((-min(left, 0), -min(top, 0), img.width + min(right, 0), img.height + min(bottom, 0)))
        around = ((max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0)), (0, 0))
        pixels = np.asarray(img)
        how: Any = padding_mode
        padded = pillow("Image").fromarray(np.pad(pixels, around[: pixels.ndim], mode=how))
    if palette is not None:
        padded.putpalette(palette)
    return padded


@_of_image
def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A rectangle of it; black where it has no pixels."""
    return img.crop((left, top, left + width, top + height))


@_of_image
def resize(img: Any, size: Any, interpolation: int = 2) -> Any:
    """To a height and a width, by Pillow's number of a filter."""
    if not (isinstance(size, list) and len(size) == 2):
        raise TypeError(f"resize(): size should be a list of height and width, but got {size}")
    return img.resize((size[1], size[0]), interpolation)


def _parse_fill(fill: Fill, img: Any, name: str = "fillcolor") -> dict[str, Any]:
    """A colour for an image of so many channels, as Pillow's argument of a name."""
    channels = len(img.getbands())
    color: Any = 0 if fill is None else fill
    if isinstance(color, (int, float)) and channels > 1:
        color = (color,) * channels
    if isinstance(color, (list, tuple)):
        color = tuple(color) * channels if len(color) == 1 else tuple(color)
        if len(color) != channels:
            raise ValueError(f"fill: expected as many elements as the image has channels ({channels}), but got {len(color)}")
    if img.mode != "F":
        color = tuple(map(int, color)) if isinstance(color, tuple) else int(color)
    return {name: color}


@_of_image
def affine(img: Any, matrix: list[float], interpolation: int = 0, fill: Fill = None) -> Any:
    """Read where a matrix of two rows says."""
    return img.transform(img.size, 0, matrix, interpolation, **_parse_fill(fill, img))


@_of_image
def rotate(img: Any, angle: float, interpolation: int = 0, expand: bool = False, center: Any = None, fill: Fill = None) -> Any:
    """Turned counter-clockwise by degrees."""
    return img.rotate(angle, interpolation, expand, center, **_parse_fill(fill, img))


@_of_image
def perspective(img: Any, perspective_coeffs: Any, interpolation: int = 3, fill: Fill = None) -> Any:
    """Read where eight coefficients say."""
    return img.transform(img.size, 2, perspective_coeffs, interpolation, **_parse_fill(fill, img))


@_of_image
def to_grayscale(img: Any, num_output_channels: int) -> Any:
    """Grey, as one channel or three equal ones."""
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, but got {num_output_channels}")
    gray = img.convert("L")
    if num_output_channels == 1:
        return gray
    return image_of(np.dstack([np.array(gray, dtype=np.uint8)] * 3), "RGB")


@_of_image
def invert(img: Any) -> Any:
    """White less each pixel."""
    return pillow("ImageOps").invert(img)


@_of_image
def posterize(img: Any, bits: int) -> Any:
    """The highest bits alone."""
    return pillow("ImageOps").posterize(img, bits)


@_of_image
def solarize(img: Any, threshold: int) -> Any:
    """Inverted from a threshold on."""
    return pillow("ImageOps").solarize(img, threshold)


@_of_image
def autocontrast(img: Any) -> Any:
    """Stretched from black to white."""
    return pillow("ImageOps").autocontrast(img)


@_of_image
def equalize(img: Any) -> Any:
    """With about as many pixels of each grey."""
    return pillow("ImageOps").equalize(img)
