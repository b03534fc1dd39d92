"""Level 1: each primitive on the sizes and layouts that find faults, called as core calls it: `kernel(out, *inputs)`.

Around `out` stand sentinels, and the inputs must come out as they went in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import corelib
from corelib.dispatcher.calls.elementwise import natives_of, suited
from corelib.dispatcher.calls.outcome import next_computed
from corelib.dispatcher.op import TABLE
from corelib.tensor import dtype as D
from corelib_conformance.checks import check_of_ops
from corelib_conformance.checks.forward import bits
from corelib_conformance.compare import error_over_bound, host
from corelib_conformance.reference import here
from corelib_conformance.result import Failure
from corelib_conformance.samples.declare import ALL, FLOATS, INTS, LAYOUTS, spec
from corelib_conformance.target import Target

SIZES = [(), (0,), (1,), (255,), (257,), (1025,), (4097,), (3, 0, 2), (5, 7, 3)]
EDGES = [0.0, -0.0, 1e-7, -1e-7, 1e-3, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 3.0, 20.0, -20.0, 88.0, -90.0, 1e4, float("inf"), -float("inf"), float("nan")]

NUMBERS = INTS + FLOATS
BITS = ("bool", *INTS)

UNARY = {"neg": NUMBERS, "bitwise_not": BITS, "floor": FLOATS, **dict.fromkeys(("sqrt", "exp", "log", "sin", "cos"), FLOATS)}
BINARY = {
    "add": ALL, "sub": NUMBERS, "mul": ALL, "true_div": FLOATS, "floor_divide": NUMBERS, "remainder": NUMBERS, "maximum": ALL,
    "lt": ALL, "eq": ALL, **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), BITS),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), INTS),
}
REDUCTIONS = {"sum": ALL, "prod": ALL, "amax": ALL, "amin": ALL}
OTHERS = {
    "select_where": ALL, "fill": ALL, "copy": ALL, "arange_": NUMBERS, "batched_matmul": NUMBERS, "take_rows": ALL, "put_rows": ALL,
}
PRIMITIVES = {**UNARY, **BINARY, **REDUCTIONS, **OTHERS}
SENTINEL = 57


class Made(NamedTuple):
    """A tensor of the device and the same of the reference."""

    there: Any
    exact: Any


def make(target: Target, shape: Any, dtype: str, layout: str = "contiguous", salt: int = 0, **facts: Any) -> Made:
    """The same numbers on both, with the layout's strides."""
    wanted = spec(*shape, layout=layout, **facts)
    rng = np.random.default_rng([target.seed, salt, *shape])
    numbers = wanted.storage(rng, dtype)

    class Source:
        bfloat16 = corelib.bfloat16

        def __init__(self, device: str) -> None:
            self.device = device

        def from_numpy(self, array: Any) -> Any:
            return corelib.from_numpy(array).to(self.device)

    return Made(*[wanted.build(Source(d), numbers, dtype) for d in (target.name, here())])


def launch(target: Target, name: str, out: Any, args: list[Any]) -> None:
    """Call a device's kernel as core does; NotImplementedError where it has none."""
    op = TABLE[name]
    dtype = kernel_dtype(name, out, args)
    kernel = op.kernel_for(out.device.runtime.key, dtype)
    if kernel is None:
        raise NotImplementedError(f"{target.device.type} has no kernel {name!r} for {out.dtype}, a primitive that every backend must have")
    runtime = out.device.runtime
    first = args[0].dtype if isinstance(args[0], corelib.Tensor) else out.dtype
    full = [out, *args] if name in ("copy", "fill", "arange_") else args
    if name in ("fill", "arange_", *REDUCTIONS):
        given = [row_major(target, a) if isinstance(a, corelib.Tensor) else a for a in args]
    else:
        held = full if runtime.plain else suited(op, runtime, full, first, out.device)
        given = held[1:] if full is not args else held
    target.kept = given  # what was made for the kernel lives until it has run
    natives = (out._array(), *natives_of(given))
    result = kernel(*natives)
    if result is NotImplemented and not next_computed(op, out.device, dtype, result, *natives):
        raise NotImplementedError(f"the kernel {name!r} passes a call on, and a primitive has no body")


