"""Linear maps and convolutions."""

from __future__ import annotations

from ..declare import FLOATS, OPS, Facts, is_empty, op, spec
from .tolerances import F, LOOSE, SUMS

o = op("linear", F + "linear", **SUMS)
for shape in [(2, 4), (4,), (2, 3, 4), (0, 4), (2, 3, 2, 4)]:
    o.add(spec(*shape), spec(5, 4)).add(spec(*shape), spec(5, 4), spec(5)).add(
        spec(*shape, layout="transposed"), spec(5, 4, layout="transposed"), spec(5, layout="strided")
    )
o.add(spec(2, 4), spec(4)).add(spec(2, 4), weight=spec(3, 4), bias=None).add(spec(33, 40), spec(17, 40), spec(17)).but(
    grad=False
)
o.limit(is_empty, dtypes=FLOATS)
o = op("bilinear", F + "bilinear", **LOOSE).add(spec(2, 3), spec(2, 4), spec(5, 3, 4), spec(5))

CONV: Facts = LOOSE | {"strides": ""}
o = op("conv1d", F + "conv1d", **CONV)
CALLS_1D: list[Facts] = [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": 2, "padding": 2, "dilation": 2}, {"padding": "same"}, {"padding": "valid"}]
for kwargs in CALLS_1D:
    o.add(spec(2, 4, 9), spec(6, 4, 3), **kwargs).add(spec(2, 4, 9), spec(6, 4, 3), spec(6), **kwargs)
    o.add(spec(2, 4, 9, layout="transposed"), spec(6, 2, 3), spec(6), groups=2, **kwargs)
o.add(spec(4, 9), spec(6, 4, 3), spec(6)).add(spec(0, 4, 9), spec(6, 4, 3)).add(
    spec(2, 4, 9), spec(4, 1, 2), groups=4
).add(spec(2, 4, 3), spec(6, 4, 3))
o = op("conv2d", F + "conv2d", **CONV)
CALLS_2D: list[Facts] = [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": (2, 1), "padding": (1, 2)}, {"padding": "same"}, {"padding": "valid"}]
for kwargs in CALLS_2D:
    o.add(spec(2, 4, 6, 7), spec(6, 4, 3, 2), **kwargs).add(spec(2, 4, 6, 7), spec(6, 4, 3, 2), spec(6), **kwargs)
    o.add(spec(2, 4, 6, 7, layout="transposed"), spec(6, 2, 3, 2), spec(6), groups=2, **kwargs)
o.add(spec(4, 6, 7), spec(6, 4, 3, 3), spec(6)).add(spec(0, 4, 6, 7), spec(6, 4, 3, 3)).add(
    spec(2, 4, 5, 5), spec(8, 1, 3, 3), groups=4
)
o.add(spec(2, 4, 5, 5), spec(6, 4, 1, 1)).add(spec(2, 4, 3, 3), spec(6, 4, 3, 3), spec(6)).add(
    spec(2, 4, 5, 5, layout="strided"), spec(3, 4, 2, 2, layout="offset")
)
o.add(spec(1, 3, 16, 16), spec(8, 3, 3, 3), spec(8), padding=1).but(grad=False)
o = op("conv_transpose2d", F + "conv_transpose2d", **CONV)
TRANSPOSED: list[Facts] = [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": (2, 3), "output_padding": (1, 2)}, {"stride": 2, "padding": 1, "output_padding": 1}]
for kwargs in TRANSPOSED:
    o.add(spec(2, 4, 4, 3), spec(4, 6, 3, 2), **kwargs).add(spec(2, 4, 4, 3), spec(4, 6, 3, 2), spec(6), **kwargs)
    o.add(spec(2, 4, 4, 3, layout="transposed"), spec(4, 3, 3, 2), spec(6), groups=2, **kwargs)
o.add(spec(4, 4, 3), spec(4, 6, 3, 3))
# PyTorch has all kernels for floats and int64, and some for other integers.
SOME = (*FLOATS, "int64")
for name in ("conv1d", "conv2d"):
    OPS[name].limit(lambda s: is_empty(s) or "dilation" in s.kwargs, dtypes=SOME)
OPS["conv_transpose2d"].limit(lambda s: True, dtypes=SOME)
o = op("conv_transpose1d", F + "conv_transpose1d", **CONV)
o.add(spec(2, 4, 5), spec(4, 6, 3)).add(spec(2, 4, 5), spec(4, 6, 3), spec(6), stride=2, padding=1, output_padding=1)
o = op("conv3d", F + "conv3d", **CONV)
o.add(spec(1, 2, 4, 4, 4), spec(3, 2, 2, 2, 2), spec(3)).add(spec(1, 2, 4, 4, 4), spec(3, 2, 2, 2, 2), padding=1)
for name, kernel in (("unfold_f", "unfold"), ("fold_f", "fold")):
    o = op(name, F + kernel, forms=("function",))
    o.add(spec(1, 2, 4, 5), (2, 3)) if kernel == "unfold" else o.add(spec(1, 8, 9), (4, 4), (2, 2))
