"""Matrix products, contractions and einsum."""

from __future__ import annotations

from ..declare import ALL, Facts, Op, Spec, is_empty, op, spec

# PyTorch refuses products of bool, except those of no elements.
NUMBERS = ALL[1:]
LAYOUTS = ("contiguous", "transposed", "strided", "offset", "expanded")
FACTS: Facts = {"ulps": {"": 2, "float16": 1, "bfloat16": 1}, "scaled": True, "strides": "dense"}


def without_bool(o: Op) -> None:
    """Leave bool out of the samples with empty operands, and of the equations that PyTorch turns into `mul`."""
    o.limit(lambda sample: o.name == "einsum" or is_empty(sample), dtypes=NUMBERS)


def pair(o: Op, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """Both operands in every layout."""
    for layout in LAYOUTS:
        o.add(spec(*a, layout=layout), spec(*b)).add(spec(*a), spec(*b, layout=layout))
        o.add(spec(*a, layout=layout), spec(*b, layout=layout))


o = op("mm", **FACTS)
pair(o, (3, 4), (4, 5))
for rows, inner, columns in [(0, 3, 2), (2, 0, 3), (1, 1, 1), (3, 1, 3), (17, 33, 9), (2, 3, 0)]:
    o.add(spec(rows, inner), spec(inner, columns))
without_bool(o)
o = op("bmm", **FACTS)
pair(o, (2, 3, 4), (2, 4, 5))
o.add(spec(0, 3, 4), spec(0, 4, 5)).add(spec(2, 3, 0), spec(2, 0, 5)).add(spec(2, 0, 4), spec(2, 4, 5))
without_bool(o)
o = op("matmul", **FACTS)
SHAPES = [
    ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 5)), ((3, 4), (4, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)), ((2, 3, 4), (2, 4, 5)), ((1, 3, 4), (6, 4, 5)), ((2, 1, 3, 4), (3, 4, 5)),
    ((2, 3, 3, 4), (2, 3, 4, 2)),
    ((0,), (0,)), ((2, 0), (0, 3)), ((0, 3, 4), (4, 5)), ((2, 3, 0), (0, 4)), ((3, 0), (0,)),
]  # fmt: skip
for a, b in SHAPES:
    o.add(spec(*a), spec(*b)).add(spec(*a, layout="transposed"), spec(*b, layout="permuted"))
    o.add(spec(*a, layout="strided"), spec(*b, layout="expanded"))
o.add(spec(65, 70), spec(70, 66)).but(grad=False)
for dtype in ALL:
    o.add(spec(2, 3), spec(3, 2, dtype=dtype)).but(grad=False)
o.call(lambda T, x, y: x @ y, spec(2, 3), spec(3, 2)).call(lambda T, x, y: x.T @ y.T, spec(3, 2), spec(2, 3))
without_bool(o)
o = op("addmm", **FACTS)
for bias in [(3, 5), (5,), (3, 1), (1, 1), ()]:
    o.add(spec(*bias), spec(3, 4), spec(4, 5)).but(inplace=bias == (3, 5))
    o.add(
        spec(*bias, layout="strided"), spec(3, 4, layout="transposed"), spec(4, 5, layout="strided"), beta=2, alpha=3
    ).but(inplace=bias == (3, 5))
o.add(spec(3, 5), spec(3, 0), spec(0, 5)).add(spec(3, 5), spec(3, 4), spec(4, 5), beta=0).add(
    spec(2, 2), spec(2, 3), spec(3, 2), alpha=0
)
o = op("addmv", **FACTS).add(spec(3), spec(3, 4), spec(4)).add(spec(3), spec(3, 4), spec(4), beta=2, alpha=3)
o = op("baddbmm", **FACTS)
for bias in [(2, 3, 5), (3, 5), (5,), (2, 1, 5), (1, 3, 1)]:
    o.add(spec(*bias), spec(2, 3, 4), spec(2, 4, 5)).but(inplace=bias == (2, 3, 5))
    o.add(spec(*bias), spec(2, 3, 4, layout="transposed"), spec(2, 4, 5, layout="offset"), beta=2, alpha=-1).but(
        inplace=False
    )
