"""The contraction's kernels (see contraction.py) for style "grid": tiles in shared memory, and for few rows an element each.

What lies at an edge of a convolution's input is not copied with zeros around it: a column (n) and an inner element (k) meet in each of
three dimensions at the place `n * t + k * u + w`, and what is not from 0 to z - 1 is a zero.
"""

from __future__ import annotations

from typing import NamedTuple

from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.types import C
from corelib.tensor.dtype import dtype as DType

TILE, STEP, DEPTH, GROUP = 64, 16, 256, 256
BATCHES, DIMS, EDGES = 3, 4, 3  # so many dimensions a kernel walks, when those that follow each other are merged
_WIDE = TILE + 1  # a column of A's tile is not in one bank


class Form(NamedTuple):
    """What a contraction's source is made for, besides its dtype."""

    a_rows: bool
    """Whether A's inner elements lie next to each other."""
    bias: bool = False
    edges: bool = False
    way: str = "tile"
    """ "tile"; "parts", tiles of a part of the sum each, which are added up after; "each", an item an element; "shared", a group an element."""


def starts(bias: bool) -> str:
    """Where the matrices of `batch` begin."""
    lines = ["const i64 x2 = batch % p.d2, x1 = batch / p.d2 % p.d1, x0 = batch / p.d2 / p.d1;"]
    lines += [f"const i64 {x} = p.{x[0]}o + x0 * p.{x[0]}d0 + x1 * p.{x[0]}d1 + x2 * p.{x[0]}d2;" for x in ("cat", "aat", "bat")]
    if bias:
        lines.append("const i64 sat = p.so + x0 * p.sd0 + x1 * p.sd1 + x2 * p.sd2;")
    return "\n  ".join(lines)


def split(index: str, kind: str, to: tuple[tuple[str, str], ...], edges: bool = False, place: tuple[str, str] | None = None) -> str:
    """Add to each of `to`, (name, strides), where the `index`-th of the columns ("n") or inner elements ("k") lies; `place`, (name, steps),
    are the places in the last dimensions that it stands for. Where there are edges, dimensions of one element can lie anywhere."""
    moves = [" ".join(f"{name} += at * p.{strides}{d};" for name, strides in to) for d in range(DIMS)]
    if place is not None:
        moves = [f"{move} {place[0]}{d - 1} = at * p.{place[1]}{d - 1};" if d else move for d, move in enumerate(moves)]
    steps = [f"{{ const i64 at = rest % p.{kind}{d}; rest /= p.{kind}{d}; {moves[d]} }}" for d in range(DIMS - 1, 0, -1)]
    every = " ".join(steps)
    if not edges:
        every = f"if (p.{kind}2 == 1) {{ const i64 at = rest % p.{kind}3; rest /= p.{kind}3; {moves[3]} }} else {{ {every} }}"
    return f"{{ i64 rest = {index}; {every} {{ const i64 at = rest; {moves[0]} }} }}"


def _places(name: str) -> str:
    return f"i64 {', '.join(f'{name}{d} = 0' for d in range(EDGES))};"


def _column(at: str, name: str, edges: bool) -> str:
    """Where column `at` of B lies, added to `name`."""
    return split(at, "n", ((name, "bn"),), edges, ("y", "t") if edges else None)


def _inside(edges: bool) -> str:
    return "".join(f" && (u64)(y{d} + h{d} + p.w{d}) < (u64)p.z{d}" for d in range(EDGES)) if edges else ""


