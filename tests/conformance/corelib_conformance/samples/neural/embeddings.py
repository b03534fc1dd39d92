"""Dropout, embeddings and one-hot vectors."""

from __future__ import annotations

from typing import Any

from ..declare import FLOATS, LAYOUTS, index, op, spec
from .tolerances import F, SUMS

o = op("dropout", F + "dropout", **SUMS)
for layout in LAYOUTS:
    o.add(spec(3, 4, layout=layout), 0.5, False).add(spec(3, 4, layout=layout), 0.0, True).add(
        spec(3, 4, layout=layout), 1.0
    )


def dropped(T: Any, x: Any, p: float) -> Any:
    """Whether each element is dropped or scaled, about p of them are dropped, and the gradient is the mask's."""
    T.manual_seed(0)
    leaf = x.detach().requires_grad_()
    y = T.nn.functional.dropout(leaf, p)
    y.sum().backward()
    kept = y.detach() != 0
    near = (y.detach() - x / (1 - p) * kept).abs().max() < 0.05
    sound = ((leaf.grad - kept.to(x.dtype) / (1 - p)).abs().max() < 0.05) & near
    return y.shape, y.dtype, bool(sound), abs(float(kept.double().mean()) - (1 - p)) < 0.05


for p in (0.1, 0.5, 0.8):
    o.call(lambda T, x, p=p: dropped(T, x, p), spec(50, 60, nonzero=True, low=1, high=3), dtypes=FLOATS, grad=False)
o.call(lambda T, x: (T.nn.functional.dropout(x, 0.0, inplace=True), x), spec(3), grad=False)

o = op("embedding", F + "embedding", forms=("function",))
for layout in LAYOUTS:
    o.add(index([[0, 2], [4, 0]]), spec(5, 3, layout=layout)).add(
        index([1, 1, 1]), spec(5, 3, layout=layout), padding_idx=1
    )
o.add(index(3), spec(5, 3)).add(spec(0, dtype="int64"), spec(5, 3)).add(
    index([0, 4], "int32"), spec(5, 3), padding_idx=-1
)
o.add(index([[0, 2, 1]], layout="transposed"), spec(5, 3))
# PyTorch leaves the frequencies out of the second derivative, which is compared in float64 only.
o.add(index([0, 0, 1]), spec(5, 3), scale_grad_by_freq=True).but(dtypes=("float32",))
o = op("one_hot", F + "one_hot", grad=False)
o.add(index([0, 2, 1])).add(index([0, 2, 1]), 5).add(index([[0, 1], [2, 0]]), num_classes=3).add(index(2)).add(
    spec(0, dtype="int64"), 3
).add(spec(4, low=0, high=5), 6)
