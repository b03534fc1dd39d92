"""Padding, interpolation and pixels exchanged with channels."""

from __future__ import annotations

from ..declare import FLOATS, LAYOUTS, Facts, op, spec
from .tolerances import F, SUMS

o = op("pad", F + "pad", forms=("function",), strides="")
for layout in LAYOUTS:
    x = spec(2, 3, 4, 5, layout=layout)
    o.add(x, (1, 2)).add(x, (1, 0, 2, 1), value=2).add(x, (1, 1, 1, 1), "constant", 0.5).add(x, (-1, 2, 0, -1)).add(
        x, (0, 0)
    )
    o.add(x, (1, 2, 2, 1), "reflect").add(x, (0, 1, 0, 0, 1, 1, 2, 0), value=1)
    o.add(x, (1, 2, 2, 1), mode="replicate").add(x, (1, 2, 2, 1), mode="circular")
o.add(spec(2, 3, 6), (2, 3), "reflect").add(spec(2, 6), (2, 3), "reflect").add(
    spec(3, 6, 6), (2, 3, 0, 1), "reflect"
).add(spec(3), (1, 1)).add(spec(0, 3), (1, 1))
o = op("interpolate", F + "interpolate", **(SUMS | {"strides": ""}))
SIZES: list[Facts] = [{"scale_factor": 2}, {"size": (7, 3)}, {"scale_factor": (0.5, 1.6)}, {"size": 6}, {"size": (4, 5)}, {"size": (1, 1)}]
for layout in ("contiguous", "transposed", "channels_last"):
    x = spec(2, 3, 4, 5, layout=layout)
    for kwargs in SIZES:
        o.add(x, mode="nearest", **kwargs).add(x, mode="bilinear", **kwargs).add(x, **kwargs)
        if "size" in kwargs:
            o.add(x, mode="bilinear", align_corners=True, **kwargs)
o.add(spec(2, 3, 5), scale_factor=2).add(spec(2, 3, 5), size=7, mode="linear")
o.add(spec(1, 1, 4, 4), scale_factor=1.7, mode="bilinear", recompute_scale_factor=True)
# PyTorch has fixed-point kernels of its own for images of bytes.
o.limit(lambda s: s.kwargs.get("mode", "nearest") != "nearest", dtypes=("bool", "int8", "int32", "int64", *FLOATS))
op("pixel_shuffle", F + "pixel_shuffle").add(spec(1, 8, 3, 3), 2)
