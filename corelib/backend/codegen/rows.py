"""Kernels that go over rows: how programs (see programs.py) are written as C, and run.

On devices of style "loop" an item does several rows. Its innermost loop runs over lanes that the compiler can turn into
vectors: neighbours in a row ("along") or, where the row's elements are far apart, neighbouring rows ("across").
On devices of style "grid" a group of items shares a row ("along"), or each item has a row of its own ("across").
"""

from __future__ import annotations

import re
import struct
from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeAlias

from corelib.backend.codegen.cascade import Cascade, is_sum
from corelib.backend.codegen.emit import Scalar, Vector, VECTORS
from corelib.backend.codegen.geometry import broadcast_strides, padded, Walk, walk
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.programs import Let, Map, Pick, Program, Put, Reduce, Scan, Store
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints
from corelib.contract.backend import StridedArray
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape, Strides

ALONG, ACROSS, BLOCK, GROUP = 16, 64, 1024, 256


class _Variant(NamedTuple):
    dtypes: tuple[DType, ...]
    kept: int
    reduced: int
    near: str
    """For each array: its innermost stride in the lanes' direction, "1", "0" or "s"."""
    way: str
    style: str


_Plan: TypeAlias = tuple[Walk, Walk, str, str, bytes]
"""The rows, the elements of a row, the way and what is near (see _Variant), and what a kernel is told of it all."""


