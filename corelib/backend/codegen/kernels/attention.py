"""Attention without its matrix of scores: softmax and the sum over values go along with the keys. For style "grid" the text is in flash.py.

Style "loop": an item does a block of queries. For each block of keys it holds, packed, what all of its queries need, and keeps for each query the
largest score so far, the sum of exponentials, and the weighted sum of values (Milakov and Gimelshein, 2018; Dao et al., 2022).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod

from corelib.backend.codegen.contraction import vector_of
from corelib.backend.codegen.geometry import broadcast_strides, walk
from corelib.backend.codegen.kernels import flash
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.programs import Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides

_QUERIES, _TILE, _SIZE = 16, 4, 128  # of an item's block; of a register tile; the most numbers in a query or a value
_BATCHES = 3


def source(name: str, dtype: DType, mask: DType | None, causal: bool, target: Target) -> str:
    """The kernel's text. `mask` is the dtype of a mask, or None; `causal`: whether query i sees the keys up to i."""
    c = C[dtype]
    kind, vector, width = vector_of(dtype)
    keys = 2 * width
    fields = ["l", "s", "e", "v", "d0", "d1", "d2"]
    for x in "oqkvm":
        fields += [f"{x}at", *[f"{x}d{d}" for d in range(_BATCHES)], f"{x}r", f"{x}c"]
    pointers = f"{target.pointer} {c.memory}* o, {target.pointer} const {c.memory}* q, {target.pointer} const {c.memory}* k, {target.pointer} const {c.memory}* v"
    seen = ""
    if mask is not None:
        pointers += f", {target.pointer} const {C[mask].memory}* m"
        at = f"load_{C[mask].tag}(m, mat + (top + r) * p.mr + (from + j) * p.mc)"
        seen = f"if (!{at}) score[j] = -INFINITY;" if mask is D.bool else f"score[j] += {at};"
    if causal:
        seen += " if (from + j > top + r) score[j] = -INFINITY;"
    tile = [(t, n) for t in range(_TILE) for n in range(2)]
    size = _SIZE // width
    zeros = " ".join(f"{vector} y{t}{n} = ({vector})(0);" for t, n in tile)
    scores = "\n        ".join(f"{{ const {vector} w = ({vector})(query[(r + {t}) * {_SIZE} + x]); y{t}0 += w * z0; y{t}1 += w * z1; }}" for t in range(_TILE))
    kept = " ".join(f"share[(r + {t}) * 2 + {n}] = y{t}{n};" for t, n in tile)
    faded = " ".join(f"{vector} y{t}{n} = sum[(r + {t}) * {size} + d + {n}] * fade[r + {t}];" for t, n in tile)
    added = "\n        ".join(f"{{ const {vector} w = ({vector})((({kind}*)(share + (r + {t}) * 2))[j]); y{t}0 += w * z0; y{t}1 += w * z1; }}" for t in range(_TILE))
    summed = " ".join(f"sum[(r + {t}) * {size} + d + {n}] = y{t}{n};" for t, n in tile)
    starts = "\n  ".join(f"const i64 {x}at = p.{x}at + x0 * p.{x}d0 + x1 * p.{x}d1 + x2 * p.{x}d2;" for x in "oqkvm")
    return f"""
typedef struct {{ {' '.join(f'i64 {x};' for x in fields)} {kind} scale; {kind} pad; }} Params;
#pragma OPENCL FP_CONTRACT ON
{target.kernel} {name}({pointers}, const Params p) {{
  const i64 blocks = (p.l + {_QUERIES - 1}) / {_QUERIES};
  const i64 batch = {target.item} / blocks, top = {target.item} % blocks * {_QUERIES};
  const i64 x2 = batch % p.d2, x1 = batch / p.d2 % p.d1, x0 = batch / p.d2 / p.d1;
  {starts}
  const i32 rows = top + {_QUERIES} < p.l ? {_QUERIES} : (i32)(p.l - top), parts = (i32)((p.v + {2 * width - 1}) / {2 * width} * 2);
  {kind} query[{_QUERIES * _SIZE}], best[{_QUERIES}], total[{_QUERIES}], fade[{_QUERIES}];
  {vector} share[{_QUERIES * 2}], key[{_SIZE * 2}], value[{keys * _SIZE // width}], sum[{_QUERIES * _SIZE // width}];
  {kind}* const keys = ({kind}*)key; {kind}* const values = ({kind}*)value;
  for (i32 r = 0; r < {_QUERIES}; ++r) {{
    for (i64 x = 0; x < p.e; ++x) query[r * {_SIZE} + x] = r < rows ? load_{c.tag}(q, qat + (top + r) * p.qr + x * p.qc) * p.scale : 0;
    best[r] = -INFINITY; total[r] = 0; fade[r] = 0; share[r * 2] = share[r * 2 + 1] = ({vector})(0);
    for (i32 d = 0; d < parts; ++d) sum[r * {_SIZE // width} + d] = ({vector})(0);
  }}
  const i64 last = {'top + rows < p.s ? top + rows : p.s' if causal else 'p.s'};
  for (i64 from = 0; from < last; from += {keys}) {{
    const i32 count = from + {keys} < last ? {keys} : (i32)(last - from);
    for (i32 j = 0; j < {keys}; ++j) {{
      const i64 at = from + (j < count ? j : 0);
      for (i64 x = 0; x < p.e; ++x) keys[x * {keys} + j] = load_{c.tag}(k, kat + at * p.kr + x * p.kc);
      for (i64 x = 0; x < parts * {width}; ++x) values[j * {_SIZE} + x] = x < p.v ? load_{c.tag}(v, vat + at * p.vr + x * p.vc) : 0;
    }}
    for (i32 r = 0; r < rows; r += {_TILE}) {{
      {zeros}
      for (i64 x = 0; x < p.e; ++x) {{
        const {vector} z0 = key[x * 2], z1 = key[x * 2 + 1];
        {scores}
      }}
      {kept}
    }}
    for (i32 r = 0; r < rows; ++r) {{
      {kind}* const score = ({kind}*)(share + r * 2);
      {kind} most = best[r]; i32 odd = 0;
      for (i32 j = 0; j < count; ++j) {{ {seen} most = score[j] > most ? score[j] : most; odd |= score[j] != score[j]; }}
      for (i32 j = count; j < {keys}; ++j) score[j] = -INFINITY;
      if (most == -INFINITY && !odd) {{ fade[r] = 1; share[r * 2] = ({vector})(0); share[r * 2 + 1] = ({vector})(0); continue; }}
      fade[r] = best[r] == -INFINITY ? 0 : exp(best[r] - most);
      share[r * 2] = exp(share[r * 2] - most); share[r * 2 + 1] = exp(share[r * 2 + 1] - most);
      {kind} added = 0;
      for (i32 j = 0; j < count; ++j) added += score[j];
      best[r] = most; total[r] = total[r] * fade[r] + added;
    }}
    for (i32 r = 0; r < rows; r += {_TILE}) for (i32 d = 0; d < parts; d += 2) {{
      {faded}
      for (i32 j = 0; j < count; ++j) {{
        const {vector} z0 = value[j * {_SIZE // width} + d], z1 = value[j * {_SIZE // width} + d + 1];
        {added}
      }}
      {summed}
    }}
  }}
  for (i32 r = 0; r < rows; ++r) {{
    const {kind}* const row = ({kind}*)(sum + r * {_SIZE // width});
    for (i64 x = 0; x < p.v; ++x) {{
      const {kind} made = row[x];
      store_{c.tag}(o, oat + (top + r) * p.or + x * p.oc, total[r] == 0 ? 0 : made / total[r]);
    }}
  }}
}}
#pragma OPENCL FP_CONTRACT OFF
"""


