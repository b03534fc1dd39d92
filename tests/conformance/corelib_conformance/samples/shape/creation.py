"""Ops that make tensors: from sizes, ranges and other tensors, and the random ones with PyTorch's CPU stream.

The dtype of the sample is asked for by `dtype=`, so every dtype is tried for each. Random numbers are compared bit for
bit where the CPU stream is promised (rand, randint, randperm, bernoulli), to rounding for normal numbers, and by their
support for the others.
"""

from __future__ import annotations

import math
from typing import Any

from ..declare import ALL, FLOATS, INTS, LAYOUTS, WIDE, Op, op, spec

SIZES = [(), (0,), (1,), (3,), (2, 3), (2, 0, 3), (2, 1, 4)]
FILL = 3


def dtyped(name: str, *calls: tuple[Any, ...], **facts: Any) -> Op:
    """A factory called with each argument tuple, with dtype= of the sample and with the default dtype."""
    o = op(name, grad=False, **facts)
    for args in calls:
        o.call(lambda T, x, *a, n=name: getattr(T, n)(*a, dtype=x.dtype), spec(1), *args)
        numbers = [a for a in args if isinstance(a, (int, float))] if name in ("arange", "linspace") else []
        if any(a != int(a) for a in numbers):
            o.but(dtypes=FLOATS)  # What a fraction becomes in integer arithmetic differs by dtype in PyTorch.
        elif min(numbers, default=0) < 0:
            o.but(dtypes=(*INTS[1:], *FLOATS))
        o.call(lambda T, *a, n=name: getattr(T, n)(*a), *args, dtypes=("float32",))
    return o


for name in ("zeros", "ones", "empty"):
    o = dtyped(name, *[(s,) for s in SIZES], (2, 3), (0, 2), ([3, 2],), values=name != "empty")
    o.call(lambda T, n=name: getattr(T, n)(2, 3, device="cpu"))
    o.call(lambda T, n=name: getattr(T, n)(size=(2, 3), requires_grad=True).requires_grad)
    o.call(lambda T, n=name: getattr(T, n)(T.Size([2, 3]), layout=T.strided))
    o.call(lambda T, x, n=name: getattr(T, n)(x.shape, out=x), spec(2, 3))
o = dtyped("full", *[(s, FILL) for s in SIZES], ((2,), 2.5), ((2,), True), ((2,), 0), ((2, 2), math.inf))
o.call(lambda T: T.full((2,), -1.5, dtype=T.float64)).call(lambda T, x: T.full((2, 3), 2, out=x), spec(2, 3))

o = dtyped(
    "arange",
    (5,),
    (0,),
    (1, 5),
    (5, 1, -1),
    (0, 10, 3),
    (1.0,),
    (0.0, 1.0, 0.25),
    (0, 1, 0.1),
    (-3, 3, 2),
    (2, 2),
    (5.5,),
)
o.call(lambda T: T.arange(start=1, end=4)).call(lambda T: T.arange(end=3)).call(lambda T: T.arange(0, 5, step=2))
o.call(lambda T, x: T.arange(4, out=x), spec(4)).ulps = {"": 1}
o = dtyped("linspace", (0, 1, 5), (0, 1, 1), (3, -3, 7), (0, 10, 0), (-1.5, 2.5, 9), (0, 100, 11), (2, 2, 3))
o.ulps = {"": 2}
o.scaled = True
o.call(lambda T: T.linspace(start=0, end=1, steps=4))
dtyped("eye", (0,), (1,), (3,), (2, 4), (4, 2), (3, 0))
o = op("tensor", grad=False)
DATA: list[Any] = [3, 2.5, True, [], [[]], [1, 2], [1.0, 2], [[1, 2], [3, 4]], [True, False], [[True], [2]], (1, (2)), [1, 2.5, True]]
for data in DATA:
    o.call(lambda T, d=data: T.tensor(d), dtypes=("float32",))
    o.call(lambda T, x, d=data: T.tensor(d, dtype=x.dtype), spec(1))
    o.call(lambda T, d=data: T.as_tensor(d), dtypes=("float32",))
