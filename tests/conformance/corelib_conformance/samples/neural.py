"""The ops of neural networks: activations, convolutions, pools, norms, embeddings, padding, attention, losses."""

from __future__ import annotations

import math
from typing import Any

from .declare import FLOATS, LAYOUTS, OPS, WIDE, Named, Op, index, is_empty, op, spec

EDGES = [
    0.0,
    -0.0,
    1e-8,
    -1e-8,
    1e-4,
    -1e-4,
    0.5,
    -0.5,
    1,
    -1,
    3,
    -3,
    6,
    -6,
    10,
    -10,
    20,
    -20,
    21,
    -21,
    50,
    -50,
    100,
    -100,
]
EDGES += [1e4, -1e4, math.inf, -math.inf, math.nan]
F = "nn.functional."
SUMS = {"ulps": {"": 4, "float16": 2, "bfloat16": 2}, "scaled": True, "strides": "dense", "forms": ("function",)}
# What PyTorch rounds to half precision between the steps is its own affair.
LOOSE = SUMS | {"ulps": {"": 8, "float16": 4, "bfloat16": 4}}


def activation(name: str, *options: dict[str, Any], **facts: Any) -> Op:
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
for name in (
    "relu6",
    "hardtanh",
    "hardswish",
    "hardsigmoid",
    "mish",
    "selu",
    "celu",
    "logsigmoid",
    "softsign",
    "tanhshrink",
    "hardshrink",
    "softshrink",
):
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

CONV = LOOSE | {"strides": ""}
o = op("conv1d", F + "conv1d", **CONV)
for kwargs in [
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"stride": 2, "padding": 2, "dilation": 2},
    {"padding": "same"},
    {"padding": "valid"},
]:
    o.add(spec(2, 4, 9), spec(6, 4, 3), **kwargs).add(spec(2, 4, 9), spec(6, 4, 3), spec(6), **kwargs)
    o.add(spec(2, 4, 9, layout="transposed"), spec(6, 2, 3), spec(6), groups=2, **kwargs)
o.add(spec(4, 9), spec(6, 4, 3), spec(6)).add(spec(0, 4, 9), spec(6, 4, 3)).add(
    spec(2, 4, 9), spec(4, 1, 2), groups=4
).add(spec(2, 4, 3), spec(6, 4, 3))
o = op("conv2d", F + "conv2d", **CONV)
for kwargs in [
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"stride": (2, 1), "padding": (1, 2)},
    {"padding": "same"},
    {"padding": "valid"},
]:
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
for kwargs in [
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"stride": (2, 3), "output_padding": (1, 2)},
    {"stride": 2, "padding": 1, "output_padding": 1},
]:
    o.add(spec(2, 4, 4, 3), spec(4, 6, 3, 2), **kwargs).add(spec(2, 4, 4, 3), spec(4, 6, 3, 2), spec(6), **kwargs)
    o.add(spec(2, 4, 4, 3, layout="transposed"), spec(4, 3, 3, 2), spec(6), groups=2, **kwargs)
o.add(spec(4, 4, 3), spec(4, 6, 3, 3))
for name in ("conv1d", "conv2d", "conv_transpose2d"):
    # PyTorch has all kernels for floats and int64, and some for other integers.
    transposed = name == "conv_transpose2d"
    OPS[name].limit(
        lambda s, t=transposed: t or is_empty(s) or "dilation" in s.kwargs,  # type: ignore[misc]
        dtypes=(*FLOATS, "int64"),
    )
o = op("conv_transpose1d", F + "conv_transpose1d", **CONV)
o.add(spec(2, 4, 5), spec(4, 6, 3)).add(spec(2, 4, 5), spec(4, 6, 3), spec(6), stride=2, padding=1, output_padding=1)
o = op("conv3d", F + "conv3d", **CONV)
o.add(spec(1, 2, 4, 4, 4), spec(3, 2, 2, 2, 2), spec(3)).add(spec(1, 2, 4, 4, 4), spec(3, 2, 2, 2, 2), padding=1)
for name, kernel in (("unfold_f", "unfold"), ("fold_f", "fold")):
    o = op(name, F + kernel, forms=("function",))
    o.add(spec(1, 2, 4, 5), (2, 3)) if kernel == "unfold" else o.add(spec(1, 8, 9), (4, 4), (2, 2))

POOL = {"strides": "", "forms": ("function",)}
o = op("max_pool2d", F + "max_pool2d", **POOL)
for args, kwargs in [
    ((2,), {}),
    ((3, 2), {}),
    (((2, 3),), {"stride": (1, 2)}),
    ((3,), {"padding": 1}),
    ((2,), {"dilation": 2}),
    ((3, 2, 1), {"ceil_mode": True}),
    ((2,), {"return_indices": True}),
]:
    for layout in ("contiguous", "transposed", "strided"):
        o.add(spec(2, 3, 6, 7, layout=layout, unique=True), *args, **kwargs)