def row_major(target: Target, x: Any) -> Any:
    """An operand as the device takes it."""
    return x if target.runtime.strided_any or x.is_contiguous() else x.contiguous()


def kernel_dtype(name: str, out: Any, args: list[Any]) -> Any:
    """The dtype that chooses the kernel: the first operand's, or out's."""
    if name in ("fill", "copy", "arange_", "select_where"):
        return out.dtype
    return next(a.dtype for a in args if isinstance(a, corelib.Tensor))


def run(target: Target, name: str, shape: Any, dtype: Any, args: list[Any], what: str, signs: bool = True) -> float:
    """A kernel between sentinels, against the reference; `args` hold `Made` for tensors."""
    kind = getattr(corelib, dtype) if isinstance(dtype, str) else dtype
    count = int(np.prod(shape))
    area = corelib.full((count + 64,), 1 if kind is D.bool else SENTINEL, dtype=kind, device=target.name)
    out = area[32 : 32 + count].view(shape)
    exact = corelib.empty(shape, dtype=kind, device=here())
    mine = [a.there if isinstance(a, Made) else a for a in args]
    before = [bits(a) for a in mine if isinstance(a, corelib.Tensor)]
    launch(target, name, out, mine)
    launch(target, name, exact, [a.exact if isinstance(a, Made) else a for a in args])
    edges = host(area)
    edges = np.concatenate([edges[:32], edges[32 + count :]])
    if not (edges == (1 if kind is D.bool else SENTINEL)).all():
        raise Failure(f"{name} of {what}: it wrote {int((edges != SENTINEL).sum())} elements beside out")
    if before != [bits(a) for a in mine if isinstance(a, corelib.Tensor)]:
        raise Failure(f"{name} of {what}: an input was changed")
    return error_over_bound(out, exact, target.tier, f"{name} of {what}", signs)


def operands(target: Target, name: str, shape: Any, dtype: str, layout: str = "contiguous", other: Any = None) -> list[Any]:
    """Operands for an elementwise primitive of a shape; `other` is the last one's own shape."""
    facts: dict[str, Any] = {}
    if name in ("log", "sqrt"):
        facts = {"low": 0.01, "high": 9.0}
    x = make(target, shape, dtype, layout, 1, **facts)
    if name in UNARY:
        return [x]
    last = shape if other is None else other
    facts = {"nonzero": True} if name in ("floor_divide", "remainder", "true_div") else {"low": 0, "high": 9} if "shift" in name else {}
    y = make(target, last, dtype, layout, 2, **facts)
    if name == "select_where":
        return [make(target, shape, "bool", layout, 3), x, y]
    return [x, y]


def result_dtype(name: str, dtype: str) -> str:
    """What a primitive gives for a dtype."""
    return "bool" if name in ("lt", "eq") else dtype


ELEMENTWISE = {**UNARY, **BINARY, "select_where": ALL}


@check_of_ops(1)
def sizes(target: Target, name: str, dtype: str) -> float:
    """Every size: 0-d, empty, one element, around powers of two; for reductions along each dimension."""
    worst = 0.0
    for shape in SIZES:
        if name in ELEMENTWISE:
            worst = max(worst, run(target, name, shape, result_dtype(name, dtype), operands(target, name, shape, dtype), f"{dtype} {list(shape)}"))
        else:
            worst = max(worst, _other(target, name, shape, dtype, "contiguous"))
    return worst


