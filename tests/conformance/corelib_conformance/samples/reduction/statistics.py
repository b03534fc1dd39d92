"""Statistics: counts, ranks, quantiles, covariance, histograms, differences and integrals."""

from __future__ import annotations

from ..shape import indexing as indexing
from . import reductions as reductions
from ..declare import ALL, FLOATS, INTS, OPS, WIDE, index, op, spec

NAN = float("nan")
GAPS = [[1.0, NAN, 2.0], [NAN, NAN, 3.0], [0.5, 4.0, -1.0]]
TIES = [[1, 1, 2, 2], [3, 0, 3, 0], [5, 5, 5, 5]]

o = OPS["count_nonzero"]
o.add(spec(3, 4)).add(spec(3, 4, values=[[0, 1, 0, 2], [0, 0, 0, 0], [3, 0, 1, 0]]), 1).add(spec(2, 3, 4), (0, 2)).add(spec(0, 3), 0).add(spec())
o = op("nanmean", ulps=4, scaled=True, dtypes=FLOATS)
o.add(spec(3, 4)).add(spec(3, 3, values=GAPS), 1).but(grad=False).add(spec(3, 3, values=GAPS)).but(grad=False).add(spec(3, 4), 0, True)
for name in ("nanmedian",):
    o = op(name, forms=("function", "method"), dtypes=ALL[1:])
    o.add(spec(7, unique=True)).add(spec(3, 5, unique=True), 1).add(spec(3, 3, values=GAPS), 1, True).but(dtypes=FLOATS, grad=False)
    o.add(spec(3, 4, unique=True, layout="transposed"), 0)
o = op("mode", forms=("function", "method"), dtypes=("bool", *INTS, *WIDE), strides="")
o.add(spec(3, 4, values=TIES)).add(spec(3, 4, values=TIES), 0, True).add(spec(7, unique=True)).add(spec(3, 4, values=TIES, layout="transposed"), 1)
op("msort").add(spec(5, unique=True)).add(spec(4, 3, unique=True)).add(spec(0)).but(grad=False)
for name in ("quantile", "nanquantile"):
    o = op(name, forms=("function", "method"), dtypes=WIDE, ulps=4, strides="")
    for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
        o.add(spec(3, 5, unique=True), 0.4, 1, interpolation=interpolation).add(spec(7, unique=True), 0.3, interpolation=interpolation)
    o.add(spec(3, 5, unique=True), index([0.0, 0.25, 1.0], "float32"), 1, True).but(dtypes=("float32",))
    o.add(spec(3, 5, unique=True), 0.5, 0, True).add(spec(3, 5, unique=True), 0.5, keepdim=True).add(spec(3, 3, values=GAPS), 0.6, 1).but(grad=False)
    o.add(spec(), 0.5)
o = op("cov", ulps=8, scaled=True, forms=("function", "method"), dtypes=FLOATS)
o.add(spec(3, 5)).add(spec(5)).add(spec(3, 5), correction=0).add(spec(3, 5), fweights=index([1, 2, 1, 0, 3]))
o.add(spec(2, 4), aweights=index([0.5, 1.0, 2.0, 0.25], "float32")).but(dtypes=("float32",))
op("corrcoef", ulps=16, scaled=True, forms=("function", "method"), dtypes=WIDE).add(spec(3, 5)).add(spec(2, 4, layout="transposed"))
o = op("histogram", grad=False, forms=("function", "method"), dtypes=WIDE, ulps=4, scaled=True)
o.add(spec(20), 5).add(spec(20), 4, range=(-2.0, 2.0)).add(spec(4, 5), 6, density=True).add(spec(20), 3, weight=spec(20))
o.add(spec(20), index([-2.0, -0.5, 0.0, 2.5], "float32")).but(dtypes=("float32",))
o = op("trapezoid", ulps=4, scaled=True, forms=("function",), dtypes=WIDE)
for name in ("trapezoid", "cumulative_trapezoid"):
    o = o if name == "trapezoid" else op(name, ulps=4, scaled=True, forms=("function",), dtypes=WIDE)
    o.add(spec(5)).add(spec(3, 5), dx=0.5).add(spec(3, 5), spec(5)).add(spec(3, 5), spec(3, 5), dim=0).add(spec(3, 5, layout="transposed"), dim=0)
o = op("gradient", ulps=8, scaled=True, forms=("function",), dtypes=WIDE, strides="")
o.add(spec(5)).add(spec(4, 5)).add(spec(4, 5), dim=1).add(spec(4, 5), spacing=0.5).add(spec(4, 5), spacing=[0.5, 2.0]).add(spec(4, 5), edge_order=2)
o.add(spec(5), spacing=(spec(5, values=[0.0, 1.0, 1.5, 3.0, 4.0], grad=False),)).add(spec(5), spacing=(spec(5, values=[0.0, 1.0, 1.5, 3.0, 4.0], grad=False),), edge_order=2)
