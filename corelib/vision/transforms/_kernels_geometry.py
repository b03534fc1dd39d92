"""Where the pixels of an image go, as tensors (..., channels, height, width): one kernel each, for both generations of transforms.

The two differ in how they round: an argument `v1` asks for the first one's result where the last bit can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

from corelib.ops.construction.construct import from_numpy, tensor
from corelib.ops.construction.creation import arange, empty, linspace, ones
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.neural.softmax import softmax
from corelib.ops.random.random import rand
from corelib.ops.shape.joining import cat
from corelib.ops.spatial.convolution import conv2d
from corelib.ops.spatial.grids import grid_sample
from corelib.ops.spatial.interpolation import interpolate
from corelib.ops.spatial.padding import pad as pad_op
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms._interpolation import InterpolationMode

Fill = float | Sequence[float] | None
INTEGERS = (D.uint8, D.int8, D.int16, D.int32, D.int64)
SMOOTH = (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.LANCZOS)
READABLE = ("nearest", "bilinear")
"""The modes in which an image can be read at any places."""


def resize(batch: Tensor, size: Sequence[int], mode: InterpolationMode, antialias: bool, bytes_as_such: bool) -> Tensor:
    """Images (n, c, h, w) in another size. `bytes_as_such`: a smooth mode computes uint8 in integers, and not by way of float32."""
    kind, smooth = batch.dtype, mode in SMOOTH
    native = kind in (D.float32, D.float64) or (kind is D.uint8 and (bytes_as_such or not smooth))
    made: Tensor = interpolate(
        batch if native else batch.to(D.float32), size=list(size), mode=mode.value, align_corners=False if smooth else None, antialias=antialias and smooth
    )
    if native:
        return made
    if kind is D.uint8 and smooth and mode is not InterpolationMode.BILINEAR:
        made = made.clamp_(0, 255)
    return (made.round_() if kind in INTEGERS else made).to(kind)


def pad(image: Tensor, sides: Sequence[int], fill: float, mode: str) -> Tensor:
    """left, right, top and bottom more pixels, or fewer where negative, around images of any number of dimensions from 3 up."""
    shape = image.shape
    if image.ndim < 3:
        raise ValueError(f"pad(): expected an image (..., c, h, w), but got {image.ndim} dimensions")
    if mode == "constant" and image.is_contiguous():
        plain: Tensor = pad_op(image, list(sides), value=float(fill))
        return plain
    batch = image.reshape(prod(shape[:-3]), *shape[-3:])
    if mode == "symmetric":
        made = _pad_symmetric(batch, sides)
    elif mode == "constant":
        made = pad_op(batch, list(sides), mode="constant", value=float(fill))
    else:
        cast = not batch.is_floating_point() and (batch.dtype is D.bool or batch.dtype.itemsize > 2)  # as in torchvision; floats hold smaller ones
        made = pad_op(batch.to(D.float32) if cast else batch, list(sides), mode="replicate" if mode == "edge" else mode)
        made = made.to(image.dtype) if cast else made
    return made.reshape(*shape[:-2], *made.shape[-2:])


def _pad_symmetric(image: Tensor, sides: Sequence[int]) -> Tensor:
    """Reflected at the edge, the outermost pixels twice."""
    h, w = image.shape[-2:]
    left, right, top, bottom = sides
    image = image[..., max(-top, 0) : h - max(-bottom, 0), max(-left, 0) : w - max(-right, 0)]
    for dim, before, after in ((-1, left, right), (-2, top, bottom)):
        n = image.shape[dim]
        places = [*range(before - 1, -1, -1), *range(n), *(-1 - i for i in range(after))]
        if any(not -n <= p < n for p in places):
            raise IndexError(f"pad(): symmetric padding of {max(before, after)} is larger than the image, which has {n} pixels there")
        image = image.index_select(dim, tensor([p % n for p in places], dtype=D.int64, device=image.device))
    return image


def pad_with_colors(image: Tensor, sides: Sequence[int], fill: Sequence[float]) -> Tensor:
    """The new pixels in a value for each channel."""
    made = pad(image, sides, 0, "constant")
    left, right, top, bottom = sides
    color = tensor(fill, device=image.device).to(image.dtype).reshape(-1, 1, 1)
    if top > 0:
        made[..., :top, :] = color
    if left > 0:
        made[..., :, :left] = color
    if bottom > 0:
        made[..., -bottom:, :] = color
    if right > 0:
        made[..., :, -right:] = color
    return made


def crop(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A rectangle, zeros where the image has no pixels; a view where it has all."""
    h, w = image.shape[-2:]
    right, bottom = left + width, top + height
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return image[..., top:bottom, left:right]
    inside = image[..., max(top, 0) : bottom, max(left, 0) : right]
    sides = [max(min(right, 0) - left, 0), max(right - max(w, left), 0), max(min(bottom, 0) - top, 0), max(bottom - max(h, top), 0)]
    return pad(inside, sides, 0, "constant")


