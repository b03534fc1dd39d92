"""Elementwise kernels: one source for any op whose value at an element is an expression of its operands there.

A kernel is made for the operands' dtypes, the number of dimensions that are left when those that follow each other are
merged (1, 2, 4 or 8), and whether each operand's innermost stride is 1 or 0, or some are anything: few kernels, because each
has to be compiled. Sizes, strides and offsets are arguments, so other shapes run the same kernel. Where everything is contiguous one dimension is left, and the code is a plain loop, or
on devices of style "grid" one item for a few elements.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeAlias

from corelib.backend.codegen.emit import Scalar, vector_for
from corelib.backend.codegen.geometry import broadcast_strides, padded, Walk, walk
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.trace import Code, trace, Untraceable
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Argument, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import Kernel as OpKernel
from corelib.dispatcher.op import Op
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape

_VECTOR = 4
_MIN_CHUNK = 1024


class Variant(NamedTuple):
    """What a source is made for."""

    dtypes: tuple[DType, ...]
    """Of out and the operands."""
    numbers: tuple[bool, ...]
    """Whether an operand is a number, passed by value."""
    dims: int
    inner: str
    """For out and each array operand "1", "0" or "s": the innermost stride."""
    style: str
    outputs: int = 1
    """How many arrays are written: out, and the first of the operands."""


def source(name: str, code: Code | str, variant: Variant, target: Target) -> str:
    """The kernel's text. Its arguments: a pointer for each array, then one struct by value.

    In place of code there may be text that is done for each element, in which `{0}`, `{1}`, ... are where the arrays' elements lie.
    """
    dtypes, numbers, dims = variant.dtypes, variant.numbers, variant.dims
    arrays = [n for n in range(len(dtypes)) if n == 0 or not numbers[n - 1]]
    fields = [f"i64 o{n};" for n in arrays] + ["i64 count; i64 chunk; i64 parts;"]
    fields += [f"i64 n{d};" for d in range(dims)]
    fields += [f"i64 s{n}_{d};" for n in arrays for d in range(dims)]
    for n, is_number in enumerate(numbers, 1):
        if is_number:
            kind = C[dtypes[n]].compute
            if C[dtypes[n]].family == "complex":
                fields.append(f"{C[dtypes[n].to_real()].compute} x{n}, y{n};")
                continue
            fields.append(f"f32 x{n}; f32 pad{n};" if kind == "f32" else f"{'f64' if kind == 'f64' else 'i64'} x{n};")
    pointers = ", ".join(
        f"{target.pointer} {'' if n < variant.outputs else 'const '}{C[dtypes[n]].memory}* a{n}" for n in arrays
    )
    lines = [f"typedef struct {{ {' '.join(fields)} }} Params;", f"{target.kernel} {name}({pointers}, const Params p) {{"]
    for n, is_number in enumerate(numbers, 1):
        if is_number:
            kind = C[dtypes[n]].compute
            value = f"make_{kind}(p.x{n}, p.y{n})" if C[dtypes[n]].family == "complex" else f"({kind})p.x{n}"
            lines.append(f"  const {kind} v{n - 1} = {value};")
    lines += _grid(code, variant, arrays, target) if variant.style == "grid" else _loop(code, variant, arrays, target)
    return "\n".join([*lines, "}", ""])


def _at(variant: Variant, arrays: list[int], n: int, inner: str) -> str:
    """The index of array n's element, from its row's start and the place in the row."""
    stride = variant.inner[arrays.index(n)]
    if stride == "1":
        return f"b{n} + {inner}"
    return f"b{n}" if stride == "0" else f"b{n} + {inner} * p.s{n}_{variant.dims - 1}"


def _compute(code: Code | str, variant: Variant, arrays: list[int], inner: str, emit: Scalar = Scalar()) -> list[str]:
    """Load, compute, store: one element, or with a Vector several that lie next to each other."""
    if isinstance(code, str):
        return [code.format(*[_at(variant, arrays, n, inner) for n in arrays])]
    lines = []
    for n in arrays[1:]:
        dtype = variant.dtypes[n]
        load = emit.same if variant.inner[arrays.index(n)] == "0" else emit.load
        lines.append(f"const {emit.type(dtype)} v{n - 1} = {load(dtype, f'a{n}', _at(variant, arrays, n, inner))};")
    if any(s.op_name == "arange_" for s in code.statements):
        lines.append(f"const i64 index = {inner};")
    lines += emit.lines(code)
    out = variant.dtypes[0]
    lines.append(emit.store(out, "a0", _at(variant, arrays, 0, inner), emit.taken(code.result, out)))
    return lines


def _starts(variant: Variant, arrays: list[int], row: str) -> list[str]:
    """Each array's start in a row, where a row is the innermost dimension."""
    lines = [f"i64 b{n} = p.o{n};" for n in arrays]
    if variant.dims > 1:
        lines.append(f"i64 left = {row};")
        for d in range(variant.dims - 2, -1, -1):
            place = "left" if d == 0 else f"left % p.n{d}"
            moves = " ".join(f"b{n} += at{d} * p.s{n}_{d};" for n in arrays)
            lines.append(f"const i64 at{d} = {place}; {moves}" + ("" if d == 0 else f" left /= p.n{d};"))
    return lines