o.add(spec(3, 6, 7, unique=True), 2).add(spec(1, 1, 4, 4, values=[[[[1] * 4] * 4]]), 2).add(spec(0, 3, 4, 4), 2)
for sample in o.samples:
    sample.dtypes = WIDE + ("int64", "float16", "bool")
o.add(spec(1, 2, 4, 4, low=-9, high=-1), 3, padding=1)
o = (
    op("max_pool1d", F + "max_pool1d", **POOL)
    .add(spec(2, 3, 7, unique=True), 2)
    .add(spec(2, 3, 7, unique=True), 3, 1, 1)
)
for sample in o.samples:
    sample.dtypes = WIDE
o = op("avg_pool2d", F + "avg_pool2d", **(SUMS | POOL))
for args, kwargs in [
    ((2,), {}),
    ((3, 2), {}),
    (((2, 3),), {"stride": (1, 2)}),
    ((3,), {"padding": 1}),
    ((3, 2, 1), {"ceil_mode": True}),
    ((3, 2, 1), {"count_include_pad": False}),
    ((2,), {"divisor_override": 3}),
    ((3, 2, 1, True, False), {}),
]:
    for layout in ("contiguous", "transposed", "strided"):
        o.add(spec(2, 3, 6, 7, layout=layout), *args, **kwargs)
o.add(spec(3, 6, 7), 2)
op("avg_pool1d", F + "avg_pool1d", **(SUMS | POOL)).add(spec(2, 3, 7), 2).add(spec(2, 3, 7), 3, 1, 1)
o = op("adaptive_avg_pool2d", F + "adaptive_avg_pool2d", **(SUMS | POOL))
o2 = op("adaptive_max_pool2d", F + "adaptive_max_pool2d", **POOL)
for size in (1, 2, (2, 3), (None, 2), (6, 7), (4, 5), (8, 9)):
    for layout in ("contiguous", "transposed"):
        o.add(spec(2, 3, 6, 7, layout=layout), size)
        o2.add(spec(2, 3, 6, 7, layout=layout, unique=True), size).but(dtypes=WIDE + ("float16", "int64"))
o.add(spec(3, 6, 7), 2)
o2.add(spec(3, 6, 7, unique=True), 2, return_indices=True).but(dtypes=WIDE)
op("adaptive_avg_pool1d", F + "adaptive_avg_pool1d", **(SUMS | POOL)).add(spec(2, 3, 7), 3)

NORM = LOOSE | {"ulps": {"": 16, "float16": 4, "bfloat16": 4}, "strides": ""}
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
op("cosine_similarity", F + "cosine_similarity", **LOOSE).add(spec(3, 4), spec(3, 4)).add(spec(3, 4), spec(3, 4), dim=0)

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
for layout in ("contiguous", "transposed", "channels_last"):
    x = spec(2, 3, 4, 5, layout=layout)
    for kwargs in [
        {"scale_factor": 2},
        {"size": (7, 3)},
        {"scale_factor": (0.5, 1.6)},
        {"size": 6},
        {"size": (4, 5)},
        {"size": (1, 1)},
    ]:
        o.add(x, mode="nearest", **kwargs).add(x, mode="bilinear", **kwargs).add(x, **kwargs)
        if "size" in kwargs:
            o.add(x, mode="bilinear", align_corners=True, **kwargs)
o.add(spec(2, 3, 5), scale_factor=2).add(spec(2, 3, 5), size=7, mode="linear")
o.add(spec(1, 1, 4, 4), scale_factor=1.7, mode="bilinear", recompute_scale_factor=True)
# PyTorch has fixed-point kernels of its own for images of bytes.
o.limit(lambda s: s.kwargs.get("mode", "nearest") != "nearest", dtypes=("bool", "int8", "int32", "int64", *FLOATS))
op("pixel_shuffle", F + "pixel_shuffle").add(spec(1, 8, 3, 3), 2)

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

