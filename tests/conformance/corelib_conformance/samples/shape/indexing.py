"""Indexing, basic and advanced, reads and writes; gathers, scatters and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import ALL, LAYOUTS, OPS, Op, index, op, spec

WRITABLE = LAYOUTS[:5]
BASIC = [
    0, -1, slice(None), slice(1, None), slice(None, None, 2), slice(-3, -1), slice(3, 1), slice(10, 20), ..., None,
    (0, 1), (slice(None), 1), (..., 0), (0, ..., -1), (None, 1, ..., None), (slice(1, 3), slice(None, None, 3)),
    (1, slice(None), 2), (0, 1, 2), (), (..., None), (None, None), (slice(0, 0),),
    (slice(None), slice(1, 2), slice(-2, None)),
]  # fmt: skip
# Each makes an index from the library and a shape of (3, 4, 5).
ADVANCED = [
    lambda T: T.tensor([0, 2, 1]),
    lambda T: T.tensor([[0, -1], [2, 2]]),
    lambda T: [0, 2],
    lambda T: (slice(None), [1, 3, -1]),
    lambda T: (T.tensor([0, 2]), T.tensor([1, 3])),
    lambda T: (T.tensor([[0], [2]]), T.tensor([1, 3, 0])),
    lambda T: (T.tensor([0, 1]), slice(None), T.tensor([2, 4])),
    lambda T: (slice(None), T.tensor([0, 1]), T.tensor([2, 4])),
    lambda T: (..., T.tensor([0, 3, 3])),
    lambda T: (0, T.tensor([1, 2])),
    lambda T: (T.tensor([1, 2]), 0),
    lambda T: (T.tensor([1, 2]), ..., 0),
    lambda T: (slice(1, None), T.tensor([1, 2]), slice(None, None, 2)),
    lambda T: (None, T.tensor([1, 2])),
    lambda T: (T.tensor([1, 2]), None, T.tensor([0, 3])),
    lambda T: T.tensor(1),
    lambda T: (slice(None), T.tensor(-1)),
    lambda T: T.tensor([], dtype=T.int64),
    lambda T: T.tensor([True, False, True]),
    lambda T: (slice(None), T.tensor([True, False, False, True])),
    lambda T: T.arange(60).reshape(3, 4, 5) % 3 == 0,
    lambda T: T.arange(12).reshape(3, 4) % 5 == 1,
    lambda T: (T.tensor([True, False, True]), T.tensor([1, 2])),
    lambda T: (slice(None), T.arange(20).reshape(4, 5) % 7 == 0),
    lambda T: T.zeros(3, dtype=T.bool),
    lambda T: True,
    lambda T: False,
    lambda T: T.tensor(True),
    lambda T: (T.tensor([0, 1], dtype=T.int32), T.tensor([1, 1], dtype=T.int32)),
    lambda T: T.tensor([0, 1], dtype=T.int16),
    lambda T: np.array([2, 0]),
    lambda T: np.int64(1),
    lambda T: (range(2), slice(None), 1),
]

o = op("getitem", strides="exact")
for key in BASIC:
    for layout in LAYOUTS:
        o.call(lambda T, x, k=key: x[k], spec(3, 4, 5, layout=layout))
o.call(lambda T, x: x[()], spec()).call(lambda T, x: x[...], spec()).call(lambda T, x: x[None], spec())
o.call(lambda T, x: x[:, 0:0], spec(2, 3)).call(lambda T, x: x[0], spec(1, 0))
o = op("getitem_advanced", strides="")
for make in ADVANCED:
    for layout in ("contiguous", "permuted", "strided", "expanded"):
        o.call(lambda T, x, m=make: x[m(T)], spec(3, 4, 5, layout=layout))
o.call(lambda T, x: x[T.tensor([0, 0, 0])], spec(2)).call(lambda T, x: x[T.tensor([], dtype=T.int64)], spec(0, 3))
o.call(lambda T, x: x[x > 0], spec(4, 5)).call(lambda T, x: x[x > 0], spec()).call(
    lambda T, x: x[[[0, 1]], [1]], spec(3, 4)
)


def write(key: Any, value: Any) -> Any:
    """A function that writes into a copy, so that gradients flow to the copy's source and to a tensor value."""

    def assign(T: Any, x: Any, *given: Any) -> Any:
        result = x.clone()
        result[key(T) if callable(key) else key] = given[0] if given else value
        return result

    return assign


def write_inplace(key: Any, value: Any) -> Any:
    """A function that writes into its argument."""

    def assign(T: Any, x: Any, *given: Any) -> Any:
        with T.no_grad():
            x[key(T) if callable(key) else key] = given[0] if given else value
        return x

    return assign


o = op("setitem")
for key in BASIC:
    o.call(write(key, None), spec(3, 4, 5), spec()).call(write(key, 2.5), spec(3, 4, 5, layout="permuted"))
    for layout in WRITABLE:
        o.call(write_inplace(key, 3), spec(3, 4, 5, layout=layout), grad=False)
        o.call(write_inplace(key, None), spec(3, 4, 5, layout=layout), spec(dtype="float64"), grad=False)
