"""Reductions, scans, sorting, and what is unique."""

from __future__ import annotations

import math
from typing import Any

from ..declare import ALL, FLOATS, LAYOUTS, WIDE, Facts, Named, Op, index, is_empty, op, spec

SPECIAL = [[1.0, math.nan, -2.0], [math.inf, 0.0, -math.inf], [-0.0, 0.0, 3.0]]
TIES = [[1, 3, 3, 0], [2, 2, 2, 2], [0, 0, 5, 5]]


def reduction(
    name: str, dims: tuple[Any, ...] = (0, -1, (0, 2), (1,)), low: Any = None, high: Any = None, **facts: Any
) -> Op:
    """Over all elements, over dims with and without keepdim, in every layout; 0-d, empty, NaN and ties."""
    settings: Facts = {"ulps": 2, "scaled": True, "strides": "dense"} | facts
    full = settings.pop("full", True)
    unique = settings.pop("unique", False)
    empty = settings.pop("empty", True)
    o = op(name, **settings)
    for layout in LAYOUTS:
        x = spec(2, 3, 4, layout=layout, low=low, high=high, unique=unique)
        if full:
            o.add(x)
        for dim in dims:
            o.add(x, dim).add(x, dim=dim, keepdim=True)
    for shape in [(), (1,), (5,)]:
        if full:
            o.add(spec(*shape, low=low, high=high, unique=unique))
        o.add(spec(*shape, low=low, high=high, unique=unique), -1)
    if empty:
        o.add(spec(0, 3), 0).add(spec(2, 0), 0)
        o.add(spec(0)) if full else None
    o.add(spec(3, 3, values=SPECIAL), -1).but(dtypes=FLOATS, grad=False)
    o.add(spec(40, 50, low=low, high=high, unique=unique), 1).but(grad=False)
    o.add(spec(40, 50, low=low, high=high, unique=unique), 0).but(grad=False)
    return o


WITH_EMPTY_DIMS = (0, -1, (0, 2), (1,), ())
o = reduction("sum", WITH_EMPTY_DIMS)
o.add(spec(0)).add(spec(2, 3), None)
for dtype in ALL:
    for args in ((), (1, True)):
        o.add(spec(3, 4), *args, dtype=Named(dtype)).but(grad=dtype in FLOATS)
o.add(spec(3000, low=0, high=1)).but(grad=False)
o = reduction("mean", empty=False)
for shape in [(0, 3), (2, 0), (0,)]:
    o.add(spec(*shape), 0).but(grad=False)
o.add(spec(2, 3), dtype=Named("float64")).add(spec(2, 3), 0, dtype=Named("float32"))
o = reduction("prod", (0, -1, 1), low=0.5, high=2)
o.limit(lambda s: s.args[0].shape == (40, 50), dtypes=WIDE)
o.add(spec(3, 4), dtype=Named("float64"))
o.add(spec(3, 4), 0, dtype=Named("int64")).but(grad=False)
o.add(spec(2, 3, values=[[0, 2, 3], [1, 2, 3]])).add(spec(2, 3, values=[[0, 2, 3], [0, 0, 3]]), 1)
for name in ("std", "var"):
    o = reduction(name, ulps={"": 4, "float16": 2, "bfloat16": 2}, empty=False)
    for correction in (0, 1, 2):
        o.add(spec(3, 4, unique=True), 1, correction=correction).add(spec(3, 4, unique=True), correction=correction)
        o.add(spec(3, 4, unique=True), dim=(0, 1), correction=correction, keepdim=True)
    o.add(spec(3, 4, unique=True), unbiased=False).add(spec(3, 4, unique=True), 0, False).add(
        spec(3, 4, unique=True), True
    )
    o.add(spec(3, 4, unique=True), dim=1, unbiased=True).add(spec(200, low=1000, high=1001)).but(dtypes=WIDE)
    o.add(spec(2, 1), 1, correction=0)
    # out= goes with PyTorch's overload of dim only; of one element there is no spread.
    o.limit(lambda s: "unbiased" in s.kwargs or isinstance(s.args[-1], bool), out=False)
    o.limit(lambda s: len(s.args) < 2 and "dim" not in s.kwargs, out=False)
    o.limit(lambda s: math.prod(s.args[0].shape) < 2, grad=False)
for name in ("std_mean", "var_mean"):
    op(name, ulps=4, scaled=True).add(spec(3, 4, unique=True)).add(spec(3, 4, unique=True), 1, keepdim=True)
for name in ("max", "min"):
    o = reduction(name, (0, -1, 1), ulps=0, unique=True, empty=False)
    o.add(spec(0, 3), 1).add(spec(3, 4, values=TIES)).add(spec(3, 4, values=TIES), 1).add(spec(3, 4), spec(4)).add(
        spec(3, 3, values=SPECIAL)
    ).but(dtypes=FLOATS, grad=False)
