"""The regularized incomplete gamma functions, elementwise.

P(a, x) by its power series below a + 1 and Q(a, x) by Legendre's continued fraction (in Lentz's way) above, the other as what is left to 1
(Press et al., Numerical Recipes, 6.2). Both times x^a e^-x / gamma(a), written about x = a for large a, so that its exponent keeps its digits.
"""

from __future__ import annotations

from math import pi

from corelib.dispatcher.declare import op
from corelib.graph.rule import without_slope
from corelib.ops.elementwise.error_functions import erfc
from corelib.ops.elementwise.exponential import exp, log, log1p
from corelib.ops.elementwise.gamma import lgamma
from corelib.ops.elementwise.polynomials import polynomial
from corelib.ops.elementwise.unary import in_float32, refuse_integers, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor

_INFINITY, _NAN = float("inf"), float("nan")
_MOST, LOOK_EVERY = 4096, 16  # steps at most, and after how many it is asked whether all have converged
_LARGE = 2e5  # up to here that many steps are enough
# Stirling's series of log gamma(a) beyond (a - 1/2) log a - a + log(2 pi) / 2, times a, in powers of 1/a**2 from the highest down.
_STIRLING = (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


def _log1p_less(u: Tensor) -> Tensor:
    """log(1 + u) - u, by its series where the difference would lose its digits."""
    near = u.abs() < 0.1
    v = select_where(near, u, 0.0)
    series = polynomial(v, tuple((-1) ** (k + 1) / k for k in range(18, 1, -1))) * v * v
    return select_where(near, series, log1p(select_where(near, 0.5, u)) - select_where(near, 0.5, u))


def _factor(a: Tensor, x: Tensor) -> Tensor:
    """x^a e^-x / gamma(a), for a and x above 0."""
    large = a >= 10
    big = select_where(large, a, 10.0)
    series = polynomial(1 / (big * big), _STIRLING) / big
    about = sqrt(big / (2 * pi)) * exp(big * _log1p_less(select_where(large, x, big) / big - 1) - series)
    small = select_where(large, 1.0, a)
    return select_where(large, about, exp(small * log(x) - x - lgamma(small)))


def _series(a: Tensor, x: Tensor, eps: float) -> Tensor:
    """The sum of x^k / (a (a + 1) ... (a + k))."""
    term = 1 / a
    total = term
    for k in range(1, _MOST):
        term = term * x / (a + k)
        total = total + term
        if k % LOOK_EVERY == 0 and bool((term <= total * eps).all()):
            break
    return total


def _fraction(a: Tensor, x: Tensor, eps: float) -> Tensor:
    """1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / ...))."""
    b = x + 1 - a
    c = b * 0 + 1e30
    d = 1 / b
    value = d
    for k in range(1, _MOST):
        above = (a - k) * float(k)
        b = b + 2
        d = above * d + b
        c = b + above / c
        d = 1 / select_where(d == 0, 1e-30, d)
        c = select_where(c == 0, 1e-30, c)
        step = c * d
        value = value * step
        if k % LOOK_EVERY == 0 and bool(((step - 1).abs() <= eps).all()):
            break
    return value


def _uniform(a: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """P and Q for very large a, by the first two terms of Temme's expansion, which holds for all x (DLMF 8.12)."""
    u = (x - a) / a
    half = -_log1p_less(u)  # eta**2 / 2
    eta = select_where(u < 0, -sqrt(2 * half), sqrt(2 * half))
    near = u.abs() < 1e-3  # 1/u - 1/eta by its series there
    apart = select_where(near, u * (1 / 12) - 1 / 3, 1 / select_where(near, 1.0, u) - 1 / select_where(near, 1.0, eta))
    rest = exp(-a * half) / sqrt(2 * pi * a) * apart
    root = eta * sqrt(a * 0.5)
    return 0.5 * erfc(-root) - rest, 0.5 * erfc(root) + rest


def _both(a: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """P where it is the smaller part, Q where that is, and which of the two each element has."""
    inside = (a > 0) & (x > 0) & (a < _INFINITY) & (x < _INFINITY)
    lower = x < a + 1
    far = inside & (a > _LARGE)
    if bool(far.any()):
        p_far, q_far = _uniform(select_where(far, a, _LARGE), select_where(far, x, _LARGE))
        p, q, lower = _both(select_where(far, 1.0, a), select_where(far, 1.0, x))
        return select_where(far, p_far, p), select_where(far, q_far, q), select_where(far, x < a, lower)
    eps = finfo(a._dtype).eps
    some, place = select_where(inside, a, 1.0), select_where(inside, x, 1.0)
    factor = _factor(some, place)
    below = inside & lower
    p = factor * _series(select_where(below, some, 1.0), select_where(below, place, 1.0), eps)
    above = inside & ~lower
    q = factor * _fraction(select_where(above, some, 1.0), select_where(above, place, 3.0), eps)
    return p, q, lower


def _edges(a: Tensor, x: Tensor, value: Tensor, at_zero: float, at_infinity: float) -> Tensor:
    """What the function is where a or x is 0 or infinite; NaN for negative numbers and where both are 0 or infinite."""
    value = select_where((x == 0) | (a == _INFINITY), at_zero, value)
    value = select_where((a == 0) | (x == _INFINITY), at_infinity, value)
    wrong = (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | ((a == _INFINITY) & (x == _INFINITY)) | (a != a) | (x != x)
    return select_where(wrong, _NAN, value)


def _density(g: Tensor, input: Tensor, other: Tensor) -> Tensor:
    """The derivative with respect to x, x^(a-1) e^-x / gamma(a)."""
    return g * exp((input - 1) * log(other) - other - lgamma(input))


def _igammac_vjp(g: Tensor, input: Tensor, other: Tensor) -> Tensor:
    return -_density(g, input, other)


@op(
    kind="binary", inplace=True, out=True, numbers=False, aliases=("special.gammainc",), check=refuse_integers("igamma"),
    vjp={"input": without_slope("igamma: input"), "other": _density},
)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """P(input, other), the regularized lower incomplete gamma function, elementwise: 1/gamma(a) times the integral from 0 to x of t^(a-1) e^-t.

    NaN for negative numbers, NotImplementedError for integers and bools. There is no derivative with respect to `input`, NotImplementedError.

    >>> import corelib as torch
    >>> torch.igamma(torch.tensor([1., 4.]), torch.tensor([1., 3.]))
    tensor([0.6321, 0.3528])
    """
    if input._dtype.itemsize == 2:
        return in_float32(igamma, input, other)
    p, q, lower = _both(input, other)
    return _edges(input, other, select_where(lower, p, 1 - q), 0.0, 1.0)


@op(
    kind="binary", inplace=True, out=True, numbers=False, aliases=("special.gammaincc",), check=refuse_integers("igammac"),
    vjp={"input": without_slope("igammac: input"), "other": _igammac_vjp},
)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """Q(input, other) = 1 - P(input, other), the regularized upper incomplete gamma function, elementwise.

    NaN for negative numbers, NotImplementedError for integers and bools. There is no derivative with respect to `input`, NotImplementedError.

    >>> import corelib as torch
    >>> torch.igammac(torch.tensor([1., 4.]), torch.tensor([1., 3.]))
    tensor([0.3679, 0.6472])
    """
    if input._dtype.itemsize == 2:
        return in_float32(igammac, input, other)
    p, q, lower = _both(input, other)
    return _edges(input, other, select_where(lower, 1 - p, q), 1.0, 0.0)
