"""The primitives with running error bounds: each carries the errors of its operands on and adds its own rounding.

u is half an eps of the dtype: what one correctly rounded result is off by, relative to it. The reference computes in float64, so
for float64 its own rounding counts too and u is doubled. An error of infinity says that nothing can be asked of an element,
as for a comparison whose operands may be equal or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from corelib.tensor import dtype as D
from corelib_conformance.reference.cells import Pair
from corelib_conformance.tolerances import EPS, LARGEST, SMALLEST, SMALLEST_NORMAL, ulps

KERNELS: dict[str, tuple[Any, Callable[..., Any]]] = {}
_WIDE = {"float16": "float32", "bfloat16": "float32"}
BITS = (D.bool, *D.INTEGERS)


def kernel(name: str, dtypes: Any) -> Callable[[Any], Any]:
    """Register a kernel that computes without NumPy's warnings."""

    def registered(function: Any) -> Any:
        @wraps(function)
        def quiet(*args: Any) -> Any:
            with np.errstate(all="ignore"):
                return function(*args)

        KERNELS[name] = (dtypes, quiet)
        return function

    return registered


def unit(dtype: Any) -> float:
    """u, relative."""
    return EPS[dtype.name] / 2 * (2 if dtype.name == "float64" else 1)


def wide_unit(dtype: Any) -> float:
    """u of what sums of a dtype are accumulated in."""
    name = _WIDE.get(dtype.name, dtype.name)
    return EPS[name] / 2 * (2 if name == "float64" else 1)


def taken(x: Any, dtype: Any) -> tuple[Any, Any]:
    """Value and error of an operand; a number is an element of `dtype`, which for half types may stay in float32."""
    if isinstance(x, Pair):
        return x.value, x.error
    if not dtype.is_floating_point:
        return np.asarray(int(x)), 0.0
    if dtype.itemsize == 2:
        number = float(np.float32(x))
        slack = abs(number) * unit(dtype) + (SMALLEST[dtype.name] if abs(number) < SMALLEST_NORMAL[dtype.name] else 0.0)
        return np.asarray(number), slack if math.isfinite(number) and float(dtype.np.type(number)) != number else 0.0
    number = float(dtype.np.type(x))  # which a device may round to the dtype, or keep as it is
    return np.asarray(number), abs(number) * unit(dtype) if number != x and math.isfinite(number) else 0.0


def put(out: Pair, value: Any, error: Any) -> None:
    """Store a result as an element of out's dtype: integers wrap, what is too large becomes infinite."""
    dtype = out.dtype
    if not dtype.is_floating_point:
        if dtype is D.bool:
            value = np.asarray(value) != 0
        elif dtype is not D.int64:
            value = np.asarray(value).astype(dtype.np)
        out.value[...] = value
        out.error[...] = error
        return
    value = np.asarray(value, np.float64)
    error = np.broadcast_to(np.asarray(error, np.float64), value.shape)
    largest = LARGEST[dtype.name]
    size = np.abs(value)
    limit = largest * (1 + unit(dtype))
    over = size > limit
    unsure = (size + error > largest) & (size - error <= limit) & (error > 0) & np.isfinite(size)
    value = np.where(over & (dtype.name != "float64"), np.copysign(np.inf, value), value)
    error = np.where(np.isnan(error), np.inf, error)
    error = np.where(np.isfinite(value) | np.isinf(error), error, 0.0)
    out.value[...] = value
    out.error[...] = np.where(unsure, np.inf, error)


def rounded(value: Any, error: Any, dtype: Any, units: float = 0.5) -> Any:
    """An error with the rounding of a result added: `units` in the last place, and the last place of the smallest numbers."""
    if not dtype.is_floating_point:
        return error
    size = np.abs(value)
    small = np.where((size < 2 * SMALLEST_NORMAL[dtype.name]) & (size > 0), max(units, 0.5) * SMALLEST[dtype.name], 0.0)
    added = error + 2 * units * unit(dtype) * size + small
    return np.where(np.isfinite(value), added, error)


# Movement.


@kernel("fill", D.REALS)
def fill(out: Pair, value: Any) -> None:
    dtype = out.dtype
    exact = float(dtype.np.type(value)) if dtype.is_floating_point else int(dtype.np.type(int(value) if not isinstance(value, bool) else value))
    put(out, exact, 0.0)


