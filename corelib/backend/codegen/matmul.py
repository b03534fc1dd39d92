"""Matrix products of strided matrices, in tiles; half types accumulate in float32, small integers in int32.

Style "loop": an item computes a block of C, a few columns wide. It copies the panel of B that it needs into memory of its own,
so that the innermost loop reads it in order, and keeps a few rows of C in registers as vectors. (With 4 rows of two float8 this is
as fast as OpenBLAS on two cores of an AMD EPYC.) Style "grid": a group computes a square tile from tiles in shared memory.
Products with a vector are row programs.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from corelib.backend.base import KernelTable
from corelib.backend.codegen.geometry import broadcast_strides, walk
from corelib.backend.codegen.rows import Program, Reduce, Rows, Store
from corelib.backend.codegen.types import C
from corelib.tensor import dtype as D

if TYPE_CHECKING:
    from corelib.backend.codegen.launch import Launcher

_ROWS, _DEPTH = 4, 256  # of a register tile; of a panel
_TILE, _STEP = 64, 16  # of style "grid"


def _vector(dtype: Any) -> tuple[str, str, int]:
    """The type that products add up in, its vector type in OpenCL C, and the vector's width. Not wider than 8: PoCL's
    compiler has aborted on products of 16."""
    compute = C[dtype].compute
    if compute == "f32":
        return "f32", "float8", 8
    if compute == "f64":
        return "f64", "double4", 4
    return ("i64", "long4", 4) if compute == "i64" else ("i32", "int8", 8)


def source(name: str, dtype: Any, style: str, a_rows: bool, bias: bool, target: Any) -> str:
    """The kernel's text. `a_rows`: whether the elements of A's rows lie next to each other; `bias`: whether a row is added."""
    c = C[dtype]
    total, vector, width = _vector(dtype)
    fields = "i64 oc; i64 oa; i64 ob; i64 m; i64 n; i64 k; i64 block; i64 rows; i64 batches;"
    fields += " i64 cm; i64 cn; i64 am; i64 ak; i64 bk; i64 bn; i64 d0; i64 d1; i64 d2;"
    fields += " i64 c0; i64 c1; i64 c2; i64 a0; i64 a1; i64 a2; i64 b0; i64 b1; i64 b2; i64 obias; i64 biasn;"
    out = f"{target.pointer} {c.memory}* c, {target.pointer} const {c.memory}* a, {target.pointer} const {c.memory}* b"
    out += f", {target.pointer} const {c.memory}* bias" if bias else ""
    added = f" + load_{c.tag}(bias, p.obias + {{}} * p.biasn)" if bias else "{}"
    head = f"typedef struct {{ {fields} }} Params;\n{target.kernel} {name}({out}, const Params p) {{\n"
    start = """
  const i64 x2 = batch % p.d2, x1 = batch / p.d2 % p.d1, x0 = batch / p.d2 / p.d1;
  const i64 oc = p.oc + x0 * p.c0 + x1 * p.c1 + x2 * p.c2;
  const i64 oa = p.oa + x0 * p.a0 + x1 * p.a1 + x2 * p.a2;
  const i64 ob = p.ob + x0 * p.b0 + x1 * p.b1 + x2 * p.b2;
