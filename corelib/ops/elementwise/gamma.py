"""The gamma function's family, elementwise: its logarithm, the derivatives of that, and the Hurwitz zeta function."""

from __future__ import annotations

from math import factorial, log as logarithm, pi

from corelib.dispatcher.calls.inplace import check_result
from corelib.dispatcher.calls.elementwise import strides_of_result
from corelib.dispatcher.declare import op
from corelib.graph.rule import without_slope
from corelib.dispatcher.op import Inferred
from corelib.ops.elementwise.exponential import log, log1p
from corelib.ops.elementwise.polynomials import polynomial, quotient
from corelib.ops.elementwise.trigonometric import sin
from corelib.ops.elementwise.unary import in_float32, tensor_beside
from corelib.ops.elementwise.where import select_where
from corelib.tensor.base import attach
from corelib.tensor.dtype import Number
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

_INFINITY = float("inf")
_FAR = 2.0**52  # from here on every number is whole
# Stirling's series: lgamma(x) = (x - 1/2) log x - x + log(2 pi)/2 + sum of B2k / (2k (2k - 1)) x^(1 - 2k), in powers of 1/x².
STIRLING = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
# Cephes (Moshier): lgamma(2 + t) = t P(t) / Q(t) for t from 0 to 1.
BETWEEN = (
    (
        -1.37825152569120859100e3, -3.88016315134637840924e4, -3.31612992738871184744e5, -1.16237097492762307383e6,
        -1.72173700820839662146e6, -8.53555664245765465627e5,
    ),
    (
        1.0, -3.51815701436523470549e2, -1.70642106651881159223e4, -2.20528590553854454839e5, -1.13933444367982507207e6,
        -2.53252307177582951285e6, -2.01889141433532773231e6,
    ),
)


def _sine_of_pi(x: Tensor) -> Tensor:
    """sin(pi x), exact where x is whole: pi times x itself would lose what matters for large x."""
    rest = x - 2 * (x * 0.5 + 0.5).floor()  # from -1 to 1
    folded = select_where(rest > 0.5, 1 - rest, select_where(rest < -0.5, -1 - rest, rest))
    return sin(folded * pi)


def _lgamma_vjp(g: Tensor, input: Tensor) -> Tensor:
    return g * digamma(input)


@op(kind="unary", promote="float", inplace=True, out=True, aliases=("special.gammaln",), vjp=_lgamma_vjp)
def lgamma(input: Tensor) -> Tensor:
    """The logarithm of the gamma function's absolute value, elementwise; inf at 0, -1, -2, ...

    >>> import corelib as torch
    >>> torch.lgamma(torch.tensor([5.])).exp().round()
    tensor([24.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(lgamma, input)
    negative = input < 0
    x = select_where(negative, 1 - input, input)
    y = select_where(x < 12, x, 12.0)
    # down to 2..3, the factors multiplied up; below 2 by lgamma(y) = lgamma(y + 1) - log(y), where log1p keeps the digits near 1
    product, y = select_where(y >= 3, y - 1, 1.0), select_where(y >= 3, y - 1, y)
    for _ in range(8):
        above = y >= 3
        y = select_where(above, y - 1, y)
        product = product * select_where(above, y, 1.0)
    tiny, low = y < 0.9, y < 1.9  # the approximation holds a little below 2..3, where lgamma nears its zeros at 1 and 2
    t = select_where(tiny, y, select_where(low, y - 1, y - 2))
    small = t * quotient(t, *BETWEEN) + log(product)
    small = small - select_where(low, log1p(t), 0.0) - select_where(tiny, log(select_where(tiny, y, 1.0)), 0.0)
    large = select_where((x >= 12) & (x < _INFINITY), x, 12.0)
    series = polynomial(1 / (large * large), STIRLING) / large
    stirling = (large - 0.5) * log(large) - large + 0.9189385332046727 + series
    value = select_where(x < 12, small, select_where(x == _INFINITY, _INFINITY, stirling))
    # Euler's reflection for negative numbers: gamma(x) gamma(1 - x) = pi / sin(pi x)
    reflected = logarithm(pi) - log(_sine_of_pi(select_where(negative, input, 0.5)).abs()) - value
    value = select_where(negative, select_where(input < -_FAR, _INFINITY, reflected), value)
    return select_where(input == input, value, input)


def _digamma_vjp(g: Tensor, input: Tensor) -> Tensor:
    return g * polygamma(1, input)


@op(kind="unary", promote="float", inplace=True, out=True, aliases=("special.digamma", "special.psi"), vjp=_digamma_vjp)
def digamma(input: Tensor) -> Tensor:
    """The derivative of lgamma, elementwise; ∓inf at ±0, NaN at -1, -2, ...

    >>> import corelib as torch
    >>> torch.digamma(torch.tensor([1.]))
    tensor([-0.5772])
    """
    if input._dtype.itemsize == 2:
        return in_float32(digamma, input)
    negative = input < 0
    x = select_where(negative, 1 - input, input)
    whole = negative & (input.floor() == input)
    # up to 10 by psi(x) = psi(x + 1) - 1/x, then the asymptotic series
    total: Tensor | float = 0.0
    for _ in range(10):
        low = x < 10
        total = total - select_where(low, 1 / select_where(x == 0, 1.0, x), 0.0)
        x = select_where(low, x + 1, x)
    series = polynomial(1 / (x * x), (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)) / (x * x)
    value = total + select_where(x == _INFINITY, _INFINITY, log(x) - 0.5 / x - series)
    at = select_where(negative, input - input.round(), 0.25)
    value = select_where(negative, value - pi / (at * pi).tan(), value)
    value = select_where(whole | (input == -_INFINITY), float("nan"), value)
    value = select_where(input == 0, -1 / input, value)
    return select_where(input == input, value, input)


def _cotangent_derivative(n: int) -> list[float]:
    """The nth derivative of cot(pi x) as a polynomial in the cotangent itself, coefficients from the highest power down."""
    made = [0.0, 1.0]  # from the lowest power up: c
    for _ in range(n):
        slope = [k * c for k, c in enumerate(made)][1:]
        made = [-pi * (a + b) for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
    return made[::-1]


def _infer_polygamma(n: object, input: object) -> Inferred:
    if not isinstance(n, int):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    if not isinstance(input, Tensor):
        raise TypeError(f"polygamma(): argument 'input' (position 2) must be Tensor, not {type(input).__name__}")
    if n < 0:
        raise RuntimeError(f"polygamma(): polygamma(n, x) does not support negative n, got {n}")
    if not input._dtype.is_floating_point:
        input = input.to(get_default_dtype())
    return (input._shape, input._dtype, strides_of_result(input)), (n, input)


def _polygamma_vjp(g: Tensor, n: int, input: Tensor) -> Tensor:
    return g * polygamma(n + 1, input)


@op(on=("torch",), out=True, infer=_infer_polygamma, aliases=("special.polygamma",), vjp={"input": _polygamma_vjp})
def polygamma(n: int, input: Tensor) -> Tensor:
    """The nth derivative of digamma, elementwise. RuntimeError for negative n.

    >>> import corelib as torch
    >>> torch.polygamma(1, torch.tensor([1.]))
    tensor([1.6449])
    """
    if n == 0:
        return digamma(input)
    if input._dtype.itemsize == 2:
        return in_float32(lambda x: polygamma(n, x), input)
    # (-1)^(n+1) n! zeta(n + 1, x); below 1/2 by reflection, whose term is the nth derivative of pi cot(pi x)
    negative = input < 0.5
    x = select_where(negative, 1 - input, input)
    value = _hurwitz(float(n + 1), x) * float(factorial(n) * (-1) ** (n + 1))
    sine = _sine_of_pi(select_where(negative, input, 0.5))
    cosine = _sine_of_pi(select_where(negative, input, 0.5) + 0.5)
    term = pi * polynomial(cosine / sine, tuple(_cotangent_derivative(n)))
    value = select_where(negative, value * (-1.0) ** n - term, value)
    whole = (input <= 0) & (input.floor() == input)
    value = select_where(whole, _INFINITY * (-1) ** (n + 1), select_where(input == _INFINITY, 0.0, value))
    return select_where(input == input, value, input)


def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The nth derivative of digamma, elementwise."""
    return polygamma(n, self)


