"""Kernels of the error function and its inverse: in pieces whose temporaries stay near, in the precision of the array."""

from __future__ import annotations

import math
from collections.abc import Callable

from corelib.backend.signatures import Outcome
from corelib.backend.xp.guard import Guard, guarded, Module, pieces
from corelib.contract.kernels import Kernel, KernelTable, Native
from corelib.ops.elementwise.error_functions import (
    ERF_FAR, ERF_NEAR, ERFINV_LOG, GILES_TAIL, QUANTILE_CENTRAL, QUANTILE_FAR_TAIL, QUANTILE_TAIL,
)
from corelib.ops.elementwise.polynomials import quotient
from corelib.tensor.dtype import float16, bfloat16, float32, float64
from corelib.tensor.host import np

HALVES = (float16, bfloat16)

# erf as tanh(x P(x²)) on -4 to 4, P from the highest power down: to two units in the last place of float32, fitted to atanh(erf(x)) / x
# with the weight that an error has in the result.
_ERF_TANH = (
    5.419126060241844e-09, 2.7633741762113045e-08, -4.795095495576209e-06, 8.459850891861116e-05, -0.0006148418783364322,
    -0.0001952850348882881, 0.10276986308980378, 1.1283792472909129,
)  # fmt: skip

_ROOT_HALF = 0.7071067811865476
_FEW = 512  # numbers up to which the mathematics library, called for each, is quicker than the steps of a series


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """erf and erfinv of all floating dtypes; the half types are computed in float32 and rounded once."""
    for name, single, double in (("erf", erf32, erf64), ("erfinv", erfinv32, erfinv64)):
        table.register(name, (float32,), piecewise(xp, guard, single))
        table.register(name, (float64,), piecewise(xp, guard, double))
        table.register(name, HALVES, widened(xp, guard, piecewise(xp, guard, single)))
    table.register("erfc", (*HALVES, float32, float64), erfc_of_few)
    table.register("special_ndtr", (*HALVES, float32, float64), ndtr_of_few)
    quantile = piecewise(xp, guard, ndtri)
    table.register("special_ndtri", (float32, float64), quantile)
    table.register("special_ndtri", HALVES, widened(xp, guard, quantile))


def piecewise(xp: Module, guard: Guard, function: Callable[[Module, Native, Native], None]) -> Kernel:
    """A kernel `(out, input)` of `function(xp, x, out)`, called on parts that stay in cache."""

    def kernel(out: Native, input: Native) -> None:
        if input.shape != out.shape:
            input = xp.broadcast_to(input, out.shape)
        for made, x in pieces(guard, out, input):
            function(xp, x, made)

    return guarded(guard, kernel)


def widened(xp: Module, guard: Guard, wide: Kernel) -> Kernel:
    """The kernel of half types from that of float32."""

    def kernel(out: Native, input: Native) -> None:
        made = xp.empty(out.shape, xp.float32)
        made[...] = input
        wide(made, made)
        xp.copyto(out, made, casting="unsafe")

    return guarded(guard, kernel)


def horner(xp: Module, x: Native, coefficients: tuple[float, ...], out: Native) -> None:
    """A polynomial of first degree or higher, in place of one temporary after the other."""
    kind = out.dtype.type
    xp.multiply(x, kind(coefficients[0]), out)
    out += kind(coefficients[1])
    for c in coefficients[2:]:
        out *= x
        out += kind(c)


def each(function: Callable[[float], float], x: Native, out: Native) -> bool:
    """Fill `out` number by number where there are few, on the host; False where that is not so."""
    if x.size > _FEW or not isinstance(x, np.ndarray):
        return False
    out[...] = np.array([function(v) for v in x.reshape(-1).tolist()], np.float64).reshape(x.shape)
    return True


def erfc_of_few(out: Native, input: Native) -> Outcome:
    """1 - erf where there are few numbers; for more the body is quicker."""
    return None if each(math.erfc, input, out) else NotImplemented


def ndtr_of_few(out: Native, input: Native) -> Outcome:
    """The area left of a number under the normal density, as erfc."""
    return None if each(lambda x: 0.5 * math.erfc(-_ROOT_HALF * x), input, out) else NotImplemented


def erf32(xp: Module, x: Native, out: Native) -> None:
    """The error function in float32."""
    x = xp.clip(x, xp.float32(-4), xp.float32(4))
    slope = xp.empty_like(x)
    horner(xp, x * x, _ERF_TANH, slope)
    x *= slope
    xp.tanh(x, out)


def erf64(xp: Module, x: Native, out: Native) -> None:
    """The error function in float64, as the op's body: near 0 and further out by two approximations."""
    size = xp.absolute(x)
    close = size <= 0.46875
    value = x * quotient(x * x, *ERF_NEAR) if close.any() else xp.empty_like(x)
    if not close.all():
        large = xp.minimum(size, 6)
        far = xp.copysign(1 - xp.exp(-large * large) * quotient(large, *ERF_FAR), x)
        value = xp.where(close, value, far)
    out[...] = value


def erfinv32(xp: Module, x: Native, out: Native) -> None:
    """The inverse in float32, by polynomials in log(1 - x²), and near the ends by Giles' in the root of its opposite."""
    one = xp.float32(1)
    v = one - x
    inner = one + x
    v *= inner  # 1 - x² in two factors keeps its digits near the ends
    xp.log(v, v)
    horner(xp, v, ERFINV_LOG, inner)
    (at,) = xp.nonzero((v <= -5).reshape(-1))
    if at.size:
        w = -v.reshape(-1)[at]
        root = xp.sqrt(w)
        root -= xp.float32(3)
        made = xp.empty_like(root)
        horner(xp, root, GILES_TAIL, made)
        made[w == xp.inf] = xp.inf
        inner.reshape(-1)[at] = made
    xp.multiply(inner, x, out)


def erfinv64(xp: Module, x: Native, out: Native) -> None:
    """The inverse in float64: erfinv(x) is the normal quantile at (1 + x) / 2, over the root of 2."""
    q = 0.5 * x
    made = _quantile(xp, q, lambda at: 0.5 - xp.absolute(q[at]))
    made *= _ROOT_HALF
    out[...] = made


def ndtri(xp: Module, x: Native, out: Native) -> None:
    """The normal quantile, worked out in float64."""
    p = xp.asarray(x, xp.float64)
    xp.copyto(out, _quantile(xp, p - 0.5, lambda at: xp.minimum(p[at], 1 - p[at])), casting="unsafe")


def _quantile(xp: Module, q: Native, area: Callable[[Native], Native]) -> Native:
    """The normal quantile at 0.5 + q; `area` gives the smaller of both areas at some places, where 0.5 - |q| may have lost it."""
    r = 0.180625 - q * q
    made, below = xp.empty_like(r), xp.empty_like(r)
    horner(xp, r, QUANTILE_CENTRAL[0], made)
    horner(xp, r, QUANTILE_CENTRAL[1], below)
    made /= below
    made *= q
    tail = xp.absolute(q) > 0.425
    if tail.any():
        at = xp.nonzero(tail)
        root = xp.sqrt(-xp.log(area(at)))
        near, far = root - 1.6, root - 5
        value = xp.where(root <= 5, quotient(near, *QUANTILE_TAIL), quotient(far, *QUANTILE_FAR_TAIL))
        value[root == xp.inf] = xp.inf
        made[at] = xp.copysign(value, q[at])
    return made
