"""What values pixels have: the functionals of the second transforms for colours, noise, blurring, erasing, dtype."""

from __future__ import annotations

import io
from typing import Any

from corelib.ops.construction.creation import linspace
from corelib.ops.random.random import randn_like
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors as tv
from corelib.vision.transforms import _functional_pil as F_pil, _kernels_color as colors, _kernels_geometry as shapes
from corelib.vision.transforms._conversion import pil_to_tensor, to_pil_image
from corelib.vision.transforms.v2.functional._registry import PILImage, functional, register, video_of


def _not_negative(factor: float, name: str) -> None:
    if factor < 0:
        raise ValueError(f"{name} should not be negative, but got {factor}")


def _one_or_three(image: Tensor) -> Tensor:
    """Grey or coloured. TypeError for another number of channels."""
    if image.shape[-3] not in (1, 3):
        raise TypeError(f"Expected an image of 1 or 3 channels, but got {image.shape[-3]}")
    return image


def _by_tensor(image: Any, kernel: Any, *args: Any, **kwargs: Any) -> Any:
    """A tensor's kernel on one of Pillow's images."""
    return to_pil_image(kernel(pil_to_tensor(image), *args, **kwargs), mode=image.mode)


def _grey_or_colors(channels: int) -> None:
    if channels not in (1, 3):
        raise ValueError(f"num_output_channels must be 1 or 3, but got {channels}")


@functional
def rgb_to_grayscale(inpt: Any, num_output_channels: int = 1) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue, in one channel or three equal ones."""


@register(rgb_to_grayscale, Tensor, tv.Image)
def rgb_to_grayscale_image(image: Tensor, num_output_channels: int = 1) -> Tensor:
    """`rgb_to_grayscale` of an image."""
    _grey_or_colors(num_output_channels)
    return colors.grayscale(image, num_output_channels)


@register(rgb_to_grayscale, PILImage)
def _rgb_to_grayscale_pil(image: Any, num_output_channels: int = 1) -> Any:
    _grey_or_colors(num_output_channels)
    return F_pil.to_grayscale(image, num_output_channels)


to_grayscale = rgb_to_grayscale


@functional
def grayscale_to_rgb(inpt: Any) -> Any:
    """Three channels from one; an image of three or more as it is."""


@register(grayscale_to_rgb, Tensor, tv.Image)
def grayscale_to_rgb_image(image: Tensor) -> Tensor:
    """`grayscale_to_rgb` of an image."""
    return image if image.shape[-3] >= 3 else colors.grayscale(image, 3)


@register(grayscale_to_rgb, PILImage)
def _grayscale_to_rgb_pil(image: Any) -> Any:
    return image.convert(mode="RGB")


@functional
def adjust_brightness(inpt: Any, brightness_factor: float) -> Any:
    """Darker below a factor of 1, brighter above."""


@register(adjust_brightness, Tensor, tv.Image)
def adjust_brightness_image(image: Tensor, brightness_factor: float) -> Tensor:
    """`adjust_brightness` of an image."""
    _not_negative(brightness_factor, "brightness_factor")
    return colors.brightness(_one_or_three(image), brightness_factor)


@functional
def adjust_saturation(inpt: Any, saturation_factor: float) -> Any:
    """Grey at a factor of 0, the image at 1, more colourful above."""


@register(adjust_saturation, Tensor, tv.Image)
def adjust_saturation_image(image: Tensor, saturation_factor: float) -> Tensor:
    """`adjust_saturation` of an image."""
    _not_negative(saturation_factor, "saturation_factor")
    return colors.saturation(_one_or_three(image), saturation_factor)


@functional
def adjust_contrast(inpt: Any, contrast_factor: float) -> Any:
    """Flat grey at a factor of 0, the image at 1, stronger above."""


@register(adjust_contrast, Tensor, tv.Image)
def adjust_contrast_image(image: Tensor, contrast_factor: float) -> Tensor:
    """`adjust_contrast` of an image."""
    _not_negative(contrast_factor, "contrast_factor")
    return colors.contrast(_one_or_three(image), contrast_factor)


@functional
def adjust_sharpness(inpt: Any, sharpness_factor: float) -> Any:
    """Blurred at a factor of 0, the image at 1, sharper above."""


@register(adjust_sharpness, Tensor, tv.Image)
def adjust_sharpness_image(image: Tensor, sharpness_factor: float) -> Tensor:
    """`adjust_sharpness` of an image."""
    if image.ndim < 3:
        raise ValueError(f"adjust_sharpness(): expected an image (..., c, h, w), but got {image.ndim} dimensions")
    _one_or_three(image)
    _not_negative(sharpness_factor, "sharpness_factor")
    return colors.sharpness(image, sharpness_factor)


@functional
def adjust_hue(inpt: Any, hue_factor: float) -> Any:
    """The hues turned by a part of the circle, -0.5 to 0.5."""


@register(adjust_hue, Tensor, tv.Image)
def adjust_hue_image(image: Tensor, hue_factor: float) -> Tensor:
    """`adjust_hue` of an image."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor should be between -0.5 and 0.5, but got {hue_factor}")
    return colors.hue(_one_or_three(image), hue_factor)


