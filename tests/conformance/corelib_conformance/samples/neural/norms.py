"""Norms of batches, layers, groups and vectors."""

from __future__ import annotations

from ..declare import Facts, op, spec
from .tolerances import F, LOOSE

NORM: Facts = LOOSE | {"ulps": {"": 16, "float16": 4, "bfloat16": 4}, "strides": ""}
o = op("batch_norm", F + "batch_norm", **NORM)
stats = spec(3, grad=False), spec(3, low=0.5, high=2, grad=False)
for shape in [(4, 3), (4, 3, 5), (2, 3, 4, 5)]:
    o.add(spec(*shape), *stats).add(spec(*shape), *stats, spec(3), spec(3)).add(
        spec(*shape, layout="transposed"), *stats, weight=spec(3), bias=spec(3)
    )
    o.add(spec(*shape), *stats, spec(3), spec(3), training=True).add(
        spec(*shape), None, None, spec(3), spec(3), True, 0.1, 1e-3
    )
    o.add(spec(*shape), None, None, training=True)
o.call(
    lambda T, x, m, v, w, b: (T.nn.functional.batch_norm(x, m, v, w, b, True, 0.3), m, v),
    spec(4, 3, 5),
    *stats,
    spec(3),
    spec(3),
)
o = op("layer_norm", F + "layer_norm", **NORM)
for shape, normal in [((2, 5), (5,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,)), ((0, 4), (4,))]:
    o.add(spec(*shape), normal).add(spec(*shape), normal, spec(*normal), spec(*normal)).add(
        spec(*shape, layout="transposed"), normal, spec(*normal), eps=1e-3
    )
o.add(spec(2, 3, 4, layout="strided"), [4], None, spec(4)).add(spec(20, 64), (64,), spec(64), spec(64)).but(grad=False)
o = op("group_norm", F + "group_norm", **NORM)
for shape, groups in [((2, 6), 2), ((2, 6, 4), 3), ((2, 6, 3, 4), 1), ((2, 6, 3, 4), 6)]:
    o.add(spec(*shape), groups).add(spec(*shape), groups, spec(6), spec(6)).add(
        spec(*shape, layout="transposed"), groups, spec(6), spec(6), 1e-3
    )
o = op("rms_norm", F + "rms_norm", **NORM)
for shape, normal in [((2, 5), (5,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4))]:
    o.add(spec(*shape), normal).add(spec(*shape), normal, spec(*normal)).add(
        spec(*shape, layout="transposed"), normal, spec(*normal), 1e-3
    )
o = (
    op("instance_norm", F + "instance_norm", **NORM)
    .add(spec(2, 3, 5))
    .add(spec(2, 3, 4, 4), weight=spec(3), bias=spec(3))
)
o = (
    op("normalize", F + "normalize", **LOOSE)
    .add(spec(3, 4))
    .add(spec(3, 4), 1, 0)
    .add(spec(2, 3, values=[[0, 0, 0], [3, 4, 0]]), dim=1)
)
op("cosine_similarity", F + "cosine_similarity", **LOOSE).add(spec(3, 4), spec(3, 4)).add(spec(3, 4), spec(3, 4), dim=0).add(spec(), spec(), dim=0).but(grad=False)