LOSS = LOOSE | {"strides": ""}
REDUCE = ("mean", "sum", "none")
for name, more in [
    ("mse_loss", [{}]),
    ("l1_loss", [{}]),
    ("smooth_l1_loss", [{}, {"beta": 0.5}, {"beta": 0.0}, {"beta": 3.0}]),
    ("huber_loss", [{}, {"delta": 0.5}]),
]:
    o = op(name, F + name, **LOSS)
    for kwargs in more:
        for how in REDUCE:
            for shape in [(3, 4), (), (5,)]:
                o.add(spec(*shape), spec(*shape), reduction=how, **kwargs)
            o.add(spec(3, 4, layout="transposed"), spec(3, 4, layout="strided"), reduction=how, **kwargs)
        o.add(spec(3, 4), spec(4), **kwargs).add(spec(0), spec(0), **kwargs).but(grad=False)
        o.add(spec(4, values=[1, 2, 3, 4]), spec(4, values=[1, 3, 3, 2]), **kwargs)
# PyTorch's second derivative of the first of these has an epsilon of 1e-12.
o = op("binary_cross_entropy", F + "binary_cross_entropy", second_slack=1e5, **LOSS)
o2 = op("binary_cross_entropy_with_logits", F + "binary_cross_entropy_with_logits", **LOSS)
for how in REDUCE:
    for shape in [(3, 4), (5,), ()]:
        target = spec(*shape, low=0, high=1)
        o.add(spec(*shape, low=0.05, high=0.95), target, reduction=how)
        o.add(spec(*shape, low=0.05, high=0.95), target, spec(*shape, low=0.5, high=2, grad=False), reduction=how)
        o2.add(spec(*shape), target, reduction=how).add(
            spec(*shape), target, weight=spec(*shape, grad=False), reduction=how
        )
        o2.add(spec(*shape), target, pos_weight=spec(*shape[-1:], low=0.5, high=2, grad=False), reduction=how)
o.add(spec(4, values=[0, 1, 0, 1], grad=False), spec(4, values=[0, 1, 1, 0], grad=False)).but(grad=False)
o2.add(spec(6, values=[100, -100, 50, -50, 0, 0]), spec(6, values=[1, 0, 0, 1, 1, 0])).but(dtypes=WIDE)
o = op("kl_div", F + "kl_div", **LOSS)
for how in (*REDUCE, "batchmean"):
    o.add(spec(3, 4, low=-3, high=-0.1), spec(3, 4, low=0.05, high=1), reduction=how)
    o.add(spec(3, 4, low=-3, high=-0.1), spec(3, 4, low=-3, high=-0.1), reduction=how, log_target=True)
o.add(spec(3, values=[-1, -2, -3]), spec(3, values=[0, 0.5, 0.5], grad=False), reduction="sum").but(dtypes=WIDE)
o = op("nll_loss", F + "nll_loss", **LOSS)
o2 = op("cross_entropy", F + "cross_entropy", **LOSS)
weight = spec(4, low=0.5, high=2, grad=False)
for family in (o, o2):
    for how in REDUCE:
        for shape, target in [
            ((3, 4), [0, 3, 1]),
            ((4,), 2),
            ((2, 4, 3), [[0, 1, 2], [3, 0, 1]]),
            ((2, 4, 1, 2), [[[0, 3]], [[1, 1]]]),
        ]:
            x, t = spec(*shape), index(target)
            family.add(x, t, reduction=how).add(x, t, weight=weight, reduction=how).add(
                x, t, ignore_index=1, reduction=how
            )
            if family is o2:
                family.add(x, t, label_smoothing=0.1, reduction=how).add(
                    x, t, weight, label_smoothing=0.2, ignore_index=1, reduction=how
                )
        family.add(spec(3, 4, layout="transposed"), index([0, 3, 1], layout="strided"), reduction=how)
    family.add(spec(3, 4), index([-100, 3, 1])).add(spec(3, 4), index([-100] * 3), reduction="sum").add(
        spec(3, 4), index([-100] * 3)
    )
    family.add(spec(0, 4), spec(0, dtype="int64"), reduction="sum").add(spec(3, 4), index([0, 1, 2], "uint8"))
for how in REDUCE:
    for shape in [(3, 4), (4,), (2, 4, 3)]:
        o2.add(spec(*shape), spec(*shape, low=0, high=1), reduction=how).add(
            spec(*shape), spec(*shape, low=0, high=1), weight, label_smoothing=0.1, reduction=how
        )
for name, arity in (
    ("hinge_embedding_loss", 2),
    ("margin_ranking_loss", 3),
    ("cosine_embedding_loss", 0),
    ("triplet_margin_loss", 4),
):
    o = op(name, F + name, **LOSS)
    sign = index([1.0, -1.0, 1.0], "float32")
    if arity == 2:
        o.add(spec(3), sign)
    elif arity == 3:
        o.add(spec(3), spec(3), sign)
    elif arity == 0:
        o.add(spec(3, 4), spec(3, 4), sign)
    else:
        o.add(spec(3, 4), spec(3, 4), spec(3, 4))