@kernel("copy", D.REALS)
def copy(out: Pair, input: Pair) -> None:
    value, error = input.value, input.error
    to, of = out.dtype, input.dtype
    if to is of:
        out.value[...], out.error[...] = value, error
    elif to.is_floating_point:
        value = value.astype(np.float64)
        exact = encoded_exactly(value, to) & (error == 0)
        put(out, value, np.where(exact, 0.0, rounded(value, error, to)))
    elif to is D.bool:
        put(out, value != 0, np.where((error > 0) & (np.abs(value) <= error), 1.0, 0.0))
    elif of.is_floating_point:
        low, high = np.trunc(value - error), np.trunc(value + error)
        fits = np.abs(value) < 2.0**63
        whole = np.where(fits, np.trunc(value), 0).astype(np.int64)
        put(out, whole, np.where(fits, np.where(low != high, np.maximum(np.abs(high - low), 1.0), 0.0), np.inf))
    else:
        put(out, value, error)


def encoded_exactly(value: Any, dtype: Any) -> Any:
    """Which values a dtype can hold."""
    return (value.astype(dtype.np).astype(np.float64) == value) | np.isnan(value)


@kernel("arange_", D.NUMBERS)
def arange_(out: Pair, start: Any, step: Any) -> None:
    n = np.arange(out.shape[0])
    if not out.dtype.is_floating_point:
        put(out, start + n * step, 0.0)
        return
    value = float(start) + n * float(step)
    wide = wide_unit(out.dtype) * 3 * (np.abs(n * float(step)) + abs(float(start)))
    put(out, value, np.where(encoded_exactly(value, out.dtype), 0.0, rounded(value, wide, out.dtype)))


# Elementwise.


def function_of(name: str, function: Any, dtypes: Any = D.FLOATS) -> None:
    """A function of one number: the argument's error is carried through the function itself."""

    @kernel(name, dtypes)
    def run(out: Pair, x: Any) -> None:
        v, e = taken(x, out.dtype)
        value = function(v)
        e = np.broadcast_to(e, np.shape(value))
        if np.any(e):
            # what is 0 give or take an error is not taken to be negative where that has no root
            low = np.where(v >= 0, np.maximum(v - e, 0.0), v - e) if name == "sqrt" else v - e
            ends = np.stack([np.abs(function(v + e) - value), np.abs(function(low) - value)])
            carried = np.where(e > 0, np.where(np.isnan(ends).any(0), np.inf, ends.max(0)), 0.0)
            carried = np.where(np.isfinite(value), carried, np.where(e > 0, np.inf, 0.0))
            if name in ("sin", "cos"):
                carried = np.minimum(e, 2.0)
        else:
            carried = np.zeros(np.shape(value))
        if name == "sigmoid":  # where exp overflows in the dtype, next to nothing is left
            carried = carried + np.where(np.abs(value) < SMALLEST_NORMAL[out.dtype.name], np.abs(value), 0.0)
        put(out, value, rounded(value, carried, out.dtype, ulps(name, out.dtype.name)))


def _sigmoid(v: Any) -> Any:
    return np.where(v >= 0, 1 / (1 + np.exp(-v)), np.exp(v) / (1 + np.exp(v)))


_erf, _erfc = (np.vectorize(f, otypes=[np.float64]) for f in (math.erf, math.erfc))
for _name, _f in {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "log1p": np.log1p, "expm1": np.expm1, "log2": np.log2,
    "log10": np.log10, "erf": _erf, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "exp2": np.exp2, "erfc": _erfc, "sigmoid": _sigmoid, "rsqrt": lambda v: 1 / np.sqrt(v), "reciprocal": lambda v: 1 / v,
}.items():
    function_of(_name, _f)


@kernel("neg", D.NUMBERS)
def neg(out: Pair, x: Any) -> None:
    v, e = taken(x, out.dtype)
    put(out, -v, e)


@kernel("abs", D.NUMBERS)
def absolute(out: Pair, x: Any) -> None:
    v, e = taken(x, out.dtype)
    put(out, np.abs(v), e)


