"""Special functions from other formulas than the bodies of the op table: integrals by quadrature, power series, sums of coefficients.

The bodies are rational approximations, recurrences and continued fractions; here are integral representations (DLMF 7.7, 8.6, 9.5, 10.9, 10.32),
whose quadratures converge exponentially, inverses by Newton's steps, and Clenshaw's sums for polynomials. Where a function crosses zero a device may be as far off as a
result whose argument was wrong in its last places, besides the units that the tolerances name: near a zero nothing else can be asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre

from corelib.tensor import dtype as D
from corelib_conformance.reference.arithmetic import function_of, kernel, put, rounded, taken, wide_unit
from corelib_conformance.reference.cells import Pair
from corelib_conformance.tolerances import argument_ulps, ulps

Function = Callable[..., Any]
_LOG_GAMMA = np.vectorize(math.lgamma, otypes=[np.float64])
_ANGLE = (np.arange(160) + 0.5) * np.pi / 160
_ORDERS = np.arange(1, 60)[:, None]
_NEUMANN = (  # of orders 0 and 1, Abramowitz and Stegun 9.1.88: the Bessel functions in these series are integrals over the same angle
    ((-1.0) ** _ORDERS * 2 / _ORDERS * np.cos(2 * _ORDERS * _ANGLE)).sum(0),
    ((-1.0) ** _ORDERS * (2 * _ORDERS + 1) / (_ORDERS * (_ORDERS + 1)) * np.sin((2 * _ORDERS + 1) * _ANGLE)).sum(0),
)
_STEPS = np.arange(-4.0, 4.75, 1 / 32)
_FADING = np.exp(_STEPS - np.exp(-_STEPS))  # places on [0, inf) for what fades as exp(-x) does
_FADING_SHARE = np.exp(-_FADING) * _FADING * (1 + np.exp(-_STEPS)) / 32


def _each(function: Function) -> Function:
    """The function of some elements at a time, with an axis for the nodes of a quadrature."""

    def run(*operands: Any) -> Any:
        arrays = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in operands))
        flat = [a.reshape(-1) for a in arrays]
        parts = [function(*(a[i : i + 256, None] for a in flat)) for i in range(0, flat[0].size, 256)]
        return np.concatenate([np.reshape(p, -1) for p in parts] or [np.empty(0)]).reshape(arrays[0].shape)

    return run


def _power_series(order: int, x: Any, sign: float) -> Any:
    """The power series of a Bessel function of the first kind, or with sign 1 of the modified one."""
    half, term = x / 2, (x / 2) ** order
    total = term
    for k in range(1, 30):
        term = term * sign * half * half / (k * (k + order))
        total = total + term
    return total


def _kind_one(order: int, x: Any) -> Any:
    """Bessel's integral for the first kind, of a periodic function; the power series near 0, where it keeps its digits."""
    near = np.abs(x) < 2
    far = np.cos(order * _ANGLE - x * np.sin(_ANGLE)).mean(-1, keepdims=True)
    return np.where(near, _power_series(order, np.where(near, x, 0.0), -1.0), far)


def _first(order: int) -> Function:
    return _each(lambda x: _kind_one(order, x))


def _second(order: int) -> Function:
    """Neumann's series of the second kind in functions of the first."""

    def run(x: Any) -> Any:
        right = np.where(x > 0, x, 1.0)
        of_angle = np.sin(right * np.sin(_ANGLE)) if order else np.cos(right * np.sin(_ANGLE))
        rest = (of_angle * _NEUMANN[order]).mean(-1, keepdims=True)
        value = (np.log(right / 2) + np.euler_gamma - order) * _kind_one(order, right) - rest - (_kind_one(0, right) / right if order else 0.0)
        return np.where(x > 0, 2 / np.pi * value, np.where(x == 0, -np.inf, np.nan))

    return _each(run)


def _modified(order: int, scaled: bool) -> Function:
    """DLMF 10.32.9 for the modified second kind, by the trapezoidal rule."""

    def run(x: Any) -> Any:
        right = np.where((x > 0) & (x < np.inf), x, 1.0)
        t = np.arange(240) / 239 * np.arccosh(1 + 60 / right)
        terms = np.exp(-2 * right * np.sinh(t / 2) ** 2) * np.cosh(order * t)
        value = (terms.sum(-1, keepdims=True) - terms[:, :1] / 2) * t[:, 1:2]
        value = value if scaled else value * np.exp(-right)
        return np.where(x == np.inf, 0.0, np.where(x > 0, value, np.where(x == 0, np.inf, np.nan)))

    return _each(run)


def _airy(x: Any) -> Any:
    """The integral of exp(i (t**3 / 3 + x t)) along a line above the real axis, by the trapezoidal rule."""
    place = np.where(np.abs(x) < 110, x, 0.0)
    above = np.where(place > 1, np.sqrt(np.maximum(place, 1.0)), np.where(place < -2, -2 / np.minimum(place, -2.0), 1.0))
    step = 0.7 * np.minimum(2 * np.pi * above / 44, np.pi / np.sqrt(44 * above))
    count = int(np.max(np.sqrt(44 / above) / step)) + 2
    t = np.arange(count) * step + 1j * above
    terms = np.exp(1j * (t**3 / 3 + place * t)).real
    value = (terms.sum(-1, keepdims=True) - terms[:, :1] / 2) * step / np.pi
    return np.where(np.isfinite(x), np.where(x > 110, 0.0, value), np.nan)


def _below(a: Any, x: Any) -> Any:
    """P(a, x) by its power series of positive terms."""
    total = term = np.exp(a * np.log(x) - x - _LOG_GAMMA(a + 1))
    for k in range(1, 200):
        term = term * x / (a + k)
        total = total + term
    return total


def _beyond(a: Any, x: Any) -> Any:
    """Q(a, x) by the integral over what is beyond x (DLMF 8.6.7), moved to 0."""
    tail = (_FADING_SHARE * (1 + _FADING / x) ** (a - 1)).sum(-1, keepdims=True)
    return np.exp((a - 1) * np.log(x) - x - _LOG_GAMMA(a)) * tail


def _lower(a: Any, x: Any) -> Any:
    """P(a, x): itself where it is the smaller part, or what the other leaves of 1."""
    smaller = (x <= a) | (x <= 1)
    return np.where(smaller, _below(a, np.where(smaller, x, a)), 1 - _beyond(a, np.where(smaller, a + 2, x)))


def _upper(a: Any, x: Any) -> Any:
    """Q(a, x) in the same way."""
    smaller = (x <= a) | (x <= 1)
    return np.where(smaller, 1 - _below(a, np.where(smaller, x, a)), _beyond(a, np.where(smaller, a + 2, x)))