# Images read at places, which are given as x and y from -1 to 1.


def check_reading(image: Tensor, fill: Any, mode: InterpolationMode, matrix: Any = None, coeffs: Any = None, v1: bool = False) -> None:
    """A colour for the image's channels, and a mode that reads anywhere."""
    if matrix is not None and not isinstance(matrix, list):
        raise TypeError(f"matrix should be a list, but got {type(matrix)}")
    if matrix is not None and len(matrix) != 6:
        raise ValueError(f"matrix should have 6 values, but got {len(matrix)}")
    if coeffs is not None and len(coeffs) != 8:
        raise ValueError(f"coefficients should have 8 values, but got {len(coeffs)}")
    if isinstance(fill, (tuple, list)):
        channels = 1 if v1 and image.ndim == 2 else image.shape[-3]
        if len(fill) > 1 and len(fill) != channels:
            raise ValueError(f"fill: {len(fill)} elements do not fit an image of {channels} channels")
    elif fill is not None and not isinstance(fill, (int, float)):
        raise ValueError(f"fill should be int, float, a tuple or a list, but got {type(fill)}")
    if mode.value not in READABLE:
        raise ValueError(f"interpolation: {mode.value!r} is not supported with a tensor; accepted are {READABLE}")


def read(image: Tensor, grid: Tensor, mode: str, fill: Fill, v1: bool = False) -> Tensor:
    """The image read at the places of a grid (1, h, w, 2), `fill` outside."""
    shape, kind = image.shape, image.dtype
    if v1 and image.ndim == 2 and fill is not None:
        raise IndexError("expected an image of 3 or 4 dimensions, but got 2")
    if v1 and image.ndim not in (3, 4):
        raise RuntimeError(f"expected an image of 3 or 4 dimensions, but got {image.ndim}")
    if image.ndim < 3:
        raise ValueError(f"expected an image (..., c, h, w), but got {image.ndim} dimensions")
    channels, made_shape = shape[-3], (*shape[:-2], *grid.shape[1:3])
    if image.numel() == 0:
        return image.reshape(made_shape)
    batch = image.reshape(-1, channels, *shape[-2:])
    n, same = batch.shape[0], kind is grid.dtype
    made = batch if same else batch.to(grid.dtype)
    if n > 1:
        grid = grid.expand(n, -1, -1, -1)
    if fill is not None:  # how much of each pixel comes from the image is read as one more channel
        made = cat([made, ones((n, 1, *shape[-2:]), dtype=made.dtype, device=made.device)], dim=1)
    made = grid_sample(made, grid, mode=mode, padding_mode="zeros", align_corners=False)
    if fill is not None:
        mask, made = made[:, -1:], made[:, :-1]
        color = tensor([float(fill)] if isinstance(fill, (int, float)) else list(fill), dtype=made.dtype, device=made.device).view(1, -1, 1, 1)
        if mode == "nearest":
            made = where(mask < 0.5, color, made)
        elif v1:
            made = made * mask + (1.0 - mask) * color
        else:
            made = made.sub(color).mul_(mask).add_(color)
    if not same:
        made = (made.round() if kind in INTEGERS or not v1 else made).to(kind)
    return made.reshape(made_shape)


