"""interpolate: images of another size."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from corelib.as_torch.warned import warn
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.spatial.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from corelib.ops.shape.permutation import in_format_of
from corelib.ops.spatial.resampling import FILTERS, resample, resized_along
from corelib.tensor.dtype import kind_name, uint8
from corelib.tensor.tensor import Tensor

_DIMS = {
    "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,), "area": (1, 2, 3),
    "lanczos": (2,),
}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def _spacing(m: int, o: int, given: float | None) -> float:
    """How far apart the outputs lie among the inputs: by the factor that is given (above 0), or else by the two sizes."""
    return 1 / given if given and given > 0 else m / o


@op(on=("nn.functional",))
def interpolate(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:
    """The spatial dimensions (those after the first two) resized to `size` or by `scale_factor`.

    mode: "nearest", "nearest-exact", "area" (means), "linear" (3-D input), "bilinear", "bicubic" (4-D), "trilinear" (5-D), or
    "lanczos" (4-D, with antialias). align_corners: whether the corner elements, and not the corners of the corner elements, stay in
    place; not for nearest and area. antialias: a filter as wide as the output's step, for bilinear, bicubic and lanczos.

    >>> import corelib as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    n = len(input._shape) - 2
    if mode not in _DIMS:
        raise NotImplementedError(f"interpolate(): Input Error: mode {mode!r} is not supported; accepted are {', '.join(_DIMS)}")
    if n not in (1, 2, 3):
        raise NotImplementedError(f"interpolate(): Input Error: Only 3D, 4D and 5D input Tensors supported (got {len(input._shape)}D) for the modes {', '.join(_DIMS)} (got {mode})")
    if n not in _DIMS[mode]:
        raise NotImplementedError(f"interpolate(): Got {len(input._shape)}D input, but {mode} mode needs {_DIMS[mode][0] + 2}D input")
    if antialias and mode not in FILTERS:
        raise ValueError("interpolate(): Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input")
    if mode == "lanczos" and not antialias:
        raise ValueError("interpolate(): lanczos mode requires antialias=True")
    if mode == "lanczos" and align_corners:
        raise ValueError("interpolate(): Lanczos mode does not support align_corners=True")
    if mode.startswith("nearest") or mode == "area":
        if align_corners is not None:
            raise ValueError("interpolate(): align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
    scales: Sequence[float | None] = [None] * n
    if size is not None and scale_factor is None:
        sizes = [size] * n if isinstance(size, int) else list(size)
        if len(sizes) != n:
            raise ValueError(f"interpolate(): Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of {list(input._shape[2:])} and output size of {sizes}")
    elif scale_factor is not None and size is None:
        factors = [float(scale_factor)] * n if isinstance(scale_factor, (int, float)) else [float(f) for f in scale_factor]
        if len(factors) != n:
            raise ValueError(f"interpolate(): Input and scale_factor must have the same number of spatial dimensions, but got {n} and {len(factors)}")
        sizes = [int(floor(m * f)) for m, f in zip(input._shape[2:], factors, strict=True)]
        if not recompute_scale_factor and mode != "area":
            scales = factors
    else:
        raise ValueError("interpolate(): only one of size or scale_factor should be defined, and one of them must be")
    return resampled(input, sizes, scales, mode, align_corners, antialias)


def resampled(
    input: Tensor, sizes: Sequence[int], scales: Sequence[float | None], mode: str, align_corners: bool | None, antialias: bool
) -> Tensor:
    """The spatial dimensions resized to `sizes`; a scale that is given (and above 0) says how far apart the outputs lie, whatever the sizes say."""
    n = len(sizes)
    if mode != "area" and not input._shape[1]:
        raise RuntimeError(f"interpolate(): Non-empty {n + 2}D data tensor expected but got a tensor with sizes {list(input._shape)}")
    if any(s <= 0 for s in sizes) or any(m == 0 for m in input._shape[2:]):
        raise RuntimeError(f"interpolate(): Input and output sizes should be greater than 0, but got input {list(input._shape[2:])} output {sizes}")
    if not input._dtype.is_floating_point and not (mode in ("nearest", "nearest-exact", *FILTERS) and input._dtype is uint8):
        raise NotImplementedError(f"interpolate(): \"upsample_{mode}\" not implemented for '{kind_name(input._dtype)}'")
    if mode == "area":
        return _AREA[n](input, sizes)
    if input._dtype is uint8 and mode in FILTERS:
        made = input
        for d, o, given in ((3, sizes[1], scales[1]), (2, sizes[0], scales[0])):
            m = input._shape[d]
            if m != o:  # also where the factor is not quite 1
                made = resized_along(made, d, o, _spacing(m, o, given), mode, align_corners, antialias)
        return in_format_of(input, made.clone() if made is input else made.contiguous())
    spacings = tuple([_spacing(m, o, given) for m, o, given in zip(input._shape[2:], sizes, scales, strict=True)])
    resized: Tensor = resample(input, tuple(sizes), spacings, mode, bool(align_corners), antialias)
    return resized


@public("nn.functional")
def upsample(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` by its old name, deprecated as in PyTorch."""
    warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, mode, align_corners)


@public("nn.functional")
def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` with mode "nearest", deprecated as in PyTorch."""
    warn("`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, "nearest")


@public("nn.functional")
def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` with mode "bilinear" and align_corners, deprecated as in PyTorch."""
    warn("`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, "bilinear", True)
