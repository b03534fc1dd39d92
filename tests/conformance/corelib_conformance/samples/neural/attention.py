"""Attention."""

from __future__ import annotations

from ..declare import index, op, spec
from .tolerances import F, LOOSE

o = op("scaled_dot_product_attention", F + "scaled_dot_product_attention", **(LOOSE | {"strides": ""}))
q, k, v = spec(2, 2, 3, 4), spec(2, 2, 5, 4), spec(2, 2, 5, 4)
o.add(q, k, v).add(q, k, v, scale=0.3).add(q, q, q, is_causal=True).add(q, k, v, is_causal=True).add(
    q, k, v, spec(3, 5)
).add(q, k, v, attn_mask=spec(2, 1, 3, 5))
mask = index([[True, False, True, True, False], [True] * 5, [False, True, False, False, True]], "bool")
o.add(q, k, v, mask).add(q, k, spec(2, 2, 5, 6)).add(spec(2, 3, 4), spec(2, 5, 4), spec(2, 5, 4)).add(
    spec(3, 4), spec(5, 4), spec(5, 4)
)
o.add(spec(2, 3, 2, 4, layout="strided"), spec(2, 3, 2, 4, layout="offset"), spec(2, 3, 2, 4, layout="strided"))
o.add(spec(2, 4, 3, 4), spec(2, 2, 5, 4), spec(2, 2, 5, 4), enable_gqa=True)
o.add(spec(1, 2, 40, 16), spec(1, 2, 40, 16), spec(1, 2, 40, 16), is_causal=True).but(grad=False)
