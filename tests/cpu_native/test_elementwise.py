"""Elementwise kernels: values over all exponents of float32, and every way in which operands may lie."""

from __future__ import annotations

import numpy as np
import pytest
from corelib.dispatcher.op import TABLE
from corelib.tensor import dtype as D
from corelib_cpu_native import pack
from corelib_cpu_native.api import KIND

KERNELS = {(name, dtype): kernel for name, dtype, kernel in pack.kernels()}


def erf(x):
    import math

    return np.vectorize(math.erf, otypes=[np.float64])(x)


def erfc(x):
    import math

    return np.vectorize(math.erfc, otypes=[np.float64])(x)


EXACT = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "erf": erf, "sqrt": np.sqrt, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}  # fmt: skip
ULP = {"exp": 1.0, "expm1": 1.5, "log": 1.0, "log1p": 1.5, "tanh": 1.7, "erf": 2.0, "sqrt": 0.5, "sigmoid": 2.5}


def every_exponent() -> np.ndarray:
    bits = np.random.default_rng(0).integers(0, 1 << 32, 1 << 18, dtype=np.uint64).astype(np.uint32)
    near = np.random.default_rng(1).uniform(-20, 20, 1 << 17).astype("f4")
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 88.72, 88.73, -87.33, -103.97, -104, 3.4e38, -3.4e38], "f4")
    return np.concatenate([bits.view("f4"), near, special])


@pytest.mark.parametrize("name", EXACT)
def test_values_over_all_exponents(name):
    x = every_exponent()
    if name == "sigmoid":  # below, exp(-x) is beyond the range, here as in PyTorch
        x = x[~(x < -88)]
    got = np.empty_like(x)
    assert KERNELS[name, D.float32](got, x) is None
    with np.errstate(all="ignore"):
        exact = EXACT[name](x.astype("f8"))
        rounded = exact.astype("f4")
        unit = np.spacing(np.abs(rounded), dtype="f4").astype("f8")
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~finite], rounded[~finite])
    off = np.abs(got[finite].astype("f8") - exact[finite]) / unit[finite]
    worst = int(np.argmax(off))
    assert off[worst] <= ULP[name], (float(x[finite][worst]), float(got[finite][worst]), float(exact[finite][worst]), float(off[worst]))
    zero = x == 0
    if name in ("expm1", "log1p", "tanh", "erf", "sqrt"):
        np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(x[zero]))


MORE = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "log2": np.log2, "log10": np.log10, "exp2": np.exp2, "erfc": erfc,
    "atan2": np.arctan2, "hypot": np.hypot, "pow": np.power,
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_functions_that_are_computed_in_float64_are_rounded_nearly_right(name):
    """Also those that only half types have: their code computes in float32's range."""
    op, x = TABLE[name], every_exponent()
    kernel = pack.elementwise(op, (None,) * len(op.operands), dict.fromkeys(op.operands, D.float32), D.float32)
    given = (x,)
    if len(op.operands) == 2:
        special = x[-16:]
        y = np.concatenate([np.random.default_rng(3).permutation(x), np.tile(special, 16), np.arange(-8, 8, dtype="f4")])
        given = (np.concatenate([x, np.repeat(special, 16), np.full(16, -1.5, "f4")]), y)
    got = np.empty_like(given[0])
    assert kernel(got, *given) is None
    with np.errstate(all="ignore"):
        exact = MORE[name](*[v.astype("f8") for v in given])
        rounded = exact.astype("f4")
        unit = np.spacing(np.abs(rounded), dtype="f4").astype("f8")
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~finite], rounded[~finite])
    np.testing.assert_array_equal(np.signbit(got[rounded == 0]), np.signbit(rounded[rounded == 0]))
    assert (np.abs(got[finite].astype("f8") - exact[finite]) / unit[finite]).max() < 0.501


LAYOUTS = {
    "in a row": lambda t: t, "transposed": lambda t: np.ascontiguousarray(t.T).T, "every other": lambda t: np.repeat(t, 2, axis=1)[:, ::2],
    "a row for all": lambda t: np.broadcast_to(t[:1], t.shape), "a column for all": lambda t: np.broadcast_to(t[:, :1], t.shape), "one": lambda t: t[:1, :1],
    "fewer dimensions": lambda t: t[0], "backwards": lambda t: np.ascontiguousarray(t[::-1])[::-1],
}  # fmt: skip


