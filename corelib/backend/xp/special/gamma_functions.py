"""Kernels of lgamma, digamma and its derivative: a shift up to 10 in a few steps, then the asymptotic series; worked out in float64.

A rising factorial in pairs is short: (x + k) (x + 9 - k) = u + k (9 - k) with u = x (x + 9), so x (x + 1) ... (x + 9) is
u (u + 8) (u + 14) (u + 18) (u + 20), and the sum of 1 / (x + k) is (2x + 9) times the sum of these factors' reciprocals.
"""

from __future__ import annotations

import math

from corelib.backend.signatures import Outcome
from corelib.backend.xp.guard import Guard, Module
from corelib.backend.xp.special.error_functions import HALVES, each, horner, piecewise, widened
from corelib.contract.kernels import KernelTable, Native
from corelib.ops.elementwise.gamma import BETWEEN, STIRLING
from corelib.ops.elementwise.polynomials import quotient
from corelib.tensor.dtype import float32, float64

_PAIRS = (8.0, 14.0, 18.0, 20.0)
_HALF_LOG_2PI, _LOG_PI = 0.9189385332046727, math.log(math.pi)
_FAR = 2.0**52  # from here on every number is whole
# The tails of digamma and trigamma in 1/x²: B2k / 2k and B2k, from the highest power down.
_DIGAMMA_TAIL = (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)
_TRIGAMMA_TAIL = (7 / 6, -691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6)


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """lgamma, digamma, and polygamma for n = 1, of all floating dtypes; what there is for other n is left to the body."""
    for name, function in (("lgamma", lgamma32), ("digamma", digamma)):
        kernel = piecewise(xp, guard, function)
        table.register(name, (float32, float64), kernel)
        table.register(name, HALVES, widened(xp, guard, kernel))
    table.register("lgamma", float64, lgamma64_of_few)
    wide = piecewise(xp, guard, trigamma)
    halved = widened(xp, guard, wide)

    def polygamma(out: Native, n: int, input: Native) -> Outcome:
        if n != 1:
            return NotImplemented
        return (halved if out.dtype.itemsize == 2 else wide)(out, input)

    table.register("polygamma", (*HALVES, float32, float64), polygamma)


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole; more than float64 holds
        return math.inf


def _lgamma_to_the_last(x: float) -> float:
    """As the op's body, which keeps the digits near the zeros, where the library's has an absolute error."""
    if -_FAR < x < 0 and x != math.floor(x):
        return _LOG_PI - math.log(abs(math.sin((x - round(x)) * math.pi))) - _lgamma_to_the_last(1 - x)
    if not 0 < x < 12:
        return _lgamma(x)
    y, product = x, 1.0
    while y >= 3:
        y -= 1
        product *= y
    t = y if y < 0.9 else y - 1 if y < 1.9 else y - 2
    value: float = t * quotient(t, *BETWEEN) + math.log(product)
    if y < 1.9:
        value -= math.log1p(t)
    return value - math.log(y) if y < 0.9 else value


def lgamma32(xp: Module, x: Native, out: Native) -> None:
    """The logarithm of the gamma function's absolute value, to all digits of float32."""
    if not each(_lgamma, x, out):
        xp.copyto(out, _series_of_lgamma(xp, xp.asarray(x, xp.float64)), casting="unsafe")


def lgamma64_of_few(out: Native, input: Native) -> Outcome:
    """The same in float64 where there are few numbers; for more the body keeps the digits at the zeros."""
    return None if each(_lgamma_to_the_last, input, out) else NotImplemented


def _series_of_lgamma(xp: Module, x: Native) -> Native:
    negative = x < 0
    reflected = bool(negative.any())
    size = xp.where(negative, 1 - x, x) if reflected else x
    low = size < 10
    small = xp.minimum(size, 10.0)
    pair = small + 9.0
    pair *= small
    product = pair.copy()
    for c in _PAIRS:
        product *= pair + c
    xp.log(product, product)
    product *= low
    y = low * 10.0
    y += size
    series = xp.reciprocal(y)
    square = series * series
    horner(xp, square, STIRLING, pair)
    series *= pair
    value = xp.log(y)
    value *= y - 0.5
    value -= y
    value += _HALF_LOG_2PI
    value += series
    value -= product
    if reflected:  # Euler's: gamma(x) gamma(1 - x) = pi / sin(pi x)
        sine = xp.absolute(xp.sin((x - xp.rint(x)) * math.pi))
        xp.copyto(value, _LOG_PI - xp.log(sine) - value, where=negative)
    xp.copyto(value, xp.inf, where=xp.isinf(x))
    xp.copyto(value, 0.0, where=(x == 1) | (x == 2))
    return value


def digamma(xp: Module, x: Native, out: Native) -> None:
    """The derivative of lgamma, worked out in float64."""
    x = xp.asarray(x, xp.float64)
    negative = x < 0
    reflected = bool(negative.any())
    size = xp.where(negative, 1 - x, x) if reflected else x
    pair = size + 9.0
    slope = pair + size
    pair *= size
    total = xp.reciprocal(pair)
    for c in _PAIRS:
        total += xp.reciprocal(pair + c)
    total *= slope
    y = size + 10.0
    first = xp.reciprocal(y)
    square = first * first
    horner(xp, square, _DIGAMMA_TAIL, slope)
    slope *= square
    value = xp.log(y)
    first *= 0.5
    value -= first
    value -= slope
    # beyond 1e100 the product of a pair overflows, and what is left of the sum is nothing
    value -= xp.where(size < 1e100, total, 0.0)
    if reflected:
        at = x - xp.rint(x)
        xp.copyto(value, value - math.pi / xp.tan(at * math.pi), where=negative)
        xp.copyto(value, xp.nan, where=negative & ((at == 0) | xp.isinf(x)))
    zero = x == 0
    if zero.any():
        xp.copyto(value, -1 / x, where=zero)
    xp.copyto(out, value, casting="unsafe")


def trigamma(xp: Module, x: Native, out: Native) -> None:
    """The derivative of digamma, worked out in float64."""
    x = xp.asarray(x, xp.float64)
    negative = x < 0
    reflected = bool(negative.any())
    size = xp.where(negative, 1 - x, x) if reflected else x
    total = size * size
    xp.reciprocal(total, total)
    shifted = size.copy()
    for _ in range(9):
        shifted += 1.0
        square = shifted * shifted
        total += xp.reciprocal(square, square)
    shifted += 1.0
    first = xp.reciprocal(shifted)
    square = first * first
    horner(xp, square, _TRIGAMMA_TAIL, shifted)
    shifted *= square
    shifted += 1.0
    shifted *= first
    square *= 0.5
    total += square
    total += shifted
    if reflected:
        sine = xp.sin((x - xp.rint(x)) * math.pi)
        turned = (math.pi / sine) ** 2
        xp.copyto(total, turned - total, where=negative)
        xp.copyto(total, xp.inf, where=x == -xp.inf)
    xp.copyto(out, total, casting="unsafe")