def _incomplete(function: Function, at_zero: float, at_infinity: float) -> Function:
    """With what it is where a or x is 0 or infinite, and NaN for negative numbers."""

    def run(a: Any, x: Any) -> Any:
        inside = (a > 0) & (x > 0) & (a < np.inf) & (x < np.inf)
        value = function(np.where(inside, a, 1.0), np.where(inside, x, 1.0))
        value = np.where((x == 0) | (a == np.inf), at_zero, value)
        value = np.where((a == 0) | (x == np.inf), at_infinity, value)
        wrong = (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | ((a == np.inf) & (x == np.inf)) | np.isnan(a) | np.isnan(x)
        return np.where(wrong, np.nan, value)

    return _each(run)


def _modified_first(order: int, scaled: bool) -> Function:
    """Bessel's integral for the modified first kind; the power series near 0."""

    def run(x: Any) -> Any:
        size = np.abs(x)
        near, finite = size < 2, np.where(np.isfinite(size), size, 1.0)
        far = (np.exp(finite * (np.cos(_ANGLE) - 1)) * np.cos(order * _ANGLE)).mean(-1, keepdims=True)
        # beyond what the angles resolve, three terms of the expansion in 1 / x
        mu, z = 4.0 * order * order, 8 * np.maximum(finite, 1.0)
        terms = 1 - (mu - 1) / z * (1 - (mu - 9) / (2 * z) * (1 - (mu - 25) / (3 * z) * (1 - (mu - 49) / (4 * z) * (1 - (mu - 81) / (5 * z)))))
        far = np.where(finite > 700, terms / np.sqrt(2 * np.pi * finite), far)
        value = np.where(near, _power_series(order, np.where(near, size, 0.0), 1.0) * np.exp(-np.where(near, size, 0.0)), far)
        value = value if scaled else np.where(value == 0, 0.0, value * np.exp(size / 2) * np.exp(size / 2))
        value = np.where(np.isinf(size), 0.0 if scaled else np.nan, value)  # as in PyTorch
        return np.where(np.isnan(x), np.nan, np.where(x < 0, (-1) ** order * value, value))

    return _each(run)


def _log_gamma(x: Any) -> Any:
    """The C library's, infinite at the poles and at either infinity."""
    pole = ((x <= 0) & (x == np.floor(x))) | np.isinf(x)
    return np.where(pole, np.inf, np.where(np.isnan(x), np.nan, _LOG_GAMMA(np.where(pole | np.isnan(x), 1.0, x))))


def _digamma(x: Any) -> Any:
    """By reflection below 0, by its recurrence up to 16, and there by the asymptotic series (DLMF 5.5.2, 5.5.4, 5.11.2)."""
    x = np.asarray(x, np.float64)
    pole = (x <= 0) & (x == np.floor(x)) & np.isfinite(x)
    left = (x < 0) & np.isfinite(x) & ~pole
    y = np.where(left, 1 - x, np.where(np.isfinite(x) & ~pole, x, 1.0))
    total = np.zeros(y.shape)
    for _ in range(16):
        small = y < 16
        total = total - np.where(small, 1 / y, 0.0)
        y = np.where(small, y + 1, y)
    z = 1 / (y * y)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * (691 / 32760 - z / 12))))))
    value = total + np.log(y) - 1 / (2 * y) - series
    part = np.where(left, x - np.round(x), 0.25)  # pi times this has the same tangent
    value = np.where(left, value - np.pi / np.tan(np.pi * part), value)
    value = np.where(pole, np.where(x == 0, np.copysign(np.inf, -x), np.nan), value)
    return np.where(x == np.inf, np.inf, np.where(np.isfinite(x), value, np.nan))


_TANH_SINH = np.arange(-230, 231) / 64
_WITHIN = (1 + np.tanh(np.pi / 2 * np.sinh(_TANH_SINH))) / 2  # places and shares of a quadrature on [0, 1]
_WITHIN_SHARE = np.pi / 4 * np.cosh(_TANH_SINH) / np.cosh(np.pi / 2 * np.sinh(_TANH_SINH)) ** 2 / 64
_ERF, _ERFC = (np.vectorize(f, otypes=[np.float64]) for f in (math.erf, math.erfc))


def _faded(size: Any) -> Any:
    """exp(x**2) erfc(x) for x from 0 on: the integral of exp(-t**2 / 4 - x t) over the root of pi."""
    reach = np.minimum(13.5, 80 / np.maximum(size, 1e-3))
    t = _WITHIN * reach
    return (np.exp(-t * t / 4 - size * t) * _WITHIN_SHARE).sum(-1, keepdims=True) * reach / np.sqrt(np.pi)


def _power_of_square(x: Any, factor: float) -> Any:
    """exp(factor * x**2) without the rounding of a large square."""
    high = np.asarray(x, np.float32).astype(np.float64)
    return np.exp(factor * high * high) * np.exp(factor * (x - high) * (x + high))


