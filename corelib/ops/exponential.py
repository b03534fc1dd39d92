"""Exponentials and logarithms, elementwise, and what is made of them: the logistic and the error function.

Bodies are written to be sound near their edges; where the textbook formula loses digits (expm1, log1p, erf near 0) the
comment says which one is used instead.
"""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.ops.unary import in_float32
from corelib.ops.where import select_where
from corelib.tensor.tensor import Tensor


@op(kind="unary", ref="exp", promote="float", inplace=True, out=True, vjp=lambda g, out: g * out)
def exp(input: Tensor) -> Tensor:
    """e to the power of `input`, elementwise. Integers become the default float.

    >>> import corelib as torch
    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    ...


@op(kind="unary", ref="log", promote="float", inplace=True, out=True, vjp=lambda g, input: g / input)
def log(input: Tensor) -> Tensor:
    """The natural logarithm, elementwise; -inf at 0, NaN below. Integers become the default float.

    >>> import corelib as torch
    >>> torch.log(torch.tensor([1.]))
    tensor([0.])
    """
    ...


@op(
    kind="unary", ref="log1p", grad_name="Log1PBackward0", promote="float", inplace=True, out=True, vjp=lambda g, input: g / (input + 1),
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
    u = input + 1  # type: ignore[operator]
    d = u - 1
    return select_where(d == 0, input, select_where(u == float("inf"), u, log(u) * input / d))  # type: ignore[no-any-return]


@op(kind="unary", ref="expm1", promote="float", inplace=True, out=True, vjp=lambda g, out: g * (out + 1))
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
    return select_where(d == 0, input, select_where(input.abs() > 1, d, near))  # type: ignore[attr-defined,no-any-return]


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
    return log(input) / _LN2  # type: ignore[no-any-return]


@op(kind="unary", ref="log10", promote="float", inplace=True, out=True, vjp=lambda g, input: g / (input * _LN10))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10, elementwise.

    >>> import corelib as torch
    >>> torch.log10(torch.tensor([1000.]))
    tensor([3.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(log10, input)
    return log(input) / _LN10  # type: ignore[no-any-return]


@op(
    kind="unary", promote="float", inplace=True, out=True, on=("torch", "Tensor", "nn.functional"),
    vjp=lambda g, out: g * out * (1 - out),
)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input)), elementwise.

    >>> import corelib as torch
    >>> torch.sigmoid(torch.tensor([0.]))
    tensor([0.5000])
    """
    if input._dtype.itemsize == 2:
        return in_float32(sigmoid, input)
    return 1 / (1 + exp(-input))  # type: ignore[operator,no-any-return]


@op(
    kind="unary", promote="float", inplace=True, out=True,
    vjp=lambda g, input: g * 1.1283791670955126 * (-input * input).exp(),
)
def erf(input: Tensor) -> Tensor:
    """The error function, elementwise: 2/sqrt(pi) times the integral of exp(-t²) from 0 to `input`.

    >>> import corelib as torch
    >>> torch.erf(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(erf, input)
    # W. J. Cody's rational approximations (Math. Comp. 23, 1969): x P(x²)/Q(x²) near 0, and 1 - exp(-x²) P(x)/Q(x)
    # further out; from 6 on erf is 1 to the last place of float64.
    size = input.abs()  # type: ignore[attr-defined]
    close = size <= 0.46875
    small = select_where(close, input, 0.0)
    near = small * quotient(small * small, *ERF_NEAR)
    large = select_where(close, 1.0, select_where(size < 6.0, size, 6.0))
    far = 1 - exp(-large * large) * quotient(large, *ERF_FAR)
    value = select_where(close, near, far.copysign(input))
    return select_where(input == input, value, input)  # type: ignore[no-any-return]


def quotient(x: Any, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> Any:
    """The quotient of two polynomials, coefficients from the highest power down (Horner's scheme)."""
    above: Any = numerator[0]
    for c in numerator[1:]:
        above = above * x + c
    below: Any = denominator[0]
    for c in denominator[1:]:
        below = below * x + c
    return above / below


# Cody's coefficients, from the highest power down.
ERF_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 113.864154151050156, 377.485237685302021, 3209.37758913846947),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)
ERF_FAR = (
    (
        2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131,
        881.952221241769090, 1712.04761263407058, 2051.07837782607147, 1230.33935479799725,
    ),
    (
        1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
        4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
    ),
)