for make in ADVANCED:
    o.call(write(make, None), spec(3, 4, 5), spec()).call(write(make, 2), spec(3, 4, 5, layout="permuted"))
    for layout in WRITABLE:
        o.call(write_inplace(make, 3), spec(3, 4, 5, layout=layout), grad=False)
for key, shape in [
    ((slice(None), 1), (3, 5)), (0, (4, 5)), (0, (5,)), ((..., 2), (3, 1)), (slice(0, 2), (4, 1)),
    (slice(0, 2), (1, 1, 4, 5)),
    (ADVANCED[0], (3, 4, 5)), (ADVANCED[0], (5,)), (ADVANCED[4], (2, 5)), (ADVANCED[6], (2, 4)),
    (ADVANCED[8], (3, 4, 3)),
    (ADVANCED[20], (20,)), (ADVANCED[18], (2, 4, 5)), (ADVANCED[12], (2, 2, 3)), (ADVANCED[1], (1, 4, 1)),
]:  # fmt: skip
    o.call(write(key, None), spec(3, 4, 5), spec(*shape))
    o.call(write(key, None), spec(3, 4, 5, layout="permuted"), spec(*shape, layout="transposed"))
    o.call(write_inplace(key, None), spec(3, 4, 5, layout="strided"), spec(*shape, layout="strided"), grad=False)
    for dtype in ALL:
        o.call(write_inplace(key, None), spec(3, 4, 5), spec(*shape, dtype=dtype, low=0), grad=False)
o.call(write((), 1), spec()).call(write(..., 1), spec()).call(write(slice(0, 0), 1), spec(3)).call(
    write([0], None), spec(3), spec(1)
)


def rows(o: Op) -> None:
    for layout in LAYOUTS:
        x = spec(3, 4, layout=layout)
        o.add(x, 0, index([0, 2, 2])).add(x, 1, index([3, 0])).add(x, -1, index([1]))
    o.add(spec(3, 4), 0, index([1, 0], "int32")).add(spec(5), 0, index([4, 4, 0])).add(
        spec(3, 4), 1, spec(0, dtype="int64")
    )
    o.add(spec(), 0, index([0])).add(spec(3), 0, index(1)).add(spec(2, 3, 4), 1, index([2, 0, 1, 1], layout="strided"))


rows(op("index_select"))
o = op("gather")
for layout in LAYOUTS:
    x = spec(3, 4, layout=layout)
    o.add(x, 0, index([[0, 2, 1, 0]])).add(x, 1, index([[3, 0], [1, 1]])).add(
        x, -1, index([[3, 0], [1, 1], [2, 2]], layout="transposed")
    )
o.add(spec(3), 0, index([2, 2, 0, 1])).add(spec(), 0, index(0)).add(spec(2, 3, 4), 1, index(np.ones((2, 5, 4)) * 2))
o.add(spec(3, 4), 1, spec(3, 0, dtype="int64")).add(spec(3), 0, index([1, 0], "int32"))
o = op("take_along_dim")
o.add(spec(3, 4), index([[3, 0], [1, 1], [2, 2]]), 1).add(spec(3, 4), index([[0, 1, 2, 0]]), 0).add(
    spec(3, 4), index([5, 11, 0])
)
o.add(spec(3, 1), index([[0, 0, 0, 0]]), 1).add(spec(2, 3, 4, layout="permuted"), index([[[2], [0]]]), 1).add(
    spec(3, 4), index([[2], [-1], [0]]), -1
)
op("take").add(spec(3, 4), index([[0, 11], [5, -1]])).add(spec(3, 4, layout="transposed"), index([1, 7]))
o = op("scatter")
o2 = op("scatter_add")
for layout in WRITABLE:
    x = spec(3, 5, layout=layout)
    for dim, at in [(0, [[0, 1, 2, 0, 0]]), (1, [[0, 3], [4, 2]]), (-1, [[0, 4, 3], [1, 0, 2], [2, 3, 1]])]:
        part = spec(*np.shape(at), layout="strided")
        o.add(x, dim, index(at), part).add(x, dim, index(at), 2).add(x, dim, index(at), value=2.5)
        o2.add(x, dim, index(at), part).add(x, dim, index(at, layout="transposed"), part)
        # PyTorch cannot differentiate by a source that is larger than the index.
        o.add(x, dim, index(at), spec(3, 5)).but(grad=False)
        o2.add(x, dim, index(at), spec(3, 5)).but(grad=False)
o2.add(spec(4), 0, index([1, 1, 1, 3, 3]), spec(5)).add(spec(), 0, index(0), spec()).add(
    spec(3), 0, spec(0, dtype="int64"), spec(0)
)
o2.add(spec(2, 3, 4), 1, index(np.zeros((2, 3, 4))), spec(2, 3, 4))
o.add(spec(4), 0, index([1, 3]), spec(2)).add(spec(), 0, index(0), spec()).add(
    spec(4), 0, spec(0, dtype="int64"), spec(0)
)
o.add(spec(4), 0, index([1, 1, 3]), spec(3), reduce="add").but(grad=False)
o.add(spec(4), 0, index([1, 1, 3]), spec(3), reduce="multiply").but(grad=False)
o = op("scatter_reduce", second=False, ulps=4, scaled=True)
for mode in ("sum", "amax", "amin", "prod", "mean"):
    for include in (True, False):
        o.add(spec(4), 0, index([1, 1, 3]), spec(3), mode, include_self=include)