def _scaled_erfc(x: Any) -> Any:
    size = np.where(np.isfinite(x), np.abs(x), 1.0)
    value = _faded(size)
    value = np.where(x < 0, 2 * _power_of_square(size, 1.0) - value, value)
    return np.where(x == np.inf, 0.0, np.where(x == -np.inf, np.inf, np.where(np.isnan(x), np.nan, value)))


def _normal_tail(size: Any) -> Any:
    """The share of the normal distribution beyond a number from 0 on."""
    return _power_of_square(size, -0.5) * _faded(size / np.sqrt(2)) / 2


def _normal(x: Any) -> Any:
    size = np.where(np.isnan(x), 0.0, np.minimum(np.abs(x), 50.0))
    return np.where(np.isnan(x), np.nan, np.where(x < 0, _normal_tail(size), 1 - _normal_tail(size)))


def _log_normal(x: Any) -> Any:
    finite = np.where(np.isfinite(x), x, 0.0)
    size = np.abs(finite)
    low = np.log(_faded(size / np.sqrt(2)) / 2) - finite * finite / 2
    value = np.where(finite < 0, low, np.log1p(-_normal_tail(np.minimum(size, 50.0))))
    return np.where(x == np.inf, 0.0, np.where(x == -np.inf, -np.inf, np.where(np.isnan(x), np.nan, value)))


def _inverse(y: Any, left: Any) -> Any:
    """Where erf is y from 0 on, and erfc is left = 1 - y, by Newton's steps on whichever is the smaller."""
    log = np.log(left * (1 + y))
    half = 2 / (np.pi * 0.147) + log / 2
    w = np.sqrt(np.sqrt(half * half - log / 0.147) - half)  # Winitzki's estimate
    for _ in range(5):
        off = np.where(y < 0.5, _ERF(w) - y, left - _ERFC(w))
        step = off * np.sqrt(np.pi) / 2 * _power_of_square(w, 1.0)
        w = w - step / (1 + w * step)
    return w


def _inverse_erf(x: Any) -> Any:
    inside = np.abs(x) < 1
    size = np.where(inside, np.abs(x), 0.5)
    value = np.copysign(np.where(size == 0, 0.0, _inverse(np.where(size == 0, 0.5, size), 1 - np.where(size == 0, 0.5, size))), x)
    return np.where(inside, value, np.where(np.abs(x) == 1, np.copysign(np.inf, x), np.nan))


def _inverse_normal(x: Any) -> Any:
    inside = (x > 0) & (x < 1) & (x != 0.5)
    p = np.where(inside, x, 0.25)
    left = 2 * np.minimum(p, 1 - p)
    value = np.sqrt(2) * _inverse(1 - left, left) * np.where(p < 0.5, -1, 1)
    return np.where(inside, value, np.where(x == 0.5, 0.0, np.where(x == 0, -np.inf, np.where(x == 1, np.inf, np.nan))))


def _entropy(x: Any) -> Any:
    value = np.where(x > 0, -x * np.log(np.where(x > 0, x, 1.0)), np.where(x == 0, 0.0, -np.inf))
    return np.where(np.isnan(x), np.nan, value)


def _polynomial(value: Function, coefficients: Function, shifted: bool = False) -> Function:
    """Of the degrees in n, each by Clenshaw's sum of its coefficients in a basis; 0 for negative ones."""

    def run(x: Any, n: Any) -> Any:
        x, n = np.broadcast_arrays(np.asarray(x, np.float64), np.trunc(n))
        made = np.where(np.isnan(n), np.nan, np.zeros(x.shape))
        for degree in {int(d) for d in n[n >= 0].tolist()}:
            here = n == degree
            made[here] = value(2 * x[here] - 1 if shifted else x[here], coefficients(degree))
        return made

    return run


def _alone(degree: int) -> Any:
    """The polynomial itself, in its own basis."""
    return np.eye(1, degree + 1, degree)[0]


def _of_second_kind(degree: int) -> Any:
    """Chebyshev's second kind as a sum of the first: twice every other one, but that of degree 0 once."""
    made = np.zeros(max(degree + 1, 1))
    made[degree % 2 :: 2] = 2.0 if degree >= 0 else 0.0
    if degree >= 0 and degree % 2 == 0:
        made[0] = 1.0
    return made


