"""Sums of products over shared dimensions, in tiles: the one kernel behind matrix products and convolutions.

C (*batch, m, *columns) = A (*batch, m, *inner) times B (*batch, *inner, *columns), summed over `inner`, any of them strided as it likes.
With one dimension each for columns and inner that is a matrix product. A convolution is one too (implicit GEMM): B is the view of
all windows of its input, (channels, *kernel) by (*sizes), which is read where it lies and never written out.

Style "loop": an item computes a block of C, a few columns wide. It copies the panel of B that it needs into memory of its own,
so that the innermost loop reads it in order, and keeps a few rows of C in registers as vectors. (4 rows of two float8: as
fast as OpenBLAS on two cores of an AMD EPYC, where rows lie in order.) Style "grid": a group computes a square tile from tiles
in shared memory. Half types accumulate in float32, small integers in int32.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from typing import TypeAlias

from corelib.backend.codegen.geometry import broadcast_strides, walk
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides

_ROWS, _DEPTH, _BLOCK = 4, 256, 128  # of a register tile; of a panel; the most rows an item does
_TILE, _STEP = 64, 16  # of style "grid"
_BATCHES, _DIMS = 3, 4  # so many dimensions a kernel walks, when those that follow each other are merged


def vector_of(dtype: DType) -> tuple[str, str, int]:
    """The type that products add up in, its vector type in OpenCL C, and the vector's width. Not wider than 8: PoCL's
    compiler has aborted on products of 16."""
    compute = C[dtype].compute
    if compute == "f32":
        return "f32", "float8", 8
    if compute == "f64":
        return "f64", "double4", 4
    return ("i64", "long4", 4) if compute == "i64" else ("i32", "int8", 8)


def source(name: str, dtype: DType, style: str, a_rows: bool, bias: bool, target: Target) -> str:
    """The kernel's text. `a_rows`: whether A's inner elements lie next to each other; `bias`: whether one is added."""
    c = C[dtype]
    fields = ["m", "n", "k", "block"]
    for array, own in (("c", "m"), ("a", "m"), ("b", ""), ("s", "mn")):
        fields += [f"{array}o", *[f"{array}{x}" for x in own], *[f"{array}d{d}" for d in range(_BATCHES)]]
    fields += [f"d{d}" for d in range(_BATCHES)]
    for x in "nk":
        fields += [f"{x}{d}" for d in range(_DIMS)]
    for part in ("cn", "bn", "ak", "bk"):
        fields += [f"{part}{d}" for d in range(_DIMS)]
    pointers = f"{target.pointer} {c.memory}* c, {target.pointer} const {c.memory}* a, {target.pointer} const {c.memory}* b"
    pointers += f", {target.pointer} const {c.memory}* s" if bias else ""
    body = (_tile if style == "grid" else _block)(dtype, a_rows, bias, target)
    text = f"typedef struct {{ {' '.join(f'i64 {x};' for x in fields)} }} Params;\n{target.kernel} {name}({pointers}, const Params p) {{\n{body}}}\n"
    # each step of a product is one fused multiply and add where the device has it
    return f"#pragma OPENCL FP_CONTRACT ON\n{text}#pragma OPENCL FP_CONTRACT OFF\n" if target.vectors else text


def _batch(bias: bool) -> str:
    """Where the matrices of `batch` begin."""
    lines = ["const i64 x2 = batch % p.d2, x1 = batch / p.d2 % p.d1, x0 = batch / p.d2 / p.d1;"]
    lines += [f"const i64 {x} = p.{x[0]}o + x0 * p.{x[0]}d0 + x1 * p.{x[0]}d1 + x2 * p.{x[0]}d2;" for x in ("cat", "aat", "bat")]
    if bias:
        lines.append("const i64 sat = p.so + x0 * p.sd0 + x1 * p.sd1 + x2 * p.sd2;")
    return "\n  ".join(lines)


def _split(index: str, kind: str, to: tuple[tuple[str, str], ...]) -> str:
    """Add to each of `to`, (name, strides), where the `index`-th of the columns ("n") or inner elements ("k") lies."""
    moves = [" ".join(f"{name} += at * p.{strides}{d};" for name, strides in to) for d in range(_DIMS)]
    steps = [f"{{ const i64 at = rest % p.{kind}{d}; rest /= p.{kind}{d}; {moves[d]} }}" for d in range(_DIMS - 1, 0, -1)]
    return f"{{ i64 rest = {index}; if (p.{kind}2 == 1) {{ const i64 at = rest % p.{kind}3; rest /= p.{kind}3; {moves[3]} }} else {{ {' '.join(steps)} }} {{ const i64 at = rest; {moves[0]} }} }}"


def _odometer() -> str:
    """One step over the inner dimensions."""
    text = "ka += p.ak3; kb += p.bk3; "
    for d in range(_DIMS - 1, 0, -1):
        text += f"if (++e{d} == p.k{d}) {{ e{d} = 0; ka += p.ak{d - 1} - p.k{d} * p.ak{d}; kb += p.bk{d - 1} - p.k{d} * p.bk{d}; "
    return text + "}" * (_DIMS - 1)


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
  {_batch(bias)}
  const i64 top = turn / tiles * p.block, left = turn % tiles * {columns};
  const i64 bottom = top + p.block < p.m ? top + p.block : p.m;
  const i32 wide = left + {columns} < p.n ? {columns} : (i32)(p.n - left);
  // where the columns lie in B and in C; those past the end repeat the last one and are not stored
  i64 jb[{columns}], jc[{columns}];
  i32 near = 1, packed = wide == {columns};
  for (i32 x = 0; x < {columns}; ++x) {{
    i64 ib = 0, ic = 0;
    {_split('(x < wide ? left + x : p.n - 1)', 'n', (('ib', 'bn'), ('ic', 'cn')))}
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


def _tile(dtype: DType, a_rows: bool, bias: bool, target: Target) -> str:
    c, total = C[dtype], vector_of(dtype)[0]
    per = _TILE // 16
    added = f" + load_{c.tag}(s, sat + i * p.sm + j * p.sn)" if bias else ""
    # a thread loads four elements of each tile: always the same column of B and the same inner place of A
    return f"""
  const i64 tiles = (p.n + {_TILE - 1}) / {_TILE}, heights = (p.m + {_TILE - 1}) / {_TILE};
  const i64 batch = {target.group} / (tiles * heights), turn = {target.group} % (tiles * heights);
  {_batch(bias)}
  const i64 top = turn / tiles * {_TILE}, left = turn % tiles * {_TILE};
  const i32 me = {target.local}, ti = me / 16, tj = me % 16;
  {target.shared} {total} sa[{_STEP * _TILE}], sb[{_STEP * _TILE}];
  {total} sums[{per * per}], some[{per * per}];
  for (i32 x = 0; x < {per * per}; ++x) sums[x] = some[x] = 0;
  const i64 mine = left + me % {_TILE};
  i64 jb = bat;
  if (mine < p.n) {_split('mine', 'n', (('jb', 'bn'),))}
  for (i64 from = 0; from < p.k; from += {_STEP}) {{
    const i64 la = from + me % {_STEP};
    i64 ka = aat;
    if (la < p.k) {_split('la', 'k', (('ka', 'ak'),)) if not a_rows else 'ka += la;'}
    for (i32 x = me; x < {_STEP * _TILE}; x += 256) {{
      const i64 i = top + x / {_STEP}, lb = from + x / {_TILE};
      i64 kb = jb;
      if (lb < p.k) {_split('lb', 'k', (('kb', 'bk'),))}
      sa[x % {_STEP} * {_TILE} + x / {_STEP}] = i < p.m && la < p.k ? ({total})load_{c.tag}(a, ka + i * p.am) : 0;
      sb[x] = lb < p.k && mine < p.n ? ({total})load_{c.tag}(b, kb) : 0;
    }}
    {target.barrier};
    for (i32 l = 0; l < {_STEP}; ++l)
      for (i32 y = 0; y < {per}; ++y)
        for (i32 x = 0; x < {per}; ++x)
          some[y * {per} + x] += sa[l * {_TILE} + ti + 16 * y] * sb[l * {_TILE} + tj + 16 * x];
    if (from % {_DEPTH} == {_DEPTH - _STEP} || from + {_STEP} >= p.k)  // a long sum is one of short ones, and loses fewer digits
      for (i32 x = 0; x < {per * per}; ++x) {{ sums[x] += some[x]; some[x] = 0; }}
    {target.barrier};
  }}
  for (i32 x = 0; x < {per}; ++x) {{
    const i64 j = left + tj + 16 * x;
    if (j >= p.n) continue;
    i64 jc = cat;
    {_split('j', 'n', (('jc', 'cn'),))}
    for (i32 y = 0; y < {per}; ++y) {{
      const i64 i = top + ti + 16 * y;
      if (i < p.m) store_{c.tag}(c, jc + i * p.cm, ({c.compute})sums[y * {per} + x]{added});
    }}
  }}
