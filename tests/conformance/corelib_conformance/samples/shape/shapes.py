"""Matrices of diagonals, copies with a part replaced, stacks, splits and products of several tensors."""

from __future__ import annotations

from ..declare import op, spec

LAYOUTS = ("contiguous", "transposed", "strided", "offset")

op("diagflat").add(spec(3)).add(spec(2, 3), 1).add(spec(), -2).add(spec(0))
o = op("select_scatter", strides="", forms=("function", "method"))
for layout in LAYOUTS:
    o.add(spec(3, 4, layout=layout), spec(4), 0, 1).add(spec(3, 4, layout=layout), spec(3), 1, -1)
o.add(spec(3, 4), spec(3), 0, 0).add(spec(2, 3, 4), spec(2, 4), 1, 2)
o = op("diagonal_scatter", strides="", forms=("function", "method"))
o.add(spec(3, 4), spec(3)).add(spec(3, 4), spec(3), 1).add(spec(3, 4, layout="transposed"), spec(2), -1)
o.add(spec(2, 3, 3), spec(2, 3), 0, 1, 2).add(spec(3, 4), spec(4))
o = op("slice_scatter", strides="", forms=("function", "method"))
o.add(spec(5, 3), spec(2, 3), 0, 1, 3).add(spec(5, 3), spec(5, 2), 1, 0, None, 2).add(spec(5, 3, layout="transposed"), spec(3, 3), start=-3)
o.add(spec(5), spec(0), 0, 5, 9).add(spec(5), spec(2), 0, 1, 2).add(spec(5), spec(5))
o = op("as_strided_scatter", strides="", forms=("function", "method"), second=False)
# PyTorch gives the input the gradient of what was replaced.
o.add(spec(4, 4, grad=False), spec(2, 2), (2, 2), (4, 1)).add(spec(4, 4, grad=False), spec(3), (3,), (5,), 1)
op("fill_diagonal_", forms=("method",), grad=False).add(spec(3, 4), 2).add(spec(7, 3), 1, True).add(spec(7, 3), 1).add(spec(3, 3, 3), 5).add(
    spec(3, 4, layout="transposed"), 1
).add(spec(3), 1).add(spec(2, 3, 3), 1)
o = op("block_diag", forms=("function",))
o.add(spec(2, 3), spec(1, 2)).add(spec(3), spec(), spec(2, 2)).add(spec(2, 2)).add(spec(0, 2), spec(2, 1))
o = op("unravel_index", forms=("function",), grad=False, dtypes=("uint8", "int32", "int64"))
o.add(spec(4, low=0, high=23), (2, 3, 4)).add(spec(2, 2, low=0, high=11), (12,)).add(spec(3, low=0, high=5), 6)
for name in ("dstack", "column_stack", "row_stack"):
    op(name, casts=False, forms=("function", "out")).add([spec(3), spec(3)]).add([spec(2, 3), spec(2, 3)]).add([spec(2, 3, 2), spec(2, 3, 2)]).add([spec(), spec()])
o = op("hsplit", strides="exact", forms=("function", "method"))
o.add(spec(6), 3).add(spec(2, 6), 2).add(spec(2, 6), [1, 4]).add(spec(2, 5), 2)
o = op("vsplit", strides="exact", forms=("function", "method"))
o.add(spec(6, 2), 3).add(spec(6, 2), [2, 3]).add(spec(6), 2)
o = op("dsplit", strides="exact", forms=("function", "method"))
o.add(spec(2, 3, 4), 2).add(spec(2, 3, 4), [1]).add(spec(2, 3), 1)
o = op("cartesian_prod", forms=("function",))
o.add(spec(3), spec(2)).add(spec(3)).add(spec(2), spec(2), spec(2)).add(spec(2, 2), spec(2))
o = op("combinations", forms=("function",))
o.add(spec(4)).add(spec(4), 3).add(spec(4), 2, True).add(spec(3), 0).add(spec(2, 2)).add(spec(0), 2)
o = op("broadcast_shapes", forms=("function",), grad=False, dtypes=("float32",))
o.add((2, 1), (3,)).add((4, 1, 3), (2, 1), ()).add((2,), (3,)).add(3, (2, 1))
o = op("tile")
for layout in LAYOUTS:
    o.add(spec(2, 3, layout=layout), (2, 2)).add(spec(2, 3, layout=layout), (2,))
o.add(spec(3), (2, 1, 2)).add(spec(), (3,)).add(spec(2, 0), (2, 2)).add(spec(2, 3), ())
o = op("ravel", strides="exact")
for layout in LAYOUTS:
    o.add(spec(2, 3, layout=layout))
o.add(spec()).add(spec(0, 2)).add(spec(2, 1, 3))
