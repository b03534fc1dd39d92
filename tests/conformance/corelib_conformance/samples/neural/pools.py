"""Pools."""

from __future__ import annotations

from typing import Any

from ..declare import WIDE, Facts, op, spec
from .tolerances import F, SUMS

POOL: Facts = {"strides": "", "forms": ("function",)}
o = op("max_pool2d", F + "max_pool2d", **POOL)
MAXIMA: list[tuple[tuple[Any, ...], Facts]] = [
    ((2,), {}), ((3, 2), {}), (((2, 3),), {"stride": (1, 2)}), ((3,), {"padding": 1}), ((2,), {"dilation": 2}), ((3, 2, 1), {"ceil_mode": True}), ((2,), {"return_indices": True}),
]
for args, kwargs in MAXIMA:
    for layout in ("contiguous", "transposed", "strided"):
        o.add(spec(2, 3, 6, 7, layout=layout, unique=True), *args, **kwargs)
o.add(spec(3, 6, 7, unique=True), 2).add(spec(1, 1, 4, 4, values=[[[[1] * 4] * 4]]), 2).add(spec(0, 3, 4, 4), 2)
for sample in o.samples:
    sample.dtypes = WIDE + ("int64", "float16", "bool")
o.add(spec(1, 2, 4, 4, low=-9, high=-1), 3, padding=1)
o = (
    op("max_pool1d", F + "max_pool1d", **POOL)
    .add(spec(2, 3, 7, unique=True), 2)
    .add(spec(2, 3, 7, unique=True), 3, 1, 1)
)
for sample in o.samples:
    sample.dtypes = WIDE
o = op("avg_pool2d", F + "avg_pool2d", **(SUMS | POOL))
MEANS: list[tuple[tuple[Any, ...], Facts]] = [
    ((2,), {}), ((3, 2), {}), (((2, 3),), {"stride": (1, 2)}), ((3,), {"padding": 1}), ((3, 2, 1), {"ceil_mode": True}), ((3, 2, 1), {"count_include_pad": False}), ((2,), {"divisor_override": 3}), ((3, 2, 1, True, False), {}),
]
for args, kwargs in MEANS:
    for layout in ("contiguous", "transposed", "strided"):
        o.add(spec(2, 3, 6, 7, layout=layout), *args, **kwargs)
o.add(spec(3, 6, 7), 2)
op("avg_pool1d", F + "avg_pool1d", **(SUMS | POOL)).add(spec(2, 3, 7), 2).add(spec(2, 3, 7), 3, 1, 1)
o = op("adaptive_avg_pool2d", F + "adaptive_avg_pool2d", **(SUMS | POOL))
o2 = op("adaptive_max_pool2d", F + "adaptive_max_pool2d", **POOL)
for size in (1, 2, (2, 3), (None, 2), (6, 7), (4, 5), (8, 9)):
    for layout in ("contiguous", "transposed"):
        o.add(spec(2, 3, 6, 7, layout=layout), size)
        o2.add(spec(2, 3, 6, 7, layout=layout, unique=True), size).but(dtypes=WIDE + ("float16", "int64"))
o.add(spec(3, 6, 7), 2)
o2.add(spec(3, 6, 7, unique=True), 2, return_indices=True).but(dtypes=WIDE)
op("adaptive_avg_pool1d", F + "adaptive_avg_pool1d", **(SUMS | POOL)).add(spec(2, 3, 7), 3)
