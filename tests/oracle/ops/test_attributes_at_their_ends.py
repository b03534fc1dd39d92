"""Numbers as attributes that are NaN, infinite, zero or huge, beside values of every kind: results and refusals as PyTorch's, on the host's kernels and on
generated ones, whose vectors are longer than what is computed one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import corelib

from ..harness import COUNTS, attempt, quiet

NUMBERS = (math.nan, math.inf, -math.inf, 0.0, 1.0, -1.0, 0.5, 2.0, 1e30, -3.0, 1e-30)
VALUES = (math.nan, math.inf, -math.inf, -2.0, -0.5, -0.0, 0.0, 0.3, 1.0, 3.0, 1e30)


def f(T: Any) -> Any:
    return T.nn.functional


CALLS: dict[str, Callable[[Any, Any, float], Any]] = {
    "elu": lambda T, x, v: f(T).elu(x, v),
    "celu": lambda T, x, v: f(T).celu(x, v),
    "leaky_relu": lambda T, x, v: f(T).leaky_relu(x, v),
    "hardshrink": lambda T, x, v: f(T).hardshrink(x, v),
    "softshrink": lambda T, x, v: f(T).softshrink(x, v),
    "threshold": lambda T, x, v: f(T).threshold(x, v, 5.0),
    "threshold to": lambda T, x, v: f(T).threshold(x, 0.5, v),
    "lerp": lambda T, x, v: x.lerp(x.flip(0), v),
    "addcdiv": lambda T, x, v: x.addcdiv(x, x.flip(0), value=v),
    "addcmul": lambda T, x, v: x.addcmul(x, x.flip(0), value=v),
    "add": lambda T, x, v: x.add(x.flip(0), alpha=v),
    "clamp": lambda T, x, v: x.clamp(v, 1.0),
    "clamp to": lambda T, x, v: x.clamp(-1.0, v),
    "clamp by tensors": lambda T, x, v: x.clamp(T.full_like(x, v), x.flip(0)),
    "nan_to_num": lambda T, x, v: x.nan_to_num(v),
    "nan_to_num of inf": lambda T, x, v: x.nan_to_num(0.0, v),
    "nan_to_num of -inf": lambda T, x, v: x.nan_to_num(0.0, 1.0, v),
    "logit": lambda T, x, v: x.logit(v),
    "huber_loss": lambda T, x, v: f(T).huber_loss(x, x.flip(0), reduction="none", delta=v),
    "smooth_l1_loss": lambda T, x, v: f(T).smooth_l1_loss(x, x.flip(0), reduction="none", beta=v),
    "xlogy": lambda T, x, v: T.xlogy(x, v),
    "xlog1py": lambda T, x, v: T.special.xlog1py(x, v),
    "v ** x": lambda T, x, v: v**x,
    "x % v": lambda T, x, v: x % v,
    "x // v": lambda T, x, v: x // v,
    "where": lambda T, x, v: T.where(x > 0, x, v),
    "maximum": lambda T, x, v: T.maximum(x, T.full_like(x, v)),
    "heaviside": lambda T, x, v: T.heaviside(x, T.full_like(x, v)),
    "logaddexp": lambda T, x, v: T.logaddexp(x, T.full_like(x, v)),
    "copysign": lambda T, x, v: x.copysign(v),
    "sin": lambda T, x, v: (x * v).sin() if abs(v) < 5 else None,
    "cos": lambda T, x, v: (x * v).cos() if abs(v) < 5 else None,
    "sinc": lambda T, x, v: T.sinc(x * v) if abs(v) < 1e-3 else None,
    "sigmoid": lambda T, x, v: (x * v).sigmoid(),
    "softmax": lambda T, x, v: (x * v).softmax(0),
}  # fmt: skip


def same(got: float, want: float) -> bool:
    return math.isnan(got) and math.isnan(want) or math.isclose(got, want, rel_tol=1e-5, abs_tol=1e-6)


@pytest.mark.parametrize("device", ["cpu", "opencl"])
@pytest.mark.parametrize("name", CALLS)
def test_an_attribute_at_its_end_does_as_in_pytorch(name: str, device: str) -> None:
    problems = []
    for number in NUMBERS:
        with quiet():
            theirs, wanted = attempt(lambda v=number: CALLS[name](torch, torch.tensor(VALUES), v))
            mine, error = attempt(lambda v=number: CALLS[name](corelib, corelib.tensor(VALUES, device=device), v))
        COUNTS["attributes at their ends compared"] += 1
        if type(error).__name__ != type(wanted).__name__ or ((mine is None) is not (theirs is None)):
            problems.append(f"{number!r}: {error or mine}; PyTorch: {wanted or theirs}")
        elif theirs is not None and not all(map(same, mine.tolist(), theirs.tolist())):
            problems.append(f"{number!r}: {mine.tolist()}; PyTorch: {theirs.tolist()}")
    assert not problems, "\n".join(problems)