def _polygamma_inplace(self: Tensor, n: int) -> Tensor:
    """The in-place form of `polygamma`: writes its result into this tensor and returns it."""
    made = polygamma(n, self)
    check_result("polygamma_", self, made)
    return self.copy_(made)


attach("polygamma", _polygamma_method)
attach("polygamma_", _polygamma_inplace)

# (2k)! / B2k, k = 1, 2, ...: the divisors of the Euler-Maclaurin formula's terms, as in Cephes.
_EULER_MACLAURIN = (
    12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10, -2.950130727918164224e12,
    1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17, -7.1661652561756670113e18,
)


def _hurwitz(s: Tensor | float, q: Tensor) -> Tensor:
    """The sum over k of (q + k)^-s for s > 1, q > 0: ten terms, and the rest by the Euler-Maclaurin formula."""
    total: Tensor | float = 0.0
    for _ in range(10):
        total = total + q**-s
        q = q + 1
    last = q**-s
    total = total + last * (q / (s - 1) + 0.5)
    factor, power = s, last / q
    for k, divisor in enumerate(_EULER_MACLAURIN):
        total = total + factor * power / divisor
        factor = factor * (s + (2 * k + 1)) * (s + (2 * k + 2))
        power = power / (q * q)
    return total


def _zeta_vjp(g: Tensor, input: Tensor | Number, other: Tensor) -> Tensor:
    return g * -input * special_zeta(input + 1.0, other)


@op(
    kind="binary", promote="float", on=("special",), out=True, vjp={"input": without_slope("zeta"), "other": _zeta_vjp},
    grad_name=lambda input, other: (f"SpecialZetaBackward{0 if isinstance(input, Tensor) and isinstance(other, Tensor) else 2 if isinstance(input, Tensor) else 1}",
                                    tuple([i for i, x in enumerate((input, other)) if isinstance(x, Tensor)])),
)
def special_zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The Hurwitz zeta function, the sum over k = 0, 1, ... of (other + k)**-input, elementwise. Either may be a number.

    NaN for input < 1, inf at 1. There is no derivative with respect to `input`.

    >>> import corelib as torch
    >>> torch.special.zeta(torch.tensor([2.]), 1.)
    tensor([1.6449])
    """
    s, q = tensor_beside(input, other), tensor_beside(other, input)
    if s._dtype.itemsize == 2:
        return in_float32(special_zeta, s, q)
    fits = (s > 1) & (q > 0)
    value = _hurwitz(select_where(fits, s, 2.0), select_where(fits, q, 1.0))
    below = (q <= 0) & (s > 1)
    whole = q.floor() == q
    value = select_where(below, select_where(whole, _INFINITY, float("nan")), value)
    return select_where(s == 1, _INFINITY, select_where(s < 1, float("nan"), select_where((s == s) & (q == q), value, float("nan"))))


@op(inplace=True, overlap="itself", out=True, aliases=("special.multigammaln",))
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, elementwise: the sum of lgamma(input - i/2) for i < p,
    and p (p - 1) / 4 log(pi). RuntimeError for p < 1.

    >>> import corelib as torch
    >>> torch.mvlgamma(torch.tensor([2.]), 1)
    tensor([0.])
    """
    if p < 1:
        raise RuntimeError(f"mvlgamma(): p has to be greater than or equal to 1, got {p}")
    if input._dtype.name == "bool":
        raise RuntimeError("mvlgamma(): The input tensor may not be a boolean tensor.")
    if not input._dtype.is_floating_point:
        input = input.to(get_default_dtype())
    total = lgamma(input)
    for i in range(1, p):
        total = total + lgamma(input - i / 2)
    return total + p * (p - 1) / 4 * logarithm(pi)