@functional
def adjust_gamma(inpt: Any, gamma: float, gain: float = 1) -> Any:
    """gain times the image to the power of gamma, its values taken as 0 to 1."""


@register(adjust_gamma, Tensor, tv.Image)
def adjust_gamma_image(image: Tensor, gamma: float, gain: float = 1.0) -> Tensor:
    """`adjust_gamma` of an image."""
    _not_negative(gamma, "gamma")
    return colors.gamma(image, gamma, gain)


@functional
def posterize(inpt: Any, bits: int) -> Any:
    """The highest bits alone."""


@register(posterize, Tensor, tv.Image)
def posterize_image(image: Tensor, bits: int) -> Tensor:
    """`posterize` of an image."""
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise TypeError(f"posterize(): bits must be an integer from 0 to 8, but got {bits!r}")
    return colors.posterize(image, bits)


@functional
def solarize(inpt: Any, threshold: float) -> Any:
    """Inverted from a threshold on."""


@register(solarize, Tensor, tv.Image)
def solarize_image(image: Tensor, threshold: float) -> Tensor:
    """`solarize` of an image."""
    return colors.solarize(image, threshold)


@functional
def autocontrast(inpt: Any) -> Any:
    """Each channel stretched from black to white."""


@register(autocontrast, Tensor, tv.Image)
def autocontrast_image(image: Tensor) -> Tensor:
    """`autocontrast` of an image."""
    return colors.autocontrast(_one_or_three(image))


@functional
def equalize(inpt: Any) -> Any:
    """About as many pixels of each grey, in each channel apart."""


@register(equalize, Tensor, tv.Image)
def equalize_image(image: Tensor) -> Tensor:
    """`equalize` of an image."""
    return colors.equalize(image)


@functional
def invert(inpt: Any) -> Any:
    """White less each value."""


@register(invert, Tensor, tv.Image)
def invert_image(image: Tensor) -> Tensor:
    """`invert` of an image."""
    return colors.invert(image)


for _functional, _pil in (
    (adjust_brightness, F_pil.adjust_brightness), (adjust_saturation, F_pil.adjust_saturation), (adjust_contrast, F_pil.adjust_contrast),
    (adjust_sharpness, F_pil.adjust_sharpness), (adjust_hue, F_pil.adjust_hue), (adjust_gamma, F_pil.adjust_gamma), (posterize, F_pil.posterize),
    (solarize, F_pil.solarize), (autocontrast, F_pil.autocontrast), (equalize, F_pil.equalize), (invert, F_pil.invert),
):  # fmt: skip
    register(_functional, PILImage)(_pil)


@functional
def permute_channels(inpt: Any, permutation: Any) -> Any:
    """The channels in another order: the first of the output is the input's of that number."""


@register(permute_channels, Tensor, tv.Image)
def permute_channels_image(image: Tensor, permutation: Any) -> Tensor:
    """`permute_channels` of an image."""
    return colors.permute_channels(image, permutation)


@register(permute_channels, PILImage)
def _permute_channels_pil(image: Any, permutation: Any) -> Any:
    return to_pil_image(permute_channels_image(pil_to_tensor(image), permutation))