for name in ("amax", "amin"):
    o = reduction(name, WITH_EMPTY_DIMS, ulps=0, unique=True, empty=False)
    o.add(spec(2, 0), 0).add(spec(3, 4, values=TIES)).add(spec(3, 4, values=TIES), 1).add(
        spec(3, 4, values=TIES), (0, 1)
    )
    o.add(spec(3, 3, values=SPECIAL)).but(dtypes=FLOATS, grad=False)
op("aminmax", grad=False).call(lambda T, x: T.aminmax(x), spec(3, 4)).call(
    lambda T, x: T.aminmax(x, dim=1, keepdim=True), spec(3, 4)
)
for name in ("argmax", "argmin"):
    o = reduction(name, (0, -1, 1, None), ulps=0, grad=False, unique=True, empty=False)
    o.add(spec(3, 4, values=TIES), 1).add(spec(3, 4, values=TIES)).add(spec(3, 3, values=SPECIAL)).but(dtypes=FLOATS)
for name in ("any", "all"):
    o = reduction(name, (0, -1, 1, (0, 2), ()), ulps=0, grad=False, low=0, high=1, casts=False)
    o.add(spec(4, values=[0] * 4)).add(spec(4, values=[1] * 4)).add(spec(2, 3, values=[[1, 1, 1], [0, 1, 0]]), 1)
o = reduction("logsumexp", (0, -1, (0, 2), (1,)), full=False, ulps=4)
o.add(spec(3, values=[1000, 1000, 1000]), 0).but(dtypes=WIDE)
o.add(spec(2, 3, values=[[-math.inf] * 3, [0, -math.inf, 1]]), 1).but(dtypes=FLOATS, grad=False)
o = op("norm", ulps=4, scaled=True, forms=("function", "method"))
for layout in LAYOUTS:
    x = spec(3, 4, layout=layout, nonzero=True)
    o.add(x).add(x, 1).add(x, 2, 1).add(x, p=3, dim=0, keepdim=True).add(x, "fro").add(x, float("inf"), 1).add(
        x, float("-inf")
    )
    o.add(x, 0).add(x, 2, (0, 1)).add(x, 0.5, -1).add(x, "fro", (0, 1))
o.add(spec(0)).but(grad=False)
o.add(spec()).add(spec(3, values=[0, 0, 0])).add(spec(3, 2, values=[[0, 0], [3, 4], [0, 1]]), 2, 1)
o.add(spec(3), dtype=Named("float64"))
o = op("vector_norm", "linalg.vector_norm", ulps=4, scaled=True)
for order in (2, 1, math.inf, -math.inf, 0, 3):
    o.add(spec(3, 4), order).add(spec(3, 4), order, -1, True)
o = op("dist", ulps=4, scaled=True).add(spec(3), spec(3)).add(spec(3, 4), spec(4), 1)

SCANNED = [(2, 3, 4), (5,), (1,), (0,), (2, 0)]
for name in ("cumsum", "cumprod"):
    # In place and with out=, PyTorch's dtype= and casts have rules of their own.
    o = op(name, ulps=4, scaled=True, casts=False)
    bound = {"low": 0.5, "high": 1.5} if name == "cumprod" else {}
    for layout in LAYOUTS:
        for dim in (0, 1, -1):
            o.add(spec(2, 3, 4, layout=layout, **bound), dim)
    for shape in SCANNED[1:]:
        o.add(spec(*shape, **bound), -1)
    o.add(spec(**bound), 0).add(spec(3, 4), dim=1, dtype=Named("float64"))
    o.add(spec(3, 4), 0, dtype=Named("int64")).but(grad=False)
    o.limit(lambda s: bool(s.kwargs), inplace=False).limit(
        lambda s: is_empty(s) or s.args[0].shape == (), dtypes=ALL[1:]
    )
    o.add(spec(2, 4, values=[[1, 0, 2, 3], [0, 2, 0, 1]]), 1).add(spec(2, 130, **bound), 1).but(grad=False)
for name in ("cummax", "cummin"):
    o = op(name)
    for layout in LAYOUTS:
        o.add(spec(3, 4, layout=layout, unique=True), 0).add(spec(3, 4, layout=layout, unique=True), -1)
    o.add(spec(3, 4, values=TIES), 1)
# The reference cannot bound what logarithms of gradients near 0 give in second derivatives.
op("logcumsumexp", ulps=4, scaled=True, second=False).add(spec(3, 4), 1).add(spec(3, 4), 0)
op("diff").add(spec(5)).add(spec(3, 5), 2).add(spec(3, 5), dim=0)

