"""Composites that one or two row programs replace: softmax, the norms, cross entropy, running sums; and linear."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod

from corelib.backend.codegen.kernels.matmul import Matmul
from corelib.backend.codegen.kernels.reductions import combine, start
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Let, Map, Program, Reduce, Scan, Stage, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides, Shape

_SUM = "{a} + {b}"


@cache
def _softmax(kind: str, log: bool) -> Program:
    top = Reduce("top", kind, f"-({kind})INFINITY", "v1", "({a} > {b} || {a} != {a} ? {a} : {b})")
    total = Reduce("total", kind, f"({kind})0", "exp(v1 - top)", _SUM)
    if log:
        return Program("log_softmax", 1, (top, total, Let("less", kind, "log(total)"), Map(0, "v1 - top - less")))
    return Program("softmax", 1, (top, total, Map(0, "exp(v1 - top) / total")))


@cache
def _safe_softmax(kind: str) -> Program:
    """softmax that gives zeros to a row whose numbers are all -inf."""
    top = Reduce("top", kind, f"-({kind})INFINITY", "v1", "({a} > {b} || {a} != {a} ? {a} : {b})")
    total = Reduce("total", kind, f"({kind})0", "exp(v1 - base)", _SUM)
    base = Let("base", kind, f"top == -({kind})INFINITY ? ({kind})0 : top")
    return Program("safe_softmax", 1, (top, base, total, Map(0, f"total == 0 ? ({kind})0 : exp(v1 - base) / total")))


@cache
def _softmax_backward(kind: str, log: bool) -> Program:
    if log:
        return Program("log_softmax_backward", 1, (Reduce("total", kind, f"({kind})0", "v1", _SUM), Map(0, "v1 - exp(v2) * total")))
    return Program("softmax_backward", 1, (Reduce("total", kind, f"({kind})0", "v1 * v2", _SUM), Map(0, "v2 * (v1 - total)")))


def _statistics(kind: str, x: str) -> tuple[Stage, ...]:
    """A row's mean and one over its deviation; x0 is the number of elements, x1 eps."""
    return (
        Reduce("total", kind, f"({kind})0", x, _SUM), Let("mean", kind, f"total / ({kind})x0"),
        Reduce("squares", kind, f"({kind})0", f"({x} - mean) * ({x} - mean)", _SUM), Let("variance", kind, f"squares / ({kind})x0"),
        Let("scale", kind, f"({kind})1 / sqrt(variance + x1)"),
    )


@cache
def _norm(name: str, kind: str, weight: bool, bias: bool, keep: bool) -> Program:
    """out, with `keep` also mean and variance, from the input and what weight and bias there are."""
    outputs = 3 if keep else 1
    value = f"(v{outputs} - mean) * scale"
    if weight:
        value += f" * v{outputs + 1}"
    if bias:
        value += f" + v{outputs + 1 + weight}"
    kept = (Store(1, "mean"), Store(2, "variance")) if keep else ()
    return Program(name, outputs, (*_statistics(kind, f"v{outputs}"), *kept, Map(0, value)), ("i64", kind))


@cache
def _norm_backward(name: str, kind: str, weight: bool) -> Program:
    """dx and each row's mean and scale, from g, the input and what weight there is."""
    gx, hat = ("v3 * v5" if weight else "v3"), "(v4 - mean) * scale"
    stages = (
        *_statistics(kind, "v4"), Store(1, "mean"), Store(2, "scale"),
        Reduce("along", kind, f"({kind})0", gx, _SUM), Reduce("inner", kind, f"({kind})0", f"{gx} * ({hat})", _SUM),
        Map(0, f"({gx} - along / ({kind})x0 - {hat} * (inner / ({kind})x0)) * scale"),
    )
    return Program(name, 3, stages, ("i64", kind))


@cache
def _parameters(kind: str) -> Program:
    """The gradients of weight and bias, from g, the input, and each row's mean and scale."""
    stages = (
        Reduce("along", kind, f"({kind})0", "v2 * ((v3 - v4) * v5)", _SUM), Reduce("total", kind, f"({kind})0", "v2", _SUM),
        Store(0, "along"), Store(1, "total"),
    )
    return Program("norm_parameters", 2, stages)


@cache
def _running(name: str, dtype: DType, double: bool) -> Program:
    """In float64 where the device has it."""
    op_name = "sum" if name == "cumsum" else "prod"
    kind = "f64" if double and dtype.is_floating_point else C[dtype].compute
    return Program(name, 1, (Scan(0, kind, start(op_name, D.float64 if kind == "f64" else dtype), "v1", combine(op_name, dtype)),))


