"""Bessel functions of the first and second kind, of order 0 and 1, and the spherical one of order 0, elementwise.

Rational approximations as in Cephes (Moshier): in x**2 up to 5, and from there by the asymptotic expansion, a cosine whose amplitude and phase
are quotients of polynomials in (5/x)**2.
"""

from __future__ import annotations

from math import pi, sqrt as root

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.exponential import log
from corelib.ops.elementwise.polynomials import polynomial, quotient
from corelib.ops.elementwise.trigonometric import cos, sin
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor

_INFINITY, _NAN = float("inf"), float("nan")


def _far(x: Tensor, pp: tuple[float, ...], pq: tuple[float, ...], qp: tuple[float, ...], qq: tuple[float, ...], shift: float, second: bool) -> Tensor:
    """The asymptotic expansion for x from 5 on: of the first kind, or of the second, whose phase is a quarter behind."""
    z = 25 / (x * x)
    phase = x - shift
    near, side = quotient(z, pp, pq), 5 / x * quotient(z, qp, qq)
    wave = near * sin(phase) + side * cos(phase) if second else near * cos(phase) - side * sin(phase)
    return wave * root(2 / pi) / sqrt(x)


def _j0_vjp(g: Tensor, input: Tensor) -> Tensor:
    return -g * special_bessel_j1(input)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_j0_vjp)
def special_bessel_j0(input: Tensor) -> Tensor:
    """The Bessel function of the first kind and order 0, elementwise.

    >>> import corelib as torch
    >>> torch.special.bessel_j0(torch.tensor([0., 1.]))
    tensor([1.0000, 0.7652])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_bessel_j0, input)
    size = input.abs()
    close = size <= 5
    z = select_where(close, size, 0.0).square()
    low = (z - 5.78318596294678452118) * (z - 30.4712623436620863991) * quotient(z, J0_RP, J0_RQ)
    return select_where(close, low, _far(select_where(close, 5.0, size), J0_PP, J0_PQ, J0_QP, J0_QQ, pi / 4, False))


def _j1_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    zero = input == 0
    return g * select_where(zero, 0.5, special_bessel_j0(input) - out / select_where(zero, 1.0, input))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_j1_vjp)
def special_bessel_j1(input: Tensor) -> Tensor:
    """The Bessel function of the first kind and order 1, elementwise.

    >>> import corelib as torch
    >>> torch.special.bessel_j1(torch.tensor([0., 1.]))
    tensor([0.0000, 0.4401])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_bessel_j1, input)
    size = input.abs()
    close = size <= 5
    x = select_where(close, size, 0.0)
    z = x * x
    low = quotient(z, J1_RP, J1_RQ) * x * (z - 14.6819706421238932572) * (z - 49.2184563216946036703)
    value = select_where(close, low, _far(select_where(close, 5.0, size), J1_PP, J1_PQ, J1_QP, J1_QQ, 3 * pi / 4, False))
    return select_where(input < 0, -value, value)


def _second(input: Tensor, low: Tensor, far: Tensor) -> Tensor:
    """Put together: -inf at 0 and NaN below."""
    value = select_where(input <= 5, low, far)
    return select_where(input > 0, value, select_where(input == 0, -_INFINITY, _NAN))


def _y0_vjp(g: Tensor, input: Tensor) -> Tensor:
    return -g * special_bessel_y1(input)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_y0_vjp)
def special_bessel_y0(input: Tensor) -> Tensor:
    """The Bessel function of the second kind and order 0, elementwise: -inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.bessel_y0(torch.tensor([0., 1.]))
    tensor([  -inf, 0.0883])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_bessel_y0, input)
    x = select_where((input > 0) & (input <= 5), input, 1.0)
    low = quotient(x * x, Y0_YP, Y0_YQ) + 2 / pi * log(x) * special_bessel_j0(x)
    return _second(input, low, _far(select_where(input > 5, input, 5.0), J0_PP, J0_PQ, J0_QP, J0_QQ, pi / 4, True))


def _y1_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return g * (special_bessel_y0(input) - out / input)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_y1_vjp)
def special_bessel_y1(input: Tensor) -> Tensor:
    """The Bessel function of the second kind and order 1, elementwise: -inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.bessel_y1(torch.tensor([0., 1.]))
    tensor([   -inf, -0.7812])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_bessel_y1, input)
    x = select_where((input > 0) & (input <= 5), input, 1.0)
    low = x * quotient(x * x, Y1_YP, Y1_YQ) + 2 / pi * (special_bessel_j1(x) * log(x) - 1 / x)
    return _second(input, low, _far(select_where(input > 5, input, 5.0), J1_PP, J1_PQ, J1_QP, J1_QQ, 3 * pi / 4, True))