@kernel("floor", D.NUMBERS)
def floor(out: Pair, x: Any) -> None:
    v, e = taken(x, out.dtype)
    if not out.dtype.is_floating_point:
        put(out, v, 0.0)
        return
    put(out, np.floor(v), np.abs(np.floor(v + e) - np.floor(v - e)))


@kernel("bitwise_not", BITS)
def bitwise_not(out: Pair, x: Any) -> None:
    v, e = taken(x, out.dtype)
    put(out, v == 0 if out.dtype is D.bool else ~v, e)


def _whole(x: Any, most: float) -> Any:
    """Which are multiples of a sixteenth, of few enough digits."""
    return (x * 16 == np.round(x * 16)) & (np.abs(x) < most)


def once_rounded(v: Any, w: Any, value: Any, carried: Any, dtype: Any) -> Any:
    """The error of a sum or product with its rounding; there is none of what the dtype holds as it is."""
    error = rounded(value, carried, dtype)
    if not dtype.is_floating_point:
        return error
    if dtype.name == "float64":  # of which the reference itself may have rounded the value
        exact = _whole(v, 2.0**20) & _whole(w, 2.0**20) & _whole(value * 16, 2.0**45)
    else:
        exact = encoded_exactly(value, dtype)
    return np.where(exact & (carried == 0), 0.0, error)