"""


_Plan: TypeAlias = tuple[bool, Ints, Sequence[bytes], bytes | None]
"""Whether A's inner elements follow each other, (m, n, k, batches), each array's strides, and what else a kernel is told: None where
it cannot walk that many dimensions."""


class Contraction:
    """The contractions of one backend."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._kernels: dict[tuple[DType, bool, bool], Kernel] = {}
        self._plans: dict[Hashable, _Plan] = {}

    def run(self, out: StridedArray, a: StridedArray, b: StridedArray, inner: int, bias: StridedArray | None = None) -> Outcome:
        """out (*batch, m, *columns) = a (*batch, m, *inner) times b (*batch, *inner, *columns), summed over `inner` dimensions.

        The batches of a and b, and all of `bias` against `out`, broadcast; `bias` has at most one column dimension that is not 1.
        NotImplemented where more dimensions than the kernels walk are left when those that follow each other are merged.
        """
        if 0 in out.shape:
            return None
        where = (out.shape, inner, *[(x.shape, x.strides) for x in (out, a, b, *([] if bias is None else [bias]))])
        plan = self._plans.get(where)
        if plan is None:
            if len(self._plans) > 10000:
                self._plans.clear()
            plan = self._plans[where] = self._plan(out, a, b, inner, bias)
        a_rows, sizes, steps, packed = plan
        if packed is None:
            return NotImplemented
        dtype, style = out.dtype, self._launcher.style
        kernel = self._kernels.get((dtype, a_rows, bias is None))
        if kernel is None:
            kernel = self._kernels[dtype, a_rows, bias is None] = self._launcher.kernel(
                "contraction", lambda name, target: source(name, dtype, style, a_rows, bias is not None, target)
            )
        items, group, block = self._cut(dtype, *sizes)
        numbers = struct.pack("4q", *sizes[:3], block)
        arrays = [out, a, b] if bias is None else [out, a, b, bias]
        for x, text in zip((*arrays, out)[:4], steps, strict=True):
            numbers += struct.pack("q", x.offset) + text
        kernel.launch(out.device_index, items, [x.buffer for x in arrays], numbers + packed, group)
        return None

    def _plan(self, out: StridedArray, a: StridedArray, b: StridedArray, inner: int, bias: StridedArray | None) -> _Plan:
        batch = len(a.shape) - 1 - inner
        lead = out.shape[:batch]
        m, columns = out.shape[batch], out.shape[batch + 1 :]
        parts = [(x.shape[:batch], x.strides[:batch]) for x in (out, a, b)]
        given = (0,) * len(out.shape) if bias is None else broadcast_strides(bias.shape, bias.strides, out.shape)
        strides = [broadcast_strides(shape, own, lead) for shape, own in parts] + [given[:batch]]
        batches = walk(lead, tuple(strides)) if batch else walk((1,), ((1,),) * 4)
        wide = walk(columns, (out.strides[batch + 1 :], b.strides[batch + inner :]))
        deep = walk(a.shape[batch + 1 :], (b.strides[batch : batch + inner], a.strides[batch + 1 :]))
        if len(batches.sizes) > _BATCHES or max(len(wide.sizes), len(deep.sizes)) > _DIMS:
            return False, (), (), None
        sn = next((s for s, n in zip(given[batch + 1 :], columns, strict=True) if n > 1), 0)
        own = [(out.strides[batch],), (a.strides[batch],), (), (given[batch], sn)]
        steps = []
        for mine, s in zip(own, batches.strides, strict=True):
            text = (*mine, *_filled(s, _BATCHES, 0))
            steps.append(struct.pack(f"{len(text)}q", *text))
        cn, bn = wide.strides
        bk, ak = deep.strides
        numbers = [*_filled(batches.sizes, _BATCHES, 1), *_filled(wide.sizes, _DIMS, 1), *_filled(deep.sizes, _DIMS, 1)]
        for s in (cn, bn, ak, bk):
            numbers += _filled(s, _DIMS, 0)
        a_rows = deep.total == 1 or ak == contiguous_strides(deep.sizes)
        return a_rows, (m, wide.total, deep.total, batches.total), steps, struct.pack(f"{len(numbers)}q", *numbers)

    def _cut(self, dtype: DType, m: int, n: int, k: int, batches: int) -> tuple[int, int, int]:
        """Items, the size of a group, and the rows of an item's block."""
        if self._launcher.style == "grid":
            return -(-m // _TILE) * -(-n // _TILE) * batches * 256, 256, 0
        columns = 2 * vector_of(dtype)[2]
        block = _BLOCK
        while block > _ROWS and -(-m // block) * -(-n // columns) * batches < self._launcher.units * 4:
            block //= 2
        return -(-m // block) * -(-n // columns) * batches, 1, block


def _filled(values: tuple[int, ...], count: int, by: int) -> list[int]:
    """The values behind as many of `by` as make `count`."""
    return [by] * (count - len(values)) + list(values)
