"""Kernels of order: sorting, and the places of the largest and smallest.

Style "loop": an item sorts a row by merging, which leaves equal elements as they were. Style "grid": a bitonic network over all rows
at once, a launch for each of its log² n steps. Elements are sorted as pairs with their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from math import prod

from corelib.backend.codegen.cells import Cells
from corelib.backend.codegen.kernels.reductions import combine, few, spread, start
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Pick, Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

_RUN = 8  # elements that are sorted by insertion before runs are merged


def _before(dtype: DType, descending: bool, x: str, y: str) -> str:
    """Whether key x must come before key y; NaN is the largest."""
    sign = ">" if descending else "<"
    if not dtype.is_floating_point:
        return f"({x} {sign} {y})"
    nan, plain = (x, y) if descending else (y, x)
    return f"({x} {sign} {y} || ({nan} != {nan} && {plain} == {plain}))"


@cache
def _place(dtype: DType, largest: bool, values: bool) -> Program:
    """The first place of a row's largest or smallest, and with `values` that element before it; x0 is the step from one
    element of a row to the next, x1 the row's length."""
    outputs = 2 if values else 1
    name = "amax" if largest else "amin"
    x, same = f"v{outputs}", f"v{outputs} == best"
    if dtype.is_floating_point:
        same += f" || ({x} != {x} && best != best)"
    best = Reduce("best", C[dtype].compute, start(name, dtype), x, combine(name, dtype))
    kind = C[dtype].compute
    place = Reduce("place", "i64", "x1", f"({same} ? i : x1)", "({a} < {b} ? {a} : {b})")
    stores = (Pick("found", kind, outputs, "place"), Store(0, "found"), Store(1, "place")) if values else (Store(0, "place"),)
    return Program(f"place_of_{name}", outputs, (best, place, *stores), ("i64", "i64"))


class Ordering:
    """sort, topk, argmax, argmin, max and min along a dimension, of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows, cells: Cells) -> None:
        self._launcher = launcher
        self._rows = rows
        self._cells = cells

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        table.register("sort_along", dtypes, lambda outs, input, dim, descending, stable: self.sort(outs, input, dim, descending))
        numbers = tuple([d for d in dtypes if d is not D.bool])
        table.register("topk_along", numbers, lambda outs, input, k, dim, largest, sorted: self.sort(outs, input, dim, largest))
        for name, along, largest in (("argmax", "max_along", True), ("argmin", "min_along", False)):
            table.register(name, numbers, partial(self.place, largest=largest))
            table.register(along, dtypes, partial(self.along, largest=largest))

    def place(self, out: StridedArray, input: StridedArray, dim: int | None, keepdim: bool, largest: bool) -> Outcome:
        if dim is None:
            if len(input.shape) != 1:
                return NotImplemented
            dim = 0
        return self._best([out], input, dim, keepdim, largest)

    def along(self, outs: Sequence[StridedArray], input: StridedArray, dim: int, keepdim: bool, largest: bool) -> Outcome:
        return self._best(list(outs), input, dim, keepdim, largest)

    def _best(self, outs: Sequence[StridedArray], input: StridedArray, dim: int, keepdim: bool, largest: bool) -> Outcome:
        if not input.shape or 0 in input.shape or few(self._launcher, input, (dim,)):
            return NotImplemented
        program = _place(input.dtype, largest, len(outs) == 2)
        arrays = [*[spread(x, input.shape, (dim,), keepdim) for x in outs], input]
        self._rows.run(program, arrays, input.shape, (dim,), (input.strides[dim], input.shape[dim]))
        return None

    def sort(self, outs: Sequence[StridedArray], input: StridedArray, dim: int, descending: bool) -> Outcome:
        """The first of the sorted elements, as many as `outs` have room for, and where they came from."""
        if not input.shape:
            return NotImplemented
        values, places = [_last(x, dim) for x in outs]
        x = _last(input, dim)
        n, k = x.shape[-1], values.shape[-1]
        if not n or not k:
            return None
        loop = self._launcher.style == "loop"
        size = 2 * n if loop else 1 << (n - 1).bit_length()
        rows = prod(x.shape[:-1])
        # half types are sorted as float32, bool as bytes
        dtype = D.float32 if x.dtype in (D.float16, D.bfloat16) else D.uint8 if x.dtype is D.bool else x.dtype
        index = x.device_index
        keys_bytes, order_bytes = rows * size * dtype.itemsize, rows * size * 4
        if not rows:
            return None
        blocks = [self._launcher.scratch(index, keys_bytes), self._launcher.scratch(index, order_bytes)]
        scratch = [StridedArray(b._raw, d, (rows * size,), (1,), 0, index) for b, d in zip(blocks, (dtype, D.int32), strict=True)]
        self._sort([values, places, x, *scratch], n, k, size, descending)
        return None

    def _sort(self, arrays: Sequence[StridedArray], n: int, k: int, size: int, descending: bool) -> None:
        values, places, x, keys, _ = arrays
        shape = x.shape[:-1] or (1,)
        kept = len(shape)
        strides = [s for a in (values, places, x) for s in (a.strides[:-1] or (0,))]
        ends = (values.strides[-1], places.strides[-1], x.strides[-1])
        name = ("sort", x.dtype, descending)
        if self._launcher.style == "loop":
            text = partial(_merge, x.dtype, keys.dtype, kept, descending)
            self._cells.run((*name, "merge"), text, shape, arrays, (*strides, *ends, n, k), 64 * n)
            return
        fill = partial(_fill, x.dtype, keys.dtype, kept)
        self._cells.run((*name, "fill"), fill, (*shape, size), arrays, (*strides, *ends, n, k))
        rows = prod(shape)
        block = 2
        while block <= size:
            step = block // 2
            while step:
                compare = partial(_compare, keys.dtype, descending)
                self._cells.run((*name, "compare"), compare, (rows, size // 2), arrays[3:], (n, size, block, step))
                step //= 2
            block *= 2
        self._cells.run((*name, "take"), partial(_take, x.dtype, keys.dtype, kept), (*shape, k), arrays, (*strides, *ends, n, size))


def _last(x: StridedArray, dim: int) -> StridedArray:
    """An array with dimension `dim` moved behind the others."""
    shape, strides = list(x.shape), list(x.strides)
    shape.append(shape.pop(dim))
    strides.append(strides.pop(dim))
    return x._replace(shape=tuple(shape), strides=tuple(strides))


def _row(kept: int) -> tuple[str, list[str], list[str], int]:
    """The number of a cell's row; where the row begins in values, places and input; their last strides; the next number."""
    row = "i0" if kept else "0"
    for d in range(1, kept):
        row = f"({row}) * p.n{d} + i{d}"
    starts = [f"o{a}" + "".join(f" + i{d} * x{a * kept + d}" for d in range(kept)) for a in range(3)]
    return row, starts, [f"x{3 * kept + a}" for a in range(3)], 3 * kept + 3


