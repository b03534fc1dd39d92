"""The native forms of PyTorch's schemas: statistics beside results, backwards as functions of their own, numbers for modes.

A device calls the native form. The reference calls what it stands for, the public op or its derivative, so that a fault in
what core makes of the one or the other shows as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..declare import FLOATS, HALVES, WIDE, Facts, Op, index, op, spec
from .tolerances import LOOSE

NATIVE: Facts = LOOSE | {"ulps": {"": 16, "float16": 4, "bfloat16": 4}, "strides": "", "dtypes": FLOATS}
INF = float("inf")


def stands_for(o: Op, native: Callable[..., Any], public: Callable[..., Any], *args: Any, **facts: Any) -> None:
    """A sample that is `native(T, *args)` everywhere but on the reference, where it is `public(T, *args)`."""

    def run(T: Any, *operands: Any) -> Any:
        first = next(x for x in operands if hasattr(x, "device"))
        return (public if first.device.type == "reference" else native)(T, *operands)

    o.call(run, *args, **facts)


def derived(function: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative of `function(T, x)` along g, as a function of (T, g, x)."""

    def run(T: Any, g: Any, x: Any) -> Any:
        again = x.requires_grad or g.requires_grad
        place = x if x.requires_grad else x.detach().requires_grad_()
        with T.enable_grad():
            return T.autograd.grad(function(T, place), place, g, create_graph=again)[0]

    return run


for name in ("softmax", "log_softmax"):
    o = op(f"_{name}_backward_data", **NATIVE)
    for dim in (0, 1, -1):
        stands_for(
            o,
            lambda T, g, x, name=name, dim=dim: getattr(T, f"_{name}_backward_data")(g, getattr(T, name)(x, dim), dim, x.dtype),
            derived(lambda T, x, name=name, dim=dim: getattr(T, name)(x, dim)),
            spec(3, 4, 5), spec(3, 4, 5, layout="permuted"),
        )  # fmt: skip
o = op("_safe_softmax", **NATIVE)
for dim in (0, -1):
    stands_for(o, lambda T, x, dim=dim: T._safe_softmax(x, dim), lambda T, x, dim=dim: T.softmax(x, dim), spec(3, 4, layout="strided"))
stands_for(
    o, lambda T, x: T._safe_softmax(x, 1), lambda T, x: T.softmax(x, 1).masked_fill((x == -INF).all(1, True), 0.0),
    spec(3, 3, values=[[-INF, -INF, -INF], [0.5, -INF, 1.0], [1.0, 2.0, 3.0]]), grad=False,
)  # fmt: skip


def spread(T: Any, x: Any, dims: Sequence[int], eps: float) -> tuple[Any, Any]:
    """The mean along some dims, and one over the deviation; of half types in float32, as the native forms have them."""
    wide = x.float() if x.dtype.itemsize == 2 else x
    return wide.mean(dims, True), 1 / (wide.var(dims, correction=0, keepdim=True) + eps).sqrt()


def layer_norm(T: Any, x: Any, weight: Any, bias: Any, shape: Sequence[int], eps: float) -> Any:
    mean, rstd = spread(T, x.detach(), tuple(range(-len(shape), 0)), eps)
    return T.nn.functional.layer_norm(x, shape, weight, bias, eps), mean.to(x.dtype), rstd.to(x.dtype)