def _loop(code: Code | str, variant: Variant, arrays: list[int], target: Target) -> list[str]:
    """One item does some rows, or a part of each of them."""
    last = f"p.n{variant.dims - 1}"
    lines = [
        f"  const i64 item = {target.item} / p.parts, part = {target.item} % p.parts;",
        "  const i64 width = (" + last + " + p.parts - 1) / p.parts;",
        "  const i64 begin = part * width, end = begin + width < " + last + " ? begin + width : " + last + ";",
        f"  const i64 rows = p.count / {last};",
        "  const i64 stop = (item + 1) * p.chunk < rows ? (item + 1) * p.chunk : rows;",
        "  for (i64 row = item * p.chunk; row < stop; ++row) {",
    ]
    lines += ["    " + line for line in _starts(variant, arrays, "row")]
    lines.append("    i64 first = begin;")
    lanes = "s" not in variant.inner and variant.inner[0] == "1"
    emit = vector_for(code, variant.dtypes) if lanes and not isinstance(code, str) else None
    if emit is not None and target.vectors:
        # a number is a vector here too: of two single values a comparison gives 1, and no mask
        given = [n for n, is_number in enumerate(variant.numbers) if is_number]
        lines += [f"    const {emit.type(variant.dtypes[n + 1])} every{n} = {emit.every(variant.dtypes[n + 1], f'v{n}')};" for n in given]
        lines.append(f"    for (; first + {emit.width} <= end; first += {emit.width}) {{")
        lines += [f"      const {emit.type(variant.dtypes[n + 1])} v{n} = every{n};" for n in given]
        lines += ["      " + line for line in _compute(code, variant, arrays, "first", emit)]
        lines.append("    }")
    lines.append("    for (i64 i = first; i < end; ++i) {")
    lines += ["      " + line for line in _compute(code, variant, arrays, "i")]
    return [*lines, "    }", "  }"]


def _grid(code: Code | str, variant: Variant, arrays: list[int], target: Target) -> list[str]:
    """One item does one element, or where all is contiguous a few that follow each other."""
    lines = [f"  i64 i = {target.item};"]
    if variant.dims == 1 and "s" not in variant.inner:
        lines += [f"  const i64 end = (i + 1) * {_VECTOR} < p.count ? (i + 1) * {_VECTOR} : p.count;"]
        lines += ["  " + line for line in _starts(variant, arrays, "0")]
        lines += [f"  if ((i + 1) * {_VECTOR} <= p.count) {{ // whole: the loop can be unrolled"]
        lines += [f"    for (i64 k = 0; k < {_VECTOR}; ++k) {{ const i64 j = i * {_VECTOR} + k;"]
        lines += ["      " + line for line in _compute(code, variant, arrays, "j")]
        lines += ["    }", f"  }} else for (i64 j = i * {_VECTOR}; j < end; ++j) {{"]
        lines += ["    " + line for line in _compute(code, variant, arrays, "j")]
        return [*lines, "  }"]
    last = f"p.n{variant.dims - 1}"
    lines += ["  if (i >= p.count) return;", f"  const i64 row = i / {last}; i -= row * {last};"]
    lines += ["  " + line for line in _starts(variant, arrays, "row")]
    return lines + ["  " + line for line in _compute(code, variant, arrays, "i")]


