"""The error function and its family, elementwise: erf, erfc, their inverse, and the normal distribution's ndtr."""

from __future__ import annotations

from math import pi, sqrt as root

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.exponential import exp, log, log1p
from corelib.ops.elementwise.polynomials import polynomial, quotient
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor

_SLOPE = 2 / root(pi)


@op(
    kind="unary", promote="float", inplace=True, out=True, aliases=("special.erf",),
    vjp=lambda g, input: g * _SLOPE * (-input * input).exp(),
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
    size = input.abs()
    close = size <= 0.46875
    small = select_where(close, input, 0.0)
    near = small * quotient(small * small, *ERF_NEAR)
    large = select_where(close, 1.0, select_where(size < 6.0, size, 6.0))
    far = 1 - exp(-large * large) * quotient(large, *ERF_FAR)
    value = select_where(close, near, far.copysign(input))
    return select_where(input == input, value, input)


@op(
    kind="unary", promote="float", inplace=True, out=True, aliases=("special.erfc",),
    vjp=lambda g, input: g * -_SLOPE * (-input * input).exp(),
)
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), elementwise, with all its digits for large inputs.

    >>> import corelib as torch
    >>> torch.erfc(torch.tensor([0.]))
    tensor([1.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(erfc, input)
    size = input.abs()
    # exp(-x²) with x² in two parts, the first exact in half the digits: x² alone would cost the result its last digits
    coarse = (size * 16).floor() / 16
    bell = exp(-coarse * coarse) * exp((coarse - size) * (coarse + size))
    scaled = _scaled_erfc(size)
    tail = select_where(size < 30.0, bell * scaled, 0.0)
    close = size <= 0.46875
    near = 1 - erf(select_where(close, input, 0.0))
    value = select_where(close, near, select_where(input < 0, 2 - tail, tail))
    return select_where(input == input, value, input)


def _scaled_erfc(size: Tensor) -> Tensor:
    """exp(x²) erfc(x) for x above 0.46875: Cody's two rational approximations, the second in 1 / x² from 4 on."""
    far = size > 4.0
    middle = quotient(select_where(far, 4.0, size), *ERF_FAR)
    beyond = select_where(far, size, 4.0)
    square = 1 / (beyond * beyond)
    tail = (1 / root(pi) - square * quotient(square, *ERFC_TAIL)) / beyond
    return select_where(far, tail, middle)


@op(
    kind="unary", promote="float", on=("special",), out=True,
    vjp=lambda g, input, out: g * (2 * input * out - _SLOPE),
)
def special_erfcx(input: Tensor) -> Tensor:
    """exp(input²) * erfc(input), elementwise, which neither overflows nor vanishes for large inputs.

    >>> import corelib as torch
    >>> torch.special.erfcx(torch.tensor([0.]))
    tensor([1.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_erfcx, input)
    size = input.abs()
    close = size <= 0.46875
    small = select_where(close, input, 0.0)
    near = exp(small * small) * (1 - erf(small))
    scaled = _scaled_erfc(select_where(close, 1.0, size))
    # below 0: exp(x²) erfc(x) = 2 exp(x²) - exp(x²) erfc(-x); the square in two parts, as in erfc
    coarse = (size * 16).floor() / 16
    bell = exp(coarse * coarse) * exp((size - coarse) * (size + coarse))
    below = select_where(size < 30.0, 2 * bell - scaled, float("inf"))
    value = select_where(close, near, select_where(input < 0, below, scaled))
    return select_where(input == input, value, input)


@op(
    kind="unary", promote="float", inplace=True, out=True, aliases=("special.erfinv",),
    vjp=lambda g, out: g * (0.5 * root(pi)) * (out * out).exp(),
)
def erfinv(input: Tensor) -> Tensor:
    """The number whose erf is `input`, elementwise; ±inf at ±1, NaN beyond.

    >>> import corelib as torch
    >>> torch.erfinv(torch.tensor([0., 1.]))
    tensor([0., inf])
    """
    if input._dtype.itemsize == 2:
        return in_float32(erfinv, input)
    size = input.abs()
    inside = size < 1
    y = select_where(inside, input, 0.0)
    # Giles' approximation in w = -log(1 - y²) (GPU Computing Gems, 2011) to single precision, then two steps of Newton's
    # method on the side of erf or erfc that keeps its digits there
    w = -log1p(-y * y)
    central = polynomial(select_where(w < 5, w, 5.0) - 2.5, GILES_CENTRAL)
    tail = polynomial(sqrt(select_where(w < 5, 5.0, w)) - 3, GILES_TAIL)
    x = y * select_where(w < 5, central, tail)
    for _ in range(2):
        off = select_where(y.abs() < 0.5, erf(x) - y, select_where(y > 0, (1 - y) - erfc(x), erfc(-x) - (1 + y)))
        x = x - off / (_SLOPE * exp(-x * x))
    end = select_where(size == 1, input * float("inf"), float("nan"))
    return select_where(inside, x, end)


_ROOT_HALF = root(0.5)


@op(
    kind="unary", promote="float", on=("special",), out=True, overlap="itself",
    vjp=lambda g, input: g * (1 / root(2 * pi)) * (-0.5 * input * input).exp(),
)
def special_ndtr(input: Tensor) -> Tensor:
    """The area below the standard normal density left of `input`, elementwise.

    >>> import corelib as torch
    >>> torch.special.ndtr(torch.tensor([0.]))
    tensor([0.5000])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_ndtr, input)
    return 0.5 * erfc(input * -_ROOT_HALF)


@op(
    kind="unary", promote="float", on=("special",), out=True,
    vjp=lambda g, out: g * root(2 * pi) * (0.5 * out * out).exp(),
)
def special_ndtri(input: Tensor) -> Tensor:
    """The number left of which the area below the standard normal density is `input`, elementwise; the inverse of ndtr.

    >>> import corelib as torch
    >>> torch.special.ndtri(torch.tensor([0.5]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_ndtri, input)
    # erfinv(2p - 1) has the digits in the middle, but not for small areas. Worked out for the smaller of both areas.
    upper = input > 0.5
    area = select_where(upper, 1 - input, input)
    inside = (area > 0) & (area <= 0.5)
    p = select_where(inside, area, 0.5)
    tail = p < 0.1
    rare = select_where(tail, p, 0.05)
    # Abramowitz and Stegun 26.2.23, then Newton's method in log p, of which the tail is nearly a parabola
    start = sqrt(-2 * log(rare))
    x = quotient(start, (0.010328, 0.802853, 2.515517), (0.001308, 0.189269, 1.432788, 1.0)) - start
    for _ in range(3):
        below = special_log_ndtr(x)
        x = x - (below - log(rare)) / exp(-0.5 * x * x - 0.5 * _LOG_2PI - below)
    x = select_where(tail, x, root(2) * erfinv(2 * select_where(tail, 0.5, p) - 1))
    x = select_where(upper, -x, x)
    end = select_where(input == 0, float("-inf"), select_where(input == 1, float("inf"), float("nan")))
    return select_where(inside, x, end)


_LOG_2PI = 1.8378770664093453


@op(
    kind="unary", promote="float", on=("special",), out=True,
    vjp=lambda g, input: g * (root(2 / pi) / special_erfcx(input * -_ROOT_HALF)),
)
def special_log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of ndtr, elementwise, with all its digits far to the left.

    >>> import corelib as torch
    >>> torch.special.log_ndtr(torch.tensor([0.]))
    tensor([-0.6931])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_log_ndtr, input)
    x = input * _ROOT_HALF
    left = input < -1
    far = log(0.5 * special_erfcx(select_where(left, -x, 1.0))) - x * x
    return select_where(left, far, log1p(-0.5 * erfc(select_where(left, 1.0, x))))


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
ERFC_TAIL = (
    (
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3),
)
# Giles' single-precision coefficients, from the highest power down.
GILES_CENTRAL = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)
GILES_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)

# erfinv(x) / x in log(1 - x²) from -5 to 0, from the highest power down: to four units in the last place of float32.
ERFINV_LOG = (
    -3.1564052196076424e-07, -8.709583228288033e-06, -8.512165785592878e-05, -0.00020277726129728441, 0.0022567573008387483,
    0.011509271159032677, -0.23202136604448328, 0.8862266887746333,
)  # fmt: skip

# M. J. Wichura's rational approximations of the normal quantile (AS 241, Applied Statistics 37, 1988), from the highest power down:
# in 0.180625 - q² up to |q| = 0.425, and in the root of -log of the tail from there on, up to 5 and beyond.
QUANTILE_CENTRAL = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4,
     1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3,
     6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
QUANTILE_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258, 3.64784832476320460504,
     5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
QUANTILE_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip
