"""Grids and what is read at them, sizes changed, pools undone or laid at random, bags of embeddings, and losses of sequences."""

from __future__ import annotations

from typing import Any

from ..declare import FLOATS, OPS, WIDE, Facts, index, op, spec
from .tolerances import F, LOOSE

FACTS: Facts = LOOSE | {"strides": "", "forms": ("function",)}
SEVERAL: Facts = FACTS | {"dtypes": WIDE}

o = op("affine_grid", F + "affine_grid", **SEVERAL)
for corners in (True, False):
    o.add(spec(2, 2, 3), (2, 3, 4, 5), align_corners=corners).add(spec(1, 3, 4), (1, 1, 2, 3, 4), corners).add(spec(2, 2, 3), (2, 1, 1, 3), corners)
o.add(spec(2, 2, 3), (2, 3, 4), False).add(spec(2, 3, 3), (2, 3, 4, 4), False).add(spec(2, 2, 3), (2, 3, 0, 4), False)
o = op("grid_sample", F + "grid_sample", **SEVERAL)
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (True, False):
            o.add(spec(2, 3, 4, 5), spec(2, 3, 2, 2, low=-1.6, high=1.6), mode, padding, corners)
            if mode != "bicubic":
                o.add(spec(2, 2, 3, 4, 2), spec(2, 2, 3, 2, 3, low=-1.4, high=1.4), mode=mode, padding_mode=padding, align_corners=corners)
o.add(spec(1, 2, 3, 4, layout="transposed"), spec(1, 2, 2, 2, layout="transposed", low=-1, high=1), align_corners=False)
o.add(spec(1, 2, 1, 1), spec(1, 2, 2, 2, low=-2, high=2), "bilinear", "reflection", True)
o.add(spec(1, 2, 3, 4), spec(2, 2, 2, 2), align_corners=False).add(spec(1, 2, 3, 4), spec(1, 2, 2, 3), align_corners=False).add(spec(2, 3, 4), spec(2, 3, 4), align_corners=False)

o = op("interpolate_more", F + "interpolate", **SEVERAL)
for corners in (True, False):
    for kwargs in ({"size": (7, 3)}, {"scale_factor": 2}, {"scale_factor": (0.5, 1.6)}, {"size": (1, 1)}, {"size": (4, 5)}):
        o.add(spec(2, 3, 4, 5), mode="bicubic", align_corners=corners, **kwargs)
        o.add(spec(2, 3, 4, 5), mode="bilinear", align_corners=corners, antialias=True, **kwargs)
        o.add(spec(2, 3, 8, 9), mode="bicubic", align_corners=corners, antialias=True, **kwargs)
    o.add(spec(1, 2, 3, 4, 5), size=(2, 6, 3), mode="trilinear", align_corners=corners)
o.add(spec(1, 2, 9, 8), size=(4, 3), mode="lanczos", antialias=True).add(spec(1, 2, 4, 3), size=(9, 8), mode="lanczos", antialias=True)
o.add(spec(2, 3, 4, 5), size=(2, 3), mode="area").add(spec(2, 3, 5), scale_factor=0.5, mode="area").add(spec(1, 2, 4, 4, 4), size=2, mode="area")
o.add(spec(2, 3, 4, 5), scale_factor=1.5, mode="nearest-exact").add(spec(1, 2, 4, 4, 4), size=(2, 3, 6), mode="nearest")
o.add(spec(2, 3, 5), size=3, mode="bicubic").add(spec(2, 3, 4, 4), size=3, mode="nearest", antialias=True).add(spec(2, 3, 4, 4), size=3, mode="area", align_corners=True)

for n, space, small in ((1, (6,), (3,)), (2, (4, 6), (2, 3)), (3, (4, 2, 6), (2, 1, 3))):
    o = op(f"max_unpool{n}d", f"{F}max_unpool{n}d", **FACTS)
    o.dtypes = WIDE
    pools = f"max_pool{n}d"

    def undone(T: Any, x: Any, pools: str = pools, **kwargs: Any) -> Any:
        """A pool and what undoes it."""
        found, places = getattr(T.nn.functional, pools)(x, 2, return_indices=True)
        return getattr(T.nn.functional, pools.replace("_", "_un"))(found, places, 2, **kwargs)

    o.call(undone, spec(2, 3, *space, unique=True), dtypes=WIDE)
    o.call(undone, spec(3, *space, unique=True), dtypes=WIDE)
    o.call(lambda T, x, undone=undone, size=tuple(s + 1 for s in space): undone(T, x, output_size=size), spec(2, 3, *space, unique=True), dtypes=WIDE)
    o.call(lambda T, x, undone=undone, size=tuple(s + 2 for s in space): undone(T, x, output_size=size), spec(2, 3, *space, unique=True), dtypes=WIDE)
    if n > 1:
        kernel = (2, 2) if n == 2 else (2, 1, 2)
        o = op(f"fractional_max_pool{n}d", f"{F}fractional_max_pool{n}d", **SEVERAL)
        wide = tuple(s + 3 for s in space)
        draws = spec(2, 3, n, low=0, high=0.99, grad=False)
        for extra in ({}, {"return_indices": True}):
            o.add(spec(2, 3, *wide, unique=True), kernel, output_size=small, _random_samples=draws, **extra)
            o.add(spec(2, 3, *wide, unique=True), 2, output_ratio=(0.5,) * n, _random_samples=draws, **extra)
        o.add(spec(3, *wide, unique=True), 2, output_size=1, _random_samples=spec(1, 3, n, low=0, high=0.99, grad=False))
        o.add(spec(2, 3, *wide), 2).add(spec(2, 3, *wide), 9, output_size=2)