def _merge(dtype: DType, key: DType, kept: int, descending: bool) -> str:
    """Sort a row: runs by insertion, then merges from one half of the scratch to the other and back."""
    c, kind = C[dtype], C[key].memory
    row, starts, ends, at = _row(kept)
    n, k = f"x{at}", f"x{at + 1}"
    earlier = _before(dtype, descending, "from[j]", "from[i]")
    inserted = _before(dtype, descending, "key", "from[j - 1]")
    return f"""
    GLOBAL {kind}* from = a3 + ({row}) * 2 * {n}; GLOBAL {kind}* to = from + {n};
    GLOBAL i32* old = a4 + ({row}) * 2 * {n}; GLOBAL i32* made = old + {n};
    for (i64 i = 0; i < {n}; ++i) {{
      const {kind} key = load_{c.tag}(a2, {starts[2]} + i * {ends[2]});
      i64 j = i;
      for (; j % {_RUN} != 0 && {inserted}; --j) {{ from[j] = from[j - 1]; old[j] = old[j - 1]; }}
      from[j] = key; old[j] = i;
    }}
    for (i64 width = {_RUN}; width < {n}; width *= 2) {{
      for (i64 low = 0; low < {n}; low += 2 * width) {{
        const i64 middle = low + width < {n} ? low + width : {n}, high = low + 2 * width < {n} ? low + 2 * width : {n};
        i64 i = low, j = middle;
        for (i64 l = low; l < high; ++l) {{
          const i64 take = i >= middle || (j < high && {earlier}) ? j++ : i++;
          to[l] = from[take]; made[l] = old[take];
        }}
      }}
      GLOBAL {kind}* keys = from; from = to; to = keys;
      GLOBAL i32* places = old; old = made; made = places;
    }}
    for (i64 l = 0; l < {k}; ++l) {{
      store_{c.tag}(a0, {starts[0]} + l * {ends[0]}, ({c.compute})from[l]);
      store_i64(a1, {starts[1]} + l * {ends[1]}, old[l]);
    }}
"""


def _fill(dtype: DType, key: DType, kept: int) -> str:
    c = C[dtype]
    row, starts, ends, at = _row(kept)
    return f"""
    const i64 l = i{kept}, place = ({row}) * p.n{kept} + l;
    a3[place] = l < x{at} ? ({C[key].memory})load_{c.tag}(a2, {starts[2]} + l * {ends[2]}) : ({C[key].memory})0;
    a4[place] = (i32)l;
"""


def _compare(key: DType, descending: bool) -> str:
    """One pair of the network; places from x0, the row's length, on are padding and go behind everything."""
    kind = C[key].memory
    return f"""
    const i64 first = i1 / x3 * 2 * x3 + i1 % x3, i = i0 * x1 + first, j = i + x3;
    const {kind} x = a0[i], y = a0[j]; const i32 a = a1[i], b = a1[j];
    const i32 less = {_before(key, descending, 'x', 'y')}, more = {_before(key, descending, 'y', 'x')};
    const i32 ordered = a >= x0 || b >= x0 ? a < b : less || (!more && a < b);
    if (ordered != ((first & x2) == 0)) {{ a0[i] = y; a0[j] = x; a1[i] = b; a1[j] = a; }}
"""


def _take(dtype: DType, key: DType, kept: int) -> str:
    c = C[dtype]
    row, starts, ends, at = _row(kept)
    return f"""
    const i64 l = i{kept}, place = ({row}) * x{at + 1} + l;
    store_{c.tag}(a0, {starts[0]} + l * {ends[0]}, ({c.compute})a3[place]);
    store_i64(a1, {starts[1]} + l * {ends[1]}, a4[place]);
"""
