"""Special functions, and elementwise ops beyond everyday arithmetic."""

from __future__ import annotations

from ..declare import ALL, FLOATS, HALVES, INTS, OPS, WIDE, op, spec
from .pointwise import binary, unary

for name, low, high in (
    ("asinh", -3, 3), ("acosh", 1.1, 5), ("atanh", -0.9, 0.9), ("sinc", -3, 3), ("erfc", -2, 3), ("erfinv", -0.9, 0.9),
    ("deg2rad", -360, 360), ("rad2deg", -3, 3), ("i0", -8, 8), ("frac", -9, 9),
):
    unary(name, low, high, ulps=8, dtypes=FLOATS if name in ("frac", "acosh", "sinc") else OPS["exp"].dtypes)
# PyTorch's own are rougher there: i0 is NaN where it should be infinite, erfc of a half is computed in halves far out
for name in ("i0", "erfc", "sinc"):
    OPS[name].limit(lambda s: s.args[0].values is not None, dtypes=WIDE if name != "i0" else ())
# PyTorch's trigamma has ten digits; the logarithm of gamma crosses zero at 1 and 2, and digamma at 1.46.
ROUGH = {"": 16, "float64": 1e8}
unary("lgamma", 2.5, 9, ulps=16, second_slack=1e8).limit(lambda s: s.args[0].values is not None, dtypes=())
unary("digamma", 2, 9, ulps=ROUGH, second_slack=1e7, first_slack=1e7).limit(lambda s: s.args[0].values is not None, dtypes=())
for name in ("lgamma", "digamma"):
    OPS[name].add(spec(6, values=[-2.5, -1.25, 0.25, 30.0, 1e4, 5.5])).but(dtypes=FLOATS, grad=False)
for name, low, high in (
    ("erfcx", -2, 9), ("ndtr", -1, 4), ("ndtri", 0.05, 0.95), ("log_ndtr", -9, 3), ("entr", 0.1, 4), ("i0e", -9, 9), ("i1", -9, 9),
    ("i1e", -9, 9),
):
    o = unary(f"special_{name}", low, high, f"special.{name}", ulps=16, forms=("function", "out"), second_slack=16)
    o.dtypes = tuple(d for d in o.dtypes if d not in HALVES)  # which PyTorch has not
    o.limit(lambda s: s.args[0].values is not None, dtypes=())

o = op("logit", ulps={"": 6, "float16": 16, "bfloat16": 64})
o.dtypes = FLOATS
for eps in (None, 0.2, 0.0):
    o.add(spec(3, 4, low=0.05, high=0.95), eps).add(spec(2, 3, layout="transposed", low=0.05, high=0.95), eps=eps)
o.add(spec(5, values=[0.0, 1.0, 0.5, -1.0, 2.0])).but(dtypes=FLOATS, grad=False).add(spec(0))
o = op("polygamma", first_slack=1e7, dtypes=("bool", *INTS, *WIDE), ulps=ROUGH | {"float32": 64}, forms=("function", "out"), second_slack=1e7)
for n in (0, 1, 2, 3):
    o.add(n, spec(3, 4, low=2, high=6)).add(n, spec(3, layout="strided", low=2, high=5))
o = op("mvlgamma", ulps=32, second_slack=1e8)
for p in (1, 2, 4):
    o.add(spec(3, 4, low=3, high=9), p)

binary("hypot", scalars=(), ulps=4, dtypes=FLOATS)
for name in ("logaddexp", "logaddexp2"):
    binary(name, scalars=(), ulps=8, scaled=True, dtypes=FLOATS)
binary("xlogy", b=(0.5, 4), nonzero=True, ulps=4, scalars=(2, 2.5, True)).add(2.5, spec(3, 4, low=0.5, high=4)).but(dtypes=FLOATS).add(spec(32, values=[0, 1] * 16), -1.0).but(dtypes=FLOATS, grad=False)
binary("special_xlog1py", path="special.xlog1py", b=(0.5, 4), nonzero=True, ulps=4, scalars=(2, 2.5, True), forms=("function", "out"))
o = op("special_zeta", "special.zeta", ulps=16, dtypes=WIDE, grad=False, forms=("function", "out"))
o.add(spec(3, 4, low=1.5, high=6), spec(4, low=0.5, high=6)).add(spec(3, low=1.5, high=4), 2.0).add(3.0, spec(3, low=0.5, high=4))
o.add(spec(4, values=[1.0, 0.5, 2.0, 3.0]), spec(4, values=[2.0, 2.0, 0.0, -1.0]))
o = op("heaviside", grad=False, strides="dense")
for dtype_layout in ("contiguous", "transposed"):
    o.add(spec(3, 4, layout=dtype_layout), spec(3, 4)).add(spec(3, 4), spec(4))
o.add(spec(5, values=[-1, 0, 2, 0, -3]), spec()).but(dtypes=("int8", "int32", "int64", *FLOATS))
o = op("nextafter", grad=False, dtypes=("bfloat16", *WIDE))
o.add(spec(3, 4), spec(3, 4)).add(spec(3, 4, layout="transposed"), spec(4)).add(spec(5, values=[0, 0, 1, -1, 2]), spec(5, values=[1, -1, 1, 5, -5]))
for name in ("gcd", "lcm"):
    o = op(name, dtypes=INTS, grad=False)
    o.add(spec(3, 4), spec(3, 4)).add(spec(3, 1), spec(4, layout="strided")).add(spec(0), spec(1)).add(spec(), spec(2))
    o.add(spec(6, values=[0, 0, 12, 7, 100, 9]), spec(6, values=[0, 5, 18, 0, 75, 3]))
o = op("ldexp", ulps=2, dtypes=FLOATS, casts=False)
o.add(spec(3, 4), spec(3, 4, dtype="int64", low=0, high=6)).add(spec(3, 4), spec(4, low=-2, high=2))
o.add(spec(3), spec(3, dtype="int32", values=[-1, -3, 2])).but(grad=False)  # PyTorch's slope is 0 there
o = op("float_power", ulps=4, casts=False, forms=("function", "method"))
o.add(spec(3, 4, low=0.5, high=3), spec(3, 4, low=-2, high=2)).but(dtypes=FLOATS).add(spec(3, low=1, high=3), 2).add(2.0, spec(3, low=1, high=3))
o = op("frexp", dtypes=("float16", *WIDE), forms=("function", "method"), grad=False)
o.add(spec(3, 4)).add(spec(4, 3, layout="transposed")).add(spec(6, values=[0.0, 1.0, -0.25, 1000.0, 1e-6, 65504.0])).but(grad=False)
# PyTorch gives NaN a sign on its way to bfloat16.
unary("signbit", grad=False).limit(lambda s: s.args[0].values is not None, dtypes=("float16", *WIDE))
o = op("copysign", grad=True, dtypes=ALL)
for layout in ("contiguous", "transposed", "strided"):
    o.add(spec(3, 4, layout=layout, low=0.5, high=3), spec(3, 4)).add(spec(3, 4, low=0.5, high=3), spec(4, layout=layout if layout == "strided" else "contiguous"))
o.add(spec(3, 4, low=0.5, high=3), -2.0).add(spec(0), spec(1)).add(spec(2, low=1, high=2), spec(2, dtype="int64"))
o.add(spec(5, values=[0.0, -0.0, 1.0, float("inf"), float("nan")]), spec(5, values=[-0.0, 1.0, -1.0, -2.0, 3.0])).but(grad=False, dtypes=FLOATS)