o.call(lambda T: T.tensor(range(4)), dtypes=("float32",)).call(lambda T, x: T.as_tensor(x), spec(2, 3))
o.call(lambda T, x: T.scalar_tensor(2, dtype=x.dtype), spec(1)).call(lambda T: T.tensor(2**40), dtypes=("float32",))
o.call(lambda T, x: T.as_tensor(x, dtype=T.float64), spec(2, 3, layout="transposed"))
o.call(lambda T, x, y: T.tensor([x, y]), spec(), spec()).call(
    lambda T, x: T.tensor(x.tolist()), spec(2, 3), dtypes=ALL[:1] + INTS + WIDE
)

for name in ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like"):
    extra = {"full_like": (FILL,), "randint_like": (7,)}.get(name, ())
    o = op(name, grad=False, values=name in ("zeros_like", "ones_like", "full_like"), forms=())
    for layout in LAYOUTS:
        o.call(lambda T, x, *a, n=name: getattr(T, n)(x, *a), spec(2, 3, 4, layout=layout), *extra)
    for shape in [(), (0,), (2, 0)]:
        o.call(lambda T, x, *a, n=name: getattr(T, n)(x, *a), spec(*shape), *extra)
        if name == "randn_like" and shape:
            o.but(dtypes=FLOATS)
    for dtype in ALL if "rand" not in name else FLOATS:
        o.call(lambda T, x, *a, n=name, d=dtype: getattr(T, n)(x, *a, dtype=getattr(T, d)), spec(2, 3), *extra)
    o.call(lambda T, x, *a, n=name: getattr(T, n)(x, *a, requires_grad=True).requires_grad, spec(2, 3), *extra)
    o.call(
        lambda T, x, *a, n=name: getattr(T, n)(x, *a, memory_format=T.contiguous_format),
        spec(2, 3, layout="transposed"),
        *extra,
    )
NEW: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("new_zeros", [((2, 3),), (2, 3), ((),), ((0, 2),)]),
    ("new_ones", [((2, 3),), (2, 3), ((),)]),
    ("new_empty", [((2, 3),), (2, 3), ((),)]),
    ("new_full", [((2, 3), FILL), ((), 2)]),
    ("new_tensor", [([1, 2, 3],), (3,), ([[1], [0]],)]),
]
for name, args in NEW:
    o = op(name, grad=False, values=name != "new_empty", forms=())
    for given in args:
        o.call(lambda T, x, *a, n=name: getattr(x, n)(*a), spec(2), *given)
        for dtype in ALL:
            o.call(
                lambda T, x, *a, n=name, d=dtype: getattr(x, n)(*a, dtype=getattr(T, d)),
                spec(2),
                *given,
                dtypes=("int64",),
            )


