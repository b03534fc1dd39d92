"""Orthogonal polynomials, elementwise in the place and in the degree: Chebyshev's four kinds, Hermite's two, Laguerre's, Legendre's.

Three-term recurrences up (Abramowitz and Stegun, 22.7), the degree cut to an integer; 0 for negative degrees. Chebyshev's of higher degree
within (-1, 1) are cosines and sines of multiples of an angle (22.3.15 and 16).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.trigonometric import acos, cos, sin
from corelib.ops.elementwise.unary import in_float32, tensor_beside
from corelib.ops.elementwise.where import select_where
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor

Operand: TypeAlias = Tensor | Number
Step: TypeAlias = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""From k, x, the polynomial of degree k - 1 and that of degree k - 2 to that of degree k."""
LOOK_EVERY = 64  # steps after which it is asked whether any element still changes


def _climb(x: Tensor, n: Tensor, first: Tensor, step: Step, settled: Tensor | None = None) -> Tensor:
    """The recurrence, each element up to its own degree; what is `settled` need not be right."""
    before, here = first * 0 + 1, first
    found = select_where(n < 0, 0.0, select_where(n < 1, before, here))
    open_ = n if settled is None else select_where(settled, 0.0, n)
    last = float(open_.max().item()) if open_.numel() else 0.0
    k = 2
    while k <= last:
        before, here = here, step(k, x, here, before)
        found = select_where((n >= k) & (n < k + 1), here, found)
        # What has become NaN stays so: whatever is of a higher degree is NaN as well.
        if k % LOOK_EVERY == 0:
            going = (n > k) & (here == here)
            last = float(select_where(going, open_, 0.0).max().item())
            found = select_where((n > k) & (here != here), here, found)
        k += 1
    return found


def _operands(input: Operand, n: Operand) -> tuple[Tensor, Tensor]:
    """The place and the degree, cut to an integer."""
    return tensor_beside(input, n), tensor_beside(n, input).trunc()


def _computed(input: Operand, n: Operand, formula: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """A polynomial by its formula, which half types are too short for."""
    x, degree = _operands(input, n)
    return in_float32(formula, x, degree) if x._dtype.itemsize == 2 else formula(x, degree)


def _double(k: int, x: Tensor, here: Tensor, before: Tensor) -> Tensor:
    return 2 * x * here - before


def _chebyshev(x: Tensor, n: Tensor, first: Tensor, wave: Callable[[Tensor], Tensor], beyond: int) -> Tensor:
    """By the angle within (-1, 1) for degrees above `beyond`, by the recurrence elsewhere."""
    waves = (n > beyond) & (x.abs() < 1)
    climbed = _climb(x, n, first, _double, waves)
    return select_where(waves, wave(acos(select_where(waves, x, 0.0))), climbed)


def _slope_u(x: Tensor, n: Tensor) -> Tensor:
    """The derivative of the second kind; at 1 and -1 by its limit."""
    edge = x.abs() == 1
    inside = select_where(edge, 0.0, x)
    value = ((n + 1) * special_chebyshev_polynomial_t(inside, n + 1) - inside * special_chebyshev_polynomial_u(inside, n)) / (inside * inside - 1)
    sign = select_where((x < 0) & ((n * 0.5).floor() * 2 == n), -1.0, 1.0)
    return select_where(n < 1, 0.0, select_where(edge, sign * n * (n + 1) * (n + 2) / 3, value))


def _t_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    return g * n.clamp(min=0) * special_chebyshev_polynomial_u(x, n - 1)


def _u_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    return g * _slope_u(*_operands(input, n))


def _v_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    return g * (_slope_u(x, n) - _slope_u(x, n - 1))


def _w_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    return g * (_slope_u(x, n) + _slope_u(x, n - 1))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _t_vjp})
def special_chebyshev_polynomial_t(input: Operand, n: Operand) -> Tensor:
    """Chebyshev's polynomial of the first kind and degree `n` at `input`, elementwise: cos(n acos(input)). Either may be a number.

    >>> import corelib as torch
    >>> torch.special.chebyshev_polynomial_t(torch.tensor([2.]), 2)
    tensor([7.])
    """
    return _computed(input, n, lambda x, degree: _chebyshev(x, degree, x, lambda angle: cos(degree * angle), 6))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _u_vjp})
def special_chebyshev_polynomial_u(input: Operand, n: Operand) -> Tensor:
    """Chebyshev's polynomial of the second kind and degree `n` at `input`, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.chebyshev_polynomial_u(torch.tensor([2.]), 2)
    tensor([15.])
    """
    return _computed(input, n, lambda x, degree: _chebyshev(x, degree, 2 * x, lambda angle: sin((degree + 1) * angle) / sin(angle), 8))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _v_vjp})
def special_chebyshev_polynomial_v(input: Operand, n: Operand) -> Tensor:
    """Chebyshev's polynomial of the third kind and degree `n` at `input`, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.chebyshev_polynomial_v(torch.tensor([2.]), 2)
    tensor([11.])
    """
    return _computed(input, n, lambda x, degree: _chebyshev(x, degree, 2 * x - 1, lambda angle: cos((degree + 0.5) * angle) / cos(angle * 0.5), 8))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _w_vjp})
