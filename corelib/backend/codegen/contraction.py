"""Sums of products over shared dimensions, in tiles: the one kernel behind matrix products and convolutions.

C (*batch, m, *columns) = A (*batch, m, *inner) times B (*batch, *inner, *columns), summed over `inner`, any of them strided as it likes.
With one dimension each for columns and inner that is a matrix product. A convolution is one too (implicit GEMM): B is the view of
all windows of its input, (channels, *kernel) by (*sizes), which is read where it lies and never written out.

Style "loop": an item computes a block of C, a few columns wide. It copies the panel of B that it needs into memory of its own,
so that the innermost loop reads it in order, and keeps a few rows of C in registers as vectors. (4 rows of two float8: as
fast as OpenBLAS on two cores of an AMD EPYC, where rows lie in order.) Style "grid": see kernels/tiles.py, and `_way` for the rule by
which one of its kernels is chosen. Half types accumulate in float32, small integers in int32.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from math import prod
from typing import NamedTuple

from corelib.backend.codegen.geometry import Walk, broadcast_strides, walk
from corelib.backend.codegen.kernels.tiles import BATCHES, DIMS, EDGES, GROUP, STEP, TILE, Form, each, split, starts, tile
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.programs import Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides

_ROWS, _DEPTH, _BLOCK = 4, 256, 128  # of a register tile; of a panel; the most rows an item does
_FEW_ROWS = 8  # of which a tile of 64 would leave most of a group idle; and so many batches make up for it
_FEW_GROUPS, _LONG = 128, 1024  # an A100 has 108 multiprocessors, an H100 132: fewer groups leave some idle; a sum that is worth cutting


class Edge(NamedTuple):
    """Along one dimension of a convolution: column n and inner element k meet at the place n * between + k * within + first of an array,
    which has the places 0 to size - 1 and zeros around them."""

    between: int
    within: int
    first: int
    size: int


_NOWHERE = Edge(0, 0, 0, 1)  # a dimension that there is not: always inside


def vector_of(dtype: DType) -> tuple[str, str, int]:
    """The type that products add up in, its vector type in OpenCL C, and the vector's width. Not wider than 8: PoCL's
    compiler has aborted on products of 16."""
    compute = C[dtype].compute
    if compute == "f32":
        return "f32", "float8", 8
    if compute == "f64":
        return "f64", "double4", 4
    return ("i64", "long4", 4) if compute == "i64" else ("i32", "int8", 8)


def source(name: str, dtype: DType, style: str, form: Form, target: Target) -> str:
    """The kernel's text."""
    c, total = C[dtype], vector_of(dtype)[0]
    fields = ["m", "n", "k", "block"]
    for array, own in (("c", "m"), ("a", "m"), ("b", ""), ("s", "mn")):
        fields += [f"{array}o", *[f"{array}{x}" for x in own], *[f"{array}d{d}" for d in range(BATCHES)]]
    fields += [f"d{d}" for d in range(BATCHES)]
    for x in "nk":
        fields += [f"{x}{d}" for d in range(DIMS)]
    for part in ("cn", "bn", "ak", "bk"):
        fields += [f"{part}{d}" for d in range(DIMS)]
    if style == "grid":
        fields += ["parts", "span", "apart"]
    if form.edges:
        fields += [f"{x}{d}" for d in range(EDGES) for x in "tuwz"]
    made = total if form.way == "parts" else c.memory
    pointers = f"{target.pointer} {made}* c, {target.pointer} const {c.memory}* a, {target.pointer} const {c.memory}* b"
    pointers += f", {target.pointer} const {c.memory}* s" if form.bias else ""
    if style == "grid":
        body = (tile if form.way in ("tile", "parts") else each)(dtype, total, form, target)
    else:
        body = _block(dtype, form.a_rows, form.bias, target)
    text = f"typedef struct {{ {' '.join(f'i64 {x};' for x in fields)} }} Params;\n{target.kernel} {name}({pointers}, const Params p) {{\n{body}}}\n"
    # each step of a product is one fused multiply and add where the device has it
    return f"#pragma OPENCL FP_CONTRACT ON\n{text}#pragma OPENCL FP_CONTRACT OFF\n" if target.vectors else text


def _odometer() -> str:
    """One step over the inner dimensions."""
    text = "ka += p.ak3; kb += p.bk3; "
    for d in range(DIMS - 1, 0, -1):
        text += f"if (++e{d} == p.k{d}) {{ e{d} = 0; ka += p.ak{d - 1} - p.k{d} * p.ak{d}; kb += p.bk{d - 1} - p.k{d} * p.bk{d}; "
    return text + "}" * (DIMS - 1)


