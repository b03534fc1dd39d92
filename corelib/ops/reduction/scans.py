"""Running totals along a dimension. Bodies are log-step scans: each step adds what lies 1, 2, 4, ... places before."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Infer, Inferred
from corelib.ops.construction.creation import arange, ones_like
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.elementwise.where import select_where
from corelib.ops.return_types import ValuesAndIndices, values_and_indices
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.shape.joining import cat, stack
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.size import Shape, wrap_dim
from corelib.tensor.tensor import Tensor


def _infer_scan(name: str) -> Infer:
    def infer(input: Tensor, dim: int, dtype: DType | None = None) -> Inferred:
        dim = wrap_dim(name, dim, len(input._shape))
        if dtype is None:
            dtype = D.int64 if input._dtype.order < 6 else input._dtype
        if dtype is D.bool:
            raise NotImplementedError(f"{name}(): \"{name}_out_cpu\" not implemented for 'Bool'; numbers are accepted")
        if dtype is not input._dtype:
            input = input.to(dtype)
        return (input._shape, dtype), (input, dim)

    return infer


def _shifted(x: Tensor, dim: int, by: int, fill: float) -> Tensor:
    """The elements moved `by` places up, with `fill` before them."""
    n = x._shape[dim]
    shape = (*x._shape[:dim], by, *x._shape[dim + 1 :])
    return cat([x.new_full(shape, fill), x.narrow(dim, 0, n - by)], dim)


def _log_step(input: Tensor, dim: int, join: Callable[[Tensor, Tensor], Tensor], neutral: float, wide: bool = False) -> Tensor:
    """A half type steps in float32; where `wide` says that each step costs digits, floats do in float64, if the device has it."""
    kind = input._dtype
    if kind.is_floating_point:
        steps = kind if kind.itemsize > 2 else D.float32
        if wide and kind is not D.float64 and input._device.runtime.backend.dtypes.get("float64") == "native":
            steps = D.float64
        if steps is not kind:
            return _log_step(input.to(steps), dim, join, neutral).to(kind)
    made = input.clone() if not input._shape else input
    n, by = input._shape[dim] if input._shape else 0, 1
    while by < n:
        made = join(made, _shifted(made, dim, by, neutral))
        by *= 2
    return made.clone() if made is input else made.contiguous()


@op(
    ref="cumsum", infer=_infer_scan("cumsum"), out="own", inplace=True,
    vjp=lambda g, dim: g.flip(dim).cumsum(dim).flip(dim) if g._shape else g,
)
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The sum of all elements up to each, along `dim`; integers are summed in int64.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    return _log_step(input, dim, lambda a, b: a + b, 0)


def _cumprod_vjp(g: Tensor, input: Tensor, dim: int, out: Tensor) -> Tensor:
    """d out[k] / d in[i] is the product of all inputs up to k without i: out[k] / in[i], or, where there are zeros, that product itself."""
    if not input._shape or input._shape[dim] <= 1:
        return g
    if input._device.type == "meta":
        return g * input
    if not any_true(input == 0):
        return (g * out).flip(dim).cumsum(dim).flip(dim) / input
    n = input._shape[dim]
    x, g = input.movedim(dim, -1), g.movedim(dim, -1)
    columns = []
    one = ones_like(x.narrow(-1, 0, 1))
    before = one
    for i in range(n):
        # the products up to k >= i with the i-th factor taken out
        after = cat([before, x.narrow(-1, i + 1, n - i - 1)], -1).cumprod(-1)
        columns.append((after * g.narrow(-1, i, n - i)).sum(-1))
        before = before * x.narrow(-1, i, 1)
    return stack(columns, -1).movedim(-1, dim)


@op(ref="cumprod", infer=_infer_scan("cumprod"), out="own", inplace=True, vjp=_cumprod_vjp)
def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The product of all elements up to each, along `dim`; integers multiply in int64.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).cumprod(0)
    tensor([1, 2, 6])
    """
    return _log_step(input, dim, lambda a, b: a * b, 1, wide=True)


def _infer_running(name: str) -> Infer:
    def infer(input: Tensor, dim: int) -> Inferred:
        at = wrap_dim(name, dim, len(input._shape))
        return [(input._shape, input._dtype), (input._shape, D.int64)], (input, at)

    return infer