Operand: TypeAlias = StridedArray | complex
"""An array or a Python number."""
Key: TypeAlias = tuple[str, tuple[DType | None, ...], *tuple[Hashable, ...]]
"""What code is known by: a name, dtypes, of which the last is what numbers are, and whatever else it depends on."""
_Plan: TypeAlias = tuple[Walk, str, bytes, int]
"""How arrays are walked, their innermost strides (see Variant), what a kernel is told of both, and how many items there are."""


class Elementwise:
    """The elementwise kernels of one backend: traces ops, makes sources, chooses variants, launches."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._walks: dict[Hashable, _Plan] = {}
        self._codes: dict[Key, Code | None] = {}
        self._kernels: dict[Hashable, Kernel] = {}

    def kernel(self, op: Op) -> OpKernel:
        """The op's kernel, `kernel(out, *args)`; it returns NotImplemented where the body is not elementwise."""
        name, places, by_result = op.name, op.operands, op.facts.by_result

        def run(out: StridedArray, *args: Argument) -> Outcome:
            operands = [args[i] for i in places if i < len(args) and args[i] is not None]
            attributes = tuple([None if i in places else x for i, x in enumerate(args)])
            absent = tuple([i for i in places if i < len(args) and args[i] is None])
            dtypes = [out.dtype, *[getattr(x, "dtype", None) for x in operands]]
            if None in dtypes:  # what a number is: an element of the common dtype
                dtypes.append(out.dtype if by_result else next((d for d in dtypes[1:] if d is not None), out.dtype))
            key = (name, tuple(dtypes), attributes, absent)
            code = self._codes[key] if key in self._codes else self._trace(op, args, key)
            if code is None:
                return NotImplemented
            return self.run(key, code, out, operands)

        return run

    def _trace(self, op: Op, args: tuple[Argument, ...], key: Key) -> Code | None:
        full = [args[i] if i < len(args) else default for i, default in enumerate(op.defaults or (None,) * len(op.params))]
        full[len(op.defaults or op.params) :] = args[len(full) :]
        dtypes: dict[int, DType] = {}
        computed = key[1][-1]
        assert computed is not None  # an array's, or what was put behind the others for the numbers
        for i in op.operands:
            if i < len(args) and args[i] is not None:
                dtypes[i] = getattr(args[i], "dtype", computed)
        try:
            code: Code | None = trace(op, tuple(full), dtypes)
        except (Untraceable, NotImplementedError, RuntimeError, TypeError, IndexError, ValueError, AttributeError):
            code = None
        self._codes[key] = code
        return code

    def run(
        self, key: Key, code: Code | str, out: StridedArray, operands: Sequence[Operand], computed: DType | None = None, outputs: int = 1
    ) -> Outcome:
        """Launch the code over `out` and operands that broadcast to it; numbers go by value, as elements of `computed`.

        Text in place of code may write the first `outputs` arrays, out among them.
        """
        arrays = [out, *[x for x in operands if isinstance(x, StridedArray)]]
        shape = out.shape
        where = (shape, out.strides, *[(x.shape, x.strides) for x in arrays[1:]])
        found = self._walks.get(where)
        if found is None:
            found = self._walk(where, shape, arrays)
        steps, inner, packed, items = found
        if not steps.total:
            return None
        if items < 0:
            return NotImplemented
        variant_key = (key, inner, len(steps.sizes))
        kernel = self._kernels.get(variant_key)
        if kernel is None:
            kernel = self._make(variant_key, key, code, out, operands, len(steps.sizes), inner, computed, outputs)
        offsets = struct.pack(f"{len(arrays)}q", *[x.offset for x in arrays])
        text = offsets + packed
        for x, (code_letter, convert) in zip([x for x in operands if not isinstance(x, StridedArray)], kernel.numbers, strict=True):
            text += struct.pack(code_letter, convert(x))
        kernel.launch(out.device_index, items, [x.buffer for x in arrays], text)
        return None

    def _walk(self, where: Hashable, shape: Shape, arrays: list[StridedArray]) -> _Plan:
        fits = all(len(x.shape) <= len(shape) for x in arrays)
        if fits:
            rows = tuple([broadcast_strides(x.shape, x.strides, shape) for x in arrays])
            fits = all(
                n in (1, m) for x in arrays for n, m in zip(x.shape[::-1], shape[::-1], strict=False)
            )
        if not fits:
            found: _Plan = (Walk((1,), (), 1), "", b"", -1)
        else:
            steps = padded(walk(shape, rows))
            inner = "".join(["1" if s[-1] == 1 else "0" if s[-1] == 0 else "s" for s in steps.strides])
            if "s" in inner:
                inner = "s" * len(inner)
            items, chunk, parts = self._cut(steps, inner)
            packed = struct.pack("3q", steps.total, chunk, parts)
            packed += struct.pack(f"{len(steps.sizes)}q", *steps.sizes)
            for s in steps.strides:
                packed += struct.pack(f"{len(s)}q", *s)
            found = (steps, inner, packed, items)
        if len(self._walks) > 10000:
            self._walks.clear()
        self._walks[where] = found
        return found

    def _cut(self, steps: Walk, inner: str) -> tuple[int, int, int]:
        """How many items there are, how many rows each does, and in how many parts a row is cut."""
        count, last = steps.total, steps.sizes[-1]
        if self._launcher.style == "grid":
            few = len(steps.sizes) == 1 and "s" not in inner
            return (-(-count // _VECTOR) if few else count), 1, 1
        if not count:
            return 0, 1, 1
        rows = count // last
        wanted = max(1, min(self._launcher.units * 8, count // _MIN_CHUNK))
        if rows >= wanted:
            chunk = -(-rows // wanted)
            return -(-rows // chunk), chunk, 1
        parts = max(1, min(wanted // rows, last))
        return rows * parts, 1, parts

    def _make(
        self, variant_key: Hashable, key: Key, code: Code | str, out: StridedArray, operands: Sequence[Operand], dims: int,
        inner: str, computed: DType | None, outputs: int,
    ) -> Kernel:
        numbers = tuple([not isinstance(x, StridedArray) for x in operands])
        computed = computed or key[1][-1] or out.dtype
        dtypes = (out.dtype, *[getattr(x, "dtype", computed) for x in operands])
        variant = Variant(dtypes, numbers, dims, inner, self._launcher.style, outputs)
        op_name = key[0]
        made = self._launcher.kernel(op_name, lambda name, target: source(name, code, variant, target))
        made.numbers = []
        for is_number, dtype in zip(numbers, dtypes[1:], strict=True):
            if is_number:
                kind = C[dtype].compute
                if C[dtype].family == "complex":
                    made.numbers.append(("8s", _single_parts) if kind == "c64" else ("16s", _double_parts))
                    continue
                made.numbers.append(("fxxxx", _single) if kind == "f32" else ("d", float) if kind == "f64" else ("q", int))
        self._kernels[variant_key] = made
        return made


def _single_parts(value: complex) -> bytes:
    value = complex(value)
    return struct.pack("2f", _single(value.real), _single(value.imag))


def _double_parts(value: complex) -> bytes:
    value = complex(value)
    return struct.pack("2d", value.real, value.imag)


def _single(value: float) -> float:
    """A number that float32 can hold; what is too large becomes infinite."""
    value = float(value)
    return value if abs(value) <= 3.4028235677973366e38 or value != value else float("inf") if value > 0 else float("-inf")