@check_of_ops(1)
def layouts(target: Target, name: str, dtype: str) -> float:
    """Every layout: transposed, permuted, with steps, with an offset, expanded (stride 0); operands that broadcast; numbers."""
    worst = 0.0
    for layout in LAYOUTS:
        for shape in ((6, 5, 4), (33, 17)):
            what = f"{dtype} {list(shape)} {layout}"
            if name in ELEMENTWISE:
                worst = max(worst, run(target, name, shape, result_dtype(name, dtype), operands(target, name, shape, dtype, layout), what))
            else:
                worst = max(worst, _other(target, name, shape, dtype, layout))
    if name in BINARY:
        for other in ((), (1,), (4,), (5, 1), (6, 1, 4)):
            made = operands(target, name, (6, 5, 4), dtype, "contiguous", other)
            worst = max(worst, run(target, name, (6, 5, 4), result_dtype(name, dtype), made, f"{dtype} [6, 5, 4] and {list(other)}"))
        if target.runtime.scalars:
            x = operands(target, name, (5, 4), dtype)[0]
            number = {"bool": True}.get(dtype, 3 if dtype in INTS else 1.5)
            worst = max(worst, run(target, name, (5, 4), result_dtype(name, dtype), [x, number], f"{dtype} and {number}"))
            worst = max(worst, run(target, name, (5, 4), result_dtype(name, dtype), [number, operands(target, name, (5, 4), dtype)[1]], f"{number} and {dtype}"))
    return worst


def _edges(dtype: str) -> list[Any]:
    if dtype in FLOATS:
        return EDGES
    if dtype == "bool":
        return [0, 1, 1, 0]
    limits = np.iinfo(dtype)
    return [0, 1, 2, 3, 7, 100, limits.max, limits.max - 1, limits.min, limits.min + 1, *([-1, -2, -7] if limits.min else [5, 9, 11])]


@check_of_ops(1)
def values(target: Target, name: str, dtype: str) -> float:
    """Values at the edges: zeros with their signs, tiny and huge numbers, infinities, NaN; the ends of integers; ties."""
    edges = _edges(dtype)
    n = len(edges)
    if name in UNARY:
        x = make(target, (n,), dtype, values=edges)
        return run(target, name, (n,), dtype, [x], f"{dtype} at its edges")
    if name in ELEMENTWISE:
        a, b = np.repeat(edges, n).tolist(), (edges * n)
        if dtype in INTS:
            a, b = np.repeat(np.array(edges, dtype), n).tolist(), edges * n
            if name in ("floor_divide", "remainder"):
                b = [x or 1 for x in b]
            if "shift" in name:
                b = [x % 64 if dtype == "int64" else x % 34 for x in b]
        x, y = make(target, (n * n,), dtype, values=a), make(target, (n * n,), dtype, values=b)
        args = [x, y] if name != "select_where" else [make(target, (n * n,), "bool"), x, y]
        # which of two zeros the larger is, nobody says
        return run(target, name, (n * n,), result_dtype(name, dtype), args, f"pairs of {dtype} at its edges", name not in ("maximum", "remainder", "floor_divide"))
    if name in REDUCTIONS:
        x = make(target, (3, n), dtype, values=[edges, edges[::-1], [edges[1]] * n])
        worst = 0.0
        for dims in ((0,), (1,), (0, 1)):
            if name in ("amax", "amin") or dtype not in FLOATS:
                worst = max(worst, _reduce(target, name, x, dims, dtype, f"{dtype} at its edges", signs=False))
        small = make(target, (2, 600), dtype, low=-1e-3, high=1e-3) if dtype in FLOATS else x
        return max(worst, _reduce(target, name, small, (1,), dtype, f"small numbers of {dtype}"))
    return _other(target, name, (4, 3), dtype, "contiguous", edges)


def _reduce(target: Target, name: str, x: Made, dims: Any, dtype: str, what: str, signs: bool = True) -> float:
    shape = tuple([1 if d in dims else n for d, n in enumerate(x.exact.shape)])
    return run(target, name, shape, dtype, [x, dims, True], f"{what}, dims {list(dims)}", signs)


