"""Exponentials and logarithms, elementwise, and what is made of them, the logistic function among it.

Bodies are written to be sound near their edges; where the textbook formula loses digits (expm1, log1p) the
comment says which one is used instead.
"""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.calls.elementwise import output_strides
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.op import Inferred
from corelib.graph.rule import Vjp
from corelib.ops.elementwise.unary import dtype_of, in_float32, refuse_integers, tensor_beside
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor


@op(kind="unary", ref="exp", promote="float", inplace=True, out=True, vjp=lambda g, out: g * out)
def exp(input: Tensor) -> Tensor:
    """e to the power of `input`, elementwise. Integers become the default float.

    >>> import corelib as torch
    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    raise KernelOnly


@op(kind="unary", ref="log", promote="float", inplace=True, out=True, vjp=lambda g, input: g / input)
def log(input: Tensor) -> Tensor:
    """The natural logarithm, elementwise; -inf at 0, NaN below. Integers become the default float.

    >>> import corelib as torch
    >>> torch.log(torch.tensor([1.]))
    tensor([0.])
    """
    raise KernelOnly


@op(
    kind="unary", ref="log1p", grad_name="Log1PBackward0", promote="float", inplace=True, out=True, aliases=("special.log1p",),
    vjp=lambda g, input: g / (input + 1),
)
def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact for small inputs, elementwise.

    >>> import corelib as torch
    >>> torch.log1p(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(log1p, input)
    # Kahan: log(u) * x / (u - 1) with u = 1 + x; the errors of u in both places cancel.
    u = input + 1
    d = u - 1
    return select_where(d == 0, input, select_where(u == float("inf"), u, log(u) * input / d))


@op(kind="unary", ref="expm1", promote="float", inplace=True, out=True, aliases=("special.expm1",), vjp=lambda g, out: g * (out + 1))
def expm1(input: Tensor) -> Tensor:
    """exp(input) - 1, exact for small inputs, elementwise.

    >>> import corelib as torch
    >>> torch.expm1(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(expm1, input)
    # Kahan: (u - 1) * x / log(u) with u = exp(x); the errors of u in both places cancel.
    u = exp(input)
    d = u - 1
    near = d * input / log(u)
    return select_where(d == 0, input, select_where(input.abs() > 1, d, near))


_LN2, _LN10 = 0.6931471805599453, 2.302585092994046


@op(kind="unary", ref="log2", promote="float", inplace=True, out=True, vjp=lambda g, input: g / (input * _LN2))
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2, elementwise.

    >>> import corelib as torch
    >>> torch.log2(torch.tensor([8.]))
    tensor([3.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(log2, input)
    return log(input) / _LN2


@op(kind="unary", ref="log10", promote="float", inplace=True, out=True, vjp=lambda g, input: g / (input * _LN10))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10, elementwise.

    >>> import corelib as torch
    >>> torch.log10(torch.tensor([1000.]))
    tensor([3.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(log10, input)
    return log(input) / _LN10


@op(
    kind="unary", complex_body=True, promote="float", inplace=True, out=True, on=("torch", "Tensor", "nn.functional"),
    aliases=("special.expit",), vjp=lambda g, out: g * out * (1 - out),
)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input)), elementwise.

    >>> import corelib as torch
    >>> torch.sigmoid(torch.tensor([0.]))
    tensor([0.5000])
    """
    if input._dtype.itemsize == 2:
        return in_float32(sigmoid, input)
    return 1 / (1 + exp(-input))


@op(
    kind="unary", ref="exp2", promote="float", inplace=True, out=True, aliases=("special.exp2",), vjp=lambda g, out: g * (out * _LN2),
)
def exp2(input: Tensor) -> Tensor:
    """2 to the power of `input`, elementwise. Integers become the default float.

    >>> import corelib as torch
    >>> torch.exp2(torch.tensor([0., 3.]))
    tensor([1., 8.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(exp2, input)
    # The whole part is an exact power and only the rest, at most a half, goes through exp. The power in two factors, for
    # 2^-1074 is a number and 2^1074 is none.
    inside = input.abs() < 2000
    whole = select_where(inside, (input + 0.5).floor(), select_where(input > 0, 2000.0, -2000.0))
    rest = exp(select_where(inside, (input - whole) * _LN2, 0.0))
    first = (whole * 0.5).floor()
    value = rest * power_of_two(first) * power_of_two(whole - first)
    return select_where(input == input, value, input)


def halving_steps(dtype: DType) -> list[int]:
    """Powers of two, from the largest down, whose sums reach every exponent that numbers of a dtype have."""
    first = {D.float64: 512, D.float16: 8}.get(dtype, 64)
    return [first, *[first >> bit for bit in range(first.bit_length())]]


def power_of_two(n: Tensor) -> Tensor:
    """2 to the power of whole numbers, exact where it is a number of the dtype and its inverse is one."""
    size = n.abs()
    made = size * 0 + 1
    for step in halving_steps(n._dtype):
        take = size >= step
        made = select_where(take, made * 2.0**step, made)
        size = select_where(take, size - step, size)
    return select_where(n < 0, 1 / made, made)


def _logaddexp_vjp(base: float) -> dict[str, Vjp]:
    # written as 1 / (1 + exp(difference)), which is sound where both are large; equal infinities share evenly
    def share(g: Tensor, mine: Tensor, theirs: Tensor) -> Tensor:
        apart = select_where((mine == theirs) & mine.isinf(), 0.0, theirs - mine)
        return g / (1 + exp(apart * base))

    return {"input": lambda g, input, other: share(g, input, other), "other": lambda g, input, other: share(g, other, input)}


def _logaddexp(input: Tensor, other: Tensor, base: float) -> Tensor:
    """log(base^input + base^other) / log(base): the larger, and what the smaller adds to it."""
    if input._dtype.is_complex:  # the larger real part is taken out; nothing is added to what is equal to -inf
        first = input.real >= other.real
        top, low = select_where(first, input, other), select_where(first, other, input)
        return select_where(low.real == float("-inf"), top, top + log1p(exp((low - top) * base)) / base)
    top = input.maximum(other)
    apart = select_where(input == other, 0.0, (input - other).abs())
    return top + log1p(exp(apart * -base)) / base


@op(kind="binary", ref="logaddexp", numbers=False, out=True, complex_body=True, check=refuse_integers("logaddexp"), vjp=_logaddexp_vjp(1.0))
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)) without overflow, elementwise; NotImplementedError for integers and bools.

    >>> import corelib as torch
    >>> torch.logaddexp(torch.tensor([1000.]), torch.tensor([1000.]))
    tensor([1000.6932])
    """
    if input._dtype.itemsize == 2:
        return in_float32(logaddexp, input, other)
    return _logaddexp(input, other, 1.0)


@op(kind="binary", ref="logaddexp2", numbers=False, out=True, check=refuse_integers("logaddexp2"), vjp=_logaddexp_vjp(_LN2))
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other) without overflow, elementwise; NotImplementedError for integers and bools.

    >>> import corelib as torch
    >>> torch.logaddexp2(torch.tensor([100.]), torch.tensor([100.]))
    tensor([101.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(logaddexp2, input, other)
    return _logaddexp(input, other, _LN2)


def _with_log(name: str) -> Callable[..., tuple[str, tuple[int, ...]]]:
    """For xlogy and xlog1py: how PyTorch names the node of a form with a number."""

    def form(input: object, other: object) -> tuple[str, tuple[int, ...]]:
        if not isinstance(input, Tensor):
            return f"{name}Backward1", (1,)
        return (f"{name}Backward0", (0, 1)) if isinstance(other, Tensor) else (f"{name}Backward2", (0,))

    return form


@op(
    kind="binary", promote="float", inplace=True, out=True, aliases=("special.xlogy",), grad_name=_with_log("Xlogy"),
    vjp={
        "input": lambda g, input, other: g * _masked_log(input, other, 0),
        "other": lambda g, input, other: g * input / other,
    },
)
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * log(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number.

    >>> import corelib as torch
    >>> torch.xlogy(torch.tensor([0., 2.]), torch.tensor([0., 1.]))
    tensor([0., 0.])
    """
    if dtype_of(input, other).itemsize == 2:
        return in_float32(xlogy, input, other)
    return _logged(input, other, log)


def _logged(input: Tensor | Number, other: Tensor | Number, function: Callable[[Tensor], Tensor]) -> Tensor:
    """input * function(other); 0 where input is 0 and `other` a number."""
    other = tensor_beside(other, input)
    return select_where((other == other) & (input == 0), 0.0, input * function(other))


def _masked_log(input: Tensor, other: Tensor | Number, plus: int) -> Tensor:
    """The slope of x log(y) along x, which PyTorch takes as 0 where x is 0 and y is at most the logarithm's end."""
    other = tensor_beside(other, input)
    inner = other + plus if plus else other
    logarithm = log1p(other) if plus else log(other)
    return select_where((input == 0) & (inner <= 0), 0.0, logarithm)


@op(
    kind="binary", promote="float", on=("special",), out=True, grad_name=_with_log("SpecialXlog1Py"),
    vjp={
        "input": lambda g, input, other: g * _masked_log(input, other, 1),
        "other": lambda g, input, other: g * input / (other + 1),
    },
)
def special_xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * log1p(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.xlog1py(torch.tensor([0., 2.]), torch.tensor([-1., 0.]))
    tensor([0., 0.])
    """
    if dtype_of(input, other).itemsize == 2:
        return in_float32(special_xlog1py, input, other)
    return _logged(input, other, log1p)


def _logit_vjp(g: Tensor, input: Tensor, eps: float | None) -> Tensor:
    slope = g / (input * (1 - input))
    if eps is None or eps < 0:
        return select_where((input >= 0) & (input <= 1), slope, float("nan"))
    return select_where((input >= eps) & (input <= 1 - eps), slope, 0.0)


def _infer_logit(input: Tensor, eps: float | None) -> Inferred:
    if input._dtype.is_complex:
        raise NotImplementedError(f"logit(): \"logit_cpu\" not implemented for '{kind_name(input._dtype)}'; real dtypes are accepted")
    if not input._dtype.is_floating_point:
        input = input.to(get_default_dtype())
    return (input._shape, input._dtype, output_strides((input,), input._shape)), (input, eps)


@op(infer=_infer_logit, inplace=True, out=True, aliases=("special.logit",), vjp=_logit_vjp)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), elementwise, the inverse of sigmoid; with `eps` the input is first cut to [eps, 1 - eps].

    >>> import corelib as torch
    >>> torch.logit(torch.tensor([0.5]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(lambda x: logit(x, eps), input)
    x = input if eps is None or eps < 0 else select_where(input < eps, eps, select_where(input > 1 - eps, 1 - eps, input))
    return log(x / (1 - x))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=lambda g, input: g * (-log(input) - 1))
def special_entr(input: Tensor) -> Tensor:
    """-input * log(input), elementwise; 0 at 0 and -inf below.

    >>> import corelib as torch
    >>> torch.special.entr(torch.tensor([0., 1.]))
    tensor([0., -0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_entr, input)
    inside = input > 0
    value = -input * log(select_where(inside, input, 1.0))
    return select_where(inside, value, select_where(input == 0, 0.0, select_where(input == input, float("-inf"), input)))