def _lines(width: int, height: int, first_x: float, first_y: float, dtype: DType, device: Any) -> tuple[Tensor, Tensor]:
    """The x of each column (w), and the y of each row (h, 1): whole steps from the first one's."""
    x, y = (arange(first, first + n, dtype=dtype, device=device) for first, n in ((first_x, width), (first_y, height)))
    return x, y.view(height, 1)


def _mapped(x: Tensor, y: Tensor, a: Any, b: Any, c: Any) -> Tensor:
    """a x + b y + c, added up in this order: which of two pixels is nearer may hang on the last bit."""
    if x.dtype.itemsize == 2:  # added up in float32, as a matrix product is
        return _mapped(*[each.to(D.float32) for each in (x, y, a, b, c)]).to(x.dtype)
    made: Tensor = (x * a + y * b).add_(c)
    return made


def _planes(rows: Sequence[Sequence[float]], image: Tensor, kind: DType) -> tuple[Tensor, ...]:
    """Factors of x, of y and none, (2, 1, 1) each, in halves of the image: places are a plane of x and one of y, whose rows are long."""
    half = np.array([0.5 * image.shape[-1], 0.5 * image.shape[-2]], kind.np)
    return from_numpy((np.array(rows, kind.np).T / half).reshape(3, 2, 1, 1)).to(image.device).unbind()


def affine_grid(matrix: Sequence[float], image: Tensor, width: int, height: int) -> Tensor:
    """Where an output of a size is read in the image, under two rows of a matrix in pixels from the middle."""
    kind = image.dtype if image.is_floating_point() else D.float32
    lines = _lines(width, height, (1.0 - width) * 0.5, (1.0 - height) * 0.5, kind, image.device)
    return _mapped(*lines, *_planes([matrix[:3], matrix[3:]], image, kind)).permute(1, 2, 0).unsqueeze(0)


def perspective_grid(coeffs: Sequence[float], image: Tensor) -> Tensor:
    """Where an output of the image's size is read in it, under eight coefficients in pixels."""
    kind, device = image.dtype if image.is_floating_point() else D.float32, image.device
    lower = tensor([*coeffs[6:], 1.0], dtype=kind, device=device)
    lines = _lines(image.shape[-1], image.shape[-2], 0.5, 0.5, kind, device)
    made = _mapped(*lines, *_planes([coeffs[:3], coeffs[3:6]], image, kind)).div_(_mapped(*lines, *lower.unbind())).sub_(1.0)
    return made.permute(1, 2, 0).unsqueeze(0)


def identity_grid(height: int, width: int, dtype: DType | None, device: Any) -> Tensor:
    """The places of an image's own pixels (1, h, w, 2)."""
    x, y = (linspace((1 - n) / n, (n - 1) / n, n, dtype=dtype, device=device) for n in (width, height))
    made = empty(1, height, width, 2, dtype=x.dtype, device=device)
    made[..., 0] = x
    made[..., 1] = y.unsqueeze(-1)
    return made


def affine_output_size(matrix: Sequence[float], width: int, height: int, v1: bool = False) -> tuple[int, int]:
    """The width and the height that a turned image needs."""
    x, y = tensor([[-0.5 * width, -0.5 * height], [-0.5 * width, 0.5 * height], [0.5 * width, 0.5 * height], [0.5 * width, -0.5 * height]]).unbind(-1)
    moved = _mapped(x.unsqueeze(-1), y.unsqueeze(-1), *tensor(matrix, dtype=D.float32).view(2, 3).T.unbind())
    half, tol = tensor((width * 0.5, height * 0.5)), 1e-4
    high, low = moved.amax(0) + half, moved.amin(0) + half
    # A hair less or more is no reason for another pixel.
    high, low = (each / tol if v1 else each * (1.0 / tol) for each in (high, low))
    high, low = high.trunc_().mul_(tol).ceil_(), low.trunc_().mul_(tol).floor_()
    wide, tall = (high - low).tolist()
    return int(wide), int(tall)


