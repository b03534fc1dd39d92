"""interpolate: images of another size. Each dimension is resized apart, by choosing places and, for linear, weights."""

from __future__ import annotations

from math import floor
from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor.dtype import int64
from corelib.tensor.tensor import Tensor

_DIMS = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,)}


@op(on=("nn.functional",))
def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:
    """The spatial dimensions (those after the first two) resized to `size` or by `scale_factor`.

    mode: "nearest", "nearest-exact", "linear" (3-D input), "bilinear" (4-D), "trilinear" (5-D). align_corners: whether
    the corner elements, and not the corners of the corner elements, stay in place; for the linear modes.

    >>> import corelib as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    n = len(input._shape) - 2
    if mode not in _DIMS:
        raise NotImplementedError(f"interpolate(): Input Error: mode {mode!r} is not supported; accepted are {', '.join(_DIMS)}")
    if antialias:
        raise ValueError("interpolate(): antialias=True is not supported yet")
    if n not in (1, 2, 3):
        raise NotImplementedError(f"interpolate(): Input Error: Only 3D, 4D and 5D input Tensors supported (got {len(input._shape)}D) for the modes {', '.join(_DIMS)} (got {mode})")
    if n not in _DIMS[mode]:
        raise NotImplementedError(f"interpolate(): Got {len(input._shape)}D input, but {mode} mode needs {_DIMS[mode][0] + 2}D input")
    if mode.startswith("nearest"):
        if align_corners is not None:
            raise ValueError("interpolate(): align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate(): only one of size or scale_factor should be defined, and one of them must be")
    scales: Any = [None] * n
    if size is not None:
        sizes = [size] * n if isinstance(size, int) else list(size)
        if len(sizes) != n:
            raise ValueError(f"interpolate(): Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of {list(input._shape[2:])} and output size of {sizes}")
    else:
        factors = [float(scale_factor)] * n if isinstance(scale_factor, (int, float)) else [float(f) for f in scale_factor]
        if len(factors) != n:
            raise ValueError(f"interpolate(): Input and scale_factor must have the same number of spatial dimensions, but got {n} and {len(factors)}")
        sizes = [int(floor(m * f)) for m, f in zip(input._shape[2:], factors, strict=True)]
        if not recompute_scale_factor:
            scales = factors
    if any(s <= 0 for s in sizes) or any(m == 0 for m in input._shape[2:]):
        raise RuntimeError(f"interpolate(): Input and output sizes should be greater than 0, but got input {list(input._shape[2:])} output {sizes}")
    if not input._dtype.is_floating_point and not (mode == "nearest" and input._dtype.name == "uint8"):
        from corelib.dispatcher.call import kind_name

        raise NotImplementedError(f"interpolate(): \"upsample_{mode}\" not implemented for '{kind_name(input._dtype)}'")
    made: Any = input
    for i in range(n):
        d, m, o = 2 + i, input._shape[2 + i], sizes[i]
        scale = 1 / scales[i] if scales[i] else m / o
        if mode.startswith("nearest"):
            half = 0.5 if mode == "nearest-exact" else 0.0
            places = [min(int(floor((j + half) * scale)), m - 1) for j in range(o)]
            made = made.index_select(d, input.new_tensor(places, dtype=int64))  # type: ignore[attr-defined]
            continue
        if m == o and (align_corners or scale == 1):
            continue
        if align_corners:
            centres = [j * ((m - 1) / (o - 1) if o > 1 else 0.0) for j in range(o)]
        else:
            centres = [max((j + 0.5) * scale - 0.5, 0.0) for j in range(o)]
        low = [min(int(c), m - 1) for c in centres]
        high = [min(j + 1, m - 1) for j in low]
        shape = (o, *[1] * (len(input._shape) - 1 - d))
        weight = input.new_tensor([c - j for c, j in zip(centres, low, strict=True)]).reshape(shape)  # type: ignore[attr-defined]
        a = made.index_select(d, input.new_tensor(low, dtype=int64))  # type: ignore[attr-defined]
        b = made.index_select(d, input.new_tensor(high, dtype=int64))  # type: ignore[attr-defined]
        made = a * (1 - weight) + b * weight
    return made.clone() if made is input else made  # type: ignore[no-any-return]