def _running(input: Tensor, dim: int, wins: Callable[[Tensor, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """The best element up to each, and its place; of equal ones the last, and NaN from where there is one."""
    if not input._shape:
        return input.clone(), input.new_zeros((), dtype=D.int64)
    n = input._shape[dim]
    values = input.contiguous()
    places = arange(n, device=input._device).reshape((-1,) + (1,) * (len(input._shape) - 1 - dim)).expand(input._shape)
    by = 1
    while by < n:
        before, earlier = values.narrow(dim, 0, n - by), places.narrow(dim, 0, n - by)
        here, later = values.narrow(dim, by, n - by), places.narrow(dim, by, n - by)
        keep = wins(here, before) | (here != here)
        values = cat([values.narrow(dim, 0, by), select_where(keep, here, before)], dim)
        places = cat([places.narrow(dim, 0, by), select_where(keep, later, earlier)], dim)
        by *= 2
    return values.clone() if values is input else values, places.contiguous()


@within_bounds
def _running_vjp(gs: tuple[Tensor, ...], input_shape: Shape, dim: int, out1: Tensor) -> Tensor:
    return gs[0] if not input_shape else gs[0].new_zeros(input_shape).scatter_add(dim, out1, gs[0])


@op(on=(), out="exact", several=True, grad_name="CummaxBackward0", infer=_infer_running("cummax"), vjp=_running_vjp)
def cummax_along(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The largest element up to each, and its place."""
    return _running(input, dim, lambda a, b: a >= b)


@op(on=(), out="exact", several=True, grad_name="CumminBackward0", infer=_infer_running("cummin"), vjp=_running_vjp)
def cummin_along(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The smallest element up to each, and its place."""
    return _running(input, dim, lambda a, b: a <= b)


def _running_of(name: str, along: Callable[[Tensor, int], tuple[Tensor, Tensor]], word: str) -> Callable[..., ValuesAndIndices]:
    kind = values_and_indices(name)

    def function(input: Tensor, dim: int, *, out: tuple[Tensor, ...] | None = None) -> ValuesAndIndices:
        made = along(input, dim)
        return kind(*(made if out is None else write(name, made, out, (input,), "exact", "unchecked")))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""(values, indices) of the {word} elements up to each along `dim`; of equal ones the last counts.

    >>> import corelib as torch
    >>> torch.{name}(torch.tensor([2, 3, 1]), 0).values
    tensor({[2, 3, 3] if name == "cummax" else [2, 2, 1]})
    """
    return public("torch", "Tensor")(function)


cummax, cummin = _running_of("cummax", cummax_along, "largest"), _running_of("cummin", cummin_along, "smallest")


def _infer_logcumsumexp(input: Tensor, dim: int) -> Inferred:
    if not (input._dtype.is_floating_point or input._dtype.is_complex):
        raise NotImplementedError(f"logcumsumexp(): \"logcumsumexp_out_cpu\" not implemented for '{kind_name(input._dtype)}'; floats are accepted")
    return (input._shape, input._dtype), (input, wrap_dim("logcumsumexp", dim, len(input._shape)))


def _logcumsumexp_vjp(g: Tensor, input: Tensor, dim: int, out: Tensor) -> Tensor:
    """exp(input) times the sum of g exp(-out) from each on, in logarithms, positive and negative gradients apart."""
    if not input._shape:
        return g

    def part(size: Tensor, there: Tensor) -> Tensor:
        logs = select_where(there, select_where(there, size, 1.0).log() - out, float("-inf"))
        return (logs.flip(dim).logcumsumexp(dim).flip(dim) + input).exp()

    if g._dtype.is_complex:  # which have a logarithm whatever their sign
        return part(g, g != 0)
    return part(g, g > 0) - part(-g, g < 0)


@op(infer=_infer_logcumsumexp, out="exact", vjp=_logcumsumexp_vjp)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithm of the sum of exponentials of all elements up to each, along `dim`, without overflow.

    >>> import corelib as torch
    >>> torch.logcumsumexp(torch.tensor([1000., 1000.]), 0)
    tensor([1000.0000, 1000.6932])
    """
    return _log_step(input, dim, lambda a, b: a.logaddexp(b), float("-inf"))
