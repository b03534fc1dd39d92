"""Trigonometric and hyperbolic functions and the inverse ones, elementwise, in radians.

Bodies are written to be sound near their edges; where the textbook formula loses digits (tanh and asin near 0 and 1) the
comment says which one is used instead.
"""

from __future__ import annotations

from math import pi

from corelib.dispatcher.declare import KernelOnly, op
from corelib.ops.elementwise.exponential import exp, expm1, log, log1p
from corelib.ops.elementwise.polynomials import polynomial
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor


@op(kind="unary", ref="sin", promote="float", inplace=True, out=True, vjp=lambda g, input: g * input.cos())
def sin(input: Tensor) -> Tensor:
    """The sine of radians, elementwise.

    >>> import corelib as torch
    >>> torch.sin(torch.tensor([0.]))
    tensor([0.])
    """
    raise KernelOnly


@op(kind="unary", ref="cos", promote="float", inplace=True, out=True, vjp=lambda g, input: -g * input.sin())
def cos(input: Tensor) -> Tensor:
    """The cosine of radians, elementwise.

    >>> import corelib as torch
    >>> torch.cos(torch.tensor([0.]))
    tensor([1.])
    """
    raise KernelOnly


@op(kind="unary", ref="tan", promote="float", inplace=True, out=True, vjp=lambda g, out: g * (1 + out * out))
def tan(input: Tensor) -> Tensor:
    """The tangent of radians, elementwise.

    >>> import corelib as torch
    >>> torch.tan(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(tan, input)
    return sin(input) / cos(input)


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
    return atan(input / sqrt((1 - input) * (1 + input)))


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
    return 2 * atan(sqrt((1 - input) / (1 + input)))


_ATAN = tuple((1 if k % 4 == 1 else -1) / k for k in range(23, 0, -2))


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
    size = input.abs()
    large = size > 1
    x = select_where(large, 1 / size, size)
    for _ in range(3):
        x = x / (1 + sqrt(1 + x * x))
    angle = 8 * x * polynomial(x * x, _ATAN)
    return select_where(large, 1.5707963267948966 - angle, angle).copysign(input)


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
    size = input.abs()
    t = expm1(size)
    half = exp(size * 0.5)
    big = (0.5 * half) * half
    return select_where(size > 20, big, 0.5 * (t + t / (t + 1))).copysign(input)


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
    half = exp(input.abs() * 0.5)
    return (0.5 * half) * half + 0.5 / half / half


@op(
    on=("torch", "Tensor", "nn.functional"), kind="unary", ref="tanh", promote="float", inplace=True, out=True,
    vjp=lambda g, out: g * (1 - out * out),
)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, elementwise.

    >>> import corelib as torch
    >>> torch.tanh(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(tanh, input)
    # with t = expm1(-2|x|), which never overflows: -t / (t + 2)
    t = expm1(input.abs() * -2.0)
    return (-t / (t + 2)).copysign(input)


_LN2 = 0.6931471805599453


@op(
    kind="unary", ref="arcsinh", promote="float", inplace=True, out=True, aliases=("arcsinh",),
    vjp=lambda g, input: g * (input * input + 1).rsqrt(),
)
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine, elementwise.

    >>> import corelib as torch
    >>> torch.asinh(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(asinh, input)
    # log(x + sqrt(x² + 1)) = log1p(x + x² / (1 + sqrt(x² + 1))), without cancellation near 0; x² overflows early
    size = input.abs()
    large = size > 1e9
    x = select_where(large, 1.0, size)
    near = log1p(x + x * x / (1 + sqrt(x * x + 1)))
    return select_where(large, log(size) + _LN2, near).copysign(input)


@op(
    kind="unary", ref="arccosh", promote="float", inplace=True, out=True, aliases=("arccosh",),
    vjp=lambda g, input: g * (input * input - 1).rsqrt(),
)
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine, elementwise; NaN below 1.

    >>> import corelib as torch
    >>> torch.acosh(torch.tensor([1.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(acosh, input)
    # with t = x - 1: log1p(t + sqrt(2t + t²)), which keeps the digits near 1
    large = input > 1e9
    t = select_where(large, 0.0, input - 1)
    return select_where(large, log(input) + _LN2, log1p(t + sqrt(t) * sqrt(t + 2)))


@op(
    kind="unary", ref="arctanh", promote="float", inplace=True, out=True, aliases=("arctanh",),
    vjp=lambda g, input: g / (1 - input * input),
)
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent, elementwise; ±inf at ±1, NaN beyond.

    >>> import corelib as torch
    >>> torch.atanh(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(atanh, input)
    size = input.abs()
    return (0.5 * log1p(2 * size / (1 - size))).copysign(input)


@op(kind="unary", ref="deg2rad", promote="float", inplace=True, out=True, vjp=lambda g: g * (pi / 180))
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians, elementwise.

    >>> import corelib as torch
    >>> torch.deg2rad(torch.tensor([180.]))
    tensor([3.1416])
    """
    return input * (pi / 180)


@op(kind="unary", ref="rad2deg", promote="float", inplace=True, out=True, vjp=lambda g: g * (180 / pi))
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees, elementwise.

    >>> import corelib as torch
    >>> torch.rad2deg(torch.tensor([0.]))
    tensor([0.])
    """
    return input * (180 / pi)


def _sinc_vjp(g: Tensor, input: Tensor) -> Tensor:
    zero = input == 0
    x = select_where(zero, 1.0, input) * pi
    slope = (x * cos(x) - sin(x)) / (x * select_where(zero, 1.0, input))
    return g * select_where(zero, 0.0, slope)


@op(kind="unary", complex_body=True, ref="sinc", promote="float", inplace=True, out=True, aliases=("special.sinc",), vjp=_sinc_vjp)
def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), elementwise; 1 at 0.

    >>> import corelib as torch
    >>> torch.sinc(torch.tensor([0.]))
    tensor([1.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(sinc, input)
    zero = input == 0
    x = select_where(zero, 1.0, input) * pi
    return select_where(zero, 1.0, sin(x) / x)