@kernel("add", D.REALS)
def add(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = v + w
    put(out, value, once_rounded(v, w, value, e + f, out.dtype))


@kernel("sub", D.NUMBERS)
def sub(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = v - w
    put(out, value, once_rounded(v, w, value, e + f, out.dtype))


def _product(v: Any, e: Any, w: Any, f: Any) -> Any:
    """The error of a product; that of nothing times something is nothing."""
    left, right = np.where(e == 0, 0.0, np.abs(w) * e), np.where(f == 0, 0.0, np.abs(v) * f)
    return left + right + np.where((e == 0) | (f == 0), 0.0, e * f)


@kernel("mul", D.REALS)
def mul(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = v * w
    put(out, value, once_rounded(v, w, value, _product(v, e, w, f) if out.dtype.is_floating_point else 0.0, out.dtype))


@kernel("true_div", D.FLOATS)
def true_div(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = v / w
    near = np.abs(w) - f
    carried = np.where(e == 0, 0.0, e / near) + np.where(f == 0, 0.0, np.abs(value) * f / near)
    carried = np.where((near <= 0) & (np.broadcast_to(e + f, value.shape) > 0), np.inf, carried)
    put(out, value, rounded(value, carried, out.dtype, ulps("true_div", out.dtype.name)))


def _divided(v: Any, w: Any) -> tuple[Any, Any]:
    """Quotient and remainder of floats with Python's signs."""
    left = np.fmod(v, w)
    other = (left != 0) & ((left < 0) != (w < 0))
    quotient = np.round((v - left) / w) - other
    quotient = np.where(quotient == 0, np.copysign(0.0, v / w), quotient)
    return np.where(w == 0, v / w, quotient), np.where(other, left + w, left)


def _division(name: str, whole: Any, part: Callable[..., tuple[Any, Any]]) -> None:
    """Division with Python's signs: `whole(v, w)` of integers; `part(v, e, w, f)` of others is value and error before rounding."""

    @kernel(name, D.NUMBERS)
    def run(out: Pair, a: Any, b: Any) -> None:
        (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
        if not out.dtype.is_floating_point:
            if not np.all(w):
                raise RuntimeError(f"{name}(): ZeroDivisionError: an integer was divided by zero")
            put(out, whole(v, w), 0.0)
            return
        value, error = part(v, e, w, f)
        put(out, value, rounded(value, error, out.dtype))


def _quotient(v: Any, e: Any, w: Any, f: Any) -> tuple[Any, Any]:
    value, _ = _divided(v, w)
    unsure = (np.broadcast_to(e + f, value.shape) > 0) & np.isfinite(value)
    return value, np.where(unsure, 1 + (e + np.abs(value) * f) / np.abs(w), 0.0)


def _remainder(v: Any, e: Any, w: Any, f: Any) -> tuple[Any, Any]:
    _, value = _divided(v, w)
    return value, np.where(np.broadcast_to(e + f, value.shape) > 0, np.abs(w), 0.0)


_division("floor_divide", np.floor_divide, _quotient)
_division("remainder", np.remainder, _remainder)


@kernel("maximum", D.REALS)
def maximum(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    put(out, np.maximum(v, w), np.maximum(e, f))


def _itself(a: Any, b: Any) -> bool:
    """Whether both operands are the same elements, whose errors are one."""
    if not isinstance(a, Pair) or not isinstance(b, Pair):
        return False
    where = [(x.value.ctypes.data, x.value.shape, x.value.strides) for x in (a, b)]
    return where[0] == where[1]


def _compared(name: str, function: Any) -> None:
    @kernel(name, D.REALS)
    def run(out: Pair, a: Any, b: Any) -> None:
        dtype = a.dtype if isinstance(a, Pair) else b.dtype
        (v, e), (w, f) = taken(a, dtype), taken(b, dtype)
        value = function(v, w)
        out.value[...] = value
        slack = 0.0 if _itself(a, b) else np.broadcast_to(np.asarray(e) + f, value.shape)
        out.error[...] = np.where((slack > 0) & (np.abs(v - w) <= slack), 1.0, 0.0)


for _name, _f in {"lt": np.less, "eq": np.equal}.items():
    _compared(_name, _f)


def _bits(name: str, function: Any) -> None:
    @kernel(name, BITS)
    def run(out: Pair, a: Any, b: Any) -> None:
        (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
        put(out, function(v, w), np.maximum(e, f))


for _name, _f in {"bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor}.items():
    _bits(_name, _f)


@kernel("bitwise_left_shift", D.INTEGERS)
def bitwise_left_shift(out: Pair, a: Any, b: Any) -> None:
    (v, _), (w, _) = taken(a, out.dtype), taken(b, out.dtype)
    past = (w < 0) | (w >= out.dtype.itemsize * 8)
    put(out, np.where(past, 0, np.left_shift(v, np.where(past, 0, w))), 0.0)


@kernel("bitwise_right_shift", D.INTEGERS)
def bitwise_right_shift(out: Pair, a: Any, b: Any) -> None:
    (v, _), (w, _) = taken(a, out.dtype), taken(b, out.dtype)
    bits = out.dtype.itemsize * 8
    past = (w < 0) | (w >= bits)
    put(out, np.where(past, np.where(v < 0, -1, 0), np.right_shift(v, np.where(past, 0, w))), 0.0)


@kernel("select_where", D.REALS)
def select_where(out: Pair, condition: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    chosen = condition.value != 0
    error = np.where(chosen, e, f)
    unsure = condition.error > 0
    if np.any(unsure):
        either = np.where(np.isfinite(v) & np.isfinite(w), np.abs(np.asarray(v, float) - w) + np.maximum(e, f), np.inf)
        error = np.where(unsure, either, error)
    put(out, np.where(chosen, v, w), error)


# For pow the derivatives by both operands matter; it is the one function of two numbers with a table entry of its own.


@kernel("pow", D.FLOATS)
def power(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = np.power(v, w)
    e, f = np.broadcast_to(e, value.shape), np.broadcast_to(f, value.shape)
    carried = np.zeros(value.shape)
    if np.any(e) or np.any(f):
        for p in (v - e, v + e):
            for q in (w - f, w + f):
                carried = np.maximum(carried, np.abs(np.power(p, q) - value))
        carried = np.where((e > 0) | (f > 0), np.where(np.isnan(carried), np.inf, carried), 0.0)
    small = (w == 0) & (e == 0) & (f == 0)
    units = ulps("pow", out.dtype.name)
    put(out, value, np.where(small, rounded(value, carried, out.dtype), rounded(value, carried, out.dtype, units)))


@kernel("atan2", D.FLOATS)
def atan2(out: Pair, a: Any, b: Any) -> None:
    (v, e), (w, f) = taken(a, out.dtype), taken(b, out.dtype)
    value = np.arctan2(v, w)
    slack = np.broadcast_to(np.asarray(e) + f, value.shape)
    carried = np.where(slack > 0, np.where(np.hypot(v, w) > 2 * slack, 2 * slack / np.hypot(v, w), np.inf), 0.0)
    put(out, value, rounded(value, carried, out.dtype, ulps("atan2", out.dtype.name)))
