"""Losses of margins and distributions, and distances."""

from __future__ import annotations

from ..declare import OPS, WIDE, Facts, index, op, spec
from .tolerances import F, LOSS

SIGNS = index([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]], "float32")
ONLY: Facts = {"dtypes": ("float32",)}

o = op("poisson_nll_loss", F + "poisson_nll_loss", **LOSS)
for reduction in ("mean", "sum", "none"):
    o.add(spec(2, 3), spec(2, 3, low=0, high=5, grad=False), reduction=reduction)
o.add(spec(2, 3, low=0.5, high=3), spec(2, 3, low=0, high=5, grad=False), log_input=False).add(spec(2, 3), spec(2, 3, low=0, high=5, grad=False), full=True)
o = op("gaussian_nll_loss", F + "gaussian_nll_loss", **LOSS)
for reduction in ("mean", "sum", "none"):
    o.add(spec(2, 3), spec(2, 3), spec(2, 3, low=0.5, high=2), reduction=reduction)
o.add(spec(2, 3), spec(2, 3), spec(2, low=0.5, high=2), full=True).add(spec(2, 3), spec(2, 3), spec(2, 1, low=0.5, high=2))
o.add(spec(2, 3), spec(2, 3), 0.5).add(spec(2, 3), spec(2, 3), spec(3, low=0.5, high=2)).add(spec(2, 3), spec(2, 3), -1.0).add(spec(3), spec(3), spec(3, low=0, high=1e-8))
o = op("soft_margin_loss", F + "soft_margin_loss", **LOSS)
for reduction in ("mean", "sum", "none"):
    o.add(spec(2, 3), SIGNS, reduction=reduction).but(**ONLY)
o = op("multilabel_soft_margin_loss", F + "multilabel_soft_margin_loss", **LOSS)
for reduction in ("mean", "sum", "none"):
    o.add(spec(2, 3), spec(2, 3, low=0, high=1, grad=False), reduction=reduction)
o.add(spec(2, 3), spec(2, 3, low=0, high=1, grad=False), spec(3, low=0.5, high=2, grad=False)).add(spec(3), spec(3, low=0, high=1, grad=False))
o = op("multi_margin_loss", F + "multi_margin_loss", **LOSS)
o.dtypes = WIDE
for reduction in ("mean", "sum", "none"):
    o.add(spec(3, 4, unique=True), index([0, 3, 1]), reduction=reduction).add(spec(3, 4, unique=True), index([0, 3, 1]), 2, 0.5, reduction=reduction)
o.add(spec(3, 4, unique=True), index([0, 3, 1]), weight=spec(4, low=0.5, high=2, grad=False)).add(spec(4, unique=True), index(2)).add(spec(3, 4), index([0, 3, 1]), 3)
o = op("multilabel_margin_loss", F + "multilabel_margin_loss", **LOSS)
o.dtypes = WIDE
for reduction in ("mean", "sum", "none"):
    o.add(spec(2, 4, unique=True), index([[3, 0, -1, 1], [2, -1, 0, 0]]), reduction=reduction)
o.add(spec(4, unique=True), index([1, 2, -1, 3])).add(spec(2, 3), index([[-1, 0, 1], [0, 1, 2]]))
o = op("triplet_margin_with_distance_loss", F + "triplet_margin_with_distance_loss", forms=("function",), **{k: v for k, v in LOSS.items() if k != "forms"})
o.add(spec(3, 4), spec(3, 4), spec(3, 4)).add(spec(3, 4), spec(3, 4), spec(3, 4), margin=0.5, swap=True, reduction="none").add(spec(3, 4), spec(3, 4), spec(3, 4), margin=-1.0)
o.add(spec(3, 4), spec(4), spec(3, 4))
for p in (1.0, 2.0, 3.0, float("inf"), 0.0):
    smooth = 0 < p < float("inf")  # elsewhere the reference cannot say which element is the largest, and PyTorch does not share ties
    o = op(f"cdist_{p:g}", "cdist", ulps=16, scaled=True, forms=("function",), dtypes=WIDE, grad=smooth, second=p in (1.0, 2.0))
    o.add(spec(3, 4), spec(2, 4), p).add(spec(2, 3, 4), spec(2, 4, layout="transposed"), p)
    o = op(f"pdist_{p:g}", "pdist", ulps=16, scaled=True, forms=("function",), dtypes=WIDE, grad=smooth, second=False, strides="")
    o.add(spec(4, 3), p)
    o = op(f"pairwise_distance_{p:g}", F + "pairwise_distance", ulps=16, scaled=True, forms=("function",), dtypes=WIDE, grad=smooth, second=p in (1.0, 2.0), strides="")
    o.add(spec(3, 4), spec(3, 4), p).add(spec(3, 4), spec(4), p, 1e-3, True).add(spec(4), spec(4), p)
OPS["cdist_2"].add(spec(4), spec(2, 4)).add(spec(3, 4), spec(2, 3)).add(spec(3, 4), spec(2, 4), -1.0).add(spec(3, 4), spec(2, 4), 2.0, "odd")