def tile(dtype: DType, total: str, form: Form, target: Target) -> str:
    """A group computes a square tile from tiles in shared memory."""
    c, per, partial, edges = C[dtype], TILE // 16, form.way == "parts", form.edges
    added = f" + load_{c.tag}(s, sat + i * p.sm + j * p.sn)" if form.bias else ""
    write = f"store_{c.tag}(c, jc + i * p.cm, ({c.compute})sums[y * {per} + x]{added});"
    if partial:
        write = f"c[jc + i * p.cm + part * p.apart] = sums[y * {per} + x] + (part == 0 ? (0{added}) : 0);"
    # a thread loads four elements of each tile: always the same column of B and the same inner place of A
    return f"""
  const i64 tiles = (p.n + {TILE - 1}) / {TILE}, heights = (p.m + {TILE - 1}) / {TILE};
  const i64 turn = {target.group} % (tiles * heights), part = {target.group} / (tiles * heights) % p.parts;
  const i64 batch = {target.group} / (tiles * heights) / p.parts;
  {starts(form.bias)}
  const i64 top = turn / tiles * {TILE}, left = turn % tiles * {TILE};
  const i64 start = part * p.span, end = start + p.span < p.k ? start + p.span : p.k;
  const i32 me = {target.local}, ti = me / 16, tj = me % 16;
  {target.shared} {total} sa[{STEP * _WIDE}];
  {target.shared} {total} sb[{STEP * TILE}];
  {total} sums[{per * per}], some[{per * per}];
  for (i32 x = 0; x < {per * per}; ++x) sums[x] = some[x] = 0;
  const i64 mine = left + me % {TILE};
  i64 jb = bat;
  {_places('y') if edges else ''}
  if (mine < p.n) {_column('mine', 'jb', edges)}
  for (i64 from = start; from < end; from += {STEP}) {{
    const i64 la = from + me % {STEP};
    i64 ka = aat;
    if (la < end) {split('la', 'k', (('ka', 'ak'),), edges) if not form.a_rows else 'ka += la;'}
    for (i32 x = me; x < {STEP * TILE}; x += {GROUP}) {{
      const i64 i = top + x / {STEP}, lb = from + x / {TILE};
      i64 kb = jb;
      {_places('h') if edges else ''}
      if (lb < end) {split('lb', 'k', (('kb', 'bk'),), edges, ('h', 'u') if edges else None)}
      sa[x % {STEP} * {_WIDE} + x / {STEP}] = i < p.m && la < end ? ({total})load_{c.tag}(a, ka + i * p.am) : 0;
      sb[x] = lb < end && mine < p.n{_inside(edges)} ? ({total})load_{c.tag}(b, kb) : 0;
    }}
    {target.barrier};
    for (i32 l = 0; l < {STEP}; ++l)
      for (i32 y = 0; y < {per}; ++y)
        for (i32 x = 0; x < {per}; ++x)
          some[y * {per} + x] += sa[l * {_WIDE} + ti + 16 * y] * sb[l * {TILE} + tj + 16 * x];
    if ((from - start) % {DEPTH} == {DEPTH - STEP} || from + {STEP} >= end)  // a long sum is one of short ones, and loses fewer digits
      for (i32 x = 0; x < {per * per}; ++x) {{ sums[x] += some[x]; some[x] = 0; }}
    {target.barrier};
  }}
  for (i32 x = 0; x < {per}; ++x) {{
    const i64 j = left + tj + 16 * x;
    if (j >= p.n) continue;
    i64 jc = cat;
    {split('j', 'n', (('jc', 'cn'),), edges)}
    for (i32 y = 0; y < {per}; ++y) {{
      const i64 i = top + ti + 16 * y;
      if (i < p.m) {write}
    }}
  }}
"""


def each(dtype: DType, total: str, form: Form, target: Target) -> str:
    """An element by an item of its own, or ("shared") by a group that adds up what its items have."""
    c, edges, shared = C[dtype], form.edges, form.way == "shared"
    added = f" + load_{c.tag}(s, sat + i * p.sm + j * p.sn)" if form.bias else ""
    element, first, step = (target.group, target.local, GROUP) if shared else (target.item, "0", 1)
    write = f"store_{c.tag}(c, jc + i * p.cm, ({c.compute})sum{added});"
    tree = ""
    if shared:
        tree = f"""
  {target.shared} {total} tree[{GROUP}];
  const i32 me = {target.local};
  tree[me] = sum;
  {target.barrier};
  for (i32 half_ = {GROUP // 2}; half_ > 0; half_ /= 2) {{
    if (me < half_) tree[me] += tree[me + half_];
    {target.barrier};
  }}
  sum = tree[0];"""
        write = f"if (me == 0) {write}"
    return f"""
  const i64 element = {element};
  {'' if shared else 'if (element >= p.m * p.n * p.block) return;'}
  const i64 j = element % p.n, i = element / p.n % p.m, batch = element / p.n / p.m;
  {starts(form.bias)}
  i64 jb = bat, jc = cat;
  {_places('y') if edges else ''}
  {_column('j', 'jb', edges)}
  {split('j', 'n', (('jc', 'cn'),), edges)}
  {total} sum = 0, some = 0;
  i32 few = 0;
  for (i64 l = {first}; l < p.k; l += {step}) {{
    i64 ka = aat + i * p.am, kb = jb;
    {_places('h') if edges else ''}
    {split('l', 'k', (('ka', 'ak'), ('kb', 'bk')), edges, ('h', 'u') if edges else None)}
    if (1{_inside(edges)}) some += ({total})load_{c.tag}(a, ka) * ({total})load_{c.tag}(b, kb);
    if (++few == {DEPTH}) {{ sum += some; some = 0; few = 0; }}
  }}
  sum += some;{tree}
  {write}
"""