def _spherical_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    small = input.abs() < 0.5
    x = select_where(small, 1.0, input)
    z = select_where(small, input, 0.0).square()
    near = select_where(small, input, 0.0) * polynomial(z, _SPHERICAL_SLOPE)
    return g * select_where(small, near, (cos(x) - out) / x)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_spherical_vjp)
def special_spherical_bessel_j0(input: Tensor) -> Tensor:
    """The spherical Bessel function of the first kind and order 0, elementwise: sin(input) / input.

    >>> import corelib as torch
    >>> torch.special.spherical_bessel_j0(torch.tensor([0., 1.]))
    tensor([1.0000, 0.8415])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_spherical_bessel_j0, input)
    small = input.abs() < 0.5
    near = polynomial(select_where(small, input, 0.0).square(), _SPHERICAL)
    x = select_where(small | (input.abs() == _INFINITY), 1.0, input)
    return select_where(small, near, select_where(input.abs() == _INFINITY, 0.0, sin(x) / x))


# sin(x) / x and the slope of it over x, in powers of x**2 from the highest down.
_SPHERICAL = (1 / 6227020800, -1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1.0)
_SPHERICAL_SLOPE = (12 / 6227020800, -10 / 39916800, 8 / 362880, -6 / 5040, 4 / 120, -2 / 6)
# Coefficients from the highest power down.
J0_PP = (
    0.0007969367292973471, 0.08283523921074408, 1.239533716464143, 5.447250030587687, 8.74716500199817,
    5.303240382353949, 1.0,
)  # fmt: skip
J0_PQ = (
    0.0009244088105588637, 0.08562884743544745, 1.2535274390105895, 5.470977403304171, 8.761908832370695,
    5.306052882353947, 1.0,
)  # fmt: skip
J0_QP = (
    -0.011366383889846916, -1.2825271867050931, -19.553954425773597, -93.20601521237683, -177.68116798048806,
    -147.07750515495118, -51.41053267665993, -6.050143506007285,
)  # fmt: skip
J0_QQ = (
    64.3178256118178, 856.4300259769806, 3882.4018360540163, 7240.467741956525, 5930.727011873169, 2062.0933166032783,
    242.0057402402914,
)  # fmt: skip
J0_RP = (
    -4794432209.782018, 1956174919465.5657, -249248344360967.72, 9708622510473064.0,
)  # fmt: skip
J0_RQ = (
    499.563147152651, 173785.4016763747, 48440965.83399621, 11185553704.535683, 2112775201154.892, 310518229857422.56,
    3.1812195594320496e+16, 1.7108629408104315e+18,
)  # fmt: skip
J1_PP = (
    0.0007621256162081731, 0.07313970569409176, 1.1271960812968493, 5.112079511468076, 8.424045901417724,
    5.214515986823615, 1.0,
)  # fmt: skip
J1_PQ = (
    0.0005713231280725487, 0.06884559087544954, 1.105142326340617, 5.073863861286015, 8.399855543276042,
    5.209828486823619, 1.0,
)  # fmt: skip
J1_QP = (
    0.05108625947501766, 4.982138729512334, 75.82382841325453, 366.7796093601508, 710.8563049989261,
    597.4896124006136, 211.68875710057213, 25.207020585802372,
)  # fmt: skip
J1_QQ = (
    74.23732770356752, 1056.4488603826283, 4986.410583376536, 9562.318924047562, 7997.041604473507,
    2826.1927851763908, 336.0936078106983,
)  # fmt: skip
J1_RP = (
    -899971225.7055594, 452228297998.19403, -72749424522181.83, 3682957328638529.0,
)  # fmt: skip
J1_RQ = (
    620.8364781180543, 256987.25675774884, 83514679.14319493, 22151159547.97925, 4749141220799.914, 784369607876235.9,
    8.952223361846274e+16, 5.322786203326801e+18,
)  # fmt: skip
Y0_YP = (
    15592.436785523574, -14663929.59039716, 5435264770.518765, -982136065717.9115, 87590639439536.7,
    -3466283033847297.0, 4.4273326857256984e+16, -1.8495080043698668e+16,
)  # fmt: skip
Y0_YQ = (
    1041.2835366425984, 626107.330137135, 268919633.39381415, 86400248710.3935, 20297961275010.555,
    3171577528429750.5, 2.5059625617265306e+17,
)  # fmt: skip
Y1_YP = (
    1263204747.9017804, -647355876379.1603, 114509511541823.73, -8127702555013251.0, 2.024394757135949e+17,
    -7.788771962659501e+17,
)  # fmt: skip
Y1_YQ = (
    594.3015923461282, 235564.09294306856, 73481194.44597217, 18760131610.870617, 3882312774962.3857,
    620557727146953.8, 6.871410873553005e+16, 3.9727060811656064e+18,
)  # fmt: skip