"""
    if style == "grid":
        return head + _tile(c, total, target, start, added.format('j') if bias else '') + "}\n"
    columns = 2 * width
    store = f"store_{c.tag}(c, oc + i * p.cm + (j + x) * p.cn, ({c.compute})sums[(i - top) * {columns} + x]{added.format('(j + x)') if bias else ''});"
    step = "\n".join(
        f"        {{ const {vector} s = ({vector})({_element(c, total, a_rows, r)}); y{r}0 += s * z0; y{r}1 += s * z1; }}"
        for r in range(_ROWS)
    )
    names = [(r, v) for r in range(_ROWS) for v in range(2)]
    tiles = " ".join(f"{vector} y{r}{v} = vload{width}(0, sums + (i - top + {r}) * {columns} + {v * width});" for r, v in names)
    back = " ".join(f"vstore{width}(y{r}{v}, 0, sums + (i - top + {r}) * {columns} + {v * width});" for r, v in names)
    # rows past the end repeat the last one and are not stored
    bases = " ".join(
        f"const i64 r{r} = oa + (i + {r} < p.m ? i + {r} : p.m - 1) * p.am + from * p.ak;" for r in range(_ROWS)
    )
    body = f"""
  const i64 tiles = (p.n + {columns - 1}) / {columns}, heights = (p.m + p.block - 1) / p.block;
  const i64 item = {target.item}, batch = item / (tiles * heights), rest = item % (tiles * heights);
  {start}
  const i64 top = rest / tiles * p.block, j = rest % tiles * {columns};
  const i64 bottom = top + p.block < p.m ? top + p.block : p.m;
  const i64 wide = j + {columns} < p.n ? {columns} : p.n - j;
  {total} panel[{_DEPTH * columns}], sums[{64 * columns}];
  for (i64 x = 0; x < 64 * {columns}; ++x) sums[x] = 0;
  for (i64 from = 0; from < p.k; from += {_DEPTH}) {{
    const i64 depth = from + {_DEPTH} < p.k ? {_DEPTH} : p.k - from;
    for (i64 l = 0; l < depth; ++l) {{
      for (i64 x = 0; x < wide; ++x) panel[l * {columns} + x] = load_{c.tag}(b, ob + (from + l) * p.bk + (j + x) * p.bn);
      for (i64 x = wide; x < {columns}; ++x) panel[l * {columns} + x] = 0;
    }}
    for (i64 i = top; i < bottom; i += {_ROWS}) {{
      {bases}
      {tiles}
      for (i64 l = 0; l < depth; ++l) {{
        const {vector} z0 = vload{width}(0, panel + l * {columns}), z1 = vload{width}(0, panel + l * {columns} + {width});
{step}
      }}
      {back}
    }}
  }}
  for (i64 i = top; i < bottom; ++i) for (i64 x = 0; x < wide; ++x) {store}
"""
    return "#pragma OPENCL FP_CONTRACT ON\n" + head + body + "}\n#pragma OPENCL FP_CONTRACT OFF\n"


def _element(c: Any, total: str, a_rows: bool, r: int) -> str:
    return f"({total})load_{c.tag}(a, r{r} + l{'' if a_rows else ' * p.ak'})"


def _tile(c: Any, total: str, target: Any, start: str, added: str) -> str:
    per = _TILE // 16
    return f"""
  const i64 tiles = (p.n + {_TILE - 1}) / {_TILE}, heights = (p.m + {_TILE - 1}) / {_TILE};
  const i64 batch = {target.group} / (tiles * heights), rest = {target.group} % (tiles * heights);
  {start}
  const i64 top = rest / tiles * {_TILE}, left = rest % tiles * {_TILE};
  const i32 me = {target.local}, ti = me / 16, tj = me % 16;
  {target.shared} {total} sa[{_STEP * _TILE}], sb[{_STEP * _TILE}];
  {total} sums[{per * per}];
  for (i32 x = 0; x < {per * per}; ++x) sums[x] = 0;
  for (i64 from = 0; from < p.k; from += {_STEP}) {{
    for (i32 x = me; x < {_STEP * _TILE}; x += 256) {{
      const i64 i = top + x / {_STEP}, la = from + x % {_STEP}, lb = from + x / {_TILE}, j = left + x % {_TILE};
      sa[x % {_STEP} * {_TILE} + x / {_STEP}] = i < p.m && la < p.k ? ({total})load_{c.tag}(a, oa + i * p.am + la * p.ak) : 0;
      sb[x] = lb < p.k && j < p.n ? ({total})load_{c.tag}(b, ob + lb * p.bk + j * p.bn) : 0;
    }}
    {target.barrier};
    for (i32 l = 0; l < {_STEP}; ++l)
      for (i32 y = 0; y < {per}; ++y)
        for (i32 x = 0; x < {per}; ++x)
          sums[y * {per} + x] += sa[l * {_TILE} + ti + 16 * y] * sb[l * {_TILE} + tj + 16 * x];
    {target.barrier};
  }}
  for (i32 y = 0; y < {per}; ++y)
    for (i32 x = 0; x < {per}; ++x) {{
      const i64 i = top + ti + 16 * y, j = left + tj + 16 * x;
      if (i < p.m && j < p.n) store_{c.tag}(c, oc + i * p.cm + j * p.cn, ({c.compute})sums[y * {per} + x]{added});
    }}
