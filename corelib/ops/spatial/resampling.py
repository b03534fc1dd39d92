"""Spatial dimensions of another size, as one op: each output is a weighted sum of places along each dimension, and its derivative the transpose.

Each dimension is resized apart: by choosing places, by two weighted neighbours, or by a matrix of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import pi
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.construction.creation import arange, tabulated
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.permutation import format_of
from corelib.ops.spatial.grids import cubic
from corelib.tensor.dtype import float32, float64, int32, int64, uint8
from corelib.tensor.host import HostArray, np
from corelib.tensor.layout import innermost_strides
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _scale(m: int, o: int, align_corners: bool | None, scale: float) -> float:
    return ((m - 1) / (o - 1) if o > 1 else 0.0) if align_corners else scale


Windows = tuple[Any, Any]
"""For each output the first of the inputs that it needs, and the weights of that one and the next: arrays (o) and (o, taps)."""


def _nearest_inside(places: Any, weights: Any, m: int) -> Windows:
    """Windows of neighbours of which those outside are the nearest inside."""
    o, taps = len(places), min(places.shape[1], m)
    first = np.clip(places[:, 0], 0, m - taps)
    made = np.zeros((o, taps))
    np.add.at(made, (np.arange(o)[:, None], np.clip(places, 0, m - 1) - first[:, None]), weights)
    return first, made


def _cubic_windows(m: int, o: int, align_corners: bool | None, scale: float) -> Windows:
    """Four neighbours."""
    step, places = _scale(m, o, align_corners, scale), np.arange(o)
    centre = places * step if align_corners else (places + 0.5) * step - 0.5
    low = np.floor(centre)
    return _nearest_inside(low.astype(np.int64)[:, None] + np.arange(-1, 3), np.stack(cubic(centre - low), 1), m)


def _neighbours(m: int, o: int, align_corners: bool | None, scale: float, single: bool = False) -> tuple[list[float], list[int]]:
    """For each output where it lies among the inputs, computed in float32 if `single`, and the neighbour before it."""
    kind: Any = np.float32 if single else np.float64
    step, places = float(kind(_scale(m, o, align_corners, scale))), np.arange(o)
    where = (places * step if align_corners else np.maximum((places + 0.5) * step - 0.5, 0.0)).astype(kind)
    return where.tolist(), np.minimum(where.astype(np.int64), m - 1).tolist()


def _linear_windows(m: int, o: int, align_corners: bool | None, scale: float) -> Windows:
    """Two neighbours."""
    centre, low = (np.array(each) for each in _neighbours(m, o, align_corners, scale))
    return _nearest_inside(low[:, None] + np.arange(2), np.stack([1 - (centre - low), centre - low], 1), m)


def _triangle(x: HostArray) -> HostArray:
    return np.where(abs(x) < 1, 1 - abs(x), 0)


def _keys(x: HostArray) -> HostArray:
    a, kind, x = -0.5, x.dtype, abs(x).astype(np.float64)

    def then(y: HostArray | float, more: float) -> HostArray:
        """y x + more, rounded once, as a machine's fused operation is."""
        return (y * x + more).astype(kind).astype(np.float64)

    near = then((then(a + 2, -(a + 3)) * x).astype(kind), 1)
    far = then(then(then(a, -5 * a), 8 * a), -4 * a)
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(x: HostArray) -> HostArray:
    turn = np.where(x == 0, 1, pi * x)
    return np.where(x == 0, 1, np.where(abs(x) < 3, 3 * np.sin(turn) * np.sin(turn / 3) / turn**2, 0))


FILTERS: dict[str, tuple[Callable[[HostArray], HostArray], int]] = {"bilinear": (_triangle, 1), "bicubic": (_keys, 2), "lanczos": (_lanczos, 3)}


def smooth_windows(mode: str, m: int, o: int, align_corners: bool | None, scale: float, single: bool = False) -> Windows:
    """Under a filter as wide as the output's step, as Pillow has it.

    single: weights are computed in float32, which decides a result that lies in the middle of two that it could be rounded to.
    """
    function, reach = FILTERS[mode]
    kind: Any = np.float32 if single else np.float64
    step = kind(_scale(m, o, align_corners, scale))
    wide = max(step, kind(1))
    support, inverse = kind(reach * wide), float(kind(1 / float(wide)))
    centre = (float(step) * (np.arange(o) + 0.5)).astype(kind)[:, None]
    low = np.maximum(((centre - support) + 0.5).astype(np.int64), 0)
    high = np.minimum(((centre + support) + 0.5).astype(np.int64), m)
    taps = min(max(int((high - low).max()), 1), m)
    first = np.clip(low, 0, m - taps)
    places = first + np.arange(taps)
    weights = function((((places.astype(kind) - centre).astype(np.float64) + 0.5) * inverse).astype(kind)).astype(kind)
    weights = np.where((places >= low) & (places < high), weights, kind(0))
    total = weights.cumsum(1, dtype=kind)[:, -1:]  # one after another, as they are added up for each output
    return first[:, 0], weights / np.where(total == 0, kind(1), total)