def group_norm(T: Any, x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    mean, rstd = spread(T, x.reshape(len(x), groups, -1), (2,), eps)
    return T.nn.functional.group_norm(x, groups, weight, bias, eps), mean.flatten(1).to(x.dtype), rstd.flatten(1).to(x.dtype)


o = op("native_layer_norm", **NATIVE)
for shape, normal in [((2, 5), (5,)), ((2, 3, 4), (3, 4)), ((20, 64), (64,))]:
    for eps in (1e-5, 0.5):
        stands_for(
            o,
            lambda T, x, w, b, n=normal, eps=eps: T.native_layer_norm(x, n, w, b, eps), lambda T, x, w, b, n=normal, eps=eps: layer_norm(T, x, w, b, n, eps),
            spec(*shape, layout="transposed"), spec(*normal), spec(*normal), grad=len(shape) > 2,
        )  # fmt: skip
stands_for(o, lambda T, x: T.native_layer_norm(x, (4,), None, None, 0.1), lambda T, x: layer_norm(T, x, None, None, (4,), 0.1), spec(2, 3, 4))
o = op("native_group_norm", **NATIVE)
for shape, groups in [((2, 6, 4), 3), ((2, 6, 3, 4), 1), ((3, 6, 2), 6)]:
    size = shape[2] * (shape[3] if len(shape) > 3 else 1)
    stands_for(
        o,
        lambda T, x, w, b, k=groups, size=size: T.native_group_norm(x, w, b, len(x), 6, size, k, 0.1),
        lambda T, x, w, b, k=groups: group_norm(T, x, w, b, k, 0.1),
        spec(*shape), spec(6), spec(6),
    )  # fmt: skip
stands_for(o, lambda T, x: T.native_group_norm(x, None, None, 2, 4, 3, 2, 0.1), lambda T, x: group_norm(T, x, None, None, 2, 0.1), spec(2, 4, 3))


def batch_norm(T: Any, x: Any, weight: Any, bias: Any, mean: Any, var: Any, training: bool) -> Any:
    """The public op, and the statistics of the batch in training; what runs along is changed by it."""
    made = T.nn.functional.batch_norm(x, mean, var, weight, bias, training, 0.3, 0.1)
    if not training:
        return made, x.new_empty((0,)), x.new_empty((0,)), mean, var
    own, rstd = spread(T, x.detach(), tuple(d for d in range(x.dim()) if d != 1), 0.1)
    return made, own.flatten(), rstd.flatten(), mean, var


def native_batch_norm(name: str, training: bool) -> Callable[..., Any]:
    return lambda T, x, w, b, m, v: (*getattr(T, name)(x, w, b, m, v, training, 0.3, 0.1), m, v)


STATISTICS = spec(3, grad=False), spec(3, low=0.5, high=2, grad=False)
for name in ("native_batch_norm", "_native_batch_norm_legit"):
    o = op(name, **NATIVE | {"dtypes": WIDE})
    for shape in [(4, 3), (4, 3, 5), (2, 3, 4, 5)]:
        for training in (False, True):
            stands_for(
                o, native_batch_norm(name, training), lambda T, x, w, b, m, v, t=training: batch_norm(T, x, w, b, m, v, t),
                spec(*shape), spec(3), spec(3), *STATISTICS, grad=False,
            )  # fmt: skip
stands_for(
    o, lambda T, x, w, b: T._native_batch_norm_legit(x, w, b, True, 0.3, 0.1), lambda T, x, w, b: batch_norm(T, x, w, b, None, None, True)[:3],
    spec(4, 3, 5), spec(3), spec(3), grad=False,
)  # fmt: skip
o = op("_batch_norm_with_update", "ops.aten._batch_norm_with_update", **NATIVE | {"dtypes": WIDE, "grad": False})
stands_for(
    o, lambda T, x, w, b, m, v: (*T.ops.aten._batch_norm_with_update(x, w, b, m, v, 0.3, 0.1)[:3], m, v),
    lambda T, x, w, b, m, v: batch_norm(T, x, w, b, m, v, True), spec(4, 3, 5), spec(3), spec(3), *STATISTICS, grad=False,
)  # fmt: skip


def kept(T: Any, x: Any) -> Any:
    """What native_dropout gives, less what its own mask makes of the input."""
    made, mask = T.native_dropout(x, 0.5, True)
    return made - x * mask * 2, mask.dtype == T.bool, (mask.sum() > 0) & (mask.sum() < mask.numel())


o = op("native_dropout", **NATIVE | {"grad": False})
stands_for(o, kept, lambda T, x: (x * 0, True, T.ones((), dtype=T.bool)), spec(20, 30))
for train in (False, None):
    stands_for(
        o, lambda T, x, t=train: T.native_dropout(x, 0.0 if t is None else 0.5, t), lambda T, x: (x * 1, T.ones_like(x, dtype=T.bool)), spec(3, 4)
    )
o = op("native_dropout_backward", "ops.aten.native_dropout_backward", **NATIVE)
stands_for(
    o, lambda T, g, m: T.ops.aten.native_dropout_backward(g, m, 2.5), lambda T, g, m: T.where(m, g * 2.5, 0.0), spec(3, 4), spec(3, 4, dtype="bool", grad=False)
)
o = op("native_channel_shuffle", **NATIVE | {"ulps": 0, "grad": False, "own_grad": True})
stands_for(
    o, lambda T, x: T.native_channel_shuffle(x, 3), lambda T, x: x.reshape(2, 3, 2, 4, 5).transpose(1, 2).reshape(2, 6, 4, 5), spec(2, 6, 4, 5)
)
o = op("constant_pad_nd", **NATIVE | {"ulps": 0})
for pad in ((1, 2), (0, 1, 2, 0), (-1, 2, 1, -1)):
    stands_for(o, lambda T, x, p=pad: T.constant_pad_nd(x, p, 1.5), lambda T, x, p=pad: T.nn.functional.pad(x, p, "constant", 1.5), spec(3, 4, layout="offset"))

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
for name, shape, grid in (("grid_sampler_2d", (2, 3, 4, 5), (2, 3, 3, 2)), ("grid_sampler_3d", (1, 2, 3, 4, 3), (1, 2, 3, 2, 3)), ("grid_sampler", (1, 2, 4, 4), (1, 3, 2, 2))):
    o = op(name, **NATIVE)
    for mode in range(2 if name == "grid_sampler_3d" else 3):
        for padding in range(3):
            stands_for(
                o,
                lambda T, x, g, name=name, m=mode, p=padding: getattr(T, name)(x, g, m, p, p == 1),
                lambda T, x, g, m=mode, p=padding: T.nn.functional.grid_sample(x, g, MODES[m], PADDINGS[p], p == 1),
                spec(*shape), spec(*grid, low=-0.9, high=0.9), grad=mode != 1, dtypes=WIDE if mode == 1 or len(shape) > 4 else None,
            )  # fmt: skip
o = op("_upsample_bilinear2d_aa", "ops.aten._upsample_bilinear2d_aa", **NATIVE | {"dtypes": WIDE, "also": HALVES})
for to in ((2, 3), (7, 5)):
    stands_for(
        o, lambda T, x, s=to: T.ops.aten._upsample_bilinear2d_aa(x, s, False),
        lambda T, x, s=to: T.nn.functional.interpolate(x, s, mode="bilinear", align_corners=False, antialias=True), spec(1, 2, 4, 6),
    )  # fmt: skip

PLACES = index([[0, 2, 1], [3, -9, 1]]), index([1, 0, 8])
MASK = spec(2, 3, dtype="bool", values=[[True, True, False], [True, False, False]], grad=False)
o = op("_unsafe_masked_index", **NATIVE | {"ulps": 0})
stands_for(
    o, lambda T, x, m, i, j: T._unsafe_masked_index(x, m, [i, j], 1.5),
    lambda T, x, m, i, j: T.where(m, x[i.clamp(-4, 3), j.clamp(-3, 2)], 1.5), spec(4, 3), MASK, *PLACES,
)  # fmt: skip
o = op("_unsafe_masked_index_put_accumulate", **NATIVE)
stands_for(
    o, lambda T, x, m, i, j, v: T._unsafe_masked_index_put_accumulate(x, m, [i, j], v),
    lambda T, x, m, i, j, v: x.index_put((i.clamp(-4, 3), j.clamp(-3, 2)), T.where(m, v, 0.0), accumulate=True), spec(4, 3), MASK, *PLACES, spec(2, 3),
)  # fmt: skip


def pooled(T: Any, x: Any, size: int, step: int) -> Any:
    return T.nn.functional.max_pool2d(x, size, step)


o = op("max_pool2d_with_indices_backward", **NATIVE | {"grad": False})
for size, step, made in ((2, 2, (2, 3)), (3, 1, (2, 4))):
    stands_for(
        o,
        lambda T, g, x, k=size, s=step: T.ops.aten.max_pool2d_with_indices_backward(
            g, x, (k, k), (s, s), (0, 0), (1, 1), False, T.nn.functional.max_pool2d(x, k, s, return_indices=True)[1]
        ),
        derived(lambda T, x, k=size, s=step: pooled(T, x, k, s)), spec(2, 2, *made), spec(2, 2, 4, 6, unique=True),
    )  # fmt: skip
o = op("slice", "ops.aten.slice", **NATIVE | {"ulps": 0})
for dim, start, end, step in ((0, 1, 3, 1), (1, None, None, 2), (-1, -3, 9, 1), (0, 3, 1, 1)):
    stands_for(
        o, lambda T, x, d=dim, a=start, b=end, s=step: T.ops.aten.slice(x, d, a, b, s),
        lambda T, x, d=dim, a=start, b=end, s=step: x.movedim(d, 0)[a:b:s].movedim(0, d), spec(4, 5),
    )  # fmt: skip

# Views whose result has memory of its own: the same elements.
COPIES: dict[str, tuple[Any, ...]] = {
    "alias": (), "as_strided": ((2, 3), (1, 2), 1), "detach": (), "diagonal": (1,), "expand": ((2, 3, 4),), "narrow": (1, 1, 2), "permute": ((1, 0),),
    "select": (0, 2), "squeeze": (), "t": (), "transpose": (0, 1), "unfold": (1, 2, 1), "unsqueeze": (1,), "view": ((2, 6),),
}  # fmt: skip
for view, args in COPIES.items():
    o = op(f"{view}_copy", **NATIVE | {"ulps": 0, "grad": view != "detach"})
    stands_for(
        o, lambda T, x, v=view, a=args: getattr(T, f"{v}_copy")(x, *a),
        lambda T, x, v=view, a=args: (x if v == "alias" else getattr(x, v)(*a)).clone(), spec(3, 4),
    )  # fmt: skip
PARTS: dict[str, tuple[Any, ...]] = {"split": (2, 1), "split_with_sizes": ([1, 3], 1), "unbind": (0,)}
for view, args in PARTS.items():
    o = op(f"{view}_copy", **NATIVE | {"ulps": 0})
    stands_for(
        o, lambda T, x, v=view, a=args: getattr(T, f"{v}_copy")(x, *a), lambda T, x, v=view, a=args: [part.clone() for part in getattr(x, v)(*a)], spec(3, 4)
    )