# Blurring.


def check_blur(kernel_size: Any, sigma: Any) -> tuple[list[int], list[float]]:
    """Width and height of a kernel, odd, and its spread along each."""
    if isinstance(kernel_size, int):
        kernel_size = [kernel_size, kernel_size]
    if len(kernel_size) != 2:
        raise ValueError(f"kernel_size: expected an int or a sequence of two, but got {kernel_size}")
    if any(k % 2 == 0 or k < 0 for k in kernel_size):
        raise ValueError(f"kernel_size should have odd and positive integers, but got {kernel_size}")
    if sigma is None:
        sigma = [k * 0.15 + 0.35 for k in kernel_size]
    elif isinstance(sigma, (int, float)):
        sigma = [float(sigma)] * 2
    elif not isinstance(sigma, (list, tuple)):
        raise TypeError(f"sigma should be a float or a sequence of floats, but got {type(sigma)}")
    elif len(sigma) == 1:
        sigma = [sigma[0]] * 2
    if len(sigma) != 2:
        raise ValueError(f"sigma: expected a float or a sequence of two, but got {sigma}")
    if any(s <= 0.0 for s in sigma):
        raise ValueError(f"sigma should have positive values, but got {sigma}")
    return list(kernel_size), list(sigma)


def _bell(size: int, sigma: float, dtype: DType, device: Any, v1: bool) -> Tensor:
    """The weights along one side of a Gaussian kernel, which sum to 1."""
    if v1:
        half = (size - 1) * 0.5
        density = (linspace(-half, half, size, dtype=dtype, device=device) / sigma).pow(2).mul_(-0.5).exp_()
        return density / density.sum()
    limit = (size - 1) / (2.0 * sqrt(2.0))
    made: Tensor = softmax(linspace(-limit, limit, size, dtype=dtype, device=device).div(sigma).pow(2).neg(), dim=0)
    return made


def blur(image: Tensor, kernel_size: Sequence[int], sigma: Sequence[float], v1: bool = False) -> Tensor:
    """Averaged under a Gaussian kernel, reflected at the edges."""
    if image.numel() == 0 and not v1:
        return image
    shape, kind = image.shape, image.dtype
    computed = kind if image.is_floating_point() else D.float32
    across, down = (_bell(k, s, computed, image.device, v1) for k, s in zip(kernel_size, sigma, strict=True))
    kernel = (down.unsqueeze(-1) * across).expand(shape[-3], 1, kernel_size[1], kernel_size[0])
    x, y = kernel_size[0] // 2, kernel_size[1] // 2
    made = pad_op(image.reshape(-1, *shape[-3:]).to(computed), [x, x, y, y], mode="reflect")
    made = conv2d(made, kernel, groups=shape[-3]).reshape(shape)
    return made if computed is kind else (made.round_() if kind in INTEGERS or not v1 else made).to(kind)


def elastic_displacement(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int], v1: bool = False) -> Tensor:
    """Random displacements (1, h, w, 2), smoothed by `sigma` and as strong as `alpha` (Simard et al., 2003)."""
    parts = []
    for strength, spread, span in zip(alpha, sigma, reversed(size), strict=True):
        part = rand(1, 1, *size) * 2 - 1
        if spread > 0.0:
            k = int(8 * spread + 1)
            k += 1 - k % 2
            part = blur(part, *check_blur([k, k], list(sigma)), v1=v1)
        parts.append(part * strength / span)
    return cat(parts, 1).permute([0, 2, 3, 1])
