"""Trigonometric and hyperbolic functions and the inverse ones, elementwise, in radians.

Bodies are written to be sound near their edges; where the textbook formula loses digits (tanh and asin near 0 and 1) the
comment says which one is used instead.
"""

from __future__ import annotations

from corelib.dispatcher.op import op
from corelib.ops.exponential import exp, expm1
from corelib.ops.unary import in_float32, sqrt
from corelib.ops.where import select_where
from corelib.tensor.tensor import Tensor


@op(kind="unary", ref="sin", promote="float", inplace=True, out=True, vjp=lambda g, input: g * input.cos())
def sin(input: Tensor) -> Tensor:
    """The sine of radians, elementwise.

    >>> import corelib as torch
    >>> torch.sin(torch.tensor([0.]))
    tensor([0.])
    """
    ...


@op(kind="unary", ref="cos", promote="float", inplace=True, out=True, vjp=lambda g, input: -g * input.sin())
def cos(input: Tensor) -> Tensor:
    """The cosine of radians, elementwise.

    >>> import corelib as torch
    >>> torch.cos(torch.tensor([0.]))
    tensor([1.])
    """
    ...


@op(kind="unary", ref="tan", promote="float", inplace=True, out=True, vjp=lambda g, out: g * (1 + out * out))
def tan(input: Tensor) -> Tensor:
    """The tangent of radians, elementwise.

    >>> import corelib as torch
    >>> torch.tan(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(tan, input)
    return sin(input) / cos(input)  # type: ignore[no-any-return]


@op(
    kind="unary", ref="arcsin", promote="float", inplace=True, out=True, aliases=("arcsin",),
    vjp=lambda g, input: g * (1 - input * input).rsqrt(),
)
def asin(input: Tensor) -> Tensor:
    """The arc sine in radians, elementwise; NaN outside -1 to 1.

    >>> import corelib as torch
    >>> torch.asin(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(asin, input)
    # (1 - x)(1 + x) keeps the digits near ±1 that 1 - x² loses
    return atan(input / sqrt((1 - input) * (1 + input)))  # type: ignore[operator,no-any-return]


@op(
    kind="unary", ref="arccos", promote="float", inplace=True, out=True, aliases=("arccos",),
    vjp=lambda g, input: -g * (1 - input * input).rsqrt(),
)
def acos(input: Tensor) -> Tensor:
    """The arc cosine in radians, elementwise; NaN outside -1 to 1.

    >>> import corelib as torch
    >>> torch.acos(torch.tensor([1.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(acos, input)
    return 2 * atan(sqrt((1 - input) / (1 + input)))  # type: ignore[operator,no-any-return]


@op(
    kind="unary", ref="arctan", promote="float", inplace=True, out=True, aliases=("arctan",),
    vjp=lambda g, input: g / (input * input + 1),
)
def atan(input: Tensor) -> Tensor:
    """The arc tangent in radians, elementwise.

    >>> import corelib as torch
    >>> torch.atan(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(atan, input)
    # Three halvings, atan(x) = 2 atan(x / (1 + sqrt(1 + x²))), bring |x| under tan(pi/16) = 0.2, where Taylor's series
    # to x^23 is exact to float64. Large |x| goes by atan(x) = pi/2 - atan(1/x).
    size = input.abs()  # type: ignore[attr-defined]
    large = size > 1
    x = select_where(large, 1 / size, size)
    for _ in range(3):
        x = x / (1 + sqrt(1 + x * x))
    square_, total = x * x, None
    for k in range(23, 0, -2):
        term = (1 if k % 4 == 1 else -1) / k
        total = term if total is None else total * square_ + term
    angle = 8 * x * total
    return select_where(large, 1.5707963267948966 - angle, angle).copysign(input)  # type: ignore[no-any-return]


@op(kind="unary", ref="sinh", promote="float", inplace=True, out=True, vjp=lambda g, input: g * input.cosh())
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine, elementwise.

    >>> import corelib as torch
    >>> torch.sinh(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(sinh, input)
    # with t = expm1(|x|): sinh = (t + t / (t + 1)) / 2, without cancellation near 0; exp is halved early for large |x|
    size = input.abs()  # type: ignore[attr-defined]
    t = expm1(size)
    half = exp(size * 0.5)
    big = (0.5 * half) * half
    return select_where(size > 20, big, 0.5 * (t + t / (t + 1))).copysign(input)  # type: ignore[no-any-return]


@op(kind="unary", ref="cosh", promote="float", inplace=True, out=True, vjp=lambda g, input: g * input.sinh())
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine, elementwise.

    >>> import corelib as torch
    >>> torch.cosh(torch.tensor([0.]))
    tensor([1.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(cosh, input)
    # exp(|x|/2) twice, so that nothing overflows before the result does
    half = exp(input.abs() * 0.5)  # type: ignore[attr-defined]
    return (0.5 * half) * half + 0.5 / half / half  # type: ignore[no-any-return]


@op(on=("torch", "Tensor", "nn.functional"), kind="unary", ref="tanh", promote="float", inplace=True, out=True, vjp=lambda g, out: g * (1 - out * out))
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, elementwise.

    >>> import corelib as torch
    >>> torch.tanh(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(tanh, input)
    # with t = expm1(-2|x|), which never overflows: -t / (t + 2)
    t = expm1(input.abs() * -2.0)  # type: ignore[attr-defined]
    return (-t / (t + 2)).copysign(input)  # type: ignore[no-any-return]
