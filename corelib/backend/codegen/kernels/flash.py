"""Attention without its matrix of scores, for style "grid", forward and backward (Dao et al., 2022).

A group has a block of queries, or for the gradients of keys and values a block of keys, and goes along the other sequence in blocks that it holds in
shared memory. Backward the scores are computed once more, from the queries' `sums`: the logarithm of the sum of a query's exponentials.
An item has one row of the block and every so many columns of it. Half types are computed in float32.
"""

from __future__ import annotations

from typing import NamedTuple

from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.types import C
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

SIZE, GROUP, BATCHES = 128, 256, 3  # the most numbers in a query or a value; items of a group; dimensions of batches that are walked
_WIDE = SIZE + 1  # of a row in shared memory: a column is not in one bank
ARRAYS = {
    "forward": ("out", "sums", "query", "key", "value", "mask"),
    "of_query": ("made", "query", "key", "value", "g", "sums", "inner", "mask"),
    "of_key": ("made", "made2", "query", "key", "value", "g", "sums", "inner", "mask"),
}
"""The arrays of each kernel in their order; `made` the gradients, `inner` each query's sum of g times out. The mask is there where there is one."""
_SHORT = {"out": "y", "made": "y", "made2": "z", "sums": "n", "query": "q", "key": "k", "value": "v", "mask": "m", "g": "g", "inner": "i"}


class Form(NamedTuple):
    """What a kernel is written for."""

    kind: str
    """ "forward", "of_query" or "of_key"."""
    dtype: DType
    mask: DType | None
    causal: bool


def names(form: Form) -> list[str]:
    """The arrays by their letters in the text."""
    return [_SHORT[a] for a in ARRAYS[form.kind] if a != "mask" or form.mask is not None]


def rows(form: Form) -> int:
    """How many rows a block has: forward two blocks are in shared memory and backward four, of 48 KiB."""
    double = C[form.dtype].compute == "f64"
    return (16 if double else 32) if form.kind == "forward" else (8 if double else 16)


def source(name: str, form: Form, target: Target) -> str:
    """The kernel's text."""
    c, total = C[form.dtype], C[form.dtype].compute
    own, letters = rows(form), names(form)
    memory = {x: f"{'' if x in 'yz' or (x == 'n' and form.kind == 'forward') else 'const '}{c.memory}" for x in letters}
    for x in "ni":
        if x in memory:
            memory[x] = memory[x].replace(c.memory, total)
    if form.mask is not None:
        memory["m"] = f"const {C[form.mask].memory}"
    fields = ["l", "s", "e", "v", "d0", "d1", "d2"]
    for x in letters:
        fields += [f"{x}at", *[f"{x}d{d}" for d in range(BATCHES)], f"{x}r", f"{x}c"]
    pointers = ", ".join(f"{target.pointer} {memory[x]}* {x}" for x in letters)
    starts = "\n  ".join(f"const i64 {x}at = p.{x}at + x0 * p.{x}d0 + x1 * p.{x}d1 + x2 * p.{x}d2;" for x in letters)
    over = "s" if form.kind == "of_key" else "l"
    body = {"forward": _forward, "of_query": _of_query, "of_key": _of_key}[form.kind](form, c.tag, total, target)
    return f"""
typedef struct {{ {' '.join(f'i64 {x};' for x in fields)} {total} scale; {total} pad; }} Params;
{target.kernel} {name}({pointers}, const Params p) {{
  const i64 blocks = (p.{over} + {own - 1}) / {own};
  const i64 batch = {target.group} / blocks, top = {target.group} % blocks * {own};
  const i64 x2 = batch % p.d2, x1 = batch / p.d2 % p.d1, x0 = batch / p.d2 / p.d1;
  {starts}
  const i32 me = {target.local}, r = me / {GROUP // own}, lane = me % {GROUP // own};
{body}}}
"""


def _tile(name: str, array: str, first: str, length: str, width: str, own: int, tag: str) -> str:
    """Rows `first` and on of a matrix in shared memory; zeros past its ends."""
    return f"""for (i32 x = me; x < {own * SIZE}; x += {GROUP}) {{
    const i64 i = {first} + x / {SIZE}; const i32 d = x % {SIZE};
    {name}[x / {SIZE} * {_WIDE} + d] = i < {length} && d < {width} ? load_{tag}({array}, {array}at + i * p.{array}r + d * p.{array}c) : 0;
  }}"""