def special_chebyshev_polynomial_w(input: Operand, n: Operand) -> Tensor:
    """Chebyshev's polynomial of the fourth kind and degree `n` at `input`, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.chebyshev_polynomial_w(torch.tensor([2.]), 2)
    tensor([19.])
    """
    return _computed(input, n, lambda x, degree: _chebyshev(x, degree, 2 * x + 1, lambda angle: sin((degree + 0.5) * angle) / sin(angle * 0.5), 8))


def _shifted(kind: str, of: Callable[[Operand, Operand], Tensor], slope: Callable[[Tensor, Tensor, Tensor], Tensor], first: str, at: str) -> None:
    """The polynomial on [0, 1] in place of [-1, 1]."""

    def vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
        return slope(2 * g, 2 * input - 1, n)

    def function(input: Operand, n: Operand) -> Tensor:
        return _computed(input, n, lambda x, degree: of(2 * x - 1, degree))

    name = f"special_shifted_chebyshev_polynomial_{kind}"
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Chebyshev's polynomial of the {first} kind and degree `n` at 2 input - 1, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.shifted_chebyshev_polynomial_{kind}(torch.tensor([1.5]), 2)
    tensor([{at}.])
    """
    op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": vjp})(function)


_shifted("t", special_chebyshev_polynomial_t, _t_vjp, "first", "7")
_shifted("u", special_chebyshev_polynomial_u, _u_vjp, "second", "15")
_shifted("v", special_chebyshev_polynomial_v, _v_vjp, "third", "11")
_shifted("w", special_chebyshev_polynomial_w, _w_vjp, "fourth", "19")


def _hermite(x: Tensor, degree: Tensor, first: Tensor, step: Step) -> Tensor:
    """By the recurrence; Hermite's polynomials of very high degree are NaN, as in PyTorch: their numbers have long overflown."""
    found = _climb(x, degree.clamp(max=512), first, step)
    return select_where(degree > (128 if found._dtype.itemsize == 4 else 512), float("nan"), found)


def _h_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    return g * 2 * n.clamp(min=0) * special_hermite_polynomial_h(x, n - 1)


def _he_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    return g * n.clamp(min=0) * special_hermite_polynomial_he(x, n - 1)


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _h_vjp})
def special_hermite_polynomial_h(input: Operand, n: Operand) -> Tensor:
    """The physicists' Hermite polynomial of degree `n` at `input`, elementwise; NaN from degree 129 on in float32, 513 in float64.

    >>> import corelib as torch
    >>> torch.special.hermite_polynomial_h(torch.tensor([2.]), 2)
    tensor([14.])
    """
    return _computed(input, n, lambda x, degree: _hermite(x, degree, 2 * x, lambda k, x, here, before: 2 * x * here - 2 * (k - 1) * before))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _he_vjp})
def special_hermite_polynomial_he(input: Operand, n: Operand) -> Tensor:
    """The probabilists' Hermite polynomial of degree `n` at `input`, elementwise; NaN from degree 129 on in float32, 513 in float64.

    >>> import corelib as torch
    >>> torch.special.hermite_polynomial_he(torch.tensor([2.]), 2)
    tensor([3.])
    """
    return _computed(input, n, lambda x, degree: _hermite(x, degree, x, lambda k, x, here, before: x * here - (k - 1) * before))


def _l_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    zero = x == 0
    apart = special_laguerre_polynomial_l(x, n) - special_laguerre_polynomial_l(x, n - 1)
    return g * n.clamp(min=0) * select_where(zero, -1.0, apart / select_where(zero, 1.0, x))


def _p_vjp(g: Tensor, input: Tensor, n: Tensor) -> Tensor:
    x, n = _operands(input, n)
    n = n.clamp(min=0)
    edge = x.abs() == 1
    inside = select_where(edge, 0.0, x)
    value = n * (inside * special_legendre_polynomial_p(inside, n) - special_legendre_polynomial_p(inside, n - 1)) / (inside * inside - 1)
    sign = select_where((x < 0) & ((n * 0.5).floor() * 2 == n), -1.0, 1.0)
    return g * select_where(edge, sign * n * (n + 1) / 2, value)


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _l_vjp})
def special_laguerre_polynomial_l(input: Operand, n: Operand) -> Tensor:
    """Laguerre's polynomial of degree `n` at `input`, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.laguerre_polynomial_l(torch.tensor([2.]), 2)
    tensor([-1.])
    """
    return _computed(input, n, lambda x, degree: _climb(x, degree, 1 - x, lambda k, x, here, before: ((2 * k - 1 - x) * here - (k - 1) * before) / k))


@op(kind="binary", promote="float", on=("special",), out=True, vjp={"input": _p_vjp})
def special_legendre_polynomial_p(input: Operand, n: Operand) -> Tensor:
    """Legendre's polynomial of degree `n` at `input`, elementwise. Either may be a number.

    >>> import corelib as torch
    >>> torch.special.legendre_polynomial_p(torch.tensor([2.]), 2)
    tensor([5.5000])
    """
    return _computed(input, n, lambda x, degree: _climb(x, degree, x, lambda k, x, here, before: ((2 * k - 1) * x * here - (k - 1) * before) / k))