class Rows:
    """The row programs of one backend."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._plans: dict[Hashable, _Plan] = {}
        self._kernels: dict[Hashable, Kernel] = {}

    def run(
        self, program: Program, arrays: Sequence[StridedArray], shape: Shape, dims: Ints, numbers: tuple[float, ...] = (),
    ) -> None:
        """Do the program for the rows of `shape` that `dims` span. Each array's shape broadcasts to `shape`."""
        # where the elements of a row have an order, one item does them
        alone = any(isinstance(stage, Put | Scan) for stage in program.stages)
        where = (alone, shape, dims, *[(x.shape, x.strides) for x in arrays])
        plan = self._plans.get(where)
        if plan is None:
            if len(self._plans) > 10000:
                self._plans.clear()
            plan = self._plans[where] = self._plan(shape, dims, arrays, alone)
        rows, elements, way, near, packed = plan
        if not rows.total:
            return
        index = arrays[0].device_index
        key = (program, tuple([x.dtype for x in arrays]), len(rows.sizes), len(elements.sizes), near, way)
        kernel = self._kernels.get(key)
        if kernel is None:
            variant = _Variant(key[1], key[2], key[3], near, way, self._launcher.style)
            kernel = self._kernels[key] = self._launcher.kernel(
                program.name, lambda name, target: source(name, program, variant, target)
            )
        items, chunk, group = self._cut(rows, way)
        text = struct.pack(f"{len(arrays)}q", *[x.offset for x in arrays]) + struct.pack("q", chunk) + packed
        for kind, x in zip(program.numbers, numbers, strict=True):
            text += struct.pack("f4x" if kind == "f32" else "d" if kind == "f64" else "q", x)
        kernel.launch(index, items, [x.buffer for x in arrays], text, group)

    def _plan(self, shape: Shape, dims: Ints, arrays: Sequence[StridedArray], alone: bool) -> _Plan:
        strides = [broadcast_strides(x.shape, x.strides, shape) for x in arrays]
        kept = [d for d in range(len(shape)) if d not in dims]
        lead = _lead(strides)
        order = [lead, *[n for n in range(len(arrays)) if n != lead]]

        def part(of: Sequence[int]) -> Walk:
            found = padded(walk(tuple([shape[d] for d in of]), tuple([tuple([strides[n][d] for d in of]) for n in order])))
            back = sorted(range(len(order)), key=order.__getitem__)
            return found._replace(strides=tuple([found.strides[i] for i in back]))

        rows, elements = part(kept), part(dims)
        # The lanes run where the leading array's elements lie next to each other.
        inner_row, inner_element = rows.strides[lead][-1], elements.strides[lead][-1]
        across = rows.sizes[-1] >= 8 and inner_row == 1 and (inner_element != 1 or elements.total < 8)
        if alone and self._launcher.style == "grid":
            across = True
        way = "across" if across else "along"
        near = "".join(_near(s[-1]) for s in (rows if across else elements).strides)
        if "s" in near and not across:
            near = "s" * len(near)
        numbers = [rows.total, elements.total, *rows.sizes, *elements.sizes]
        for a, b in zip(rows.strides, elements.strides, strict=True):
            numbers += [*a, *b]
        return rows, elements, way, near, struct.pack(f"{len(numbers)}q", *numbers)

    def _cut(self, rows: Walk, way: str) -> tuple[int, int, int]:
        """Items, rows (or blocks of rows) an item, and the size of a group."""
        if self._launcher.style == "grid":
            if way == "along":
                return rows.total * GROUP, 1, GROUP
            return -(-rows.total // GROUP) * GROUP, 1, GROUP
        blocks = rows.total if way == "along" else rows.total // rows.sizes[-1] * -(-rows.sizes[-1] // ACROSS)
        chunk = max(1, blocks // (self._launcher.units * 8))
        return -(-blocks // chunk), chunk, 1


def _lead(strides: Sequence[Strides]) -> int:
    """The array that decides how memory is walked: the last that is read in every dimension, else the first."""
    return max(range(len(strides)), key=lambda n: (sum(1 for s in strides[n] if s), n))


def _near(stride: int) -> str:
    return "1" if stride == 1 else "0" if stride == 0 else "s"


def source(name: str, program: Program, variant: _Variant, target: Target) -> str:
    """The kernel's text; its arguments are a pointer for each array and one struct by value."""
    count = len(variant.dtypes)
    fields = [f"i64 o{n};" for n in range(count)] + ["i64 chunk; i64 rows; i64 length;"]
    fields += [f"i64 k{d};" for d in range(variant.kept)] + [f"i64 r{d};" for d in range(variant.reduced)]
    for n in range(count):
        fields += [f"i64 sk{n}_{d};" for d in range(variant.kept)] + [f"i64 sr{n}_{d};" for d in range(variant.reduced)]
    for n, kind in enumerate(program.numbers):
        fields.append(f"f32 x{n}; f32 pad{n};" if kind == "f32" else f"{kind} x{n};")
    pointers = ", ".join(
        f"{target.pointer} {'' if n < program.outputs else 'const '}{C[d].memory}* a{n}" for n, d in enumerate(variant.dtypes)
    )
    lines = [f"typedef struct {{ {' '.join(fields)} }} Params;", f"{target.kernel} {name}({pointers}, const Params p) {{"]
    lines += [f"  const {kind} x{n} = p.x{n};" for n, kind in enumerate(program.numbers)]
    if variant.style == "grid":
        lines += _grid(program, variant, target)
    elif variant.way == "along":
        lines += _along(program, variant, target)
    else:
        lines += _across(program, variant, target)
    return "\n".join([*lines, "}", ""])


def _row_starts(variant: _Variant, row: str, dims: int) -> list[str]:
    """b0, b1, ...: where each array's row begins; `row` counts the rows of the first `dims` kept dimensions."""
    lines = [f"i64 b{n} = p.o{n};" for n in range(len(variant.dtypes))]
    lines.append(f"i64 left = {row};")
    for d in range(dims - 1, -1, -1):
        moves = " ".join(f"b{n} += at * p.sk{n}_{d};" for n in range(len(variant.dtypes)))
        lines.append(f"{{ const i64 at = left % p.k{d}; left /= p.k{d}; {moves} }}")
    return lines


def _loads(program: Program, variant: _Variant, at: dict[int, str], text: str, emit: Scalar = Scalar()) -> list[str]:
    """Loads of the arrays that an expression names."""
    lines = []
    for n, place in at.items():
        if n >= program.outputs and _names(text, f"v{n}"):
            dtype = variant.dtypes[n]
            load = emit.same if variant.near[n] == "0" else emit.load
            lines.append(f"const {emit.type(dtype)} v{n} = {load(dtype, f'a{n}', place)};")
    return lines


def _vector(program: Program, variant: _Variant, target: Target) -> Vector | None:
    """How to write the loops along a row in vectors, where all is one floating type and lies side by side."""
    kinds = {C[d].compute for d in variant.dtypes}
    kinds |= {stage.type for stage in program.stages if isinstance(stage, Reduce | Let | Scan)}
    plain = not any(d.name == "bool" for d in variant.dtypes) and "s" not in variant.near
    plain = plain and not any(isinstance(stage, Put | Scan) for stage in program.stages)
    return Vector(kinds.pop()) if target.vectors and plain and len(kinds) == 1 and kinds <= VECTORS.keys() else None


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _store(variant: _Variant, array: int, place: str, value: str) -> str:
    c = C[variant.dtypes[array]]
    return f"store_{c.tag}(a{array}, {place}, ({c.compute})({value}));"


def _picked(variant: _Variant, stage: Pick, row: dict[int, str]) -> str:
    return f"load_{C[variant.dtypes[stage.array]].tag}(a{stage.array}, {row[stage.array]} + ({stage.by}) * x0)"


def _put(program: Program, variant: _Variant, stage: Put, at: dict[int, str]) -> list[str]:
    c = C[variant.dtypes[stage.array]]
    value = stage.value
    if stage.add:
        value = stage.add.format(a=f"load_{c.tag}(a{stage.array}, to)", b=f"({stage.value})")
    loads = _loads(program, variant, at, f"{stage.value} v{stage.by}")
    put = [f"const i64 to = {at[stage.array]} + v{stage.by} * x0;", _store(variant, stage.array, "to", value)]
    if stage.mark < 0:
        return [*loads, *put]
    return [*loads, f"if ((u64)v{stage.by} < (u64)x1) {{", *put, f"}} else mark_max(a{stage.mark} + {at[stage.mark]}, (i32)x2);"]


def _scanned(variant: _Variant, stage: Scan, place: str, lane: str) -> list[str]:
    """One element more of a running total; what each addition or product rounds off is kept beside it, and added to what is written."""
    sofar, lost, kind = f"sofar{lane}", f"lost{lane}", stage.type
    lines = [f"const {kind} value = {stage.value}, next = {stage.combine.format(a=sofar, b='value')};"]
    if is_sum(kind, stage.combine):
        off = f"fabs({sofar}) >= fabs(value) ? ({sofar} - next) + value : (value - next) + {sofar}"
        lines.append(f"if (fabs(next) < ({kind})INFINITY) {lost} += {off};")
        return [*lines, f"{sofar} = next;", _store(variant, stage.array, place, f"{sofar} + {lost}")]
    if kind == "f32" and stage.combine.replace(" ", "") == "{a}*{b}":  # in float64 as much is lost as nobody sees
        lines.append(f"{lost} = fabs(next) < ({kind})INFINITY ? fma({lost}, value, fma({sofar}, value, -next)) : 0;")
        return [*lines, f"{sofar} = next;", _store(variant, stage.array, place, f"{sofar} + {lost}")]
    return [*lines, f"{sofar} = next;", _store(variant, stage.array, place, sofar)]


def _step(n: int, near: str, index: str, field: str) -> str:
    """Where array n's element `index` lies from its base in the lanes' direction."""
    return index if near == "1" else "0" if near == "0" else f"({index}) * p.{field}"


def _of_row(program: Program, variant: _Variant, stage: Let | Pick | Store, once: str = "") -> list[str]:
    """A stage that is done once a row, by the item that has the row, or by the one of a group that `once` lets."""
    if isinstance(stage, Let):
        return [f"const {stage.type} {stage.name} = {stage.value};"]
    row = {n: f"b{n}" for n in range(len(variant.dtypes))}
    if isinstance(stage, Pick):
        loads = _loads(program, variant, row, stage.by)
        return [f"{stage.type} {stage.name}; {{", *loads, f"{stage.name} = {_picked(variant, stage, row)}; }}"]
    loads = _loads(program, variant, row, stage.value)
    return [f"{once}{{", *loads, _store(variant, stage.array, row[stage.array], stage.value), "}"]


def _nest(variant: _Variant) -> tuple[list[str], list[str], list[str]]:
    """Loops over the outer dimensions of a row: their heads, the bases in them, and their ends."""
    heads, ends = ["{"], ["}"]
    for d in range(variant.reduced - 1):
        heads.append(f"for (i64 e{d} = 0; e{d} < p.r{d}; ++e{d}) {{")
        ends.append("}")
    bases = []
    for n in range(len(variant.dtypes)):
        moved = "".join(f" + e{d} * p.sr{n}_{d}" for d in range(variant.reduced - 1))
        bases.append(f"const i64 c{n} = b{n}{moved};")
    return heads, bases, ends


def _combined(stage: Reduce, a: str, b: str) -> str:
    return stage.combine.format(a=a, b=b)


def _along(program: Program, variant: _Variant, target: Target) -> list[str]:
    """Style "loop": an item does whole rows, lanes are neighbours in the row."""
    last = variant.reduced - 1
    lines = [
        f"  const i64 item = {target.item};",
        "  const i64 stop = (item + 1) * p.chunk < p.rows ? (item + 1) * p.chunk : p.rows;",
        "  for (i64 row = item * p.chunk; row < stop; ++row) {",
        *_row_starts(variant, "row", variant.kept),
    ]
    vector = _vector(program, variant, target)
    heads, bases, ends = _nest(variant)
    at = {n: f"c{n} + {_step(n, variant.near[n], 'i', f'sr{n}_{last}')}" for n in range(len(variant.dtypes))}
    for stage in program.stages:
        if isinstance(stage, Let | Pick | Store):
            lines += _of_row(program, variant, stage)
        elif isinstance(stage, Map):
            lines += [*heads, *bases, "i64 first = 0;"]
            if vector is not None:
                text = stage.value + " ".join(stage.statements)
                lines.append(f"for (; first + {vector.width} <= p.r{last}; first += {vector.width}) {{ const i64 i = first;")
                lines += [*_loads(program, variant, at, text, vector), *[_vectors(t, vector) for t in stage.statements]]
                lines.append(vector.store(variant.dtypes[stage.array], f"a{stage.array}", at[stage.array], f"({stage.value})") + " }")
            body = [*_loads(program, variant, at, stage.value + " ".join(stage.statements)), *stage.statements]
            lines += [f"for (i64 i = first; i < p.r{last}; ++i) {{", *body]
            lines += [_store(variant, stage.array, at[stage.array], stage.value), "}", *ends]
        elif isinstance(stage, Scan):
            lines += [f"{{ {stage.type} sofar = {stage.init}, lost = 0;", *heads, *bases, f"for (i64 i = 0; i < p.r{last}; ++i) {{"]
            lines += [*_loads(program, variant, at, stage.value), *_scanned(variant, stage, at[stage.array], ""), "}", *ends, "}"]
        elif isinstance(stage, Put):
            lines += [*heads, *bases, f"for (i64 i = 0; i < p.r{last}; ++i) {{"]
            lines += [*_put(program, variant, stage, at), "}", *ends]
        else:
            lines += _along_reduce(program, variant, stage, at, (heads, bases, ends), vector)
    return [*lines, "  }"]


def _along_reduce(
    program: Program, variant: _Variant, stage: Reduce, at: dict[int, str], nest: tuple[list[str], list[str], list[str]],
    vector: Vector | None,
) -> list[str]:
    """One reduction along a row, in lanes, and in blocks: a long sum is a sum of short ones and loses fewer digits."""
    heads, bases, ends = nest
    last = variant.reduced - 1
    load = _loads(program, variant, at, stage.value)
    lanes = vector.width if vector is not None else ALONG
    kind = vector.vector if vector is not None else stage.type
    init = f"({kind})({stage.init})" if vector is not None else stage.init
    every = Cascade(stage, "all_", kind, init, 0 if vector is not None else ALONG)

    def join(a: str, b: str) -> str:
        return f"{a} = {_combined(stage, a, b)};" if vector else f"for (i32 l = 0; l < {lanes}; ++l) {a}[l] = {_combined(stage, f'{a}[l]', f'{b}[l]')};"

    fresh = f"{kind} some = {init};" if vector is not None else f"{kind} some[{lanes}]; for (i32 l = 0; l < {lanes}; ++l) some[l] = {init};"
    lines = [
        f"{stage.type} {stage.name} = {stage.init};", "{", every.declared(), *heads, *bases,
        f"for (i64 from = 0; from < p.r{last}; from += {BLOCK}) {{",
        f"const i64 to = from + {BLOCK} < p.r{last} ? from + {BLOCK} : p.r{last};", fresh, "i64 first = from;",
    ]
    if vector is not None:
        lines += [f"for (; first + {lanes} <= to; first += {lanes}) {{ const i64 i = first;"]
        lines += [*_loads(program, variant, at, stage.value, vector), f"const {kind} value = {stage.value};"]
        lines += [f"some = {_combined(stage, 'some', 'value')}; }}"]
    else:
        lines += [f"for (; first + {lanes} <= to; first += {lanes})"]
        lines += [f"for (i32 l = 0; l < {lanes}; ++l) {{ const i64 i = first + l;", *load]
        lines += [f"const {stage.type} value = {stage.value}; some[l] = {_combined(stage, 'some[l]', 'value')}; }}"]
    # what is left of the block goes into its first lane
    lane = "some.s0" if vector is not None else "some[0]"
    lines += [f"{stage.type} few_ = {stage.init};", "for (i64 i = first; i < to; ++i) {", *load]
    lines += [f"const {stage.type} value = {stage.value};", f"few_ = {_combined(stage, 'few_', 'value')}; }}"]
    lines += [f"{lane} = {_combined(stage, lane, 'few_')};", join("all_", "some"), every.step(), "}", *ends, every.joined()]
    if vector is not None:
        lines += [f"{stage.type} lanes_[{lanes}]; vstore{lanes}(all_, 0, lanes_);"]
    each = "lanes_" if vector is not None else "all_"
    lines += [
        f"for (i32 half_ = {lanes // 2}; half_ > 0; half_ /= 2)",
        f"for (i32 l = 0; l < half_; ++l) {each}[l] = {_combined(stage, f'{each}[l]', f'{each}[l + half_]')};",
        f"{stage.name} = {each}[0]; }}",
    ]
    return lines


def _vectors(statement: str, vector: Vector) -> str:
    """A statement of single values with the vector's type."""
    return statement.replace("const f32 ", f"const {vector.vector} ").replace("const f64 ", f"const {vector.vector} ")


def _across(program: Program, variant: _Variant, target: Target) -> list[str]:
    """Style "loop": an item does blocks of neighbouring rows, a lane for each row."""
    inner, last = variant.kept - 1, variant.reduced - 1
    lines = [
        f"  const i64 item = {target.item}, blocks = (p.k{inner} + {ACROSS - 1}) / {ACROSS};",
        f"  const i64 total = p.rows / p.k{inner} * blocks;",
        "  const i64 stop = (item + 1) * p.chunk < total ? (item + 1) * p.chunk : total;",
        "  for (i64 block = item * p.chunk; block < stop; ++block) {",
        f"const i64 begin = block % blocks * {ACROSS};",
        f"const i64 lanes = begin + {ACROSS} < p.k{inner} ? {ACROSS} : p.k{inner} - begin;",
        *_row_starts(variant, "block / blocks", inner),
        *[f"b{n} += begin * p.sk{n}_{inner};" for n in range(len(variant.dtypes))],
    ]
    heads, bases, ends = _nest(variant)
    at = {}
    for n in range(len(variant.dtypes)):
        at[n] = f"c{n} + i * p.sr{n}_{last} + {_step(n, variant.near[n], 'l', f'sk{n}_{inner}')}"
    row = {n: f"b{n} + {_step(n, variant.near[n], 'l', f'sk{n}_{inner}')}" for n in range(len(variant.dtypes))}
    kept: list[tuple[str, str]] = []

    def own(text: str) -> list[str]:
        return [f"const {kind} {name} = {name}_[l];" for kind, name in kept if _names(text, name)]

    for stage in program.stages:
        if isinstance(stage, Let):
            lines += [f"{stage.type} {stage.name}_[{ACROSS}]; for (i64 l = 0; l < lanes; ++l) {{", *own(stage.value)]
            lines.append(f"{stage.name}_[l] = {stage.value}; }}")
            kept.append((stage.type, stage.name))
        elif isinstance(stage, Pick):
            lines += [f"{stage.type} {stage.name}_[{ACROSS}]; for (i64 l = 0; l < lanes; ++l) {{"]
            lines += [*own(stage.by), *_loads(program, variant, row, stage.by)]
            lines += [f"{stage.name}_[l] = {_picked(variant, stage, row)}; }}"]
            kept.append((stage.type, stage.name))
        elif isinstance(stage, Store):
            lines += ["for (i64 l = 0; l < lanes; ++l) {", *own(stage.value), *_loads(program, variant, row, stage.value)]
            lines += [_store(variant, stage.array, row[stage.array], stage.value), "}"]
        elif isinstance(stage, Map):
            text = stage.value + " ".join(stage.statements)
            lines += [*heads, *bases, f"for (i64 i = 0; i < p.r{last}; ++i) for (i64 l = 0; l < lanes; ++l) {{", *own(text)]
            lines += [*_loads(program, variant, at, text), *stage.statements]
            lines += [_store(variant, stage.array, at[stage.array], stage.value), "}", *ends]
        elif isinstance(stage, Scan):
            lines += [f"{{ {stage.type} sofar[{ACROSS}], lost[{ACROSS}];"]
            lines += [f"for (i32 l = 0; l < {ACROSS}; ++l) {{ sofar[l] = {stage.init}; lost[l] = 0; }}", *heads, *bases]
            lines += [f"for (i64 i = 0; i < p.r{last}; ++i) for (i64 l = 0; l < lanes; ++l) {{"]
            lines += [*_loads(program, variant, at, stage.value), *_scanned(variant, stage, at[stage.array], "[l]"), "}", *ends, "}"]
        elif isinstance(stage, Put):
            lines += [*heads, *bases, f"for (i64 i = 0; i < p.r{last}; ++i) for (i64 l = 0; l < lanes; ++l) {{"]
            lines += [*_put(program, variant, stage, at), "}", *ends]
        else:
            total = Cascade(stage, f"{stage.name}_", stage.type, stage.init, ACROSS)
            lines += [total.declared(), *heads, *bases, f"for (i64 i = 0; i < p.r{last}; ++i) {{ for (i64 l = 0; l < lanes; ++l) {{"]
            lines += [*own(stage.value), *_loads(program, variant, at, stage.value)]
            lines.append(f"const {stage.type} value = {stage.value};")
            lines += [f"{stage.name}_[l] = {_combined(stage, f'{stage.name}_[l]', 'value')}; }}", total.step(), "}", *ends, total.joined()]
            kept.append((stage.type, stage.name))
    return [*lines, "  }"]


def _grid(program: Program, variant: _Variant, target: Target) -> list[str]:
    """Style "grid": a group shares a row and its reductions are a tree in its memory; or each item has a row."""
    along = variant.way == "along"
    row = target.group if along else target.item
    lines = [f"  const i64 row = {row};", "" if along else "  if (row >= p.rows) return;"]
    lines += _row_starts(variant, "row", variant.kept)
    head = f"for (i64 e = {target.local}; e < p.length; e += {GROUP}) {{" if along else "for (i64 e = 0; e < p.length; ++e) {"
    bases = [f"i64 c{n} = b{n};" for n in range(len(variant.dtypes))] + ["const i64 i = e;", "i64 rest = e;"]
    for d in range(variant.reduced - 1, -1, -1):
        moves = " ".join(f"c{n} += at * p.sr{n}_{d};" for n in range(len(variant.dtypes)))
        bases.append(f"{{ const i64 at = rest % p.r{d}; rest /= p.r{d}; {moves} }}")
    at = {n: f"c{n}" for n in range(len(variant.dtypes))}
    for kind in sorted({s.type for s in program.stages if isinstance(s, Reduce)}) if along else ():
        lines.append(f"{target.shared} {kind} tree_{kind}[{GROUP}];")
    for stage in program.stages:
        if isinstance(stage, Let | Pick | Store):
            lines += _of_row(program, variant, stage, f"if ({target.local} == 0) " if along else "")
        elif isinstance(stage, Map):
            lines += [head, *bases, *_loads(program, variant, at, stage.value + " ".join(stage.statements)), *stage.statements]
            lines += [_store(variant, stage.array, at[stage.array], stage.value), "}"]
        elif isinstance(stage, Scan):
            lines += [f"{{ {stage.type} sofar = {stage.init}, lost = 0;", head, *bases, *_loads(program, variant, at, stage.value)]
            lines += [*_scanned(variant, stage, at[stage.array], ""), "}", "}"]
        elif isinstance(stage, Put):
            lines += [head, *bases, *_put(program, variant, stage, at), "}"]
        else:
            total = Cascade(stage, stage.name, stage.type, stage.init)
            lines += [total.declared(), head, *bases, *_loads(program, variant, at, stage.value)]
            lines.append(f"const {stage.type} value = {stage.value};")
            lines += [f"{stage.name} = {_combined(stage, stage.name, 'value')}; {total.step()} }}", total.joined()]
            if along:
                tree, mine = f"tree_{stage.type}", target.local
                lines += [
                    f"{target.barrier}; {tree}[{mine}] = {stage.name}; {target.barrier};",
                    f"for (i32 half_ = {GROUP // 2}; half_ > 0; half_ /= 2) {{",
                    f"if ({mine} < half_) {tree}[{mine}] = {_combined(stage, f'{tree}[{mine}]', f'{tree}[{mine} + half_]')};",
                    f"{target.barrier}; }}", f"{stage.name} = {tree}[0];",
                ]
    return lines
