"""Bessel's and Airy's functions, incomplete gamma functions, orthogonal polynomials.

PyTorch computes them in float32 and float64, most without a derivative; corelib has half types and derivatives too.
"""

from __future__ import annotations

from ..declare import FLOATS, HALVES, INTS, LAYOUTS, WIDE, Facts, Op, op, spec

INF, NAN = float("inf"), float("nan")
SPECIAL: Facts = {
    "dtypes": ("bool", *INTS, *WIDE), "also": HALVES, "grad": False, "ulps": 16, "scaled": True, "forms": ("function", "out"), "strides": "",
}  # fmt: skip


def waves(name: str, low: float, high: float, edges: list[float], **facts: object) -> Op:
    """A function of one tensor, on numbers in [low, high] and at its edges."""
    o = op(f"special_{name}", f"special.{name}", **SPECIAL | facts)
    for layout in LAYOUTS:
        o.add(spec(3, 4, layout=layout, low=low, high=high))
    for shape in [(), (1,), (0,), (2, 0, 3), (5, 1, 1)]:
        o.add(spec(*shape, low=low, high=high))
    o.add(spec(2, 3, 2, 2, layout="channels_last", low=low, high=high)).add(spec(1025, low=low, high=high)).but(grad=False)
    o.add(spec(len(edges), values=edges)).but(dtypes=FLOATS, grad=False)
    return o


# On either side of 5, where the first two kinds change from one expansion to another, and of 2, where the modified ones do.
for kind, least in (("j", -12.0), ("y", 0.2)):
    for order in (0, 1):
        ends = [0.0, 1e-3, 0.5, 1.0, 2.0, 4.0, 5.0, 5.25, 8.5, 20.0, 30.5, NAN]
        waves(f"bessel_{kind}{order}", least, 12, ends if kind == "y" else [*ends, *(-e for e in ends)], own_grad=True)
for name in ("modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1"):
    waves(name, 0.2, 8, [0.0, 1e-3, 0.5, 1.0, 1.75, 2.0, 2.25, 5.0, 20.0, 50.0, -1.0, NAN], own_grad=True)
waves("airy_ai", -8, 6, [0.0, -0.0, 1e-3, -1e-3, 1.0, -1.0, 2.0, -2.0, 2.25, -2.25, 5.0, -5.0, 9.0, -14.5, INF, -INF, NAN], own_grad=True)
ends = [0.0, -0.0, 1e-3, -1e-3, 0.25, -0.25, 0.5, -0.5, 0.75, 3.0, -3.0, 30.0, INF, -INF, NAN]
waves("spherical_bessel_j0", -12, 12, ends, own_grad=True)

# The derivative is by the second operand alone.
for name in ("igamma", "igammac"):
    o = op(name, ulps={"": 64, "float16": 2, "bfloat16": 2}, dtypes=("int64", *FLOATS), strides="")
    for left, right in (
        (spec(3, 4, low=0.3, high=9), spec(3, 4, low=0.1, high=12)), (spec(3, 1, low=0.3, high=9), spec(4, low=0.1, high=12)),
        (spec(3, 4, layout="transposed", low=0.3, high=9), spec(3, 4, layout="strided", low=0.1, high=12)),
        (spec(), spec(3, low=0.5, high=4)), (spec(0), spec(1)), (spec(257, low=0.3, high=9), spec(257, low=0.1, high=12)),
        (spec(5, values=[12.0, 12.0, 30.0, 30.0, 30.0]), spec(5, values=[11.5, 12.5, 20.0, 30.5, 44.0])),
    ):  # fmt: skip
        left = left if left.values is not None or left.low is not None else spec(*left.shape, low=0.5, high=4)
        rough = {"": 64, "float16": 2, "bfloat16": 2, "float64": 2.0**26} if left.values is not None else None  # PyTorch's far expansion is shorter
        o.add(left, right).but(grad=False, ulps=rough)
    o.add(spec(9, values=[1, 0, 2, 0, INF, 2, -1, 2, NAN]), spec(9, values=[0, 1, INF, 0, 1, NAN, 1, -1, 1])).but(grad=False, dtypes=FLOATS)
    for a in (0.5, 2.5, 7.0):
        o.call(lambda T, x, name=name, a=a: getattr(T, name)(T.full_like(x.detach(), a), x), spec(3, 4, low=0.2, high=9), dtypes=FLOATS)
        o.call(lambda T, x, name=name, a=a: getattr(T, name)(T.full_like(x.detach(), a), x), spec(5, layout="strided", low=0.2, high=9), dtypes=FLOATS)

DEGREES = [0, 1, 2, 3, 5, 6, 7, 9, 12, -1, -2]
for name, low, high in (
    *[(f"chebyshev_polynomial_{kind}", -1.5, 1.5) for kind in "tuvw"],
    *[(f"shifted_chebyshev_polynomial_{kind}", -0.25, 1.25) for kind in "tuvw"],
    ("hermite_polynomial_h", -2, 2), ("hermite_polynomial_he", -2, 2), ("laguerre_polynomial_l", 0, 6), ("legendre_polynomial_p", -1.25, 1.25),
):  # fmt: skip
    o = op(f"special_{name}", f"special.{name}", **SPECIAL | {"own_grad": True})
    places = {"low": low, "high": high}
    for n in (0, 1, 2, 3, 5, 8, 11, -1):
        o.add(spec(3, 4, **places), n).but(dtypes=FLOATS)
    for layout in LAYOUTS[1:]:
        o.add(spec(3, 4, layout=layout, **places), 4).but(dtypes=FLOATS)
    o.add(spec(3, 1, **places), spec(11, values=DEGREES, dtype="int64", grad=False)).but(dtypes=FLOATS)
    o.add(spec(11, **places), spec(11, values=[d + 0.75 * (d > 0) for d in DEGREES], dtype="float32", grad=False)).but(dtypes=WIDE, grad=False)
    o.add(0.75, spec(11, values=DEGREES, dtype="int64", grad=False)).but(grad=False, dtypes=FLOATS).add(spec(0), 3).add(spec(257, **places), 6).but(grad=False)
    o.add(spec(5, values=[0, 1, 2, 3, 1]), 3).but(grad=False).add(spec(5, values=[0, 1, 1, 0, 1]), spec(5, values=[2, 1, 3, 0, 4], dtype="int32")).but(grad=False)
    o.add(spec(6, values=[1.0, -1.0, 0.0, -0.0, 0.5, 0.75]), 7).but(dtypes=FLOATS, grad=False)