def _third_or_fourth(sign: float) -> Function:
    """The difference or the sum of two neighbours of the second kind."""

    def made(degree: int) -> Any:
        both = _of_second_kind(degree)
        both[: max(degree, 1)] += sign * _of_second_kind(degree - 1)[: max(degree, 1)]
        return both

    return made


def _declared(name: str, function: Function, of: int, least: float = 0.0) -> None:
    """A function of one or two numbers, whose arguments `[:of]` may be wrong in their last places, by at least those of `least`."""

    @kernel(name, D.FLOATS)
    def run(out: Pair, *operands: Any) -> None:
        pairs = [taken(x, out.dtype) for x in operands]
        values = [v for v, _ in pairs]
        value = function(*values)
        slack = argument_ulps(name, out.dtype.name) * wide_unit(out.dtype)
        errors = [np.broadcast_to(e, np.shape(value)) for _, e in pairs]
        around = [e + slack * np.maximum(np.abs(v), least) for v, e in zip(values[:of], errors[:of], strict=True)]
        carried = np.zeros(np.shape(value))
        for number, reach in enumerate(around):
            for moved in (values[number] - reach, values[number] + reach):
                carried = np.maximum(carried, np.abs(function(*values[:number], moved, *values[number + 1 :]) - value))
        unsure = np.any([e > 0 for e in errors], axis=0)  # what is infinite or NaN stays so, unless an operand is not known
        carried = np.where(np.isnan(carried), np.inf, carried)
        carried = np.where(np.isfinite(value), carried, np.where(unsure, np.inf, 0.0))
        for e in errors[of:]:
            carried = np.where(e > 0, np.inf, carried)
        put(out, value, rounded(value, carried, out.dtype, ulps(name, out.dtype.name)))


for _name, _function in {
    "i0": _modified_first(0, False), "special_i1": _modified_first(1, False), "special_i0e": _modified_first(0, True),
    "special_i1e": _modified_first(1, True), "lgamma": _log_gamma, "digamma": _digamma, "special_erfcx": _each(_scaled_erfc),
    "special_ndtr": _each(_normal), "special_log_ndtr": _each(_log_normal), "erfinv": _inverse_erf, "special_ndtri": _inverse_normal,
    "special_entr": _entropy,
}.items():
    function_of(_name, _function)
for _order in (0, 1):
    _declared(f"special_bessel_j{_order}", _first(_order), 1)
    _declared(f"special_bessel_y{_order}", _second(_order), 1)
    _declared(f"special_modified_bessel_k{_order}", _modified(_order, False), 1)
    _declared(f"special_scaled_modified_bessel_k{_order}", _modified(_order, True), 1)
_declared("special_airy_ai", _each(_airy), 1)
_declared("special_spherical_bessel_j0", lambda x: np.where(np.isinf(x), 0.0, np.sinc(np.where(np.isinf(x), 0.0, x) / np.pi)), 1)
_declared("igamma", _incomplete(_lower, 0.0, 1.0), 2)
_declared("igammac", _incomplete(_upper, 1.0, 0.0), 2)
for _prefix, _shift in (("special_", False), ("special_shifted_", True)):
    for _kind, _terms in (("t", _alone), ("u", _of_second_kind), ("v", _third_or_fourth(-1.0)), ("w", _third_or_fourth(1.0))):
        _declared(f"{_prefix}chebyshev_polynomial_{_kind}", _polynomial(chebyshev.chebval, _terms, _shift), 1, 1.0)
for _name, _value in {
    "hermite_polynomial_h": hermite.hermval, "hermite_polynomial_he": hermite_e.hermeval, "laguerre_polynomial_l": laguerre.lagval,
    "legendre_polynomial_p": legendre.legval,
}.items():
    _declared(f"special_{_name}", _polynomial(_value, _alone), 1, 1.0)