def _other(target: Target, name: str, shape: Any, dtype: str, layout: str, edges: Any = None) -> float:
    """The primitives that are not elementwise."""
    what = f"{dtype} {list(shape)} {layout}"
    facts = {"values": np.resize(edges, shape).tolist()} if edges is not None else {}
    if name in REDUCTIONS:
        facts = {"low": 0.8, "high": 1.2} if name == "prod" and dtype in FLOATS else facts
        x = make(target, shape, dtype, layout, **facts)
        worst = 0.0
        every = [tuple(range(len(shape)))] + [(d,) for d in range(len(shape))] + ([(0, len(shape) - 1)] if len(shape) > 2 else [])
        for dims in every:
            empty = any(shape[d] == 0 for d in dims)
            if not (empty and name in ("amax", "amin")):
                worst = max(worst, _reduce(target, name, x, dims, dtype, what))
        return worst
    if name == "fill":
        number = {"bool": True}.get(dtype, 7 if dtype in INTS else -0.1)
        return run(target, name, shape, dtype, [number], what)
    if name == "copy":
        return max(run(target, name, shape, dtype, [make(target, shape, of, layout, **(facts if of in FLOATS or of == dtype else {}))], f"{what} from {of}") for of in _sources(target, dtype, edges))
    if name == "arange_":
        n = int(np.prod(shape))
        return max(run(target, name, (n,), dtype, [a, b], f"{dtype} of {n}") for a, b in ((0, 1), (3, 2), *(((0.5, 0.25), (-1.0, 0.1)) if dtype in FLOATS else ())))
    if name == "batched_matmul":
        return _products(target, shape, dtype, layout)
    return _rows(target, name, shape, dtype, layout)


def _sources(target: Target, dtype: str, edges: Any) -> list[str]:
    """The dtypes to cast from; numbers out of range have no one answer, so edges are cast only among floats."""
    kinds = [d for d in ALL if target.declared(d) != "absent"]
    if edges is None:
        return kinds if dtype not in ("uint8",) else [d for d in kinds if d in ("bool", *INTS)]
    return [d for d in kinds if d == dtype or (d in FLOATS and dtype in FLOATS)]


def _products(target: Target, shape: Any, dtype: str, layout: str) -> float:
    worst = 0.0
    for m, k, n in ((1, 1, 1), (3, 4, 5), (17, 33, 9), (64, 257, 31), (2, 0, 3), (1, 4097, 1), (5, 1, 4)) if layout == "contiguous" else ((6, 5, 4), (33, 17, 20)):
        a, b = make(target, (m, k), dtype, layout, 1), make(target, (k, n), dtype, layout, 2)
        worst = max(worst, run(target, "batched_matmul", (m, n), dtype, [a, b], f"{dtype} ({m}, {k}) by ({k}, {n}) {layout}"))
    a, b = make(target, (3, 4, 5), dtype, layout, 3), make(target, (3, 5, 2), dtype, layout, 4)
    return max(worst, run(target, "batched_matmul", (3, 4, 2), dtype, [a, b], f"three of {dtype} {layout}"))


def _rows(target: Target, name: str, shape: Any, dtype: str, layout: str) -> float:
    """take_rows and put_rows: indices in any order, repeated, of one and two dimensions."""
    if not shape or shape[0] == 0:
        shape = (2, *shape[1:])
    x = make(target, shape, dtype, layout, 1)
    worst = 0.0
    for index_shape in ((3,), (2, 4), (0,)):
        index = make(target, index_shape, "int64", "contiguous", 5, low=0, high=shape[0] - 1)
        where = f"{dtype} {list(shape)} {layout} at {list(index_shape)}"
        if name == "take_rows":
            worst = max(worst, run(target, name, (*index_shape, *shape[1:]), dtype, [x, index], where))
            continue
        new = make(target, (*index_shape, *shape[1:]), dtype, layout, 6)
        worst = max(worst, run(target, name, shape, dtype, [x, index, new, True], f"{where}, adding"))
        places = np.random.default_rng(target.seed).permutation(shape[0])[:2]
        once = make(target, places.shape, "int64", "contiguous", 5, values=places.tolist())
        new = make(target, (*places.shape, *shape[1:]), dtype, layout, 6)
        worst = max(worst, run(target, name, shape, dtype, [x, once, new, False], f"{where}, setting"))
    return worst
