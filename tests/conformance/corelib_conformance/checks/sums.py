"""Levels 1 and 2: sums of a million numbers, along rows and columns, and running totals of as many.

Added one by one in float32, a million times 0.1 is off in the third digit. Added in pairs or in blocks, or in a wider type, a sum's
error grows with the logarithm of its length, and that is asked for here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import corelib
from corelib_conformance.checks import check_of_ops
from corelib_conformance.checks.primitives import launch
from corelib_conformance.compare import host
from corelib_conformance.result import Failure
from corelib_conformance.target import Target
from corelib_conformance.tolerances import EPS

LONG = 1 << 20
LENGTHS = {"a row": ((LONG + 3,), (0,)), "columns": ((LONG, 3), (0,)), "rows": ((3, LONG), (1,)), "the ends": ((1 << 10, 3, 1 << 10), (0, 2))}


def numbers(target: Target, shape: Any, dtype: str) -> Any:
    """Positive numbers, a third of them the same one, whose errors do not cancel; small enough for sums of half types."""
    made = np.random.default_rng([target.seed, *shape]).uniform(0.05, 0.15, shape)
    made.reshape(-1)[::3] = 0.1
    return corelib.from_numpy(made * (2.0**-7 if dtype == "float16" else 1.0)).to(getattr(corelib, dtype))


def bound(dtype: str, count: Any) -> Any:
    """Relative to the sum: blocks of a hundred or so on each level, and the rounding of the result."""
    wide = EPS["float32" if dtype in ("float16", "bfloat16") else dtype] / 2
    return (64 + 2 * np.log2(count)) * wide + EPS[dtype] / 2


def over(got: Any, exact: Any, allowed: Any, what: str) -> float:
    """The largest error over what is allowed; Failure above 1."""
    off = np.abs(host(got) - exact) / (np.abs(exact) * allowed)
    worst = float(np.nan_to_num(off, nan=np.inf).max())
    if worst > 1:
        at = tuple(map(int, np.unravel_index(int(off.argmax()), off.shape)))
        raise Failure(f"{what}: at {list(at)} got {host(got)[at]!s}, expected {exact[at]!s}, {worst:.3g} times what is allowed", worst)
    return worst


@check_of_ops(1)
def long_sums(target: Target, name: str, dtype: str) -> float:
    """Sums of a million numbers: of a row, of columns, of rows, over two dimensions, and of a transposed tensor."""
    worst = 0.0
    for what, (shape, dims) in LENGTHS.items():
        x = numbers(target, shape, dtype)
        there, exact = x.to(target.name), host(x).astype(np.float64)
        for turned in (False, True) if len(shape) == 2 else (False,):
            given, along = (there.T, tuple([1 - d for d in dims])) if turned else (there, dims)
            out = corelib.empty([1 if d in along else n for d, n in enumerate(given.shape)], dtype=there.dtype, device=target.name)
            launch(target, name, out, [given, along, True])
            count = exact.size // out.numel()
            # what is added lies innermost, where NumPy adds in pairs
            moved = np.moveaxis(exact.T if turned else exact, along, range(-len(along), 0))
            want = np.ascontiguousarray(moved).reshape(-1, count).sum(1).reshape(out.shape)
            worst = max(worst, over(out, want, bound(dtype, count), f"{name} of {count} of {dtype}, {what}{', transposed' if turned else ''}"))
    return worst


@check_of_ops(2)
def long_totals(target: Target, name: str, dtype: str) -> float:
    """Running totals of a million numbers, in a row and in columns."""
    worst = 0.0
    for shape in ((LONG,), (LONG // 4, 3)):
        x = numbers(target, shape, dtype)
        exact = np.cumsum(host(x).astype(np.float64), 0)
        count = np.arange(1, shape[0] + 1).reshape([-1, *[1] * (len(shape) - 1)]) + 1.0
        allowed = bound(dtype, count)
        if dtype in ("float16", "bfloat16"):  # which may be rounded at every step of the body
            allowed = allowed + np.ceil(np.log2(count)) * EPS[dtype] / 2
        worst = max(worst, over(getattr(corelib, name)(x.to(target.name), 0), exact, allowed, f"{name} of {shape[0]} of {dtype}"))
    return worst
