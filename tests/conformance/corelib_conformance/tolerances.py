"""How far from the exact value a correct device may be: by op and dtype, the same for every device.

Elementwise functions: units in the last place, those of the OpenCL full profile, which every vendor of one has to keep, and not
less than what the bodies of the op table reach. Sums and products: `C * eps/2 * sqrt(K)` times the sum of magnitudes. What is not
named here is correctly rounded (half a unit). Movement, integers, comparisons and signs are exact.
"""

from __future__ import annotations

EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
SMALLEST = {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 2.0**-1074}
SMALLEST_NORMAL = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38, "float64": 1.7976931348623157e308}

ULPS = {
    "exp": 3, "log": 3, "sin": 4, "cos": 4, "sqrt": 3, "true_div": 2.5, "reciprocal": 2.5, "rsqrt": 4, "tan": 5, "asin": 4, "acos": 4,
    "atan": 5, "atan2": 6, "sinh": 4, "cosh": 4, "tanh": 5, "log1p": 3, "expm1": 4, "log2": 3, "log10": 3, "erf": 16, "pow": 16,
    "sigmoid": 5, "asinh": 4, "acosh": 4, "atanh": 5, "exp2": 3, "erfc": 16, "erfinv": 16, "i0": 16, "special_i0e": 16,
    "special_i1": 32, "special_i1e": 32, "lgamma": 64, "digamma": 64, "special_erfcx": 16, "special_ndtr": 16, "special_ndtri": 16,
    "special_log_ndtr": 16, "special_entr": 8,
}
WAVING = {
    "igamma": 16, "igammac": 16, "special_airy_ai": 64, "special_spherical_bessel_j0": 4,
    **{f"special_bessel_{kind}{order}": 16 for kind in "jy" for order in (0, 1)},
    **{f"special_{scaled}modified_bessel_k{order}": 16 for scaled in ("", "scaled_") for order in (0, 1)},
    **{f"special_{shifted}chebyshev_polynomial_{kind}": 16 for shifted in ("", "shifted_") for kind in "tuvw"},
    **{f"special_{name}": 16 for name in ("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p")},
}
"""Functions that cross zero, of which a result is also right if it is that of an argument so many units in its last place away."""
SEVEN_DIGITS = {name: 2.0**34 for name in ("special_bessel_j0", "special_bessel_j1", "special_bessel_y0", "special_bessel_y1", "special_airy_ai")}
"""For float64: the coefficients are PyTorch's, whose digits corelib gives, and they have no more where they go over into expansions."""
HALF_ULPS = 1.0
"""For float16 and bfloat16, computed in float32 and rounded once."""

C = 4.0
"""The constant of sums and products."""

TIERS = ("ieee", "ftz", "tf32")
"""What a backend may declare: IEEE results; small results flushed to zero; products of float32 with ten bits."""


def ulps(op_name: str, dtype: str) -> float:
    """Units in the last place for an elementwise op.

    >>> ulps("exp", "float32"), ulps("add", "float64"), ulps("exp", "float16")
    (3, 0.5, 1.0)
    """
    found = ULPS.get(op_name, argument_ulps(op_name, dtype) or 0.5)
    return HALF_ULPS if dtype in ("float16", "bfloat16") and found > 0.5 else found


def argument_ulps(op_name: str, dtype: str) -> float:
    """By how many units in its last place, in what half types compute in, the argument of a function that crosses zero may be off."""
    found = WAVING.get(op_name, 0.0)
    return SEVEN_DIGITS.get(op_name, found) if dtype == "float64" else found


def rules() -> list[dict[str, object]]:
    """The tables as rows, for the report."""
    rows: list[dict[str, object]] = [
        {"op": name, "dtype": "float32, float64", "rule": "units in the last place", "value": value} for name, value in ULPS.items()
    ]
    rows += [
        {"op": name, "dtype": "float32" if name in SEVEN_DIGITS else "float32, float64", "rule": "units in the last place, of the result and of the argument", "value": value}
        for name, value in WAVING.items()
    ]
    rows += [
        {"op": name, "dtype": "float64", "rule": "units in the last place, of the result and of the argument", "value": value}
        for name, value in SEVEN_DIGITS.items()
    ]
    rows.append({"op": "the same", "dtype": "float16, bfloat16", "rule": "units in the last place", "value": HALF_ULPS})
    rows.append({"op": "sums and products", "dtype": "floats", "rule": "c * eps/2 * sqrt(K) * sum of magnitudes; c", "value": C})
    rows.append({"op": "everything else", "dtype": "floats", "rule": "units in the last place", "value": 0.5})
    rows.append({"op": "movement, comparisons, signs", "dtype": "all", "rule": "exact", "value": 0})
    return rows
