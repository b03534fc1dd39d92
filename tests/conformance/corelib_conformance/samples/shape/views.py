"""Views and shape ops. Views must have PyTorch's strides and offset and share their argument's storage."""

from __future__ import annotations

from typing import Any

from ..declare import ALL, LAYOUTS, Op, index, op, spec



def view(name: str, *calls: Any, shape: tuple[int, ...] = (2, 3, 4), layouts: bool = True, **facts: Any) -> Op:
    """A view of one tensor, with each argument tuple or dict of keywords, in every layout."""
    o = op(name, strides=facts.pop("strides", "exact"), **facts)
    for args in calls:
        positional, kwargs = ((), args) if isinstance(args, dict) else (args, {})
        for layout in LAYOUTS if layouts else LAYOUTS[:1]:
            o.add(spec(*shape, layout=layout), *positional, **kwargs)
    return o


o = view("view", (6, 4), ((6, 4),), (-1,), (2, 3, 2, 2), (2, -1, 2), (1, 24), (2, 3, 4, 1), (2, 12))
o.add(spec(), 1).add(spec(), ()).add(spec(1), ()).add(spec(0), 0, 3).add(spec(2, 0, 3), 0, 5).add(spec(0, 4), -1, 4)
o.add(spec(4, 6, layout="transposed"), 2, 3, 4).add(spec(4, 6, layout="strided"), 2, 2, 6).add(spec(1, 3), 3)
o = view("reshape", ((6, 4),), ((-1,),), ((2, 3, 2, 2),), ((4, 3, 2),), ((2, -1, 2),), ((2, 3, 4),))
o.add(spec(), (1, 1)).add(spec(1), ()).add(spec(0, 3), (3, 0)).add(spec(2, 0), (-1, 2))
o.call(lambda T, x: x.reshape(6, 4), spec(2, 3, 4)).call(lambda T, x: x.reshape(3, -1), spec(2, 3, layout="transposed"))
o.call(lambda T, x, y: x.reshape_as(y), spec(2, 3), spec(6)).call(lambda T, x, y: x.view_as(y), spec(2, 3), spec(6))
o = op("view_dtype", strides="exact", grad=False)
for dtype in ALL[1:]:
    o.call(lambda T, x, d=dtype: x.view(getattr(T, d)), spec(2, 8))
o = view("transpose", (0, 1), (-1, 0), (1, 1), (0, 2), (-3, -1))
o.add(spec(), 0, 0).add(spec(), -1, 0).add(spec(3), 0, -1)
o.call(lambda T, x: x.transpose(dim0=1, dim1=0), spec(2, 3)).call(lambda T, x: x.swapaxes(0, 1), spec(2, 3))
o.call(lambda T, x: x.transpose_(0, 1), spec(2, 3)).call(lambda T, x: T.swapdims(x, 0, 1), spec(2, 3))
o = view("permute", ((2, 0, 1),), ((0, 1, 2),), ((-1, 0, 1),))
o.call(lambda T, x: x.permute(2, 1, 0), spec(2, 3, 4)).add(spec(), ()).add(spec(0, 2), (1, 0))
o = view("squeeze", (), (0,), (1,), (-1,), ((0, 2),), ((1,),), shape=(1, 3, 1))
o.add(spec()).add(spec(), 0).add(spec(1, 1)).add(spec(0, 1)).call(lambda T, x: x.squeeze_(0), spec(1, 3))
o = view("unsqueeze", (0,), (1,), (-1,), (3,), (-4,))
o.add(spec(), 0).add(spec(), -1).add(spec(0), 1).call(lambda T, x: x.unsqueeze_(0), spec(3))
o = op("expand", strides="exact")
for layout in LAYOUTS:
    o.add(spec(3, 1, layout=layout), 3, 4).add(spec(3, 1, layout=layout), (2, 3, 4)).add(
        spec(3, 1, layout=layout), -1, 4
    )
o.add(spec(), 3).add(spec(), (2, 3)).add(spec(1), (0,)).add(spec(3, 1), (2, -1, -1)).add(spec(1, 3), 1, 3)
o.call(lambda T, x, y: x.expand_as(y), spec(3, 1), spec(3, 4))
o.call(lambda T, x: T.broadcast_to(x, (2, 3)), spec(3))
op("broadcast_tensors", strides="exact").call(lambda T, x, y: T.broadcast_tensors(x, y), spec(3, 1), spec(4))
o = view("flatten", (), (1,), (0, 1), (1, -1), (-2, -1), (1, 1), {"start_dim": 1})
o.add(spec()).add(spec(0, 3)).add(spec(2, 0, 3), 1)
op("unflatten", strides="exact").add(spec(2, 6), 1, (2, 3)).add(spec(2, 6), -1, (-1, 3)).add(
    spec(6, layout="strided"), 0, (3, 2)
)
view("t", (), shape=(3, 4)).add(spec()).add(spec(3)).add(spec(0, 2))
o = op("T", strides="exact")
o2 = op("mT", strides="exact")
for layout in LAYOUTS:
    o.call(lambda T, x: x.T, spec(3, 4, layout=layout))
    o2.call(lambda T, x: x.mT, spec(2, 3, 4, layout=layout)).call(lambda T, x: x.mT, spec(3, 4, layout=layout))