def _block(dtype: DType, a_rows: bool, bias: bool, target: Target) -> str:
    c = C[dtype]
    total, vector, width = vector_of(dtype)
    columns = 2 * width
    plain = c.memory == total  # elements are what is computed with, and whole vectors can be moved
    step = "\n".join(
        f"        {{ const {vector} s = ({vector})(({total})load_{c.tag}(a{r}, {'l' if a_rows else 'inner[l]'})); y{r}0 += s * z0; y{r}1 += s * z1; }}"
        for r in range(_ROWS)
    )
    names = [(r, v) for r in range(_ROWS) for v in range(2)]
    # each panel's products are added up apart: a long sum loses fewer digits
    tiles = " ".join(f"{vector} y{r}{v} = ({vector})(0);" for r, v in names)
    back = " ".join(f"sums[(i - top + {r}) * 2 + {v}] += y{r}{v};" for r, v in names)
    # rows past the end repeat the last one and are not stored
    bases = " ".join(
        f"{target.pointer} const {c.memory}* a{r} = a + aat + (i + {r} < p.m ? i + {r} : p.m - 1) * p.am{' + from' if a_rows else ''};" for r in range(_ROWS)
    )
    added = f" + load_{c.tag}(s, sat + i * p.sm + (left + x) * p.sn)" if bias else ""
    pack = f"for (i32 x = 0; x < {columns}; ++x) flat[l * {columns} + x] = load_{c.tag}(b, at + jb[x]);"
    store = f"for (i32 x = 0; x < wide; ++x) store_{c.tag}(c, cat + i * p.cm + jc[x], ({c.compute})sum[x]{added});"
    if plain:
        pack = f"if (near) {{ panel[l * 2] = vload{width}(0, b + at + jb[0]); panel[l * 2 + 1] = vload{width}(0, b + at + jb[0] + {width}); }} else {pack}"
        if not bias:
            whole = " ".join(f"vstore{width}(sums[(i - top) * 2 + {v}], 0, c + cat + i * p.cm + jc[0] + {v * width});" for v in range(2))
            store = f"if (packed) {{ {whole} }} else {store}"
    return f"""
  const i64 tiles = (p.n + {columns - 1}) / {columns}, heights = (p.m + p.block - 1) / p.block;
  const i64 item = {target.item}, batch = item / (tiles * heights), turn = item % (tiles * heights);
  {starts(bias)}
  const i64 top = turn / tiles * p.block, left = turn % tiles * {columns};
  const i64 bottom = top + p.block < p.m ? top + p.block : p.m;
  const i32 wide = left + {columns} < p.n ? {columns} : (i32)(p.n - left);
  // where the columns lie in B and in C; those past the end repeat the last one and are not stored
  i64 jb[{columns}], jc[{columns}];
  i32 near = 1, packed = wide == {columns};
  for (i32 x = 0; x < {columns}; ++x) {{
    i64 ib = 0, ic = 0;
    {split('(x < wide ? left + x : p.n - 1)', 'n', (('ib', 'bn'), ('ic', 'cn')))}
    jb[x] = ib; jc[x] = ic;
    near &= ib == jb[0] + x; packed &= ic == jc[0] + x;
  }}
  {vector} panel[{_DEPTH * 2}], sums[{_BLOCK * 2}];
  {total}* const flat = ({total}*)panel;
  {'' if a_rows else f'i64 inner[{_DEPTH}];'}
  for (i64 i = 0; i < (bottom - top + {_ROWS - 1}) / {_ROWS} * {_ROWS * 2}; ++i) sums[i] = ({vector})(0);
  i64 ka = 0, kb = 0, e1 = 0, e2 = 0, e3 = 0;
  for (i64 from = 0; from < p.k; from += {_DEPTH}) {{
    const i32 depth = from + {_DEPTH} < p.k ? {_DEPTH} : (i32)(p.k - from);
    for (i32 l = 0; l < depth; ++l) {{
      const i64 at = bat + kb;
      {pack}
      {'' if a_rows else 'inner[l] = ka;'}
      {_odometer()}
    }}
    for (i64 i = top; i < bottom; i += {_ROWS}) {{
      {bases}
      {tiles}
      for (i32 l = 0; l < depth; ++l) {{
        const {vector} z0 = panel[l * 2], z1 = panel[l * 2 + 1];
{step}
      }}
      {back}
    }}
  }}
  for (i64 i = top; i < bottom; ++i) {{
    const {total}* const sum = ({total}*)(sums + (i - top) * 2);
    {store}
  }}
"""


