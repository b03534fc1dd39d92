"""Elementwise ops: one operand, two operands with broadcasting and promotion, comparisons, logic and bits."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..declare import ALL, FLOATS, LAYOUTS, OPS, WIDE, Op, Spec, index, op, spec

INF, NAN = math.inf, math.nan
HALF_SCALAR: dict[str, float] = {"": 0, "float16": 1, "bfloat16": 1}
EDGES = [
    0.0, -0.0, 1e-30, -1e-30, 1e-8, -1e-8, 1e-4, -1e-4, 0.01, -0.01, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 3.0,
    10.0, -10.0, 20.0, -20.0, 40.0, -40.0, 88.0, -88.0, 100.0, -100.0, 1e4, -1e4, INF, -INF, NAN,
]  # fmt: skip
MIXED = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 7.0, INF, -INF, NAN]


def unary(name: str, low: float = -3.0, high: float = 3.0, path: str = "", **facts: Any) -> Op:
    """A function of one tensor, on numbers in [low, high] and near every edge."""
    o = op(name, path, **facts)
    for layout in LAYOUTS:
        o.add(spec(3, 4, layout=layout, low=low, high=high))
    for shape in [(), (1,), (0,), (2, 0, 3), (2, 3, 4), (5, 1, 1)]:
        o.add(spec(*shape, low=low, high=high))
    o.add(spec(2, 3, 2, 2, layout="channels_last", low=low, high=high))
    o.add(spec(130, 257, low=low, high=high)).but(grad=False)
    o.add(spec(len(EDGES), values=EDGES)).but(dtypes=FLOATS, grad=False)
    return o


EXACT_UNARY = ("abs", "neg", "sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite")
for name in (*EXACT_UNARY, "bitwise_not", "square"):
    unary(name)
for name in ("positive", "isposinf", "isneginf"):
    unary(name)
# In place, PyTorch hands the gradient through logical ops as if they did nothing.
unary("logical_not", grad=False)
for name, low, high in [
    ("exp", -3, 3),
    ("expm1", -3, 3),
    ("exp2", -3, 3),
    ("sin", -6, 6),
    ("cos", -6, 6),
    ("tan", -1.4, 1.4),
    ("asin", -0.95, 0.95),
    ("acos", -0.95, 0.95),
    ("atan", -3, 3),
    ("sinh", -3, 3),
    ("cosh", -3, 3),
    ("tanh", -3, 3),
    ("sigmoid", -6, 6),
    ("erf", -3, 3),
]:
    unary(name, low, high, ulps=4)
# Small values beside large ones, more than are computed at once.
for name in ("sin", "cos", "tan"):
    OPS[name].add(spec(32, values=[1e-5, 3e8, 0.3, INF] * 8)).but(dtypes=WIDE, grad=False)
# PyTorch's erf of a bfloat16 below 1e-20 is 0.
OPS["erf"].limit(lambda s: s.args[0].values is not None, dtypes=("float16", *WIDE))
for name in ("log", "log2", "log10", "rsqrt", "reciprocal"):
    unary(name, 0.1, 9, ulps=4)
unary("sqrt", 0.1, 9, ulps=1)
unary("log1p", -0.9, 9, ulps=4)
OPS_WITH_EXTREMES = [unary("nan_to_num")]
nan_to_num = OPS_WITH_EXTREMES[0]
nan_to_num.add(spec(10, values=MIXED), nan=1.0, posinf=5.0, neginf=-5.0).but(dtypes=FLOATS)
nan_to_num.add(spec(10, values=MIXED), 2.0).but(dtypes=FLOATS)
nan_to_num.add(spec(10, values=MIXED), INF, -INF, 3.0).but(dtypes=FLOATS, grad=False)

round_ = op("round_decimals", "round", forms=("function",), ulps=1)
for decimals in (0, 1, 3, -1):
    round_.add(spec(4, 5, low=-30, high=30), decimals=decimals)

# Two operands: (shape, layout) of each.
PAIRS = [
    (spec(3, 4), spec(3, 4)),
    (spec(3, 4), spec(4)),
    (spec(3, 1), spec(1, 4)),
    (spec(3, 4), spec()),
    (spec(), spec(3, 4)),
    (spec(), spec()),
    (spec(2, 1, 4), spec(3, 1)),
    (spec(0), spec(1)),
    (spec(2, 0, 3), spec(3)),
    (spec(3, 4, layout="transposed"), spec(3, 4, layout="transposed")),
    (spec(3, 4, layout="transposed"), spec(3, 4)),
    (spec(3, 4), spec(3, 4, layout="transposed")),
    (spec(3, 4, layout="strided"), spec(3, 4, layout="offset")),
    (spec(3, 4, layout="expanded"), spec(3, 4)),
    (spec(2, 3, 4, layout="permuted"), spec(3, 4, layout="transposed")),
    (spec(2, 3, 2, 2, layout="channels_last"), spec(1, 3, 1, 1)),
]


def ranged(s: Spec, low: float | None, high: float | None, nonzero: bool = False) -> Spec:
    return replace(s, low=low, high=high, nonzero=nonzero)


def binary(
    name: str,
    a: tuple[float | None, float | None] = (None, None),
    b: tuple[float | None, float | None] = (None, None),
    nonzero: bool = False,
    scalars: tuple[object, ...] = (2, 2.5, True, -3),
    edges: bool = True,
    path: str = "",
    **facts: Any,
) -> Op:
    """A function of two operands: broadcasting, layouts, every pair of dtypes, Python numbers, special values."""
    o = op(name, path, **facts)
    for x, y in PAIRS:
        o.add(ranged(x, *a), ranged(y, *b, nonzero))
    for scalar in scalars:
        o.add(ranged(spec(3, 4), *a), scalar)
    for dtype in ALL:
        o.add(ranged(spec(5), *a), spec(5, dtype=dtype, low=b[0], high=b[1], nonzero=nonzero)).but(grad=False)
        # PyTorch rounds the 0-d operand to the half precision of the other for some ops and not for others.
        o.add(ranged(spec(5), *a), spec(dtype=dtype, low=b[0], high=b[1], nonzero=nonzero)).but(
            grad=False, ulps=HALF_SCALAR if not facts.get("ulps") else None
        )
        o.add(ranged(spec(), *a), spec(2, 2, dtype=dtype, low=b[0], high=b[1], nonzero=nonzero)).but(
            grad=False, inplace=False
        )
    if edges:
        n = len(MIXED)
        left = [x for x in MIXED for _ in range(n)]
        o.add(spec(n * n, values=left), spec(n * n, values=MIXED * n)).but(dtypes=FLOATS, grad=False)
    o.add(ranged(spec(90, 200), *a), ranged(spec(200), *b, nonzero)).but(grad=False)
    return o


for name in ("add", "sub"):
    o = binary(name)
    # A fused multiply and add rounds once, which shows where the terms cancel.
    o.add(spec(3, 4), spec(4), alpha=3).but(ulps={"": 16})
    o.add(spec(3, 4), spec(4), alpha=2.5).but(dtypes=FLOATS, ulps={"": 16})
    o.add(spec(3), spec(3, values=[1, 2, 3]), alpha=-1)
binary("mul").add(spec(4, values=[100, 120, 3, 2]), spec(4, values=[100, 3, 120, 2]))
for name in ("div", "true_divide"):
    binary(name, b=(0.5, 5), nonzero=True)
o = op("div_rounded", "div", forms=("function",))
for mode in ("floor", "trunc", None):
    for x, y in PAIRS[:8]:
        o.add(x, ranged(y, 0.5, 5, True), rounding_mode=mode)
    o.add(spec(6, values=[-7, -5, -1, 1, 5, 7]), spec(6, values=[2, -3, 2, -2, 3, -2]), rounding_mode=mode).but(
        dtypes=("int8", "int32", "int64", *FLOATS)
    )
    o.add(spec(4), 3, rounding_mode=mode)
    o.add(spec(4), -2.5, rounding_mode=mode)
    o.add(spec(100, values=[x for x in MIXED for _ in MIXED]), spec(100, values=MIXED * 10), rounding_mode=mode).but(
        dtypes=FLOATS, grad=False
    )
for name in ("floor_divide", "remainder", "fmod"):
    o = binary(name, b=(0.5, 5), nonzero=True, grad=name != "floor_divide")
    signs = spec(6, values=[-7, -5, -1, 1, 5, 7]), spec(6, values=[2, -3, 2, -2, 3, -2])
    o.add(*signs).but(dtypes=("int8", "int16", "int32", "int64", *FLOATS))
    o.add(spec(5, values=[1, 2, 0, 5, 7]), spec(5, values=[0, 1, 0, 2, 3])).but(grad=False)
o = binary("pow", a=(0.2, 3), b=(0, 3), scalars=(2, 0.5, 3, 0, 1, True, 2.5), ulps=4)
o.add(spec(3, 4, low=0.2, high=3), -1).add(spec(3, 4, low=0.2, high=3), -0.5).add(spec(3, 4), 2).add(spec(3, 4), 3.0)
o.add(2, spec(3, 4, low=0, high=3)).add(2.5, spec(3, 4)).add(0, spec(4, low=0, high=3)).but(grad=False)
o.add(spec(4, values=[-2, -1, 1, 2]), spec(4, values=[-1, -2, -1, -3])).but(dtypes=("int8", "int32", "int64", *FLOATS))
binary("maximum"), binary("minimum"), binary("fmax"), binary("fmin")
o = binary("atan2", ulps=4)
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    binary(name).add(spec(20, values=[0.0, NAN, INF, -2.0] * 5), NAN).but(dtypes=FLOATS, grad=False)
for name in ("logical_and", "logical_or", "logical_xor"):
    binary(name, scalars=(), grad=False)
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    binary(name, scalars=(2, True, -3, 2.5))
for name in ("bitwise_left_shift", "bitwise_right_shift"):
    o = binary(name, b=(0, 4), scalars=(1, 2))
    o.add(spec(6, values=[1, 2, 3, 100, 5, 7]), spec(6, values=[7, 8, 15, 31, 63, 64]))

REFLECTED = {
    "radd": operator.add,
    "rsub": operator.sub,
    "rmul": operator.mul,
    "rtruediv": operator.truediv,
    "rfloordiv": operator.floordiv,
    "rmod": operator.mod,
    "rpow": operator.pow,
}
for name, function in REFLECTED.items():
    # PyTorch's 3 / x is 3 times the reciprocal of x.
    o = op(name, ulps={"rpow": 4, "rtruediv": 2}.get(name, 0), grad=name not in ("rfloordiv", "rmod", "rpow"))
    for scalar in (3, 2.5, True, -2):
        o.call(lambda T, x, f=function, s=scalar: f(s, x), spec(3, 4, low=0.3, high=4, nonzero=True))
OPERATORS = {
    "operators": (
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow),
        *(operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift),
        *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    ),
    "inplace_operators": (
        *(operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod),
        *(operator.ipow, operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift),
    ),
}
for name, functions in OPERATORS.items():
    o = op(name, ulps=4, grad=False)
    for function in functions:
        pair = spec(3, 4, low=0.3, high=4, nonzero=True), spec(4, low=0.3, high=4, nonzero=True)
        o.call(lambda T, x, y, f=function: f(x, y), *pair)
        for scalar in (2, True) if function in (operator.lshift, operator.ilshift) else (2, 1.5, True):
            o.call(lambda T, x, f=function, s=scalar: f(x, s), pair[0])
o = op("unary_operators", grad=False)
SIGNS: tuple[Callable[[Any], Any], ...] = (operator.neg, operator.pos, operator.invert, operator.abs)
for sign in SIGNS:
    o.call(lambda T, x, f=sign: f(x), spec(3, 4))

o = op("clamp")
for least, most in [(-1, 1), (None, 1), (0, None), (-0.5, 0.7), (2, 1), (1, 2.5)]:
    o.add(spec(3, 4), min=least, max=most).add(spec(3, 4, layout="transposed"), least, most)
o.add(spec(3, 4), spec(4, low=-2, high=0), spec(4, low=0, high=2)).add(spec(3, 4), min=spec(4), max=None)
o.add(spec(3, 4), None, spec(3, 1)).add(spec(3, 1), spec(4), spec(4)).add(spec(), 0, 1).add(spec(0, 3), 0, 1)
o.add(spec(5, values=[-1, 0, 1, 0, 1]), 0, 1).add(spec(10, values=MIXED), -2, 2).but(dtypes=FLOATS, grad=False)
o.add(spec(3, 4), NAN, 1).add(spec(3, 4), None, NAN).add(spec(2), spec(2, values=[0, NAN]), spec(2, values=[NAN, 1])).but(dtypes=FLOATS, grad=False)
for name, bound in (("clamp_min", -0.5), ("clamp_max", 1)):
    op(name).add(spec(3, 4), bound).add(spec(3, 4), spec(4)).add(spec(3, 4, layout="strided"), 0)

o = op("lerp", ulps=2, scaled=True)
for x, y in PAIRS:
    o.add(x, y, 0.3)
o.add(spec(3, 4), spec(3, 4), 0.7).add(spec(3, 4), spec(4), spec(3, 1, low=0, high=1)).add(spec(3), spec(3), spec())
o.add(spec(3, 4), spec(3, 4), 2)
for name in ("addcmul", "addcdiv"):
    o = op(name, ulps=2, scaled=True)
    for x, y in PAIRS:
        o.add(spec(), x, ranged(y, 0.5, 3, True)).but(inplace=False)
        o.add(x, ranged(y, 0.5, 3, True), ranged(y, 0.5, 3, True), value=2)
    o.add(spec(3, 4), spec(3, 4), spec(4, low=1, high=2), value=-0.5).but(dtypes=FLOATS)

o = op("where")
for dtype in ALL:
    o.add(index([[True, False], [False, True]], "bool"), spec(2, 2), spec(2, 2, dtype=dtype)).but(grad=False)
    o.add(index([True, False], "bool"), spec(2), spec(dtype=dtype)).but(grad=False)
mask = index([[True, False, True], [False, False, True]], "bool")
o.add(mask, spec(2, 3), spec(2, 3)).add(mask, spec(3), spec(2, 1)).add(mask, spec(2, 3, layout="strided"), spec())
for either in ((spec(2, 3), 0), (1.5, spec(2, 3)), (2, 3), (2.0, 1)):
    o.call(lambda T, *given: T.where(*given), mask, *either)
o.add(index(True, "bool"), spec(3), spec())
o.add(index([1, 0, 1], "uint8"), spec(3), spec(3))
o.add(spec(0, 3, dtype="bool"), spec(0, 3), spec(3))
o.call(lambda T, c, x, y: x.where(c, y), mask, spec(2, 3), spec(3))
op("where_one", "where", forms=("function",)).add(spec(3, 4)).add(spec(0)).add(spec(5, values=[0, 1, 0, 1, 1]))

o = op("promotion", grad=False, ulps=1)
for left in ALL:
    for scalar in (1, 1.0, True):
        o.call(lambda T, x, s=scalar: T.result_type(x, s), spec(2, dtype=left), dtypes=("float32",))
    for right in ALL:
        o.call(lambda T, x, y: T.result_type(x, y), spec(2, dtype=left), spec(2, dtype=right), dtypes=("float32",))
        o.call(lambda T, x, y: T.result_type(x, y), spec(2, dtype=left), spec(dtype=right), dtypes=("float32",))
        o.call(lambda T, a=left, b=right: T.promote_types(getattr(T, a), getattr(T, b)), dtypes=("float32",))
        o.call(lambda T, a=left, b=right: T.can_cast(getattr(T, a), getattr(T, b)), dtypes=("float32",))

o = op("to")
for dtype in ALL:
    o.call(lambda T, x, d=dtype: x.to(getattr(T, d)), spec(3, 4, low=0))
    o.call(lambda T, x, d=dtype: x.to(getattr(T, d)), spec(3, 4, low=0, layout="transposed"))
    o.call(lambda T, x, d=dtype: x.to(dtype=getattr(T, d), copy=True), spec(3, low=0, layout="strided"))
    o.call(lambda T, x, d=dtype: x.type(getattr(T, d)), spec(2, low=0))
for method in ("float", "double", "half", "bfloat16", "int", "long", "short", "char", "byte", "bool"):
    o.call(lambda T, x, m=method: getattr(x, m)(), spec(3, 4, low=0))
o.call(lambda T, x: x.to("cpu"), spec(3)).call(lambda T, x, y: x.to(y), spec(3, low=0), spec(2, dtype="float32"))
o = op("half_rounding", dtypes=WIDE, grad=False)
for half in ("float16", "bfloat16"):
    values = [
        1.0009766,
        1.00048828125,
        1.00146484375,
        65504.0,
        65519.0,
        65520.0,
        1e-8,
        6e-8,
        3e-8,
        3.3895e38,
        INF,
        NAN,
        1.00390625,
    ]
    o.call(lambda T, x, d=half: x.to(getattr(T, d)).to(T.float32), spec(13, values=values))

o = op("copy_", grad=False)
for dtype in ALL:
    for layout in LAYOUTS[:5]:
        o.call(lambda T, x, y: x.copy_(y), spec(3, 4, layout=layout), spec(3, 4, dtype=dtype, low=0))
    o.call(lambda T, x, y: x.copy_(y), spec(3, 4), spec(4, dtype=dtype, low=0, layout="strided"))
o = op("fill_", grad=False)
for value in (0, 1, 2.5, True):
    for layout in LAYOUTS[:5]:
        o.call(lambda T, x, v=value: x.fill_(v), spec(3, 4, layout=layout))
o.call(lambda T, x: x.zero_(), spec(3, 4, layout="strided")).call(lambda T, x, y: x.fill_(y), spec(3, 4), spec())