def _score(form: Form, query: str, key: str) -> str:
    """What the mask and causality make of `score`."""
    text = ""
    if form.mask is not None:
        at = f"load_{C[form.mask].tag}(m, mat + ({query}) * p.mr + ({key}) * p.mc)"
        text = f"if (!{at}) score = -INFINITY;" if form.mask is D.bool else f"score += {at};"
    return text + (f" if (({key}) > ({query})) score = -INFINITY;" if form.causal else "")


def _forward(form: Form, tag: str, total: str, target: Target) -> str:
    own = rows(form)
    lanes, per = GROUP // own, SIZE * own // GROUP
    end = f"(top + {own} < p.s ? top + {own} : p.s)" if form.causal else "p.s"
    return f"""
  {target.shared} {total} query[{own * _WIDE}];
  {target.shared} {total} other[{own * _WIDE}];
  {target.shared} {total} scores[{own * (own + 1)}];
  {_tile('query', 'q', 'top', 'p.l', 'p.e', own, tag)}
  {total} sum[{per}], best = -INFINITY, all = 0;
  for (i32 x = 0; x < {per}; ++x) sum[x] = 0;
  for (i64 from = 0; from < {end}; from += {own}) {{
    {_tile('other', 'k', 'from', 'p.s', 'p.e', own, tag)}
    {target.barrier};
    for (i32 j = lane; j < {own}; j += {lanes}) {{
      {total} score = 0;
      for (i32 x = 0; x < p.e; ++x) score += query[r * {_WIDE} + x] * other[j * {_WIDE} + x];
      score *= p.scale;
      if (from + j >= p.s || top + r >= p.l) score = -INFINITY;
      else {{ {_score(form, 'top + r', 'from + j')} }}
      scores[r * {own + 1} + j] = score;
    }}
    {target.barrier};
    {_tile('other', 'v', 'from', 'p.s', 'p.v', own, tag)}
    {total} most = best; i32 odd = 0;
    for (i32 j = 0; j < {own}; ++j) {{ const {total} score = scores[r * {own + 1} + j]; most = score > most ? score : most; odd |= score != score; }}
    const {total} fade = best == -INFINITY ? 0 : exp(best - most);
    {target.barrier};
    for (i32 j = lane; j < {own}; j += {lanes}) {{
      const {total} score = scores[r * {own + 1} + j];
      scores[r * {own + 1} + j] = most == -INFINITY && !odd ? 0 : exp(score - most);
    }}
    {target.barrier};
    {total} added = 0;
    for (i32 x = 0; x < {per}; ++x) sum[x] *= fade;
    for (i32 j = 0; j < {own}; ++j) {{
      const {total} share = scores[r * {own + 1} + j];
      added += share;
      for (i32 x = 0; x < {per}; ++x) sum[x] += share * other[j * {_WIDE} + lane + x * {lanes}];
    }}
    all = all * fade + added; best = most;
    {target.barrier};
  }}
  if (top + r >= p.l) return;
  for (i32 x = 0; x < {per}; ++x) {{
    const i32 d = lane + x * {lanes};
    if (d < p.v) store_{tag}(y, yat + (top + r) * p.yr + d * p.yc, all == 0 ? 0 : sum[x] / all);
  }}
  if (lane == 0) n[nat + (top + r) * p.nr] = all == 0 ? -INFINITY : best + log(all);
"""


def _shares(form: Form, own: int, total: str, query: str, key: str, queries: str, keys: str, target: Target) -> str:
    """Of a block of queries and one of keys, in `shares` [query, key] each key's share and in `slopes` the gradient of its score."""
    return f"""
    for (i32 x = me; x < {own * own}; x += {GROUP}) {{
      const i32 a = x / {own}, b = x % {own};
      const i64 i = {queries} + a, j = {keys} + b;
      {total} share = 0, slope = 0;
      if (i < p.l && j < p.s) {{
        {total} score = 0;
        for (i32 d = 0; d < p.e; ++d) score += {query}[a * {_WIDE} + d] * {key}[b * {_WIDE} + d];
        score *= p.scale;
        {_score(form, 'i', 'j')}
        const {total} all = n[nat + i * p.nr];
        share = all == -INFINITY ? 0 : exp(score - all);
        for (i32 d = 0; d < p.v; ++d) slope += given[a * {_WIDE} + d] * values[b * {_WIDE} + d];
        slope = share * (slope - i_[a]);
      }}
      shares[a * {own + 1} + b] = share; slopes[a * {own + 1} + b] = slope;
    }}
    {target.barrier};"""