class Fused:
    """The fused composites of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows, matmul: Matmul) -> None:
        self._launcher = launcher
        self._rows = rows
        self._matmul = matmul

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        floats = tuple([d for d in dtypes if d.is_floating_point])
        for name, log in (("softmax", False), ("log_softmax", True)):
            table.register(f"{name}_along", floats, lambda out, input, dim, log=log: self.softmax(out, input, dim, log))
            table.register(f"{name}_backward", floats, lambda out, g, y, dim, log=log: self.softmax_backward(out, g, y, dim, log))
        table.register("safe_softmax_along", floats, self.safe_softmax)
        table.register("layer_norm", floats, self.layer_norm)
        table.register("layer_norm_backward", floats, self.layer_norm_backward)
        table.register("batch_norm_training", floats, self.batch_norm)
        table.register("batch_norm_backward", floats, self.batch_norm_backward)
        table.register("affine", floats, self.linear)
        numbers = tuple([d for d in dtypes if d is not D.bool])
        double = D.float64 in dtypes
        for name in ("cumsum", "cumprod"):
            table.register(name, numbers, lambda out, input, dim, name=name: self.running(name, out, input, dim, double))

    def softmax(self, out: StridedArray, input: StridedArray, dim: int, log: bool) -> None:
        dims = (dim % len(input.shape),) if input.shape else ()
        self._rows.run(_softmax(C[out.dtype].compute, log), [out, input], input.shape, dims)

    def safe_softmax(self, out: StridedArray, input: StridedArray, dim: int) -> None:
        dims = (dim % len(input.shape),) if input.shape else ()
        self._rows.run(_safe_softmax(C[out.dtype].compute), [out, input], input.shape, dims)

    def softmax_backward(self, out: StridedArray, g: StridedArray, y: StridedArray, dim: int, log: bool) -> None:
        dims = (dim % len(y.shape),) if y.shape else ()
        self._rows.run(_softmax_backward(C[out.dtype].compute, log), [out, g, y], y.shape, dims)

    def layer_norm(
        self, out: StridedArray, input: StridedArray, shape: Shape, weight: StridedArray | None, bias: StridedArray | None, eps: float
    ) -> None:
        kind = C[out.dtype].compute
        program = _norm("layer_norm", kind, weight is not None, bias is not None, False)
        dims = tuple(range(len(input.shape) - len(shape), len(input.shape)))
        self._rows.run(program, [x for x in (out, input, weight, bias) if x is not None], input.shape, dims, (prod(shape), eps))

    def layer_norm_backward(
        self, outs: Sequence[StridedArray], g: StridedArray, input: StridedArray, shape: Shape, weight: StridedArray | None,
        eps: float, needs: Sequence[bool],
    ) -> None:
        at = len(input.shape) - len(shape)
        dims, lead = tuple(range(at, len(input.shape))), tuple(range(at))
        dw, db = [x._replace(shape=(*[1] * at, *x.shape), strides=(*[0] * at, *x.strides)) for x in outs[1:]]
        self._norm_backward("layer_norm_backward", outs[0], dw, db, g, input, weight, eps, dims, lead)

    def _norm_backward(
        self, name: str, dx: StridedArray, dw: StridedArray, db: StridedArray, g: StridedArray, input: StridedArray,
        weight: StridedArray | None, eps: float, dims: Ints, kept: Ints,
    ) -> None:
        """dx and each row's statistics first, then weight and bias over the other dimensions."""
        dtype = D.float64 if C[input.dtype].compute == "f64" else D.float32
        kind, size = C[dtype].compute, dtype.itemsize
        shape = tuple([1 if d in dims else n for d, n in enumerate(input.shape)])
        rows = prod(shape)
        nbytes = max(rows, 1) * size * 2
        scratch = self._launcher.scratch(input.device_index, nbytes)
        mean = dx._replace(buffer=scratch._raw, dtype=dtype, shape=shape, strides=contiguous_strides(shape), offset=0)
        scale = mean._replace(offset=rows)
        length = prod([input.shape[d] for d in dims])
        arrays = [dx, mean, scale, g, input, *([weight] if weight is not None else [])]
        self._rows.run(_norm_backward(name, kind, weight is not None), arrays, input.shape, dims, (length, eps))
        self._rows.run(_parameters(kind), [dw, db, g, input, mean, scale], input.shape, kept)

    def batch_norm(
        self, outs: Sequence[StridedArray], input: StridedArray, weight: StridedArray | None, bias: StridedArray | None, eps: float
    ) -> None:
        out, mean, variance = outs
        ndim = len(input.shape)
        program = _norm("batch_norm", C[out.dtype].compute, weight is not None, bias is not None, True)
        arrays = [out, _channels(mean, ndim), _channels(variance, ndim), input]
        arrays += [_channels(x, ndim) for x in (weight, bias) if x is not None]
        dims = (0, *range(2, ndim))
        self._rows.run(program, arrays, input.shape, dims, (prod([input.shape[d] for d in dims]), eps))

    def batch_norm_backward(
        self, outs: Sequence[StridedArray], g: StridedArray, input: StridedArray, weight: StridedArray | None, eps: float,
        needs: Sequence[bool],
    ) -> None:
        dx, dw, db = outs
        ndim = len(input.shape)
        w = None if weight is None else _channels(weight, ndim)
        dims = (0, *range(2, ndim))
        self._norm_backward("batch_norm_backward", dx, _channels(dw, ndim), _channels(db, ndim), g, input, w, eps, dims, dims)

    def linear(self, out: StridedArray, input: StridedArray, weight: StridedArray, bias: StridedArray | None) -> Outcome:
        columns = weight._replace(shape=weight.shape[::-1], strides=weight.strides[::-1])
        if len(input.shape) == 1:
            out = out._replace(shape=(1, *out.shape), strides=(0, *out.strides))
            input = input._replace(shape=(1, *input.shape), strides=(0, *input.strides))
        return self._matmul.product(out, input, columns, bias)

    def running(self, name: str, out: StridedArray, input: StridedArray, dim: int, double: bool) -> Outcome:
        if not input.shape:
            return NotImplemented
        if self._launcher.style == "grid" and prod(input.shape) < 64 * input.shape[dim]:
            return NotImplemented  # few rows leave such a device idle: the body's log-step scan is quicker
        self._rows.run(_running(name, out.dtype, double), [out, input], input.shape, (dim,))
        return None


def _channels(x: StridedArray, ndim: int) -> StridedArray:
    """A value for each channel, seen in the shape of a batch (n, c, *)."""
    return x._replace(shape=(1, *x.shape, *[1] * (ndim - 2)), strides=(0, *x.strides, *[0] * (ndim - 2)))