o.call(lambda T, x: x.T, spec(3)).call(lambda T, x: x.T, spec())
o = view("chunk", (2,), (2, 1), (3, -1), (5, 2), (1,), {"chunks": 2, "dim": 2}, shape=(4, 3, 5))
o.add(spec(0), 2).add(spec(3), 4)
o = view("split", (2,), (2, 1), (3, -1), ([1, 3],), ([1, 0, 4], -1), shape=(4, 3, 5))
o.add(spec(0), 2).call(lambda T, x: T.split_with_sizes(x, [1, 2]), spec(3))
o.call(lambda T, x: T.tensor_split(x, 3), spec(7)).call(lambda T, x: T.tensor_split(x, (2, 5)), spec(7))
view("select", (0, 0), (0, -1), (1, 2), (-1, 3), (2, -4)).add(spec(3), 0, 1)
o = view("narrow", (0, 0, 1), (1, 1, 2), (-1, -3, 2), (2, 0, 0), (2, 0, 4)).add(spec(3), 0, 3, 0)
view("unbind", (), (1,), (-1,)).add(spec(3)).add(spec(2, 0)).add(spec(0, 2))
o = op("unfold", strides="exact")
for layout in LAYOUTS:
    x = spec(3, 7, layout=layout)
    o.call(lambda T, x: x.unfold(1, 3, 2), x).call(lambda T, x: x.unfold(-1, 2, 1), x).call(
        lambda T, x: x.unfold(0, 3, 1), x
    )
o.call(lambda T, x: x.unfold(0, 1, 1), spec()).call(lambda T, x: x.unfold(0, 0, 1), spec(3))
o = view("diagonal", (), (1,), (-1,), (0, 1, 2), (1, -1, 0), (5,), {"offset": -1, "dim1": 0, "dim2": 2})
o.add(spec(3, 3)).add(spec(0, 3)).add(spec(3, 5), -3)
o = view("movedim", (0, 2), (-1, 0), ((0, 1), (2, 0)), ((0,), (1,)))
o.add(spec(), 0, 0).call(lambda T, x: T.moveaxis(x, 0, 1), spec(2, 3))
o = op("as_strided", strides="exact")
for size, stride, offset in [
    ((2, 2), (3, 1), 0),
    ((3,), (2,), 1),
    ((2, 3), (0, 1), 2),
    ((3, 3), (1, 1), 0),
    ((), (), 4),
    ((0, 2), (1, 1), 0),
]:
    o.add(spec(12), size, stride, offset).add(spec(3, 4, layout="transposed"), size, stride, offset)
o.add(spec(12, layout="offset"), (2, 2), (2, 1)).add(spec(12, layout="strided"), (2, 2), (2, 1))
o = op("contiguous", strides="exact")
o2 = op("clone", strides="dense")
o3 = op("detach", strides="exact", grad=False)
o4 = op("is_contiguous", grad=False)
for layout in (*LAYOUTS, "channels_last"):
    shape = (2, 3, 4) if layout != "channels_last" else (2, 3, 2, 2)
    for s in (spec(*shape, layout=layout), spec(0, 2, layout=layout), spec(1, 3, 1, 1, layout=layout)):
        o.call(lambda T, x: x.contiguous(), s)
        o2.call(lambda T, x: x.clone(), s).call(lambda T, x: T.clone(x, memory_format=T.contiguous_format), s)
        o2.call(lambda T, x: x.clone(memory_format=T.preserve_format), s)
        o3.call(lambda T, x: x.detach(), s).call(lambda T, x: (x.detach().requires_grad, x.detach().is_leaf), s)
        o4.call(lambda T, x: (x.is_contiguous(), x.T.is_contiguous(), x[..., :1].is_contiguous(), x.stride(0)), s)
        o4.call(
            lambda T, x: (
                x.dim(),
                x.ndim,
                x.numel(),
                x.nelement(),
                x.size(),
                x.size(-1),
                x.stride(),
                x.storage_offset(),
            ),
            s,
        )
        o4.call(
            lambda T, x: (x.element_size(), x.itemsize, x.is_floating_point(), x.dtype, x.device.type, len(x.shape)), s
        )
o.call(lambda T, x: x.contiguous(), spec())
o4.call(lambda T, x: x.contiguous(memory_format=T.channels_last).stride(), spec(2, 3, 4, 5))
o4.call(lambda T, x: x.is_contiguous(memory_format=T.channels_last), spec(2, 3, 4, 5, layout="channels_last"))
op("lists", grad=False).call(lambda T, x: x.tolist(), spec(2, 3)).call(lambda T, x: x.tolist(), spec(0, 2)).call(
    lambda T, x: (x.tolist(), x.item()), spec()
).call(lambda T, x: (len(x), bool(x[0, 0]), [v.shape for v in x]), spec(2, 3)).call(
    lambda T, x: (int(x), float(x), x.item()), spec(1, 1)
).call(lambda T, x, y: (y[0, 0] in x, x.is_same_size(y), x.equal(x), T.equal(x, y)), spec(2, 3), spec(2, 3))