o.add(spec(2, 3, 5), spec(2, 3, 4), spec(2, 4, 5), beta=0)
op("addbmm", **FACTS).add(spec(3, 5), spec(2, 3, 4), spec(2, 4, 5))
op("addr", **FACTS).add(spec(3, 4), spec(3), spec(4)).add(spec(3, 4), spec(3), spec(4), beta=2, alpha=3)
for name in ("outer", "ger"):
    pair(op(name, **FACTS), (3,), (4,))
o = op("dot", **FACTS)
pair(o, (6,), (6,))
o.add(spec(0), spec(0)).add(spec(1000, low=0, high=1), spec(1000, low=0, high=1)).but(grad=False)
without_bool(o)
op("inner", **FACTS).add(spec(3), spec(3)).add(spec(2, 3), spec(4, 3)).add(spec(), spec(2))
op("vdot", **FACTS).add(spec(3), spec(3))
o = op("mv", **FACTS)
pair(o, (3, 4), (4,))
o.add(spec(0, 4), spec(4)).add(spec(3, 0), spec(0))

without_bool(o)

EQUATIONS: list[tuple[str, list[Spec]]] = [
    ("ij,jk->ik", [spec(2, 3), spec(3, 4)]),
    ("ij,jk", [spec(2, 3), spec(3, 4)]),
    ("ij->ji", [spec(2, 3)]),
    ("ij", [spec(2, 3)]),
    ("ji", [spec(2, 3)]),
    ("ij->", [spec(2, 3)]),
    ("ij->i", [spec(2, 3)]),
    ("ii->i", [spec(3, 3)]),
    ("ii", [spec(3, 3)]),
    ("bij,bjk->bik", [spec(2, 3, 4), spec(2, 4, 5)]),
    ("bij,bkj->bik", [spec(2, 3, 4), spec(2, 5, 4)]),
    ("i,i->", [spec(4), spec(4)]),
    ("i,j->ij", [spec(3), spec(4)]),
    ("i,j->ji", [spec(3), spec(4)]),
    ("ij,ij->ij", [spec(2, 3), spec(2, 3)]),
    ("ij,ij->", [spec(2, 3), spec(2, 3)]),
    ("...ij,...jk->...ik", [spec(2, 3, 4), spec(4, 5)]),
    ("...ij->...ji", [spec(2, 3, 4)]),
    ("...i,i->...", [spec(2, 3, 4), spec(4)]),
    ("b...,b->...", [spec(2, 3, 4), spec(2)]),
    ("bhqd,bhkd->bhqk", [spec(2, 2, 3, 4), spec(2, 2, 5, 4)]),
    ("bn,anm,bm->ba", [spec(2, 3), spec(4, 3, 5), spec(2, 5)]),
    ("ij,jk,kl->il", [spec(2, 3), spec(3, 4), spec(4, 2)]),
    (" i j , j -> i ", [spec(2, 3), spec(3)]),
    ("Ab,bA->A", [spec(2, 3), spec(3, 2)]),
    ("iij->j", [spec(3, 3, 2)]),
    ("ij,kl->", [spec(2, 3), spec(2, 2)]),
    (",i->i", [spec(), spec(3)]),
    ("ij,jk->ik", [spec(2, 0), spec(0, 4)]),
    ("ij,ij->ij", [spec(1, 3), spec(2, 1)]),
]
o = op("einsum", **(FACTS | {"strides": ""}))
for equation, operands in EQUATIONS:
    o.add(equation, *operands)
o.add("ij,jk->ik", spec(2, 3, layout="transposed"), spec(3, 4, layout="strided")).add("ij,jk", [spec(2, 3), spec(3, 4)])
without_bool(o)
o = op("tensordot", **FACTS)
o.add(spec(2, 3, 4), spec(3, 4, 5)).add(spec(2, 3), spec(3, 4), 1).add(spec(2), spec(3), dims=0).add(
    spec(2, 3), spec(2, 3), dims=2
)
o.add(spec(2, 3, 4), spec(4, 3, 5), dims=([1, 2], [1, 0])).add(spec(3, 4), spec(4, 3, layout="transposed"), ([0], [1]))
op("kron", **FACTS).add(spec(2, 3), spec(3, 2))
op("chain_matmul", "linalg.multi_dot", **FACTS).add([spec(2, 3), spec(3, 4), spec(4, 2)])
op("cross", "linalg.cross", **FACTS).add(spec(2, 3), spec(2, 3))
op("trace", **FACTS).add(spec(3, 4))
