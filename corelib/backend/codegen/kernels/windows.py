"""Convolutions, as contractions over views of all windows (implicit GEMM), and pooling.

The gradient for the input, which is also the transposed convolution, is a contraction for each residue of the output's places
modulo the stride: places of one residue meet the same places of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product as combinations
from math import gcd, prod
from typing import NamedTuple

from corelib.backend.codegen.cascade import Cascade
from corelib.backend.codegen.cells import Cells
from corelib.backend.codegen.contraction import Contraction, Edge
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Reduce
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome, Pads
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides, Shape
from corelib.tensor.storage import Storage


class _Residue(NamedTuple):
    """Along one dimension, the output places `first`, `first` + stride, ... and what they meet."""

    first: int
    length: int
    place: int
    """The first of the kernel's places that they meet; the others follow in steps of `step`."""
    step: int
    places: int
    base: int
    """The place in y that the first output place meets at the first place of the kernel; each further one lies `back` before it."""
    back: int


def _residues(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[_Residue]:
    found = []
    common = gcd(stride, dilation)
    for r in range(min(stride, size)):
        place = next((k for k in range(min(kernel, stride // common)) if (r + padding - k * dilation) % stride == 0), -1)
        length = -(-(size - r) // stride)
        step = stride // common
        places = 0 if place < 0 else -(-(kernel - place) // step)
        found.append(_Residue(r, length, place, step, places, (r + padding - place * dilation) // stride, dilation // common))
    return found


class Windows:
    """convolution, its gradients, and pooling of one backend."""

    def __init__(self, launcher: Launcher, contraction: Contraction, cells: Cells, table: KernelTable) -> None:
        self._launcher = launcher
        self._contraction = contraction
        self._cells = cells
        self._copy, self._fill = table["copy"][D.float32], table["fill"][D.float32]

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        numbers = tuple([d for d in dtypes if d is not D.bool])
        table.register("convolution", numbers, self.convolution)
        table.register("conv_input", numbers, self.conv_input)
        table.register("conv_weight", numbers, self.conv_weight)
        table.register("constant_pad", dtypes, self.constant_pad)
        table.register("max_windows", numbers, self.max_windows)
        table.register("window_sum", numbers, self.window_sum)
        table.register("window_spread", numbers, self.window_spread)

    def constant_pad(self, out: StridedArray, input: StridedArray, pads: Pads, value: float) -> None:
        if self._launcher.style == "grid" and input.shape and type(value) in (bool, int):
            n = len(input.shape)
            numbers = (*out.strides, *input.strides, *[a for a, _ in pads], *input.shape, int(value))
            self._cells.run(("constant_pad", n), lambda: _pad_text(n, input.dtype), out.shape, [out, input], numbers)
            return
        self._fill(out, bool(value) if out.dtype is D.bool else value)
        starts = [(max(a, 0), max(-a, 0), n + min(a, 0) + min(b, 0)) for n, (a, b) in zip(input.shape, pads, strict=True)]
        if any(n <= 0 for _, _, n in starts):
            return
        shape = tuple([n for _, _, n in starts])
        to = out.offset + sum(at * s for (at, _, _), s in zip(starts, out.strides, strict=True))
        start = input.offset + sum(at * s for (_, at, _), s in zip(starts, input.strides, strict=True))
        self._copy(out._replace(shape=shape, offset=to), input._replace(shape=shape, offset=start))

    def _room(self, x: StridedArray, low: Ints, high: Ints) -> tuple[StridedArray, Storage | None]:
        """`x` with zeros before and behind its last dimensions, and the scratch memory that it then is in."""
        if not any(low) and not any(high):
            return x, None
        lead = len(x.shape) - len(low)
        pads = ((0, 0),) * lead + tuple(zip(low, high, strict=True))
        shape = tuple([n + a + b for n, (a, b) in zip(x.shape, pads, strict=True)])
        nbytes = max(prod(shape), 1) * x.dtype.itemsize
        scratch = self._launcher.scratch(x.device_index, nbytes)
        made = x._replace(buffer=scratch._raw, shape=shape, strides=contiguous_strides(shape), offset=0)
        self.constant_pad(made, x, pads, 0)
        return made, scratch

    def _bordered(self, x: StridedArray, padding: Ints, between: Ints, within: Ints) -> tuple[StridedArray, Storage | None, tuple[Edge, ...]]:
        """`x` as if it had zeros around it, of which a window has the places `between` * column + `within` * inner element: a view that begins
        outside it, with its edges, where kernels look at those; else a copy, and the scratch memory that it then is in."""
        if self._launcher.style == "grid" and any(padding):
            steps = zip(between, within, padding, x.shape[2:], strict=True)
            offset = x.offset - sum(p * s for p, s in zip(padding, x.strides[2:], strict=True))
            return x._replace(offset=offset), None, tuple([Edge(t, u, -p, size) for t, u, p, size in steps])
        return *self._room(x, padding, padding), ()

    def convolution(
        self, out: StridedArray, input: StridedArray, weight: StridedArray, bias: StridedArray | None, stride: Ints, padding: Ints,
        dilation: Ints, groups: int,
    ) -> Outcome:
        n = len(stride)
        x, scratch, edges = self._bordered(input, padding, stride, dilation)
        views = _windows(x, weight.shape[2:], out.shape[2:], stride, dilation, groups)
        rows = _grouped(weight, groups, 0)._replace(shape=(1, groups, weight.shape[0] // groups, *weight.shape[1:]))
        rows = rows._replace(strides=(0, *rows.strides))
        if bias is not None:
            each = weight.shape[0] // groups
            bias = bias._replace(shape=(1, groups, each, *[1] * n), strides=(0, each * bias.strides[0], bias.strides[0], *[0] * n))
        made = self._contraction.run(_grouped(out, groups, 1), rows, views, 1 + n, bias, edges)
        del scratch  # whose readers are queued by now
        return made

    def conv_weight(
        self, out: StridedArray, y: StridedArray, input: StridedArray, shape: Shape, stride: Ints, padding: Ints, dilation: Ints,
        groups: int,
    ) -> Outcome:
        n = len(stride)
        x, scratch, edges = self._bordered(input, padding, dilation, stride)
        views = _windows(x, shape[2:], y.shape[2:], stride, dilation, groups)
        rows = _grouped(y, groups, 1)
        # the sum runs over the batch and all places of y
        rows = _ordered(rows, (1, 2, 0, *range(3, 3 + n)))
        views = _ordered(views, (1, 0, *range(3 + n, 3 + 2 * n), *range(2, 3 + n)))
        made = self._contraction.run(_grouped(out, groups, 0), rows, views, 1 + n, None, edges)
        del scratch  # whose readers are queued by now
        return made

    def conv_input(
        self, out: StridedArray, y: StridedArray, weight: StridedArray, shape: Shape, stride: Ints, padding: Ints, dilation: Ints,
        groups: int,
    ) -> Outcome:
        n = len(stride)
        along = [
            _residues(*numbers) for numbers in zip(out.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
        ]
        met = [[r for r in dimension if r.places] for dimension in along]
        low = tuple([max([0, *[(r.places - 1) * r.back - r.base for r in rs]]) for rs in met])
        high = tuple([max([0, *[r.base + r.length - m for r in rs]]) for rs, m in zip(met, y.shape[2:], strict=True)])
        border = any(low) or any(high)
        x, scratch = (y, None) if self._launcher.style == "grid" else self._room(y, low, high)
        if x is y:
            low = (0,) * n
        each = _grouped(x, groups, 1)
        rows = _ordered(_grouped(weight, groups, 0), (0, 2, 1, *range(3, 3 + n)))  # (g, c, o, *kernel)
        target = _grouped(out, groups, 1)
        made = None
        for residues in combinations(*along):
            first = sum(r.first * s for r, s in zip(residues, target.strides[3:], strict=True))
            part = target._replace(
                shape=(*target.shape[:3], *[r.length for r in residues]), offset=target.offset + first,
                strides=(*target.strides[:3], *[s * t for s, t in zip(target.strides[3:], stride, strict=True)]),
            )
            if not all(r.places for r in residues):
                self._fill(part, 0)
                continue
            w = rows._replace(
                shape=(1, *rows.shape[:3], *[r.places for r in residues]),
                strides=(0, *rows.strides[:3], *[s * r.step for s, r in zip(rows.strides[3:], residues, strict=True)]),
                offset=rows.offset + sum(s * r.place for s, r in zip(rows.strides[3:], residues, strict=True)),
            )
            steps = each.strides[3:]
            views = each._replace(
                shape=(*each.shape[:3], *[r.places for r in residues], *[r.length for r in residues]),
                strides=(*each.strides[:3], *[-s * r.back for s, r in zip(steps, residues, strict=True)], *steps),
                offset=each.offset + sum(s * (r.base + a) for s, r, a in zip(steps, residues, low, strict=True)),
            )
            edges: tuple[Edge, ...] = ()
            if border and x is y:  # nothing was copied
                edges = tuple([Edge(1, -r.back, r.base, m) for r, m in zip(residues, y.shape[2:], strict=True)])
            made = self._contraction.run(part, w, views, 1 + n, None, edges)
            if made is NotImplemented:
                break
        del scratch  # whose readers are queued by now
        return made

    def max_windows(
        self, outs: Sequence[StridedArray], input: StridedArray, kernel: Shape, stride: Ints, padding: Ints, dilation: Ints, sizes: Shape
    ) -> Outcome:
        values, places = outs
        n = len(kernel)
        if len(input.shape) > n + 2:
            return NotImplemented
        arrays = [_with_batch(x, n) for x in (values, places, input)]
        numbers = (*arrays[0].strides, *arrays[1].strides, *arrays[2].strides, *arrays[2].shape[2:], *kernel, *stride, *padding, *dilation)
        self._cells.run(("max_windows", n), lambda: _max_text(n, input.dtype), arrays[0].shape, arrays, numbers, prod(kernel))
        return None

    def window_sum(self, out: StridedArray, input: StridedArray, kernel: Shape, stride: Ints, sizes: Shape) -> Outcome:
        return self._add("window_sum", _sum_text, out, input, kernel, (*kernel, *stride))

    def window_spread(self, out: StridedArray, y: StridedArray, shape: Shape, kernel: Shape, stride: Ints, sizes: Shape) -> Outcome:
        return self._add("window_spread", _spread_text, out, y, kernel, (*kernel, *stride, *sizes))

    def _add(
        self, name: str, text: Callable[[int, DType], str], out: StridedArray, x: StridedArray, kernel: Shape, numbers: Ints,
    ) -> Outcome:
        """Do `text` for every element of out; it is given both arrays' strides and then the numbers."""
        n = len(kernel)
        if len(x.shape) > n + 2:
            return NotImplemented
        arrays = [_with_batch(a, n) for a in (out, x)]
        given = (*arrays[0].strides, *arrays[1].strides, *numbers)
        self._cells.run((name, n), lambda: text(n, x.dtype), arrays[0].shape, arrays, given, prod(kernel))
        return None


def _ordered(x: StridedArray, order: Ints) -> StridedArray:
    return x._replace(shape=tuple([x.shape[d] for d in order]), strides=tuple([x.strides[d] for d in order]))


def _grouped(x: StridedArray, groups: int, dim: int) -> StridedArray:
    """An array with its channels, dimension `dim`, as two dimensions (groups, channels of a group)."""
    each = x.shape[dim] // groups
    shape = (*x.shape[:dim], groups, each, *x.shape[dim + 1 :])
    return x._replace(shape=shape, strides=(*x.strides[:dim], x.strides[dim] * each, *x.strides[dim:]))


def _windows(x: StridedArray, kernel: Shape, sizes: Shape, stride: Ints, dilation: Ints, groups: int) -> StridedArray:
    """All windows of a padded input (b, c, *n) as a view (b, groups, c / groups, *kernel, *sizes)."""
    view = _grouped(x, groups, 1)
    steps = view.strides[3:]
    within = [s * d for s, d in zip(steps, dilation, strict=True)]
    between = [s * t for s, t in zip(steps, stride, strict=True)]
    return view._replace(shape=(*view.shape[:3], *kernel, *sizes), strides=(*view.strides[:3], *within, *between))


def _with_batch(x: StridedArray, n: int) -> StridedArray:
    """An array (batch, channels, *n), whichever of the first two it lacks."""
    missing = n + 2 - len(x.shape)
    return x._replace(shape=(1,) * missing + x.shape, strides=(0,) * missing + x.strides)


class _Numbers:
    """Names of the numbers x0, x1, ... of a text, in the order in which they are taken."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, count: int) -> list[str]:
        self._next += count
        return [f"x{i}" for i in range(self._next - count, self._next)]


def _place(array: int, strides: list[str]) -> str:
    """Where the cell's own element of an array lies."""
    return f"o{array}" + "".join(f" + i{d} * {s}" for d, s in enumerate(strides))


def _pad_text(n: int, dtype: DType) -> str:
    """The input's element where there is one, and else the value."""
    c, numbers = C[dtype], _Numbers()
    to, own, low, size = [numbers.take(n) for _ in range(4)]
    (value,) = numbers.take(1)
    at = "o1" + "".join(f" + (i{d} - {low[d]}) * {own[d]}" for d in range(n))
    inside = " && ".join(f"i{d} >= {low[d]} && i{d} - {low[d]} < {size[d]}" for d in range(n))
    return f"store_{c.tag}(a0, {_place(0, to)}, {inside} ? load_{c.tag}(a1, {at}) : ({c.compute}){value});"


def _max_text(n: int, dtype: DType) -> str:
    """The window's largest element and its flat place in the spatial dimensions; the last NaN, if there is one."""
    c, numbers = C[dtype], _Numbers()
    values, places, own = numbers.take(n + 2), numbers.take(n + 2), numbers.take(n + 2)
    size, kernel, stride, padding, dilation = [numbers.take(n) for _ in range(5)]
    lines = [f"const i64 start = o2 + i0 * {own[0]} + i1 * {own[1]};", f"{c.compute} best = 0; i64 place = -1;"]
    flat, at = "0", "start"
    for d in range(n):
        lines += [f"for (i64 k{d} = 0; k{d} < {kernel[d]}; ++k{d}) {{"]
        lines += [f"const i64 y{d} = i{d + 2} * {stride[d]} - {padding[d]} + k{d} * {dilation[d]}; if (y{d} < 0 || y{d} >= {size[d]}) continue;"]
        flat = f"({flat}) * {size[d]} + y{d}"
        at += f" + y{d} * {own[d + 2]}"
    lines.append(f"const {c.compute} v = load_{c.tag}(a2, {at}); if (place < 0 || v > best || v != v) {{ best = v; place = {flat}; }}")
    lines += ["}" * n, f"store_{c.tag}(a0, {_place(0, values)}, best); store_i64(a1, {_place(1, places)}, place);"]
    return "\n".join(lines)


def _total(dtype: DType) -> tuple[str, str, str, str]:
    """The type in which elements of a dtype are added up, what stands before, how one, `v`, is added, and what stands behind: integers
    wrap, long sums are made of short ones."""
    c = C[dtype]
    if c.unsigned:
        return c.compute, f"{c.compute} total = 0;", f"total = ({c.compute})(({c.unsigned})total + ({c.unsigned})v);", ""
    total = Cascade(Reduce("total", c.compute, "0", "v", "{a} + {b}"), "total", c.compute, "0")
    return c.compute, total.declared(), f"total = total + v; {total.step()}", total.joined()


def _sum_text(n: int, dtype: DType) -> str:
    c, numbers = C[dtype], _Numbers()
    to, own, kernel, stride = numbers.take(n + 2), numbers.take(n + 2), numbers.take(n), numbers.take(n)
    kind, start, add, end = _total(dtype)
    lines, at = [start], f"o1 + i0 * {own[0]} + i1 * {own[1]}"
    for d in range(n):
        lines.append(f"for (i64 k{d} = 0; k{d} < {kernel[d]}; ++k{d})")
        at += f" + (i{d + 2} * {stride[d]} + k{d}) * {own[d + 2]}"
    lines.append(f"{{ const {kind} v = load_{c.tag}(a1, {at}); {add} }}")
    return "\n".join([*lines, end, f"store_{c.tag}(a0, {_place(0, to)}, total);"])


def _spread_text(n: int, dtype: DType) -> str:
    """The sum of the numbers of all windows that a place lies in."""
    c, numbers = C[dtype], _Numbers()
    to, own, kernel, stride, sizes = numbers.take(n + 2), numbers.take(n + 2), numbers.take(n), numbers.take(n), numbers.take(n)
    kind, start, add, end = _total(dtype)
    lines, at = [start], f"o1 + i0 * {own[0]} + i1 * {own[1]}"
    for d in range(n):
        here = f"i{d + 2}"
        lines += [f"const i64 from{d} = {here} < {kernel[d]} ? 0 : ({here} - {kernel[d]}) / {stride[d]} + 1;"]
        lines += [f"const i64 to{d} = {here} / {stride[d]} < {sizes[d]} - 1 ? {here} / {stride[d]} : {sizes[d]} - 1;"]
    for d in range(n):
        lines.append(f"for (i64 w{d} = from{d}; w{d} <= to{d}; ++w{d})")
        at += f" + w{d} * {own[d + 2]}"
    lines.append(f"{{ const {kind} v = load_{c.tag}(a1, {at}); {add} }}")
    return "\n".join([*lines, end, f"store_{c.tag}(a0, {_place(0, to)}, total);"])