o = op("sort", strides="")
for layout in LAYOUTS:
    x = spec(3, 5, layout=layout, unique=True)
    o.add(x).add(x, 0).add(x, -1, True).add(x, dim=0, descending=True).add(x, stable=True, dim=1)
o.add(spec()).add(spec(0)).add(spec(2, 0), 0).add(spec(1)).add(spec(70, unique=True)).add(spec(3, 129, unique=True), 1)
o.add(spec(3, 4, values=TIES), stable=True).add(spec(3, 4, values=TIES), stable=True, dim=1, descending=True)
o.add(spec(3, 3, values=SPECIAL), stable=True).add(spec(3, 3, values=SPECIAL), stable=True, dim=-1, descending=True)
o.samples[-2].dtypes = o.samples[-1].dtypes = FLOATS
o.samples[-2].grad = o.samples[-1].grad = False
for sample in o.samples:
    if isinstance(sample.args[0], type(spec())) and sample.args[0].unique:
        # The order of ties is not promised, and a short dtype has no more than 256 numbers.
        sample.dtypes = (
            ("int16", "int32", "int64", "float32", "float64") if sample.args[0].shape[-1:] > (50,) else ALL[1:]
        )
o.call(lambda T, x: x.sort()[0], spec(9))
o = op("argsort", grad=False, strides="")
for layout in LAYOUTS:
    x = spec(3, 5, layout=layout, unique=True)
    o.add(x).add(x, 0).add(x, -1, True).add(x, dim=0, stable=True)
for sample in o.samples:
    sample.dtypes = ALL[1:]
o.add(spec(3, 4, values=TIES), dim=1, stable=True).add(spec())
o = op("topk", strides="")
for layout in LAYOUTS:
    x = spec(3, 5, layout=layout, unique=True)
    o.add(x, 2).add(x, 3, 0).add(x, 5, -1, False).add(x, 1, dim=0, largest=False, sorted=True).add(x, 0)
for sample in o.samples:
    sample.dtypes = ALL[1:]
o.add(spec(), 1).add(spec(2, 0), 0).call(lambda T, x: x.topk(3)[0], spec(9))
o.call(lambda T, x: x.topk(2, sorted=False)[0].sort()[0], spec(9, unique=True))
op("kthvalue", grad=False).add(spec(3, 5, unique=True), 2).but(dtypes=ALL[2:])
o = op("median").add(spec(7, unique=True)).add(spec(3, 5, unique=True), 1)
for sample in o.samples:
    sample.dtypes = ALL[1:]
o = op("unique", grad=False)
for layout in LAYOUTS:
    x = spec(3, 5, layout=layout, low=0, high=4)
    o.add(x).add(x, return_inverse=True).add(x, return_counts=True).add(x, True, True, True)
    o.call(lambda T, x: x.round().unique(return_inverse=True, return_counts=True), x)
o.add(spec()).add(spec(0)).add(spec(0), return_inverse=True, return_counts=True).add(spec(5, 1, low=0, high=1))
for values in ([[1, 2], [0, 1], [1, 2]], [[3, 0], [3, 0], [1, 0]]):
    o.add(spec(3, 2, values=values), dim=0).add(
        spec(3, 2, values=values), dim=1, return_inverse=True, return_counts=True
    )
o = (
    op("unique_consecutive", grad=False)
    .add(spec(7, values=[1, 1, 2, 2, 2, 0, 1]))
    .add(spec(4, values=[1, 1, 0, 0]), True, True)
)
o = op("bincount", grad=False)
o.add(spec(9, low=0)).add(spec(9, low=0), minlength=20).add(spec(0)).add(spec(0), minlength=3).add(
    spec(9, low=0, layout="strided")
)
o.add(spec(9, low=0), spec(9, dtype="float32")).add(spec(9, low=0), weights=spec(9, dtype="float64"), minlength=2)
o.add(spec(9, low=0), spec(9, dtype="int64"))
op("histc", grad=False).add(spec(20), 5, -3, 3).but(dtypes=WIDE)
op("searchsorted", grad=False).add(index([1, 3, 5, 7]), index([0, 3, 8])).add(
    index([1, 3, 5, 7]), index([[0, 3, 8]]), right=True
)
op("bucketize", grad=False).add(spec(6), index([-1.0, 0.0, 1.0], "float32")).but(dtypes=("float32",))
op("isin", grad=False).add(spec(6), spec(3))
op("isclose", grad=False).add(spec(3, 4), spec(3, 4)).call(lambda T, x: T.isclose(x, x), spec(3))
op("allclose", grad=False).call(lambda T, x: T.allclose(x, x), spec(3)).call(
    lambda T, x, y: T.allclose(x, y), spec(3), spec(3)
)
op("nansum", ulps=2, scaled=True).add(spec(3, 3, values=SPECIAL), 1).but(dtypes=FLOATS, grad=False)