WINDOWS = {"bilinear": _linear_windows, "bicubic": _cubic_windows}


def windows_of(mode: str, antialias: bool, single: bool = False) -> Callable[[int, int, bool | None, float], Windows]:
    """The windows of a smooth mode, as a function of both sizes, align_corners and the spacing."""
    return partial(smooth_windows, mode, single=single) if antialias else WINDOWS[mode]


def matrix_of(windows: Windows, m: int) -> Any:
    """For each output, the weights of all inputs."""
    first, weights = windows
    made = np.zeros((len(first), m), weights.dtype)
    np.put_along_axis(made, first[:, None] + np.arange(weights.shape[1]), weights, 1)
    return made


@lru_cache(64)
def _byte_windows(mode: str, antialias: bool, m: int, o: int, align_corners: bool | None, spacing: float) -> tuple[Any, Any, int]:
    """The weights as integers of 16 bits, which Pillow and PyTorch multiply bytes by, and how many of their bits are a fraction."""
    first, weights = windows_of(mode, antialias)(m, o, align_corners, spacing)
    largest, bits = float(weights.max()), 0
    while bits < 22 and int(0.5 + largest * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    return first, np.trunc(weights * (1 << bits) + np.where(weights >= 0, 0.5, -0.5)).astype(np.int32), bits


def _infer_along(x: Tensor, dim: int, first: Tensor, weights: Tensor, bits: int) -> Inferred:
    shape, format = (*x._shape[:dim], first._shape[0], *x._shape[dim + 1 :]), format_of(x)
    strides = None if format is None else innermost_strides("resample_along", shape, format)
    return (shape, x._dtype, strides), (x, dim, first, weights, bits)


@op(on=(), infer=_infer_along)
def resample_along(x: Tensor, dim: int, first: Tensor, weights: Tensor, bits: int) -> Tensor:
    """One dimension of images in another size, without gradients: output j is the sum of x[first[j] + t] * weights[j, t] over t.

    first: (o) of int64, in order. weights: (o, taps), of the images' dtype, or for bytes of int32: the lowest `bits` bits are a fraction then,
    and the sums are rounded, halves up, to bytes.
    """
    (o, taps), m, kind, whole = weights._shape, x._shape[dim], x._dtype, not x._dtype.is_floating_point
    if whole:  # Sums of some bytes times 16 bits are whole numbers that doubles hold, and multiply far quicker where a device has them.
        kind = float64 if x._device.runtime.backend.dtypes.get("float64") == "native" else int32
    with KNOWN:
        matrix = x.new_zeros((o, m), dtype=kind).scatter(1, first.unsqueeze(1) + arange(taps, device=x._device), weights.to(kind))
    total = x.movedim(dim, -1).to(kind) @ matrix.t()
    if whole:
        total = ((total.to(int32) + (1 << bits >> 1)) >> bits).clamp(0, 255).to(x._dtype)
    return total.movedim(-1, dim)


def resized_along(x: Tensor, dim: int, o: int, spacing: float, mode: str, align_corners: bool | None, antialias: bool) -> Tensor:
    """One dimension resized by a smooth mode that has windows."""
    if x._device.type == "meta":
        return x.new_empty((*x._shape[:dim], o, *x._shape[dim + 1 :]))
    if x._dtype is uint8:
        first, weights, bits = _byte_windows(mode, antialias, x._shape[dim], o, align_corners, spacing)
    else:
        (first, weights), bits = windows_of(mode, antialias, x._dtype is float32)(x._shape[dim], o, align_corners, spacing), 0
    kind = int32 if x._dtype is uint8 else x._dtype
    made: Tensor = resample_along(x, dim, tabulated(x, first.shape, lambda: first, int64), tabulated(x, weights.shape, lambda: weights, kind), bits)
    return made


def _infer(g: Tensor, sizes: Shape, spacings: tuple[float, ...], mode: str, align_corners: bool, antialias: bool) -> Inferred:
    shape, format = (*g._shape[:2], *sizes), format_of(g)
    strides = None if format is None else innermost_strides("resample", shape, format)
    return (shape, g._dtype, strides), (g, sizes, spacings, mode, align_corners, antialias)


def _node(ending: str) -> Callable[..., tuple[str, tuple[int, ...]]]:
    """PyTorch has a function for each mode and number of dimensions."""

    def name(g: Tensor, sizes: Shape, spacings: tuple[float, ...], mode: str, align_corners: bool, antialias: bool) -> tuple[str, tuple[int, ...]]:
        return f"Upsample{mode.title().replace('-', '')}{len(sizes)}D{'Aa' * antialias}{ending}", (0,)

    return name


def _same(m: int, o: int, spacing: float, mode: str, align_corners: bool, antialias: bool) -> bool:
    """Whether a dimension stays as it is, whatever the spacing: PyTorch says so."""
    return m == o and not mode.startswith("nearest") and (antialias or align_corners or mode.endswith("linear") or spacing == 1)


def _nearest(m: int, o: int, spacing: float, mode: str, kind: Any) -> list[int]:
    """For each output the nearest input, computed in `kind` with PyTorch's steps: which of two places is nearer hangs on the last bit."""
    at, step = np.arange(o, dtype=kind), kind(spacing)
    if mode == "nearest-exact":
        centres = ((at.astype(np.float64) + 0.5) * float(step) - 0.5).astype(kind)  # rounded once, as a fused operation
        at = np.maximum(centres, 0) + kind(0.5)
    else:
        at = at * step
    found: list[int] = np.minimum(np.floor(at.astype(np.float32)), m - 1).astype(np.int64).tolist()
    return found


def _kind(like: Tensor) -> Any:
    """What places among a tensor's elements are computed in."""
    return np.float64 if like._dtype is float64 else np.float32


def _matrix(like: Tensor, m: int, o: int, spacing: float, mode: str, align_corners: bool, antialias: bool) -> Tensor:
    windows = windows_of(mode, antialias, like._dtype is float32)
    return tabulated(like, (o, m), lambda: matrix_of(windows(m, o, align_corners, spacing), m))


def _two(like: Tensor, d: int, m: int, o: int, spacing: float, align_corners: bool) -> tuple[Tensor, Tensor, Tensor]:
    """For each output the neighbours before and behind it, and the weight of the second."""
    centres, low = ([], []) if like._device.type == "meta" else _neighbours(m, o, align_corners, spacing, single=like._dtype is float32)
    return (
        tabulated(like, (o,), lambda: low, int64), tabulated(like, (o,), lambda: [min(j + 1, m - 1) for j in low], int64),
        tabulated(like, (o, *[1] * (len(like._shape) - 1 - d)), lambda: [c - j for c, j in zip(centres, low, strict=True)]),
    )  # fmt: skip


def _backward(g: Tensor, input_shape: Shape, spacings: tuple[float, ...], mode: str, align_corners: bool, antialias: bool) -> Tensor:
    made: Tensor = resample_backward(g, input_shape[2:], spacings, mode, align_corners, antialias)
    return made


@op(on=(), infer=_infer, grad_name=_node("Backward0"), vjp=_backward)
def resample(input: Tensor, sizes: Shape, spacings: tuple[float, ...], mode: str, align_corners: bool, antialias: bool) -> Tensor:
    """The spatial dimensions (those after the first two) of floating-point numbers, or by nearest places of any, resized to `sizes`.

    spacings: how far apart the outputs lie among the inputs, for each dimension. The other arguments are `interpolate`'s. The last dimension
    comes first, as PyTorch does it, and half precisions are rounded once.
    """
    made, smooth = input, not mode.startswith("nearest")
    if smooth and input._dtype.itemsize == 2:
        made = made.to(float32)
    for i in reversed(range(len(sizes))):
        d, m, o, spacing = 2 + i, input._shape[2 + i], sizes[i], spacings[i]
        if _same(m, o, spacing, mode, align_corners, antialias):
            continue
        if not smooth:
            with KNOWN:
                made = made.index_select(d, tabulated(input, (o,), partial(_nearest, m, o, spacing, mode, _kind(input)), int64))
        elif antialias or mode == "bicubic":
            made = resized_along(made, d, o, spacing, mode, align_corners, antialias)
        else:
            low, high, weight = _two(made, d, m, o, spacing, align_corners)
            with KNOWN:
                made = made.index_select(d, low) * (1 - weight) + made.index_select(d, high) * weight
    return made.clone() if made is input else made.to(input._dtype).contiguous()


@op(
    on=(), infer=_infer, grad_name=_node("BackwardBackward0"),
    vjp=lambda g, g_shape, spacings, mode, align_corners, antialias: resample(g, g_shape[2:], spacings, mode, align_corners, antialias),
)
def resample_backward(g: Tensor, sizes: Shape, spacings: tuple[float, ...], mode: str, align_corners: bool, antialias: bool) -> Tensor:
    """The gradient of `resample`'s input, which has spatial dimensions of `sizes`, from that of its output: the transpose."""
    made = g.to(float32) if g._dtype.itemsize == 2 else g
    for i in reversed(range(len(sizes))):
        d, m, o, spacing = 2 + i, sizes[i], g._shape[2 + i], spacings[i]
        if _same(m, o, spacing, mode, align_corners, antialias):
            continue
        if mode.startswith("nearest"):
            with KNOWN:
                places = tabulated(g, (o,), partial(_nearest, m, o, spacing, mode, _kind(g)), int64)
                made = _blank(made, d, m).index_add(d, places, made)
        elif antialias or mode == "bicubic":
            made = (made.movedim(d, -1) @ _matrix(made, m, o, spacing, mode, align_corners, antialias)).movedim(-1, d)
        else:
            with KNOWN:
                low, high, weight = _two(made, d, m, o, spacing, align_corners)
                made = _blank(made, d, m).index_add(d, low, made * (1 - weight)).index_add(d, high, made * weight)
    return made.clone() if made is g else made.to(g._dtype).contiguous()


def _blank(like: Tensor, d: int, n: int) -> Tensor:
    return like.new_zeros((*like._shape[:d], n, *like._shape[d + 1 :]))