@functional
def normalize(inpt: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """(inpt - mean) / std in each channel, of floats. ValueError where a std is zero."""


@register(normalize, Tensor, tv.Image)
def normalize_image(image: Tensor, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """`normalize` of an image."""
    colors.check_normalize(image)
    if not all(std) if isinstance(std, (tuple, list)) else isinstance(std, (int, float)) and std == 0:
        raise ValueError(f"normalize(): std {std} is zero, and nothing can be divided by it")
    return colors.normalize(image, mean, std, inplace)


@functional
def gaussian_blur(inpt: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """Averaged under a Gaussian kernel of odd width and height, whose spread is 0.15 times them and 0.35 by default."""


@register(gaussian_blur, Tensor, tv.Image)
def gaussian_blur_image(image: Tensor, kernel_size: Any, sigma: Any = None) -> Tensor:
    """`gaussian_blur` of an image."""
    return shapes.blur(image, *shapes.check_blur(kernel_size, sigma))


@register(gaussian_blur, PILImage)
def _gaussian_blur_pil(image: Any, kernel_size: Any, sigma: Any = None) -> Any:
    return _by_tensor(image, gaussian_blur_image, kernel_size, sigma)


@functional
def gaussian_noise(inpt: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    """Normal noise added to floats or uint8, white being 1; clip: within black and white."""


@register(gaussian_noise, Tensor, tv.Image)
def gaussian_noise_image(image: Tensor, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Tensor:
    """`gaussian_noise` of an image."""
    _not_negative(sigma, "sigma")
    if image.is_floating_point():
        made = image + (mean + randn_like(image) * sigma)
        return made.clamp(0, 1) if clip else made
    if image.dtype is not D.uint8:
        raise ValueError(f"gaussian_noise(): expected uint8 or floats, but got {image.dtype}")
    made = image + (mean * 255 + randn_like(image, dtype=D.float32) * (sigma * 255)).to(D.int16)
    return (made.clamp(0, 255) if clip else made).to(D.uint8)


@register(gaussian_noise, PILImage)
def _gaussian_noise_pil(image: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    raise ValueError("gaussian_noise(): there is none for PIL Images; make a tensor of it first, by `to_image`")


@functional
def to_dtype(inpt: Any, dtype: DType = D.float32, scale: bool = False) -> Any:
    """In another dtype; scale: whose white is the other's, of images and videos."""


@register(to_dtype, Tensor, tv.Image)
def to_dtype_image(image: Tensor, dtype: DType = D.float32, scale: bool = False) -> Tensor:
    """`to_dtype` of an image."""
    return colors.rescale(image, dtype) if scale else image.to(dtype)


@register(to_dtype, tv.KeyPoints, tv.BoundingBoxes, tv.Mask, wrapped=False)
def _to_dtype_of_others(inpt: Tensor, dtype: DType, scale: bool = False) -> Tensor:
    return inpt.to(dtype)


def convert_image_dtype(image: Tensor, dtype: DType = D.float32) -> Tensor:
    """A plain tensor in another dtype, whose white is the other's."""
    return colors.rescale(image, dtype)


@functional
def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """A rectangle from row i and column j on, given other values."""


@register(erase, Tensor, tv.Image)
def erase_image(image: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """`erase` of an image."""
    return colors.erase(image, i, j, h, w, v, inplace)


@register(erase, PILImage)
def _erase_pil(image: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    return _by_tensor(image, erase_image, i, j, h, w, v, inplace)


@functional
def jpeg(image: Any, quality: int) -> Any:
    """Encoded as JPEG in a quality from 1 to 100, and decoded again; uint8."""


@register(jpeg, PILImage)
def _jpeg_pil(image: Any, quality: int) -> Any:
    encoded = io.BytesIO()
    image.save(encoded, format="JPEG", quality=quality)
    return F_pil.pillow("Image").open(encoded).copy()


@register(jpeg, Tensor, tv.Image)
def jpeg_image(image: Tensor, quality: int) -> Tensor:
    """`jpeg` of an image, by Pillow. RuntimeError for anything but uint8 of 1 or 3 channels."""
    if image.dtype is not D.uint8 or image.ndim < 3 or image.shape[-3] not in (1, 3):
        raise RuntimeError(f"jpeg(): expected uint8 (..., 1 or 3, h, w), but got {image.dtype} of the shape {tuple(image.shape)}")
    batch = image.reshape(-1, *image.shape[-3:])
    made = batch.clone()
    for i in range(len(batch)):
        made[i] = pil_to_tensor(_jpeg_pil(to_pil_image(batch[i]), quality))
    return made.reshape(image.shape)


adjust_brightness_video = video_of(adjust_brightness, adjust_brightness_image)
adjust_contrast_video = video_of(adjust_contrast, adjust_contrast_image)
adjust_gamma_video = video_of(adjust_gamma, adjust_gamma_image)
adjust_hue_video = video_of(adjust_hue, adjust_hue_image)
adjust_saturation_video = video_of(adjust_saturation, adjust_saturation_image)
adjust_sharpness_video = video_of(adjust_sharpness, adjust_sharpness_image)
autocontrast_video = video_of(autocontrast, autocontrast_image)
equalize_video = video_of(equalize, equalize_image)
erase_video = video_of(erase, erase_image)
gaussian_blur_video = video_of(gaussian_blur, gaussian_blur_image)
gaussian_noise_video = video_of(gaussian_noise, gaussian_noise_image)
invert_video = video_of(invert, invert_image)
jpeg_video = video_of(jpeg, jpeg_image)
normalize_video = video_of(normalize, normalize_image)
permute_channels_video = video_of(permute_channels, permute_channels_image)
posterize_video = video_of(posterize, posterize_image)
solarize_video = video_of(solarize, solarize_image)
to_dtype_video = video_of(to_dtype, to_dtype_image)


@functional
def uniform_temporal_subsample(inpt: Any, num_samples: int) -> Any:
    """So many frames of a video, evenly over its time."""


@register(uniform_temporal_subsample, Tensor, tv.Video)
def uniform_temporal_subsample_video(video: Tensor, num_samples: int) -> Tensor:
    """`uniform_temporal_subsample` of a video (..., frames, c, h, w)."""
    return video.index_select(-4, linspace(0, video.shape[-4] - 1, num_samples, device=video.device).long())