# Ops that copy.
o = op("cat", casts=False)
for layout in LAYOUTS:
    a, b = spec(2, 3, layout=layout), spec(2, 3, layout=layout)
    o.add([a, b]).add([a, b], 1).add([a, b], dim=-1).add([a, spec(4, 3)])
for dtype in ALL:
    o.add([spec(2), spec(3, dtype=dtype)]).but(grad=False)
o.add([spec(3)]).add([spec(0), spec(2, 3)]).add([spec(2, 0), spec(2, 3)], 1).add([spec(0, 3), spec(2, 3)]).add(
    (spec(2), spec(1), spec(3))
)
o.call(lambda T, x: T.cat([x, x], 0), spec(2, 3)).call(lambda T, x, y: T.concat((x, y)), spec(2), spec(3))
o = op("stack", casts=False)
for layout in LAYOUTS:
    a, b = spec(2, 3, layout=layout), spec(2, 3, layout=layout)
    o.add([a, b]).add([a, b], 1).add([a, b], dim=-1).add([a, b, a], -3)
o.add([spec(), spec()]).add([spec(0), spec(0)]).add([spec(2)]).add([spec(2), spec(2, dtype="float64")]).but(grad=False)
for name in ("vstack", "hstack"):
    op(name, casts=False).add([spec(2, 3), spec(2, 3)]).add([spec(3), spec(3)]).add([spec(), spec()])
o = op("repeat")
for layout in LAYOUTS:
    o.add(spec(2, 3, layout=layout), 2, 3).add(spec(2, 3, layout=layout), (2, 1, 2)).add(
        spec(2, 3, layout=layout), 1, 1
    )
o.add(spec(), 3).add(spec(), ()).add(spec(2), 0).add(spec(0), 2, 2)
o.call(lambda T, x: T.tile(x, (2, 2)), spec(2, 3)).call(lambda T, x: T.tile(x, (2,)), spec(2, 3))
o = op("repeat_interleave")
for layout in LAYOUTS:
    x = spec(2, 3, layout=layout)
    o.add(x, 2).add(x, 2, 0).add(x, 3, dim=-1).add(x, index([1, 2]), 0).add(x, index([0, 2, 1]), dim=1)
o.add(spec(3), index([1, 0, 2])).add(spec(), 3).add(spec(3), 0).add(spec(0), 2).add(spec(2, 3), index([2]), 1)
o.add(spec(2, 3), index([1, 2]), 0, output_size=3)
o.call(lambda T, x: T.repeat_interleave(x), index([1, 0, 2]))
MOVES: dict[str, list[tuple[Any, ...]]] = {
    "flip": [((0,),), ((1, 2),), ((-1,),), ((0, 1, 2),), ((),)], "roll": [(1,), (1, 0), (-2, 1), ((1, 2), (0, 1)), (5, -1), (0, 0)],
}
for name, calls in MOVES.items():
    o = op(name, strides="")
    for args in calls:
        for layout in LAYOUTS:
            o.add(spec(2, 3, 4, layout=layout), *args)
    o.add(spec(), () if name == "flip" else 1).add(spec(0, 3), *((0,),) if name == "flip" else (1, 0))
(
    op("fliplr").add(spec(2, 3)),
    op("flipud").add(spec(2, 3)),
    op("rot90").add(spec(2, 3), 1, (0, 1)).add(spec(2, 3), 2, (0, 1)),
)
for name in ("tril", "triu"):
    o = op(name)
    for diagonal in (0, 1, -1, 5, -5):
        for layout in LAYOUTS:
            o.add(spec(3, 4, layout=layout), diagonal)
        o.add(spec(2, 3, 3), diagonal=diagonal)
    o.add(spec(3, 3)).add(spec(0, 3)).add(spec(2, 0, 3))
for name in ("tril_indices", "triu_indices"):
    op(name, grad=False, forms=("function",)).add(3, 4).add(3, 3, 1).add(4, 2, -1).add(0, 3)
op("diag").add(spec(3)).add(spec(3), 1).add(spec(3, 4)).add(spec(3, 4), -1).add(spec(0))
op("diag_embed").add(spec(3)).add(spec(2, 3), 1).add(spec(2, 3), 0, 0, 2)
op("meshgrid", strides="dense").call(lambda T, x, y: T.meshgrid(x, y, indexing="ij"), spec(3), spec(4)).call(
    lambda T, x, y: T.meshgrid(x, y, indexing="xy"), spec(3), spec(4)
)
op("atleast", strides="exact").call(lambda T, x: (T.atleast_1d(x), T.atleast_2d(x), T.atleast_3d(x)), spec()).call(
    lambda T, x: (T.atleast_1d(x), T.atleast_2d(x), T.atleast_3d(x)), spec(3)
)
