"""Pools in three dimensions, pixels and channels exchanged, normalization across channels."""

from __future__ import annotations

from ..declare import FLOATS, OPS, WIDE, Facts, op, spec
from .tolerances import F, LOOSE

SPATIAL: Facts = LOOSE | {"strides": ""}
o = op("avg_pool3d", F + "avg_pool3d", **SPATIAL)
o.dtypes = WIDE
o.add(spec(2, 3, 4, 5, 6), 2).add(spec(3, 4, 5, 6), 3, 2, 1).add(spec(2, 2, 5, 5, 5), (2, 3, 2), (1, 2, 2), (1, 1, 0), True, False)
o.add(spec(1, 2, 5, 5, 5), 2, divisor_override=3).add(spec(2, 3, 4, 4, 4, layout="transposed"), 2)
o, o2 = op("adaptive_avg_pool3d", F + "adaptive_avg_pool3d", **SPATIAL), op("adaptive_max_pool3d", F + "adaptive_max_pool3d", **SPATIAL)
o2.dtypes = WIDE
for size in (1, 2, (2, 3, 4), (None, 2, 1), (5, 7, 3)):
    o.add(spec(2, 3, 4, 5, 6), size)
    o2.add(spec(2, 3, 4, 5, 6, unique=True), size)
o2.add(spec(3, 4, 5, 6, unique=True), 2, return_indices=True)
NOT = [float("nan"), 1.0, 2.0, 3.0, float("inf")]
OPS["adaptive_avg_pool1d"].add(spec(1, 5, values=[NOT]), 2).but(grad=False).add(spec(1, 5, values=[NOT[::-1]]), 3).but(grad=False)
o = op("pixel_shuffle_2", F + "pixel_shuffle", forms=("function",), dtypes=FLOATS, strides="")
o.add(spec(2, 8, 3, 2), 2).add(spec(9, 2, 2, layout="transposed"), 3).add(spec(2, 6, 3, 2), 2).add(spec(2, 8, 3, 2), 0).add(spec(3, 2), 2).add(spec(2, 3, 4, 2, 2), 2)
o = op("pixel_unshuffle", F + "pixel_unshuffle", forms=("function",), dtypes=FLOATS, strides="")
o.add(spec(2, 2, 4, 6), 2).add(spec(3, 6, 6), 3).add(spec(2, 2, 3, 4), 2).add(spec(2, 2, 4, 3), 2).add(spec(2, 3), 1).add(spec(2, 2, 4, 4), -1)
o = op("channel_shuffle", F + "channel_shuffle", forms=("function",), dtypes=FLOATS, strides="")
o.add(spec(2, 6, 3), 2).add(spec(2, 6, 3, 2), 3).add(spec(2, 5, 3), 2).add(spec(2, 6), 2).add(spec(2, 6, 3), 0)
o = op("local_response_norm", F + "local_response_norm", **SPATIAL)
o.dtypes = WIDE
o.add(spec(2, 5, 4), 2).add(spec(2, 5, 3, 3), 3, 0.1, 0.5, 2.0).add(spec(1, 4, 2), 5).add(spec(2, 3), 2)
o = OPS["unfold_f"]
o.add(spec(2, 3, 5, 6), 2, 2, 1, 2).add(spec(3, 5, 6), (2, 3), 1, (0, 1), (1, 2)).add(spec(2, 3, 4, 4, layout="transposed"), 3).add(spec(2, 3, 2, 2), 3)
o = OPS["fold_f"]
o.ulps, o.scaled = {"": 1, "float16": 4, "bfloat16": 4}, True  # PyTorch adds up in halves
o.add(spec(2, 12, 12), (4, 5), 2).add(spec(8, 9), 5, 2, 2, 1, 2).add(spec(2, 8, 6), (3, 5), (2, 2), 1, 0, (1, 2)).add(spec(2, 7, 4), 3, 2).add(spec(2, 8, 5), 3, 2)
SIZES: dict[int, tuple[int, ...]] = {1: (8,), 2: (6, 7), 3: (4, 4, 5)}
for n, space in SIZES.items():
    o = op(f"lp_pool{n}d", f"{F}lp_pool{n}d", **SPATIAL)
    o.dtypes = WIDE
    o.add(spec(2, 3, *space, low=0.1, high=3), 2, 2).add(spec(3, *space, low=0.1, high=3), 3.0, 3, 2).add(spec(2, 3, *space, low=0.1, high=3), 1.5, 2, 2, True)
