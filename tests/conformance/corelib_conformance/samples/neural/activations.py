"""Activations, and softmax with its like."""

from __future__ import annotations

import math
from typing import Any

from ..declare import FLOATS, LAYOUTS, Facts, Named, Op, is_empty, op, spec
from .tolerances import F

EDGES = [
    0.0, -0.0, 1e-8, -1e-8, 1e-4, -1e-4, 0.5, -0.5, 1, -1, 3, -3, 6, -6, 10, -10, 20, -20, 21, -21, 50, -50, 100, -100,
    1e4, -1e4, math.inf, -math.inf, math.nan,
]  # fmt: skip


def activation(name: str, *options: Facts, **facts: Any) -> Op:
    """An elementwise function, with each set of options."""
    o = op(name, F + name, **({"ulps": 4, "scaled": False} | facts))
    for kwargs in ({}, *options):
        for layout in LAYOUTS:
            o.add(spec(3, 4, layout=layout), **kwargs)
        o.add(spec(), **kwargs).add(spec(0, 2), **kwargs).add(spec(2, 3, 2, 2, layout="channels_last"), **kwargs)
        o.add(spec(100, 300, low=-8, high=8), **kwargs).but(grad=False)
        o.add(spec(len(EDGES), values=EDGES), **kwargs).but(dtypes=FLOATS, grad=False)
    return o


activation("relu", ulps=0).add(spec(4, values=[-1, 0, 0, 2])).call(lambda T, x: T.relu(x), spec(3)).call(
    lambda T, x: T.nn.functional.relu(x, inplace=True), spec(3, 4, layout="strided"), grad=False
)
o = activation("gelu", {"approximate": "tanh"}, {"approximate": "none"}, ulps=8, scaled=True)
# PyTorch's vectorized gelu of infinity is NaN.
finite = [x for x in EDGES if math.isfinite(x)]
o.limit(lambda s: s.args[0].values is not None, args=(spec(len(finite), values=finite),))
activation("silu")
activation("elu", {"alpha": 0.5}, {"alpha": 2})
activation("leaky_relu", {"negative_slope": 0.2}, ulps=1)
activation("softplus", {"beta": 2}, {"beta": 0.5, "threshold": 5})
for name in ("sigmoid_f", "tanh_f"):
    op(name, F + name[:-2], ulps=4, forms=("function",)).add(spec(3, 4))
for name in ("relu6", "hardtanh", "hardswish", "hardsigmoid", "mish", "selu", "celu", "logsigmoid", "softsign", "tanhshrink", "hardshrink", "softshrink"):
    # PyTorch's derivative of hardsigmoid has a sixth in single precision.
    activation(name, ulps=8, scaled=True, grad=name != "hardsigmoid")
op("glu", F + "glu", ulps=4).add(spec(3, 4)).add(spec(4, 3), 0)
op("prelu", F + "prelu", ulps=1).add(spec(2, 3, 4), spec(3)).add(spec(2, 3), spec(1))

for name in ("softmax", "log_softmax"):
    o = op(
        name,
        F + name,
        ulps={"": 4, "float16": 2, "bfloat16": 2},
        scaled=name == "log_softmax",
        strides="",
        forms=("function", "method"),
    )
    for layout in LAYOUTS:
        for dim in (0, 1, -1):
            o.add(spec(2, 3, 4, layout=layout), dim)
    o.add(spec(), 0).add(spec(1), 0).add(spec(0, 3), 1).add(spec(2, 0), 1).add(spec(3, values=[1000, 0, -1000]), 0)
    o.limit(is_empty, dtypes=FLOATS)
    o.add(spec(3, 4), dim=1, dtype=Named("float64"))
    o.add(spec(3, 4), 0, dtype=Named("float32")).but(grad=False)
    o.add(spec(2, 3, values=[[-math.inf, 0, 1], [math.inf, 0, 1]]), -1).but(dtypes=FLOATS, grad=False)
    o.add(spec(40, 100), 1).but(grad=False)
    o.call(lambda T, x, n=name: getattr(T, n)(x, 1), spec(3, 4))
op("softmin", F + "softmin", ulps=4).add(spec(3, 4), 1)
