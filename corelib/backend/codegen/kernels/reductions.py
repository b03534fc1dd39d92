"""Reductions along dimensions, as row programs. Half types accumulate in float32."""

from __future__ import annotations

from functools import cache
from math import prod

from corelib.backend.codegen.expressions import expression
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Let, Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import Kernel, KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides, Shape

# From so many elements on, the few rows of a reduction are cut into parts that run side by side.
_LONG = 1 << 15

_COMBINES = {"sum": "add", "prod": "mul", "amax": "maximum", "amin": "minimum"}


def combine(op_name: str, dtype: DType) -> str:
    """How a reduction joins two of its values, in a dtype's compute type."""
    c = C[dtype]
    template = expression(_COMBINES[op_name], c.family)
    assert template is not None
    return template.replace("{T}", c.compute).replace("{U}", c.unsigned)


def start(op_name: str, dtype: DType) -> str:
    """What a reduction of nothing gives."""
    c = C[dtype]
    if c.family == "complex":
        return f"make_{c.compute}({int(op_name == 'prod')}, 0)"
    if op_name in ("sum", "prod"):
        return f"({c.compute}){int(op_name == 'prod')}"
    low = op_name == "amax"
    if c.family == "float":
        return f"{'-' if low else ''}({c.compute})INFINITY"
    if c.family == "bool":
        return "0" if low else "1"
    bits = dtype.itemsize * 8
    if not dtype.is_signed:
        return "0" if low else str((1 << bits) - 1)
    top = (1 << (bits - 1)) - 1
    return f"(({c.compute})(-{top}{'L' if bits == 64 else ''} - 1))" if low else f"{top}{'L' if bits == 64 else ''}"


@cache
def _mean(kind: str) -> Program:
    return Program("mean", 1, (Reduce("total", kind, "0", "v1", "{a} + {b}"), Store(0, f"total / ({kind})x0")), ("i64",))


@cache
def _variance(name: str, kind: str) -> Program:
    """x0 is the number of elements, x1 by what the squares are divided."""
    value = f"squares / ({kind})x1"
    stages = (
        Reduce("total", kind, "0", "v1", "{a} + {b}"), Let("mean", kind, f"total / ({kind})x0"),
        Reduce("squares", kind, "0", "(v1 - mean) * (v1 - mean)", "{a} + {b}"),
        Store(0, value if name == "variance" else f"sqrt({value})"),
    )
    return Program(name, 1, stages, ("i64", kind))


_LARGEST = "({a} > {b} || {a} != {a} ? {a} : {b})"


@cache
def _logsumexp(kind: str) -> Program:
    stages = (
        Reduce("top", kind, f"-({kind})INFINITY", "v1", _LARGEST),
        Let("shift", kind, f"(fabs(top) < ({kind})INFINITY ? top : ({kind})0)"),
        Reduce("total", kind, f"({kind})0", "exp(v1 - shift)", "{a} + {b}"), Store(0, "log(total) + shift"),
    )
    return Program("logsumexp", 1, stages)


# What a norm adds up or compares, how, and what is made of it.
_NORMS = {
    0.0: ("(v1 != 0 ? ({T})1 : ({T})0)", "{a} + {b}", "total"), 1.0: ("fabs(v1)", "{a} + {b}", "total"),
    2.0: ("v1 * v1", "{a} + {b}", "sqrt(total)"), float("inf"): ("fabs(v1)", _LARGEST, "total"),
}


@cache
def _norm(kind: str, p: float) -> Program:
    value, how, made = _NORMS[p]
    return Program("norm", 1, (Reduce("total", kind, f"({kind})0", value.replace("{T}", kind), how), Store(0, made)))


def register(table: KernelTable, launcher: Launcher, rows: Rows, dtypes: tuple[DType, ...]) -> None:
    """sum, prod, amax, amin, mean, any, all, variance and deviation, logsumexp and norms."""
    reducer = Reducer(launcher, rows)
    real = tuple([d for d in dtypes if not d.is_complex])
    for name in _COMBINES:
        table.register(name, dtypes if name in ("sum", "prod") else real, reducer.simple(name))
    floats = tuple([d for d in dtypes if d.is_floating_point])
    table.register("mean", floats, reducer.mean)
    table.register("variance", floats, reducer.variance)
    table.register("deviation", floats, reducer.deviation)
    for name in ("any", "all"):
        table.register(name, real, reducer.truth(name))
    table.register("logsumexp", floats, reducer.logsumexp)
    table.register("vector_norm", floats, reducer.vector_norm)