o = op("rrelu", F + "rrelu", **FACTS)
o.add(spec(3, 4)).add(spec(3, 4), 0.1, 0.9).add(spec(3), 0.5, 0.1).add(spec(3, 4, layout="transposed"), 0.2, 0.2, True).but(dtypes=WIDE)
o = op("feature_alpha_dropout", F + "feature_alpha_dropout", **FACTS)
o.add(spec(3, 4, 2)).add(spec(3, 4, 2), 0.0, True).add(spec(3, 4), 1.0, True).add(spec(3), 0.5, True).add(spec(3, 4), 1.5, True)
o = op("conv_transpose3d", F + "conv_transpose3d", **FACTS)
o.add(spec(1, 2, 3, 2, 3), spec(2, 3, 2, 2, 2), spec(3)).add(spec(2, 4, 2, 2, 2), spec(4, 2, 3, 2, 1), None, 2, 1, (1, 0, 1), 2)
o.add(spec(2, 3, 2, 3), spec(2, 3, 2, 2, 2), dilation=2).add(spec(1, 2, 3, 2, 3), spec(3, 3, 2, 2, 2))
for sample in o.samples:
    sample.dtypes = FLOATS

o = op("embedding_bag", F + "embedding_bag", **SEVERAL)
ROWS, FLAT, STARTS = index([[1, 2, 4], [4, 3, 0]]), index([1, 2, 4, 5, 4, 3, 2, 5]), index([0, 4, 4, 6])
for how in ("sum", "mean", "max"):
    for table in (spec(6, 3), spec(6, 3, layout="transposed")):
        o.add(ROWS, table, mode=how).add(FLAT, table, STARTS, mode=how).add(FLAT, table, index([0, 3, 8]), mode=how, include_last_offset=True)
        o.add(FLAT, table, STARTS, mode=how, padding_idx=4).add(FLAT, table, index([0, 2, 6]), mode=how, padding_idx=-1)
    o.add(spec(0, dtype="int64"), spec(6, 3), index([0, 0]), mode=how).but(grad=False)
    o.add(index([1, 2], "int32"), spec(6, 3), index([0, 1], "int32"), mode=how)
o.add(FLAT, spec(6, 3), STARTS, mode="sum", per_sample_weights=spec(8)).add(ROWS, spec(6, 3), mode="sum", per_sample_weights=spec(2, 3))
# PyTorch leaves the frequencies out of the second derivative, and takes those of other rows where they are not all the same.
o.add(index([1, 2, 4, 2, 1, 4]), spec(6, 3), index([0, 4]), mode="sum", scale_grad_by_freq=True).but(dtypes=("float32",))
o.add(ROWS, spec(6, 3), mode="mean", per_sample_weights=spec(2, 3)).add(ROWS, spec(6, 3), mode="prod").add(FLAT, spec(6, 3)).add(ROWS, spec(6, 3), index([0, 2]))
o.add(FLAT, spec(6, 3), index([1, 2])).add(FLAT, spec(6, 3), index([0, 9])).add(ROWS, spec(6), mode="sum")

o = op("ctc_loss", F + "ctc_loss", second=False, **SEVERAL)
LABELS = index([[1, 2, 2], [3, 1, 0], [4, 4, 1]])
for how in ("mean", "sum", "none"):
    o.add(spec(7, 3, 5, low=-4, high=-0.1), LABELS, (7, 6, 7), (3, 2, 1), reduction=how)
    o.add(spec(7, 3, 5, low=-4, high=-0.1), index([1, 2, 2, 3, 1, 4]), index([7, 6, 7]), index([3, 2, 1]), reduction=how)
    o.add(spec(7, 5, low=-4, high=-0.1), index([1, 2, 2]), (6,), (3,), reduction=how)
    o.add(spec(4, 3, 5, low=-4, high=-0.1), LABELS, (4, 3, 2), (3, 2, 2), zero_infinity=True, reduction=how)
    o.add(spec(6, 3, 5, low=-4, high=-0.1), index([[1, 2, 0], [3, 1, 0], [0, 0, 1]]), (6, 6, 6), (3, 2, 0), 4, how)
o.add(spec(1, 2, 3, low=-4, high=-0.1), index([[1], [2]]), (1, 1), (1, 1)).add(spec(4, 2, 3, low=-4, high=-0.1), index([[1], [2]]), (4, 4), (0, 0), reduction="none")
o.add(spec(4, 2, 3), index([[1], [2]]), (5, 4), (1, 1)).add(spec(4, 2, 3), index([[1], [2]]), (4,), (1, 1)).add(spec(4, 2, 3), index([[1], [2]]), (4, 4), (1, 1), 3)
o = op("linear_cross_entropy", F + "linear_cross_entropy", **SEVERAL)
for how in ("mean", "sum", "none"):
    o.add(spec(6, 3), spec(4, 3), index([0, 3, 1, 2, 0, 1]), reduction=how).add(spec(3), spec(4, 3), index(2), linear_bias=spec(4), reduction=how)
    o.add(spec(6, 3), spec(4, 3), index([0, 3, 1, 2, 0, 1]), linear_bias=spec(4), weight=spec(4, low=0.5, high=2, grad=False), ignore_index=1, label_smoothing=0.1, reduction=how)
    o.add(spec(2, 3), spec(4, 2, 3), index([[0, 3], [1, 1]]), linear_bias=spec(4, 2), reduction=how).add(spec(2, 3), spec(4, 3), spec(2, 4, low=0, high=1), reduction=how)
o.add(spec(2, 3), spec(4, 5), index([0, 1])).add(spec(2, 3), spec(4, 3), index([0, 1]), linear_bias=spec(3)).add(spec(2, 3), spec(4, 3), spec(2, 4), ignore_index=1)
OPS["dropout"].add(spec(3, 4), 1.5)