for name in ("index_add", "index_copy"):
    o = op(name)
    o.add(spec(3, 4), 0, index([0, 2]), spec(2, 4)).add(spec(3, 4), 1, index([3, 1]), spec(3, 2))
    o.add(spec(3, 4, layout="transposed"), -1, index([3]), spec(3, 1)).add(spec(4), 0, index([2, 0], "int32"), spec(2))
    if name == "index_add":
        o.add(spec(3, 4), 0, index([0, 0]), spec(2, 4), alpha=2).but(ulps={"": 16})
op("index_fill").add(spec(3, 4), 0, index([0, 2]), 2).add(spec(3, 4), 1, index([3, 1]), spec())
o = op("masked_fill")
mask = index([[True, False, True, False], [False, False, True, True], [True, True, False, False]], "bool")
row = index([True, False, False, True], "bool")
for layout in LAYOUTS:
    x = spec(3, 4, layout=layout)
    o.add(x, mask, 2).add(x, row, 2.5).add(x, mask, float("-inf")).add(x, mask, spec()).add(x, row, True)
o.add(spec(4), mask, 1).but(inplace=False).add(spec(), index(True, "bool"), 3).add(spec(0, 4), row, 1)
o.add(spec(3, 4), mask, spec(dtype="float64", low=0)).but(grad=False)
o = op("masked_select")
for layout in LAYOUTS:
    o.add(spec(3, 4, layout=layout), mask).add(spec(3, 4, layout=layout), row)
o.add(spec(4), mask).add(spec(), index(True, "bool")).add(spec(0, 4), row).add(spec(4), index([False] * 4, "bool"))
o.call(lambda T, x: x.masked_select(x > 0), spec(3, 4))
op("masked_scatter").add(spec(3, 4), mask, spec(12)).add(spec(3, 4), row, spec(6)).add(
    spec(3, 4, layout="transposed"), mask, spec(3, 4)
)
o = op("nonzero", grad=False)
sparse = [[0, 1, 0, 2], [0, 0, 0, 0], [3, 0, 1, 0]]
for layout in LAYOUTS:
    o.add(spec(3, 4, values=sparse, layout=layout)) if layout != "expanded" else o.add(spec(3, 4, layout=layout))
o.add(spec()).add(spec(0, 3)).add(spec(5, values=[0] * 5)).add(spec(2, 3, 4, low=0, high=1))
o.add(spec(values=1)).add(spec(values=0))
for x in (spec(3, 4), spec(), spec(values=0), spec(0, 2)):
    o.call(lambda T, x: T.nonzero(x, as_tuple=True), x).call(lambda T, x: x.nonzero(as_tuple=True), x)
op("argwhere", grad=False).add(spec(3, 4, values=sparse))
op("count_nonzero", grad=False).add(spec(3, 4, values=sparse)).add(spec(3, 4, values=sparse), 0)
o = op("index_put", strides="")
for accumulate in (False, True):
    for layout in WRITABLE:
        x = spec(3, 4, layout=layout)
        o.add(x, (index([0, 2]),), spec(4), accumulate=accumulate)
        o.add(x, (index([0, 2]), index([1, 3])), spec(2), accumulate)
    o.add(spec(3, 4), (mask,), spec(), accumulate).add(spec(3, 4), [index([1])], spec(1, 4), accumulate)
    o.add(spec(3, 4), (index([[0], [2]]), index([1, 3])), spec(2, 2), accumulate=accumulate)
o.add(spec(5), (index([1, 1, 4]),), spec(3), accumulate=True).add(spec(5), (index([1, 1, 4]),), spec(), accumulate=True)

o = op("index_reduce", second=False, ulps=4, scaled=True, strides="")
for mode in ("prod", "mean", "amax", "amin"):
    for include in (True, False):
        o.add(spec(3, 4), 0, index([0, 2, 0]), spec(3, 4), mode, include_self=include)
        o.add(spec(3, 4, layout="transposed"), 1, index([1, 1]), spec(3, 2), mode, include_self=include)
o = op("put", strides="", ulps={"": 0, "float16": 1, "bfloat16": 1})
o.add(spec(3, 4), index([0, 5, -1]), spec(3)).add(spec(3, 4), index([[0, 5], [5, 2]]), spec(2, 2), True)
o.add(spec(3, 4, layout="transposed"), index([1]), spec(1)).add(spec(4), spec(0, dtype="int64"), spec(0))
OPS["scatter_reduce"].add(spec(3, 4), 1, index([[0, 0, 1], [2, 2, 2]]), spec(2, 3), "amax").add(
    spec(3, 4, layout="transposed"), 0, index([[0, 1, 1, 2], [0, 0, 0, 0]]), spec(3, 4), "prod"
).but(grad=False).add(spec(4), 0, index([1, 1, 3]), spec(4), "sum").but(grad=False).add(spec(), 0, index(0), spec(), "mean")
