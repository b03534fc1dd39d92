"""Spatial transformers (Jaderberg et al., 2015): grids of places, and an input read at them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeVar

from corelib.dispatcher.declare import op
from corelib.dispatcher.warned import warn
from corelib.ops.conversion.copying import unmoved_by
from corelib.ops.construction.creation import linspace
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.joining import stack
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

Place = TypeVar("Place", float, Tensor)


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True "
            "if the old behavior is desired. See the documentation of grid_sample for details.",
        )
    return bool(align_corners)


@op(on=("nn.functional",))
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places that affine maps (n, 2, 3) or (n, 3, 4) send each pixel of an output of `size` (n, c, *spatial) to.

    Gives (n, *spatial, 2 or 3): x, y (and z) from -1 to 1, which are the corners of the corner pixels, or their centres with
    `align_corners`.

    >>> import corelib as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    aligned = _aligned(align_corners)
    if not theta._dtype.is_floating_point:
        raise ValueError(f"affine_grid(): Expected theta to have floating point type, but got {theta._dtype}")
    n = len(size) - 2
    if n not in (2, 3):
        raise NotImplementedError(f"affine_grid(): affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}.")
    if len(theta._shape) != 3 or theta._shape[-2:] != (n, n + 1):
        raise ValueError(f"affine_grid(): Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {tuple(theta._shape)}.")
    if min(size) <= 0:
        raise ValueError(f"affine_grid(): Expected non-zero, positive output size. Got {size}")
    spatial = tuple(size[2:])
    if aligned and 1 in spatial:
        warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an intended use case "
            "of affine_grid. See the documentation of affine_grid for details."
        )
    axes = []
    for d in reversed(range(n)):
        m = spatial[d]
        line = linspace(-1, 1, m, dtype=theta._dtype, device=theta._device) if m > 1 else theta.new_zeros((1,))
        if not aligned:
            line = line * ((m - 1) / m)
        axes.append(line.reshape([m if i == d else 1 for i in range(n)]).expand(spatial))
    axes.append(theta.new_ones(spatial))
    base = stack(axes, -1).reshape((1, prod(spatial), n + 1))
    return (base @ theta.transpose(1, 2)).reshape((theta._shape[0], *spatial, n))


def _unnormalized(x: Tensor, size: int, align_corners: bool) -> Tensor:
    if align_corners:
        return (x + 1) * ((size - 1) / 2)
    if x._dtype is D.float32 and x._device.runtime.backend.dtypes.get("float64") == "native":
        # Rounded once, as PyTorch's fused operation is: which of two pixels is nearer may hang on the last bit.
        return ((x + 1).to(D.float64) * (size / 2) - 0.5).to(D.float32)
    return (x + 1) * (size / 2) - 0.5


def _inside(x: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Coordinates brought into the input, where the padding mode says how."""
    if padding_mode == "reflection":
        low, high = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        if low == high:
            x = x * 0
        else:
            least, span = low / 2, (high - low) / 2
            off = x - least
            off = select_where(off < 0, -off, off)
            extra, flips = off.fmod(span), (off / span).floor()
            x = select_where(flips.fmod(2) == 0, extra + least, span - extra + least)
    if padding_mode == "zeros":
        return x
    # On the border itself there is no slope either, as in PyTorch; what is no number goes to 0.
    return select_where((x > 0) & (x < size - 1), x, select_where(x > 0, float(size - 1), x.new_zeros(())))


def _read(input: Tensor, places: list[Tensor]) -> Tensor:
    """The input (b, c, *sizes) at integer places (b, *out), which are coordinates as floats; 0 outside."""
    sizes = input._shape[2:]
    flat, ok = input.new_zeros((), dtype=D.int64), input.new_ones((), dtype=D.bool)
    for x, m in zip(places, sizes, strict=True):
        here = (x >= 0) & (x <= m - 1)
        ok = ok & here
        # What is NaN or beyond any integer is read nowhere, yet must have a place.
        flat = flat * m + select_where(here, x, 0.0).long()
    b, c = input._shape[:2]
    places_read = prod(flat._shape[1:])
    index = flat.reshape((b, 1, places_read)).expand((b, c, places_read))
    with KNOWN:
        found = input.reshape((b, c, prod(sizes))).gather(2, index).reshape((b, c, *flat._shape[1:]))
    return select_where(ok.unsqueeze(1), found, 0.0)


def cubic(t: Place, a: float = -0.75) -> list[Place]:
    """The weights of the four neighbours of a place at distance t from the second (Keys, 1981)."""

    def near(x: Place) -> Place:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Place) -> Place:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _infer_grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> tuple[tuple[tuple[int, ...], DType], tuple[Tensor, Tensor, str, str, bool]]:
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'")
    n = len(input._shape) - 2
    if n not in (2, 3) or len(grid._shape) != n + 2:
        raise RuntimeError(
            f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes {list(input._shape)} "
            f"and grid with sizes {list(grid._shape)}"
        )
    if input._dtype is not grid._dtype:
        raise RuntimeError(f"grid_sampler(): expected scalar type {input._dtype} for grid, as input has, but got {grid._dtype}")
    if input._shape[0] != grid._shape[0] or grid._shape[-1] != n:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, and grid to have size {n} in last dimension, but got input with "
            f"sizes {list(input._shape)} and grid with sizes {list(grid._shape)}"
        )
    if 0 in input._shape[2:]:
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {list(input._shape)}")
    if mode == "bicubic" and n != 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    return ((*input._shape[:2], *grid._shape[1:-1]), input._dtype), (input, grid, mode, padding_mode, _aligned(align_corners))


@op(on=("nn.functional",), infer=_infer_grid_sample)
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input (n, c, *sizes) read at places (n, *out, 2 or 3) given as x, y (and z) from -1 to 1: (n, c, *out).

    mode: "bilinear", "nearest" or "bicubic" (4-D only). padding_mode: what is outside, "zeros", "border" or "reflection".

    >>> import corelib as torch
    >>> x = torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> torch.nn.functional.grid_sample(x, torch.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[1.5000]]]])
    """
    n, aligned = len(input._shape) - 2, bool(align_corners)
    sizes = input._shape[2:]
    at = [_unnormalized(grid[..., n - 1 - d], sizes[d], aligned) for d in range(n)]
    if mode != "bicubic":
        at = [_inside(x, m, padding_mode, aligned) for x, m in zip(at, sizes, strict=True)]
    if mode == "nearest":
        made = _read(input, [x.round() for x in at]).contiguous()
        return unmoved_by(grid, made)  # places do not move with the grid
    lows = [x.detach().floor() for x in at]
    if mode == "bilinear":
        weights = [[low + 1 - x, x - low] for x, low in zip(at, lows, strict=True)]
        first = 0
    else:
        weights = [cubic(x - low) for x, low in zip(at, lows, strict=True)]
        first = -1
    count = len(weights[0])

    def part(tap: int) -> Tensor:
        """What one of the neighbours gives to every place."""
        steps: list[int] = [tap // count ** (n - 1 - d) % count for d in range(n)]
        places = [low + (first + s) for low, s in zip(lows, steps, strict=True)]
        if mode == "bicubic":
            places = [_inside(p, m, padding_mode, aligned) for p, m in zip(places, sizes, strict=True)]
        weight = weights[0][steps[0]]
        for w, s in zip(weights[1:], steps[1:], strict=True):
            weight = weight * w[s]
        return _read(input, places) * weight.unsqueeze(1)

    made = part(0)
    for tap in range(1, count**n):
        made = made + part(tap)
    return made.contiguous()