def seeded(T: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Two draws after one seed, so that the stream's advance is compared too."""
    T.manual_seed(1234)
    function = getattr(T, name)
    return function(*args, **kwargs), function(*args, **kwargs)


def with_generator(T: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    generator = T.Generator().manual_seed(7)
    return getattr(T, name)(*args, generator=generator, **kwargs)


SHAPES = [(), (1,), (5,), (15,), (16,), (17,), (4, 5), (40,), (1000,), (0,)]
for name, ulps in (("rand", 0), ("randn", 8)):
    o = op(name, grad=False, ulps=ulps, scaled=bool(ulps), dtypes=(*FLOATS, "int64"))
    for shape in SHAPES:
        o.call(lambda T, x, s=shape, n=name: seeded(T, n, s, dtype=x.dtype), spec(1))
    o.limit(lambda s: True, dtypes=FLOATS)
    o.call(lambda T, x, n=name: seeded(T, n, (2, 3), dtype=x.dtype), spec(1))
    o.call(lambda T, n=name: seeded(T, n, 2, 3), dtypes=("float32",))
    o.call(lambda T, n=name: with_generator(T, n, (20,)), dtypes=("float32",))
    o.call(lambda T, n=name: getattr(T, n)(2, 3, requires_grad=True).requires_grad, dtypes=("float32",))
    # What follows in the stream tells how much was drawn.
    o.call(lambda T, n=name: (seeded(T, n, (33,)), T.rand(5), T.randint(0, 1000, (5,))), dtypes=("float32",))
o = op("randint", grad=False)
for low, high in [(0, 2), (0, 10), (-5, 5), (3, 4), (0, 256), (0, 1 << 33), (0, 1 << 24)]:
    for shape in [(), (7,), (3, 4), (0,)]:
        o.call(lambda T, x, a=low, b=high, s=shape: seeded(T, "randint", a, b, s, dtype=x.dtype), spec(1))
o.call(lambda T: seeded(T, "randint", 10, (20,)), dtypes=("float32",))
o.call(lambda T: with_generator(T, "randint", 0, 99, (20,)), dtypes=("float32",))
o = op("randperm", grad=False)
for n in (0, 1, 2, 10, 100):
    o.call(lambda T, x, n=n: seeded(T, "randperm", n, dtype=x.dtype), spec(1))
o.call(lambda T: with_generator(T, "randperm", 30), dtypes=("float32",))
o = op("bernoulli", grad=False, strides="")
o.call(lambda T, x: seeded(T, "bernoulli", x), spec(30, low=0, high=1))
o.call(lambda T, x: seeded(T, "bernoulli", x), spec(4, 5, low=0, high=1, layout="transposed"))
o.call(lambda T, x: seeded(T, "bernoulli", x), spec(low=0, high=1))
o.call(lambda T, x: seeded(T, "bernoulli", x), spec(0), dtypes=FLOATS)
o.call(lambda T, x: with_generator(T, "bernoulli", x), spec(30, low=0, high=1))
o.call(
    lambda T, x: [bool(((v == 0) | (v == 1)).all()) for v in seeded(T, "bernoulli", x, 0.3)], spec(30, low=0, high=1)
)
o.call(lambda T, x: bool(abs(T.bernoulli(x, 0.25).mean() - 0.25) < 0.03), spec(20000), dtypes=WIDE)
o = op("normal", grad=False, ulps=8, scaled=True)
o.call(lambda T: seeded(T, "normal", 1.0, 2.0, (40,)), dtypes=("float32",))
o.call(lambda T, m: seeded(T, "normal", m, 2.0), spec(40), dtypes=FLOATS)
o.call(lambda T, s: seeded(T, "normal", 1.0, s), spec(40, low=0.5, high=2), dtypes=FLOATS)
o.call(lambda T, m, s: seeded(T, "normal", m, s), spec(5, 8), spec(8, low=0.5, high=2), dtypes=FLOATS)
o.call(lambda T, x: (T.manual_seed(3), x.normal_(2, 3))[1], spec(5, 8))
o = op("inplace_random", grad=False, ulps=8)
o.call(lambda T, x: (T.manual_seed(3), x.uniform_(), x.uniform_(-2, 3))[1:], spec(5, 8))
o.call(lambda T, x: (T.manual_seed(3), x.uniform_(-2, 3))[1], spec(5, 8, layout="strided"))
o.call(lambda T, x: (T.manual_seed(3), x.random_(0, 5))[1], spec(5, 8))
o.call(lambda T, x: [bool(((y == 0) | (y == 1)).all()) for y in [x.clone().bernoulli_(0.5)]], spec(5, 8))
o = op("multinomial", grad=False)


def multinomial(T: Any, x: Any, count: int, replacement: bool) -> Any:
    """The draws' shape and dtype, whether they are in range, of positive weight and, without replacement, distinct."""
    T.manual_seed(0)
    drawn = T.multinomial(x, count, replacement)
    rows = drawn.reshape(-1, count).tolist()
    weights = x.double().reshape(-1, x.shape[-1]).tolist()
    sound = all(w[i] > 0 for r, w in zip(rows, weights, strict=True) for i in r)
    return drawn.dtype, drawn.shape, sound, replacement or all(len(set(r)) == count for r in rows)


for count, replacement in [(1, False), (3, False), (1, True), (20, True)]:
    o.call(lambda T, x, c=count, r=replacement: multinomial(T, x, c, r), spec(5, low=0.1, high=1))
    o.call(lambda T, x, c=count, r=replacement: multinomial(T, x, c, r), spec(4, 5, low=0.1, high=1))
o.call(lambda T, x: multinomial(T, x, 2, False), spec(4, values=[0, 1, 0, 2]))
o.call(
    lambda T, x: bool(((T.multinomial(x, 20000, True).bincount() / 20000 - x / x.sum()).abs() < 0.02).all()),
    spec(4, values=[1, 2, 3, 4]),
    dtypes=WIDE,
)
