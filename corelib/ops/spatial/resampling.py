"""Spatial dimensions of another size, as one op: each output is a weighted sum of places along each dimension, and its derivative the transpose.

Each dimension is resized apart: by choosing places, by two weighted neighbours, or by a matrix of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import floor, pi
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.construction.creation import tabulated
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.permutation import format_of
from corelib.ops.spatial.grids import cubic
from corelib.tensor.dtype import float32, float64, int64
from corelib.tensor.host import HostArray, np
from corelib.tensor.layout import innermost_strides
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _scale(m: int, o: int, align_corners: bool | None, scale: float) -> float:
    return ((m - 1) / (o - 1) if o > 1 else 0.0) if align_corners else scale


def _cubic_rows(m: int, o: int, align_corners: bool | None, scale: float) -> list[list[float]]:
    """For each output, the weights of all inputs: four neighbours, where those outside are the nearest inside."""
    step, rows = _scale(m, o, align_corners, scale), []
    for j in range(o):
        centre = j * step if align_corners else (j + 0.5) * step - 0.5
        low = floor(centre)
        row = [0.0] * m
        for i, weight in enumerate(cubic(centre - low)):
            row[min(max(low - 1 + i, 0), m - 1)] += weight
        rows.append(row)
    return rows


def _neighbours(m: int, o: int, align_corners: bool | None, scale: float, single: bool = False) -> tuple[list[float], list[int]]:
    """For each output where it lies among the inputs, computed in float32 if `single`, and the neighbour before it."""
    kind: Any = np.float32 if single else np.float64
    step, places = float(kind(_scale(m, o, align_corners, scale))), np.arange(o)
    where = (places * step if align_corners else np.maximum((places + 0.5) * step - 0.5, 0.0)).astype(kind)
    return where.tolist(), np.minimum(where.astype(np.int64), m - 1).tolist()


def _linear_rows(m: int, o: int, align_corners: bool | None, scale: float) -> list[list[float]]:
    """For each output, the weights of all inputs: two neighbours."""
    rows = []
    for centre, low in zip(*_neighbours(m, o, align_corners, scale), strict=True):
        row = [0.0] * m
        row[low] += 1 - (centre - low)
        row[min(low + 1, m - 1)] += centre - low
        rows.append(row)
    return rows


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


def smooth_rows(mode: str, m: int, o: int, align_corners: bool | None, scale: float, kind: Any = None) -> HostArray:
    """For each output, the weights of all inputs under a filter as wide as the output's step, as Pillow has it.

    kind: what the weights are computed in, by default float64; it decides a result that lies in the middle of two that it could be rounded to.
    """
    kind = kind or np.float64
    function, reach = FILTERS[mode]
    step = kind(_scale(m, o, align_corners, scale))
    wide = max(step, kind(1))
    support, inverse = kind(reach * wide), float(kind(1 / float(wide)))
    centre = (float(step) * (np.arange(o) + 0.5)).astype(kind)[:, None]
    first = np.maximum(((centre - support) + 0.5).astype(np.int64), 0)
    last = np.minimum(((centre + support) + 0.5).astype(np.int64), m)
    places = np.arange(m)
    weights = function((((places.astype(kind) - centre).astype(np.float64) + 0.5) * inverse).astype(kind)).astype(kind)
    weights = np.where((places >= first) & (places < last), weights, kind(0))
    total = weights.cumsum(1, dtype=kind)[:, -1:]  # one after another, as they are added up for each output
    return weights / np.where(total == 0, kind(1), total)


ROWS = {"bilinear": _linear_rows, "bicubic": _cubic_rows}


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
    rows = partial(smooth_rows, mode, kind=np.float32 if like._dtype is float32 else np.float64) if antialias else _cubic_rows
    return tabulated(like, (o, m), partial(rows, m, o, align_corners, spacing))


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
            made = (made.movedim(d, -1) @ _matrix(made, m, o, spacing, mode, align_corners, antialias).t()).movedim(-1, d)
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