class _Plan(NamedTuple):
    """How one contraction is done; `packed` is None where the kernels cannot walk that many dimensions."""

    form: Form
    sizes: tuple[int, int, int]
    steps: Sequence[bytes]
    """What a kernel is told of each array."""
    packed: bytes | None
    """What else it is told."""
    items: int = 0
    group: int = 1
    block: int = 0
    parts: int = 1


class Contraction:
    """The contractions of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows) -> None:
        self._launcher = launcher
        self._rows = rows
        self._kernels: dict[tuple[DType, Form], Kernel] = {}
        self._plans: dict[Hashable, _Plan] = {}

    def run(
        self, out: StridedArray, a: StridedArray, b: StridedArray, inner: int, bias: StridedArray | None = None, edges: tuple[Edge, ...] = ()
    ) -> Outcome:
        """out (*batch, m, *columns) = a (*batch, m, *inner) times b (*batch, *inner, *columns), summed over `inner` dimensions.

        The batches of a and b, and all of `bias` against `out`, broadcast; `bias` has at most one column dimension that is not 1.
        edges, only on devices of style "grid": of the last column and inner dimensions, where b has zeros that are not in its memory.
        NotImplemented where more dimensions than the kernels walk are left when those that follow each other are merged.
        """
        if 0 in out.shape:
            return None
        where = (out.dtype, out.shape, inner, edges, *[(x.shape, x.strides) for x in (out, a, b, *([] if bias is None else [bias]))])
        plan = self._plans.get(where)
        if plan is None:
            if len(self._plans) > 10000:
                self._plans.clear()
            plan = self._plans[where] = self._plan(out, a, b, inner, bias, edges)
        if plan.packed is None:
            return NotImplemented
        if plan.parts > 1:
            self._in_parts(plan, out, a, b, inner, bias, edges)
        else:
            self._launch(plan, out.dtype, out, a, b, bias)
        return None

    def _launch(self, plan: _Plan, dtype: DType, out: StridedArray, a: StridedArray, b: StridedArray, bias: StridedArray | None) -> None:
        assert plan.packed is not None
        kernel = self._kernels.get((dtype, plan.form))
        if kernel is None:
            style = self._launcher.style
            kernel = self._kernels[dtype, plan.form] = self._launcher.kernel("contraction", lambda name, target: source(name, dtype, style, plan.form, target))
        numbers = struct.pack("4q", *plan.sizes, plan.block)
        arrays = [out, a, b] if bias is None else [out, a, b, bias]
        for x, text in zip((*arrays, out)[:4], plan.steps, strict=True):
            numbers += struct.pack("q", x.offset) + text
        kernel.launch(out.device_index, plan.items, [x.buffer for x in arrays], numbers + plan.packed, plan.group)

    def _in_parts(
        self, plan: _Plan, out: StridedArray, a: StridedArray, b: StridedArray, inner: int, bias: StridedArray | None, edges: tuple[Edge, ...]
    ) -> None:
        """The sum's parts by different groups, and then their sum: always in the same order, so with the same bits each time."""
        wide = D.float64 if C[out.dtype].compute == "f64" else D.float32
        scratch = self._launcher.scratch(out.device_index, plan.parts * prod(out.shape) * wide.itemsize)
        shape = (plan.parts, *out.shape)
        every = StridedArray(scratch._raw, wide, shape, contiguous_strides(shape), 0, out.device_index)
        apart = every._replace(shape=out.shape, strides=every.strides[1:])
        key = ("parts", out.dtype, out.shape, inner, edges, *[(x.shape, x.strides) for x in (a, b, *([] if bias is None else [bias]))])
        own = self._plans.get(key)
        if own is None:
            own = self._plans[key] = self._plan(apart, a, b, inner, bias, edges, out.dtype)
        self._launch(own, out.dtype, apart, a, b, bias)
        kind = C[wide].compute
        total = Program("parts", 1, (Reduce("total", kind, f"({kind})0", "v1", "{a} + {b}"), Store(0, "total")))
        self._rows.run(total, [out._replace(shape=(1, *out.shape), strides=(0, *out.strides)), every], shape, (0,))

    def _plan(
        self, out: StridedArray, a: StridedArray, b: StridedArray, inner: int, bias: StridedArray | None, edges: tuple[Edge, ...],
        dtype: DType | None = None,
    ) -> _Plan:
        batch = len(a.shape) - 1 - inner
        lead = out.shape[:batch]
        m, columns = out.shape[batch], out.shape[batch + 1 :]
        parts = [(x.shape[:batch], x.strides[:batch]) for x in (out, a, b)]
        given = (0,) * len(out.shape) if bias is None else broadcast_strides(bias.shape, bias.strides, out.shape)
        strides = [broadcast_strides(shape, own, lead) for shape, own in parts] + [given[:batch]]
        batches = walk(lead, tuple(strides)) if batch else walk((1,), ((1,),) * 4)
        # where there are edges a dimension is a place, and is not merged with others
        along = (lambda shape, strides: Walk(shape, strides, prod(shape))) if edges else walk
        wide = along(columns, (out.strides[batch + 1 :], b.strides[batch + inner :]))
        deep = along(a.shape[batch + 1 :], (b.strides[batch : batch + inner], a.strides[batch + 1 :]))
        if len(batches.sizes) > BATCHES or max(len(wide.sizes), len(deep.sizes)) > DIMS or len(edges) > EDGES:
            return _Plan(Form(False), (0, 0, 0), (), None)
        sn = next((s for s, n in zip(given[batch + 1 :], columns, strict=True) if n > 1), 0)
        own = [(out.strides[batch],), (a.strides[batch],), (), (given[batch], sn)]
        steps = []
        for mine, s in zip(own, batches.strides, strict=True):
            text = (*mine, *_filled(s, BATCHES, 0))
            steps.append(struct.pack(f"{len(text)}q", *text))
        cn, bn = wide.strides
        bk, ak = deep.strides
        numbers = [*_filled(batches.sizes, BATCHES, 1), *_filled(wide.sizes, DIMS, 1), *_filled(deep.sizes, DIMS, 1)]
        for s in (cn, bn, ak, bk):
            numbers += _filled(s, DIMS, 0)
        a_rows = deep.total == 1 or ak == contiguous_strides(deep.sizes)
        form = Form(a_rows, bias is not None, bool(edges))
        sizes = (m, wide.total, deep.total)
        if self._launcher.style == "loop":
            items, block = self._cut(out.dtype, *sizes, batches.total)
            return _Plan(form, sizes, steps, struct.pack(f"{len(numbers)}q", *numbers), items, 1, block)
        way, count, span = _way(dtype or out.dtype, *sizes, batches.total)
        numbers += [count, span, prod(out.shape)]
        for edge in (*[_NOWHERE] * (EDGES - len(edges)), *edges) if edges else ():
            numbers += edge
        tiled = way in ("tile", "parts")
        units = (-(-m // TILE) * -(-wide.total // TILE) * count if tiled else m * wide.total) * batches.total
        group = 1 if way == "each" else GROUP
        return _Plan(form._replace(way=way), sizes, steps, struct.pack(f"{len(numbers)}q", *numbers), units * group, group, batches.total, count)

    def _cut(self, dtype: DType, m: int, n: int, k: int, batches: int) -> tuple[int, int]:
        """Items, and the rows of an item's block, of style "loop"."""
        columns = 2 * vector_of(dtype)[2]
        block = _BLOCK
        while block > _ROWS and -(-m // block) * -(-n // columns) * batches < self._launcher.units * 4:
            block //= 2
        return -(-m // block) * -(-n // columns) * batches, block


def _way(dtype: DType, m: int, n: int, k: int, batches: int) -> tuple[str, int, int]:
    """Which kernel of style "grid", in how many parts the sum is cut, and how long a part is. By rule, for nothing was measured on a GPU yet:

    - Few rows in each of many batches (a depthwise convolution has one in each) are done an element at a time: by an item, or where the
      elements are fewer than would fill a device and the sums are long, by a group.
    - Tiles else. Where there are fewer of them than multiprocessors and the sum is long (as in the gradient of a convolution's weight), it is
      cut in parts of 512 elements at least, as many as make two tiles a multiprocessor.
    """
    if m <= _FEW_ROWS <= batches:
        return ("shared" if m * n * batches < _FEW_GROUPS * GROUP and k >= _LONG else "each"), 1, k
    tiles = -(-m // TILE) * -(-n // TILE) * batches
    if not dtype.is_floating_point or tiles >= _FEW_GROUPS or k < _LONG:
        return "tile", 1, k
    parts = min(k // (_LONG // 2), -(-2 * _FEW_GROUPS // tiles))
    span = -(-k // (parts * STEP)) * STEP
    parts = -(-k // span)
    return ("parts" if parts > 1 else "tile"), parts, span


def _filled(values: tuple[int, ...], count: int, by: int) -> list[int]:
    """The values behind as many of `by` as make `count`."""
    return [by] * (count - len(values)) + list(values)