"""


class Matmul:
    """The products of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows) -> None:
        self._launcher = launcher
        self._rows = rows
        self._kernels: dict[Any, Any] = {}
        self._dots: dict[Any, Program] = {}

    def register(self, table: KernelTable, dtypes: tuple[Any, ...]) -> None:
        """batched_matmul and mm; what is made of them has a body."""
        numbers = tuple([d for d in dtypes if d is not D.bool])
        table.register("batched_matmul", numbers, self.product)
        table.register("mm", numbers, self.product)

    def product(self, out: Any, input: Any, other: Any, bias: Any = None) -> Any:
        """out = input @ other, over batches that broadcast; `bias`, one row, is added to each."""
        m, k = input.shape[-2:]
        n = other.shape[-1]
        batch = out.shape[:-2]
        if 0 in out.shape:
            return None
        if m == 1 or n == 1:
            return self._vector(out, input, other, bias, batch, m, n, k)
        strides = [broadcast_strides(x.shape[:-2], x.strides[:-2], batch) for x in (out, input, other)]
        batches = walk(batch, tuple(strides)) if batch else walk((1,), ((1,), (1,), (1,)))
        if len(batches.sizes) > 3:
            return NotImplemented
        dtype, style = out.dtype, self._launcher.style
        a_rows = input.strides[-1] == 1
        kernel = self._kernels.get((dtype, a_rows, bias is None))
        if kernel is None:
            kernel = self._kernels[dtype, a_rows, bias is None] = self._launcher.kernel(
                "matmul", lambda name, target: source(name, dtype, style, a_rows, bias is not None, target)
            )
        items, group, block = self._cut(dtype, m, n, batches.total)
        lead = 3 - len(batches.sizes)
        sizes = (1,) * lead + batches.sizes
        numbers = [out.offset, input.offset, other.offset, m, n, k, block, m, batches.total, *out.strides[-2:]]
        numbers += [*input.strides[-2:], *other.strides[-2:], *sizes]
        for s in batches.strides:
            numbers += [0] * lead + list(s)
        buffers = [out.buffer, input.buffer, other.buffer]
        if bias is not None:
            buffers.append(bias.buffer)
        numbers += [0, 0] if bias is None else [bias.offset, bias.strides[0]]
        kernel.launch(out.device_index, items, buffers, struct.pack(f"{len(numbers)}q", *numbers), group)
        return None

    def _cut(self, dtype: Any, m: int, n: int, batches: int) -> tuple[int, int, int]:
        if self._launcher.style == "grid":
            return -(-m // _TILE) * -(-n // _TILE) * batches * 256, 256, 0
        columns = 2 * _vector(dtype)[2]
        block = 64
        while block > _ROWS and -(-m // block) * -(-n // columns) * batches < self._launcher.units * 4:
            block //= 2
        return -(-m // block) * -(-n // columns) * batches, 1, block

    def _vector(self, out: Any, input: Any, other: Any, bias: Any, batch: Any, m: int, n: int, k: int) -> None:
        """A product with one row or one column: a sum of products for each element of out."""
        program = self._dots.get((out.dtype, bias is None))
        if program is None:
            kind, unsigned = C[out.dtype].compute, C[out.dtype].unsigned
            product, total = ("v1 * v2", "{a} + {b}") if not unsigned else (
                f"({kind})(({unsigned})v1 * ({unsigned})v2)", f"({kind})(({unsigned}){{a}} + ({unsigned}){{b}})"
            )
            program = Program("dot", 1, (Reduce("total", kind, f"({kind})0", product, total), Store(0, "total" if bias is None else "total + v3")))
            self._dots[out.dtype, bias is None] = program
        shape = (*batch, m, n, k)
        z = out._replace(shape=(*out.shape, 1), strides=(*out.strides, 0))
        a = input._replace(
            shape=(*input.shape[:-2], m, 1, k), strides=(*input.strides[:-2], input.strides[-2], 0, input.strides[-1])
        )
        b = other._replace(
            shape=(*other.shape[:-2], 1, n, k), strides=(*other.strides[:-2], 0, other.strides[-1], other.strides[-2])
        )
        arrays = [z, a, b]
        if bias is not None:
            arrays.append(bias._replace(shape=(n, 1), strides=(bias.strides[0], 0)))
        self._rows.run(program, arrays, shape, (len(shape) - 1,))