class Attention:
    """Attention of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows) -> None:
        self._launcher = launcher
        self._rows = rows
        self._grid: dict[flash.Form, Kernel] = {}
        self._kernels: dict[tuple[DType, DType | None, bool], Kernel] = {}

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table, where the device is one that gains by them."""
        if self._launcher.style == "grid":
            floats = [d for d in dtypes if d.is_floating_point]
            table.register("attention", floats, self.on_grid)
            table.register("attention_kept", floats, self.kept)
            table.register("attention_backward", floats, self.backward)
        if self._launcher.style == "loop" and self._launcher.target.vectors:
            table.register("attention", [d for d in dtypes if d.is_floating_point], self.attention)

    def attention(
        self, out: StridedArray, query: StridedArray, key: StridedArray, value: StridedArray, mask: StridedArray | None,
        causal: bool, scale: float,
    ) -> Outcome:
        lead = out.shape[:-2]
        (length, v), (s, e) = out.shape[-2:], key.shape[-2:]
        if max(e, v) > _SIZE or s == 0:
            return NotImplemented
        if 0 in out.shape:
            return None
        arrays = [out, query, key, value] + ([] if mask is None else [mask])
        if mask is not None and len(mask.shape) < 2:
            missing = 2 - len(mask.shape)
            mask = arrays[4] = mask._replace(shape=(1,) * missing + mask.shape, strides=(0,) * missing + mask.strides)
        strides = [broadcast_strides(x.shape[:-2], x.strides[:-2], lead) for x in arrays]
        batches = walk(lead, tuple(strides)) if lead else walk((1,), ((1,),) * len(arrays))
        if len(batches.sizes) > _BATCHES:
            return NotImplemented
        more = _BATCHES - len(batches.sizes)
        numbers = [length, s, e, v, *[1] * more, *batches.sizes]
        for x, own in zip(arrays, batches.strides, strict=True):
            ends = x.strides[-2:]
            if x is mask:
                ends = tuple([0 if n == 1 else t for n, t in zip(x.shape[-2:], ends, strict=True)])
            numbers += [x.offset, *[0] * more, *own, *ends]
        numbers += [0] * (6 if mask is None else 0)
        kind = C[out.dtype].compute
        params = struct.pack(f"{len(numbers)}q", *numbers) + struct.pack("ff" if kind == "f32" else "dd", scale, 0)
        chosen = (out.dtype, None if mask is None else mask.dtype, causal)
        kernel = self._kernels.get(chosen)
        if kernel is None:
            kernel = self._kernels[chosen] = self._launcher.kernel("attention", lambda name, target: source(name, *chosen, target))
        items = -(-length // _QUERIES) * batches.total
        kernel.launch(out.device_index, items, [x.buffer for x in arrays], params)
        return None

    def on_grid(
        self, out: StridedArray, query: StridedArray, key: StridedArray, value: StridedArray, mask: StridedArray | None, causal: bool, scale: float,
    ) -> Outcome:
        wide, shape = D.float64 if C[out.dtype].compute == "f64" else D.float32, out.shape[:-1]
        scratch = self._launcher.scratch(out.device_index, max(prod(shape), 1) * wide.itemsize)
        sums = StridedArray(scratch._raw, wide, shape, contiguous_strides(shape), 0, out.device_index)
        made = self.kept((out, sums), query, key, value, mask, causal, scale)
        del scratch  # whose writer is queued by now
        return made

    def kept(
        self, outs: Sequence[StridedArray], query: StridedArray, key: StridedArray, value: StridedArray, mask: StridedArray | None, causal: bool, scale: float,
    ) -> Outcome:
        out, sums = outs
        if max(key.shape[-1], out.shape[-1]) > flash.SIZE or key.shape[-2] == 0:
            return NotImplemented
        form = flash.Form("forward", out.dtype, None if mask is None else mask.dtype, causal)
        return self._launch(form, [out, sums, query, key, value, *([] if mask is None else [mask])], out.shape[:-2], out.shape[-2], key.shape, out.shape[-1], scale)

    def backward(
        self, outs: Sequence[StridedArray], g: StridedArray, query: StridedArray, key: StridedArray, value: StridedArray, mask: StridedArray | None,
        out: StridedArray, sums: StridedArray, causal: bool, scale: float,
    ) -> Outcome:
        lead = out.shape[:-2]
        if max(key.shape[-1], out.shape[-1]) > flash.SIZE or 0 in (*out.shape, *key.shape) or any(x.shape[:-2] != lead for x in (query, key, value)):
            return NotImplemented
        kind, wide, shape = C[out.dtype].compute, sums.dtype, out.shape[:-1]
        scratch = self._launcher.scratch(out.device_index, prod(shape) * wide.itemsize)
        inner = StridedArray(scratch._raw, wide, (*shape, 1), (*contiguous_strides(shape), 0), 0, out.device_index)
        product = Program("attention_inner", 1, (Reduce("total", kind, f"({kind})0", "v1 * v2", "{a} + {b}"), Store(0, "total")))
        self._rows.run(product, [inner, g, out], out.shape, (len(out.shape) - 1,))
        inner = inner._replace(shape=shape, strides=inner.strides[:-1])
        given = [query, key, value, g, sums, inner, *([] if mask is None else [mask])]
        chosen = (out.dtype, None if mask is None else mask.dtype, causal)
        made: Outcome = None
        for name, arrays in (("of_query", [outs[0], *given]), ("of_key", [outs[1], outs[2], *given])):
            if made is None:
                made = self._launch(flash.Form(name, *chosen), arrays, lead, out.shape[-2], key.shape, out.shape[-1], scale)
        del scratch  # whose readers are queued by now
        return made

    def _launch(self, form: flash.Form, arrays: list[StridedArray], lead: Ints, length: int, key: Ints, v: int, scale: float) -> Outcome:
        if not prod(lead) * length:
            return None
        s, e = key[-2:]
        letters, numbers, strides = flash.names(form), list[int](), list[Ints]()
        ends: list[Ints] = []
        for x, letter in zip(arrays, letters, strict=True):
            shape, own = (x.shape, x.strides) if letter not in "ni" else ((*x.shape, 1), (*x.strides, 0))  # one number a query
            missing = max(0, 2 - len(shape))
            shape, own = (1,) * missing + shape, (0,) * missing + own
            strides.append(broadcast_strides(shape[:-2], own[:-2], lead))
            ends.append(tuple([0 if n == 1 else t for n, t in zip(shape[-2:], own[-2:], strict=True)]))
        batches = walk(lead, tuple(strides)) if lead else walk((1,), ((1,),) * len(arrays))
        more = flash.BATCHES - len(batches.sizes)
        if more < 0:
            return NotImplemented
        for x, own, end in zip(arrays, batches.strides, ends, strict=True):
            numbers += [x.offset, *[0] * more, *own, *end]
        kind = C[form.dtype].compute
        head = [length, s, e, v, *[1] * more, *batches.sizes]
        params = struct.pack(f"{len(head) + len(numbers)}q", *head, *numbers) + struct.pack("ff" if kind == "f32" else "dd", scale, 0)
        kernel = self._grid.get(form)
        if kernel is None:
            kernel = self._grid[form] = self._launcher.kernel(f"attention_{form.kind}", lambda name, target: flash.source(name, form, target))
        blocks = -(-(s if form.kind == "of_key" else length) // flash.rows(form)) * batches.total
        kernel.launch(arrays[0].device_index, blocks * flash.GROUP, [x.buffer for x in arrays], params, flash.GROUP)
        return None
