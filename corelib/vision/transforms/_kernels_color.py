"""What the values of an image become, as tensors (..., channels, height, width): one kernel each, for both generations of transforms.

The two differ in how they round: an argument `v1` asks for the first one's result where it can be seen.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from corelib.graph.grad_mode import grad_mode
from corelib.ops.construction.construct import as_tensor, tensor
from corelib.ops.construction.creation import arange, full, ones_like
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.ordering.sorting import aminmax, bincount
from corelib.ops.shape.joining import cat, stack
from corelib.ops.spatial.convolution import conv2d
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

VALUE_BITS = {D.uint8: 8, D.int8: 7, D.int16: 15, D.int32: 31, D.int64: 63}
"""How many bits of an integer say how bright it is."""


def _max_value(dtype: DType) -> int:
    """What white is in a dtype."""
    bits = VALUE_BITS.get(dtype)
    return 1 if bits is None else (1 << bits) - 1


def _num_value_bits(dtype: DType) -> int:
    """How many bits say how bright a pixel is. TypeError for floats."""
    if dtype not in VALUE_BITS:
        raise TypeError(f"The number of value bits is only defined for integer dtypes, but got {dtype}")
    return VALUE_BITS[dtype]


def rescale(image: Tensor, dtype: DType, v1: bool = False) -> Tensor:
    """The image in another dtype, whose white is the other's white. RuntimeError where floats cannot hold the integers asked for."""
    kind = image.dtype
    if kind is dtype:
        return image
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        if (kind is D.float32 and dtype in (D.int32, D.int64)) or (kind is D.float64 and dtype is D.int64):
            raise RuntimeError(f"The conversion from {kind} to {dtype} cannot be performed safely")
        return image.mul(float(_max_value(dtype)) + 1.0 - 1e-3).to(dtype)
    if dtype.is_floating_point:
        white = _max_value(kind)
        return image.to(dtype) / float(white) if v1 else image.to(dtype).mul_(1.0 / white)
    if v1 and not (kind in VALUE_BITS and dtype in VALUE_BITS):  # of bool, which the second transforms refuse
        down, up = _max_value(kind) + 1, _max_value(dtype) + 1
        return image.div(down // up, rounding_mode="floor").to(dtype) if down > up else image.to(dtype) * (up // down)
    shift = _num_value_bits(kind) - _num_value_bits(dtype)
    return image.bitwise_right_shift(shift).to(dtype) if shift > 0 else image.to(dtype).bitwise_left_shift(-shift)


def _plus(a: Tensor, b: Tensor, alpha: float, whole: bool) -> Tensor:
    """a + alpha b. Where the result is cut to a whole number it is rounded once, as a machine's fused operation is."""
    if not whole:
        return a.add(b, alpha=alpha)
    return a.to(D.float64).add_(b.to(D.float64), alpha=struct.unpack("f", struct.pack("f", alpha))[0]).to(D.float32)


def blend(image: Tensor, other: Tensor, ratio: float, v1: bool = False) -> Tensor:
    """ratio image + (1 - ratio) other, within black and white."""
    ratio, kind = float(ratio), image.dtype
    whole = not image.is_floating_point()
    made = ratio * image + (1.0 - ratio) * other if v1 else _plus(image.mul(ratio), other, 1.0 - ratio, whole)
    return made.clamp_(0, _max_value(kind)).to(kind)


def luminance(image: Tensor, v1: bool = False) -> Tensor:
    """0.2989 red + 0.587 green + 0.114 blue, in floats, with one channel."""
    r, g, b = image.unbind(dim=-3)
    if v1:
        gray = 0.2989 * r + 0.587 * g + 0.114 * b
    else:
        whole = not image.is_floating_point()
        gray = _plus(_plus(r.mul(0.2989), g, 0.587, whole), b, 0.114, whole)
    return gray.unsqueeze(dim=-3)


def _cut(gray: Tensor, image: Tensor, v1: bool) -> Tensor:
    """Greys as the image could have them, in floats."""
    if image.is_floating_point():
        return gray
    return gray.to(image.dtype).to(D.float32) if v1 else gray.floor_()


def grayscale(image: Tensor, channels: int, v1: bool = False) -> Tensor:
    """Grey, in one channel or three equal ones, of the image's dtype."""
    if image.shape[-3] == 1:
        return image.clone() if channels == 1 else image.repeat(*[1] * (image.ndim - 3), 3, 1, 1)
    gray = luminance(image, v1).to(image.dtype)
    return gray.expand(image.shape) if channels == 3 else gray


def brightness(image: Tensor, factor: float) -> Tensor:
    """Every value times a factor."""
    return image.mul(factor).clamp_(0, _max_value(image.dtype)).to(image.dtype)


def saturation(image: Tensor, factor: float, v1: bool = False) -> Tensor:
    """Blended with its grey image."""
    if image.shape[-3] == 1:
        return image
    return blend(image, _cut(luminance(image, v1), image, v1), factor, v1)


def contrast(image: Tensor, factor: float, v1: bool = False) -> Tensor:
    """Blended with the mean of its grey image."""
    floating = image.is_floating_point()
    if image.shape[-3] == 3:
        gray = _cut(luminance(image, v1), image, v1)
    else:
        gray = image if floating else image.to(D.float32)
    return blend(image, gray.mean(dim=(-3, -2, -1), keepdim=True), factor, v1)


def sharpness(image: Tensor, factor: float, v1: bool = False) -> Tensor:
    """Blended with itself smoothed, except for the outermost pixels."""
    shape, kind = image.shape, image.dtype
    channels, height, width = shape[-3:]
    if image.numel() == 0 or height <= 2 or width <= 2:
        return image
    floating = image.is_floating_point()
    computed = kind if floating else D.float32
    kernel = full((3, 3), 1.0 / 13.0, dtype=computed, device=image.device)
    kernel[1, 1] = 5.0 / 13.0
    made = image.reshape(-1, channels, height, width).to(computed, copy=True)
    smooth = conv2d(made, kernel.expand(channels, 1, 3, 3), groups=channels)
    smooth = smooth if floating or (v1 and kind not in VALUE_BITS) else smooth.round_()
    inner = made[..., 1:-1, 1:-1]
    if v1:
        blurred = made.clone()
        blurred[..., 1:-1, 1:-1] = smooth.to(kind)
        made = made * float(factor) + blurred * (1.0 - float(factor))
    else:
        inner.copy_(_plus(inner, smooth.sub_(inner), 1.0 - factor, not floating))
    return made.clamp_(0, _max_value(kind)).to(kind).reshape(shape)


def _to_hsv(image: Tensor, v1: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value, all from 0 to 1, of red, green and blue (Smith, 1978)."""
    r, g, _ = image.unbind(dim=-3)
    low, high = aminmax(image, dim=-3)
    flat, span = high == low, high - low
    one = ones_like(high)
    s = span / where(flat, one, high)
    rc, gc, bc = ((high.unsqueeze(-3) - image) / where(flat, one, span).unsqueeze(-3)).unbind(dim=-3)
    red, green = high == r, high == g
    hue = bc.sub(gc).mul_(red).add_((rc + 2.0).sub_(bc).mul_(green & ~red)).add_((gc + 4.0).sub_(rc).mul_(~(green | red)))
    hue = hue / 6.0 if v1 else hue.mul_(1.0 / 6.0)
    return hue.add_(1.0).fmod_(1.0), s, high


def _to_rgb(h: Tensor, s: Tensor, v: Tensor, v1: bool) -> Tensor:
    """Red, green and blue of hue, saturation and value."""
    h6 = h * 6.0
    sector = h6.floor()
    f = h6.sub_(sector)
    rest = 1.0 - s
    p = (rest * v).clamp_(0.0, 1.0)
    q = ((1.0 - s * f) * v).clamp_(0.0, 1.0)
    t = ((1.0 - s * (1.0 - f) if v1 else s * f + rest) * v).clamp_(0.0, 1.0)
    which = tensor([[0, 2, 1, 1, 3, 0], [3, 0, 0, 2, 1, 1], [1, 1, 3, 0, 0, 2]], device=h.device)[:, sector.long().remainder_(6)]
    return stack([v, p, q, t], dim=-3).gather(-3, which.moveaxis(0, -3) if which.ndim > 3 else which)


def hue(image: Tensor, factor: float, v1: bool = False) -> Tensor:
    """Its hues turned by a part of the circle."""
    if image.shape[-3] == 1 or image.numel() == 0:
        return image
    h, s, v = _to_hsv(rescale(image, D.float32, v1), v1)
    return rescale(_to_rgb(h.add_(factor).remainder_(1.0), s, v, v1), image.dtype, v1)


def gamma(image: Tensor, power: float, gain: float, v1: bool = False) -> Tensor:
    """gain image^power, of values from 0 to 1."""
    made = (image if image.is_floating_point() else rescale(image, D.float32, v1)).pow(power)
    if v1 or gain != 1.0:
        made = made.mul_(gain).clamp_(0.0, 1.0)
    return rescale(made, image.dtype, v1)


def posterize(image: Tensor, bits: int) -> Tensor:
    """The highest bits alone."""
    if image.is_floating_point():
        levels = 1 << bits
        return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(1.0 / levels)
    kept = _num_value_bits(image.dtype)
    return image if bits >= kept else image & (((1 << bits) - 1) << (kept - bits))


def invert(image: Tensor, v1: bool = False) -> Tensor:
    """White less the image."""
    if image.is_floating_point() or (v1 and image.dtype is D.bool):  # which cannot be subtracted
        return 1.0 - image
    if image.dtype is D.uint8:
        return image.bitwise_not()
    return image.bitwise_xor((1 << _num_value_bits(image.dtype)) - 1)


def solarize(image: Tensor, threshold: float, v1: bool = False) -> Tensor:
    """Inverted from a threshold on."""
    if threshold > _max_value(image.dtype):
        raise TypeError(f"threshold: expected at most the white of {image.dtype}, but got {threshold}")
    return where(image >= threshold, invert(image, v1), image)


def autocontrast(image: Tensor, v1: bool = False) -> Tensor:
    """Each channel stretched from black to white; one that is flat stays."""
    if image.numel() == 0:
        return image
    white, kind = _max_value(image.dtype), image.dtype
    made = image if image.is_floating_point() else image.to(D.float32)
    low, high = made.amin(dim=(-2, -1), keepdim=True), made.amax(dim=(-2, -1), keepdim=True)
    flat = high == low
    low = where(flat, 0.0, low)
    if v1:
        scale = white / (high - low)
        made = (image - low) * where(flat | ~scale.isfinite(), 1.0, scale)
    else:
        made = (made - low).div_(where(flat, 1.0, (high - low).mul_(1.0 / white)))
    return made.clamp_(0, white).to(kind)


def equalize(image: Tensor) -> Tensor:
    """About as many pixels of each grey, in each channel apart; by way of uint8."""
    if image.numel() == 0:
        return image
    pixels = rescale(image, D.uint8)
    flat = pixels.reshape(-1, pixels.shape[-2] * pixels.shape[-1]).long()
    n, size = flat.shape
    counts = bincount((flat + arange(0, 256 * n, 256, device=flat.device).unsqueeze(-1)).reshape(-1), minlength=256 * n).reshape(n, 256)
    step = (size - counts.gather(-1, flat.amax(-1, keepdim=True))).div(255, rounding_mode="floor")
    below = counts.cumsum(-1)[:, :-1].add_(step // 2).div(step.clamp(min=1), rounding_mode="floor").clamp_(0, 255)
    table = cat([below.new_zeros((n, 1)), below], -1)
    made = where(step != 0, table.gather(-1, flat), flat).to(D.uint8).view(pixels.shape)
    return rescale(made, image.dtype)


def _per_channel(values: Any, kind: DType, device: Any) -> Tensor:
    """A number for each channel, as they lie beside an image; those of a list are kept, since every image has the same."""
    if isinstance(values, (list, tuple)) and not grad_mode.inference and all(type(each) is float for each in values):
        return _column(tuple(values), kind, device)
    made = as_tensor(values, dtype=kind, device=device)
    return made.view(-1, 1, 1) if made.ndim == 1 else made


@lru_cache(maxsize=64)
def _column(values: tuple[float, ...], kind: DType, device: Any) -> Tensor:
    return tensor(values, dtype=kind, device=device).view(-1, 1, 1)


def normalize(image: Tensor, mean: Any, std: Any, inplace: bool, v1: bool = False) -> Tensor:
    """(image - mean) / std, in each channel."""
    mean, std = (_per_channel(each, image.dtype, image.device) for each in (mean, std))
    made = image.sub_(mean) if inplace else image.sub(mean)
    if v1 and made.shape != image.shape:
        raise RuntimeError(f"normalize(): {mean.numel()} means do not fit an image of {image.shape[-3]} channels")
    return made.div_(std)


def holds_zero(std: Any, dtype: DType) -> bool:
    """Whether a standard deviation is zero in a dtype."""
    if isinstance(std, (list, tuple)) and all(isinstance(s, (int, float)) and abs(s) > 1e-4 for s in std):
        return False  # in any dtype, and no tensor need be made to know
    return bool((as_tensor(std, dtype=dtype) == 0).any())


def check_normalize(image: Tensor) -> None:
    """Floats (..., c, h, w)."""
    if not image.is_floating_point():
        raise TypeError(f"normalize(): expected a tensor of floats, but got {image.dtype}")
    if image.ndim < 3:
        raise ValueError(f"normalize(): expected an image (..., C, H, W), but got {tuple(image.shape)}")


def erase(image: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool) -> Tensor:
    """A rectangle from (i, j) on given other values."""
    made = image if inplace else image.clone()
    made[..., i : i + h, j : j + w] = v
    return made


def permute_channels(image: Tensor, permutation: Sequence[int]) -> Tensor:
    """The channels in another order."""
    if image.ndim < 3:
        raise ValueError(f"permute_channels(): expected an image (..., c, h, w), but got {image.ndim} dimensions")
    if len(permutation) != image.shape[-3]:
        raise ValueError(f"permutation: expected as many elements as the image has channels ({image.shape[-3]}), but got {len(permutation)}")
    return image.reshape(-1, *image.shape[-3:])[:, permutation].reshape(image.shape)