class Reducer:
    """Reductions with few rows are done in two steps, the first in parts that run side by side."""

    def __init__(self, launcher: Launcher, rows: Rows) -> None:
        self._launcher = launcher
        self._rows = rows

    def simple(self, name: str) -> Kernel:
        """A kernel of one reduction."""
        programs: dict[DType, Program] = {}

        def kernel(out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
            dtype = input.dtype
            program = programs.get(dtype)
            if program is None:
                kind = C[dtype].compute
                reduce = Reduce("total", kind, start(name, dtype), "v1", combine(name, dtype))
                program = programs[dtype] = Program(name, 1, (reduce, Store(0, "total")))
            self._reduce(program, out, input, dims, keepdim)

        return kernel

    def _reduce(self, program: Program, out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
        """Run a program of one reduction, in two steps where there are few rows of many elements."""
        out = spread(out, input.shape, dims, keepdim)
        kept, parts = prod(out.shape), _parts(self._launcher)
        longest = max(dims, key=lambda d: input.shape[d], default=None)
        if longest is None or not few(self._launcher, input, dims) or input.shape[longest] < parts:
            self._rows.run(program, [out, input], input.shape, tuple(dims))
            return
        # the longest dimension becomes two; what is left over is a part of its own
        size, stride = input.shape[longest], input.strides[longest]
        each = size // parts
        left = size - each * parts
        wide = next((d for d in (D.float32, D.float64, input.dtype) if C[d].compute == C[input.dtype].compute), input.dtype)
        nbytes = kept * (parts + 1) * wide.itemsize
        scratch = self._launcher.scratch(input.device_index, nbytes)
        steps = tuple([parts + 1 if d == longest else 0 if d in dims else n for d, n in enumerate(input.shape)])
        steps = tuple([n or 1 for n in steps])
        strides = contiguous_strides(steps)
        some = StridedArray(scratch._raw, wide, steps, strides, 0, input.device_index)
        head = (*input.shape[:longest], parts, each, *input.shape[longest + 1 :])
        main = input._replace(shape=head, strides=(*input.strides[:longest], each * stride, stride, *input.strides[longest + 1 :]))
        target = some._replace(
            shape=tuple([parts if d == longest else 1 if d in dims else n for d, n in enumerate(input.shape)]),
        )
        target = target._replace(
            shape=(*target.shape[: longest + 1], 1, *target.shape[longest + 1 :]),
            strides=(*target.strides[: longest + 1], 0, *target.strides[longest + 1 :]),
        )
        inner = tuple([d + (d > longest) for d in dims if d != longest] + [longest + 1])
        self._rows.run(program, [target, main], head, inner)
        if left:
            tail = input._replace(
                shape=(*input.shape[:longest], left, *input.shape[longest + 1 :]), offset=input.offset + each * parts * stride
            )
            end = some._replace(
                shape=tuple([1 if d in dims else n for d, n in enumerate(input.shape)]),
                offset=parts * strides[longest],
            )
            self._rows.run(program, [end, tail], tail.shape, tuple(dims))
        count = parts + (1 if left else 0)
        found = some._replace(shape=tuple([count if d == longest else n for d, n in enumerate(some.shape)]))
        self._rows.run(program, [out, found], found.shape, (longest,))

    def logsumexp(self, out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> Outcome:
        if few(self._launcher, input, dims) or 0 in input.shape:
            return NotImplemented
        arrays = [spread(out, input.shape, dims, keepdim), input]
        self._rows.run(_logsumexp(C[input.dtype].compute), arrays, input.shape, tuple(dims))
        return None

    def vector_norm(self, out: StridedArray, input: StridedArray, p: float, dims: Ints, keepdim: bool) -> Outcome:
        if few(self._launcher, input, dims) or p not in _NORMS:
            return NotImplemented
        arrays = [spread(out, input.shape, dims, keepdim), input]
        self._rows.run(_norm(C[input.dtype].compute, p), arrays, input.shape, tuple(dims))
        return None

    def mean(self, out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
        arrays = [spread(out, input.shape, dims, keepdim), input]
        self._rows.run(_mean(C[input.dtype].compute), arrays, input.shape, tuple(dims), (_length(input, dims),))

    def _spread_of(self, name: str, out: StridedArray, input: StridedArray, dims: Ints, correction: float, keepdim: bool) -> None:
        n = _length(input, dims)
        left = float(n - correction)
        arrays = [spread(out, input.shape, dims, keepdim), input]
        self._rows.run(_variance(name, C[input.dtype].compute), arrays, input.shape, tuple(dims), (n, left if left > 0 else 0.0))

    def variance(self, out: StridedArray, input: StridedArray, dims: Ints, correction: float, keepdim: bool) -> None:
        self._spread_of("variance", out, input, dims, correction, keepdim)

    def deviation(self, out: StridedArray, input: StridedArray, dims: Ints, correction: float, keepdim: bool) -> None:
        self._spread_of("deviation", out, input, dims, correction, keepdim)

    def truth(self, name: str) -> Kernel:
        """any and all."""
        sign, first = ("|", "0") if name == "any" else ("&", "1")
        program = Program(name, 1, (Reduce("truth", "i32", first, "(v1 != 0)", "{a} " + sign + " {b}"), Store(0, "truth")))

        def kernel(out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
            self._rows.run(program, [spread(out, input.shape, dims, keepdim), input], input.shape, tuple(dims))

        return kernel


def _length(input: StridedArray, dims: Ints) -> int:
    return prod([input.shape[d] for d in dims])


def _parts(launcher: Launcher) -> int:
    """In how many parts a long row is cut."""
    return min(launcher.units * 8, 256) if launcher.style == "loop" else 1024


def few(launcher: Launcher, input: StridedArray, dims: Ints) -> bool:
    """Whether a reduction has so few and so long rows that a device would idle if each were done by one item or group."""
    length = _length(input, dims)
    return length >= _LONG and prod(input.shape) // length * 4 <= _parts(launcher)


def spread(out: StridedArray, shape: Shape, dims: Ints, keepdim: bool) -> StridedArray:
    """A reduction's output with the reduced dimensions as 1, so that it broadcasts to the input's shape."""
    if keepdim or len(out.shape) == len(shape):
        return out
    at = iter(zip(out.shape, out.strides, strict=True))
    pairs = [(1, 0) if d in dims else next(at) for d in range(len(shape))]
    return out._replace(shape=tuple([n for n, _ in pairs]), strides=tuple([s for _, s in pairs]))