@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (64, 300), (0, 4), (5, 1), (300, 40)], ids=str)
@pytest.mark.parametrize("second", LAYOUTS)
@pytest.mark.parametrize("first", LAYOUTS)
def test_operands_in_every_layout(first, second, shape):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype("f4") for _ in range(2))
    if 0 not in shape:
        a, b = LAYOUTS[first](a), LAYOUTS[second](b)
    for out in (np.empty(shape, "f4"), np.empty(shape[::-1], "f4").T, np.empty((shape[0], 2 * shape[1]), "f4")[:, ::2]):
        assert KERNELS["sub", D.float32](out, a, b) is None
        np.testing.assert_array_equal(out, np.broadcast_to(a - b, shape))
    truth = np.empty(shape, bool)
    assert KERNELS["lt", D.float32](truth, a, b) is None
    np.testing.assert_array_equal(truth, np.broadcast_to(a < b, shape))


@pytest.mark.parametrize("dtype", pack.REALS, ids=str)
def test_every_dtype_adds_multiplies_and_compares(dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 2 if dtype is D.bool else 100, (7, 33)).astype(dtype.np) for _ in range(2))
    for name, exact in (("add", np.add), ("mul", np.multiply), ("maximum", np.maximum), ("le", np.less_equal), ("eq", np.equal)):
        want = exact(a, b)
        out = np.empty(a.shape, want.dtype)
        assert KERNELS[name, dtype](out, a, b) is None
        np.testing.assert_array_equal(out, want)
    assert dtype in KIND


def test_an_operand_may_be_the_result():
    x = np.arange(100000, dtype="f4")
    assert KERNELS["add", D.float32](x, x, x) is None
    np.testing.assert_array_equal(x, 2 * np.arange(100000, dtype="f4"))


def gelu_in_float64(x, approximate):
    """gelu and its slope."""
    if approximate == "none":
        below = 0.5 * erfc(-x * np.sqrt(0.5))
        return x * below, below + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    below = 1 / (1 + np.exp(-np.sqrt(8 / np.pi) * (x + 0.044715 * x**3)))
    return x * below, below + x * below * (1 - below) * np.sqrt(8 / np.pi) * (1 + 3 * 0.044715 * x * x)


@pytest.mark.parametrize(("approximate", "share", "slope"), [("none", 4.0, 4.5), ("tanh", 2.5, 4.0)])
def test_gelu_and_its_gradient_are_off_by_a_few_units_of_their_factors(approximate, share, slope):
    """In 2^-24: of the argument, by which a share of the distribution is multiplied; of 1, for the slope."""
    x = every_exponent()
    got, to_x = np.empty_like(x), np.empty_like(x)
    assert KERNELS["gelu", D.float32](got, x, approximate) is None
    assert KERNELS["gelu_backward", D.float32](to_x, np.ones_like(x), x, approximate) is None
    with np.errstate(all="ignore"):
        exact, exact_slope = gelu_in_float64(x.astype("f8"), approximate)
    np.testing.assert_array_equal(got[np.isnan(x) | (x == -np.inf)], np.float32(np.nan))  # as in PyTorch
    np.testing.assert_array_equal(got[x == np.inf], np.float32(np.inf))
    zero, usual = x == 0, np.abs(x) < 1e18  # beyond, PyTorch's cube too is infinite
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(x[zero]))
    off = np.abs(got[usual] - exact[usual]) / (np.abs(x[usual]) * 2.0**-24 + 2.0**-149)
    assert off.max() < share, (float(off.max()), float(x[usual][off.argmax()]))
    off = np.abs(to_x[usual] - exact_slope[usual]) * 2.0**24
    assert off.max() < slope, (float(off.max()), float(x[usual][off.argmax()]))


@pytest.mark.parametrize("dtype", pack.SINGLE, ids=str)
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_in_every_layout(approximate, dtype):
    rng = np.random.default_rng(0)
    for layout in LAYOUTS.values():
        x, g = (layout(rng.standard_normal((40, 300)).astype(dtype.np)) for _ in range(2))
        exact, slope = gelu_in_float64(x.astype("f8"), approximate)
        shape = np.broadcast_shapes(x.shape, (40, 300))
        got, to_x = np.empty(shape, dtype.np), np.empty(shape, dtype.np)
        assert KERNELS["gelu", dtype](got, x, approximate) is None
        assert KERNELS["gelu_backward", dtype](to_x, g, x, approximate) is None
        unit = {D.float32: 2e-6, D.float16: 2e-3, D.bfloat16: 1.6e-2}[dtype]
        np.testing.assert_allclose(got.astype("f8"), np.broadcast_to(exact, shape), rtol=unit, atol=unit)
        np.testing.assert_allclose(to_x.astype("f8"), np.broadcast_to(g.astype("f8") * slope, shape), rtol=unit, atol=unit)