def _shared(own: int, total: str, target: Target) -> str:
    tiles = "\n  ".join(f"{target.shared} {total} {x}[{own * _WIDE}];" for x in ("queries", "keys", "values", "given"))
    return f"""
  {tiles}
  {target.shared} {total} shares[{own * (own + 1)}];
  {target.shared} {total} slopes[{own * (own + 1)}];
  {target.shared} {total} i_[{own}];"""


def _of_query(form: Form, tag: str, total: str, target: Target) -> str:
    own = rows(form)
    lanes, per = GROUP // own, SIZE * own // GROUP
    end = f"(top + {own} < p.s ? top + {own} : p.s)" if form.causal else "p.s"
    return f"""{_shared(own, total, target)}
  {_tile('queries', 'q', 'top', 'p.l', 'p.e', own, tag)}
  {_tile('given', 'g', 'top', 'p.l', 'p.v', own, tag)}
  if (me < {own}) i_[me] = top + me < p.l ? i[iat + (top + me) * p.ir] : 0;
  {total} sum[{per}];
  for (i32 x = 0; x < {per}; ++x) sum[x] = 0;
  for (i64 from = 0; from < {end}; from += {own}) {{
    {_tile('keys', 'k', 'from', 'p.s', 'p.e', own, tag)}
    {_tile('values', 'v', 'from', 'p.s', 'p.v', own, tag)}
    {target.barrier};
    {_shares(form, own, total, 'queries', 'keys', 'top', 'from', target)}
    for (i32 j = 0; j < {own}; ++j)
      for (i32 x = 0; x < {per}; ++x) sum[x] += slopes[r * {own + 1} + j] * keys[j * {_WIDE} + lane + x * {lanes}];
    {target.barrier};
  }}
  if (top + r >= p.l) return;
  for (i32 x = 0; x < {per}; ++x) {{
    const i32 d = lane + x * {lanes};
    if (d < p.e) store_{tag}(y, yat + (top + r) * p.yr + d * p.yc, sum[x] * p.scale);
  }}
"""


def _of_key(form: Form, tag: str, total: str, target: Target) -> str:
    own = rows(form)
    lanes, per = GROUP // own, SIZE * own // GROUP
    first = f"top / {own} * {own}" if form.causal else "0"
    return f"""{_shared(own, total, target)}
  {_tile('keys', 'k', 'top', 'p.s', 'p.e', own, tag)}
  {_tile('values', 'v', 'top', 'p.s', 'p.v', own, tag)}
  {total} of_key[{per}], of_value[{per}];
  for (i32 x = 0; x < {per}; ++x) of_key[x] = of_value[x] = 0;
  for (i64 from = {first}; from < p.l; from += {own}) {{
    {_tile('queries', 'q', 'from', 'p.l', 'p.e', own, tag)}
    {_tile('given', 'g', 'from', 'p.l', 'p.v', own, tag)}
    if (me < {own}) i_[me] = from + me < p.l ? i[iat + (from + me) * p.ir] : 0;
    {target.barrier};
    {_shares(form, own, total, 'queries', 'keys', 'from', 'top', target)}
    for (i32 j = 0; j < {own}; ++j)
      for (i32 x = 0; x < {per}; ++x) {{
        of_key[x] += slopes[j * {own + 1} + r] * queries[j * {_WIDE} + lane + x * {lanes}];
        of_value[x] += shares[j * {own + 1} + r] * given[j * {_WIDE} + lane + x * {lanes}];
      }}
    {target.barrier};
  }}
  if (top + r >= p.s) return;
  for (i32 x = 0; x < {per}; ++x) {{
    const i32 d = lane + x * {lanes};
    if (d < p.e) store_{tag}(y, yat + (top + r) * p.yr + d * p.yc, of_key[x] * p.scale);
    if (d < p.v) store_{tag}(z, zat + (top + r) * p.zr + d * p.zc, of_value[x]);
  }}
"""
