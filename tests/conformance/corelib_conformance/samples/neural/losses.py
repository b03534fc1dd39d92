"""Losses of regression and classification."""

from __future__ import annotations

from typing import Any

from ..declare import WIDE, Facts, index, op, spec
from .tolerances import F, LOSS

REDUCE = ("mean", "sum", "none")
PLAIN: list[tuple[str, list[Facts]]] = [
    ("mse_loss", [{}]),
    ("l1_loss", [{}]),
    ("smooth_l1_loss", [{}, {"beta": 0.5}, {"beta": 0.0}, {"beta": 3.0}]),
    ("huber_loss", [{}, {"delta": 0.5}]),
]
for name, more in PLAIN:
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
CLASSES: list[tuple[tuple[int, ...], Any]] = [
    ((3, 4), [0, 3, 1]), ((4,), 2), ((2, 4, 3), [[0, 1, 2], [3, 0, 1]]), ((2, 4, 1, 2), [[[0, 3]], [[1, 1]]]),
]
weight = spec(4, low=0.5, high=2, grad=False)
for family in (o, o2):
    for how in REDUCE:
        for shape, classes in CLASSES:
            x, t = spec(*shape), index(classes)
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
