"""One expression evaluated in both libraries, and what comes of it compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import corelib

DTYPES = ("float32", "float64")
CLOSE = {"float32": 2e-5, "float64": 1e-9}


class Side:
    """One library, in which `t` makes the tensors of an expression; those of floating dtype are the leaves of a graph."""

    def __init__(self, T: Any, dtype: str, grad: bool = True) -> None:
        self.grad = grad
        self.T, self.D, self.dtype = T, T.distributions, getattr(T, dtype)
        self.leaves: list[Any] = []

    def t(self, data: Any) -> Any:
        made = self.T.tensor(data, dtype=self.dtype, requires_grad=self.grad)
        if self.grad:
            self.leaves.append(made)
        return made

    def make(self, expression: str) -> Any:
        D = self.D
        names = {name: getattr(D, name) for name in dir(D) if not name.startswith("_")}
        return eval(expression, {**names, "t": self.t, "T": self.T, "D": D, "C": D.constraints})


def sides(dtype: str) -> tuple[Side, Side]:
    return Side(corelib, dtype), Side(torch, dtype)


def outcome(compute: Callable[[], Any]) -> Any:
    """What is computed, or the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compute()
    except Exception as error:
        return error


def array(x: Any) -> Any:
    return x.detach().numpy() if hasattr(x, "detach") else np.asarray(x)


def same(got: Any, want: Any, what: str, loose: float = 1.0) -> None:
    """Of one kind and one value: tensors of one shape and dtype, numbers to `loose` times CLOSE, of each or of 1; of errors the type."""
    if isinstance(want, Exception):
        assert type(got) is type(want), f"{what}: got {got!r}, PyTorch {want!r}"
        return
    if isinstance(got, Exception):
        raise AssertionError(f"{what}: PyTorch {want}") from got
    if isinstance(want, (tuple, list)) and not isinstance(want, torch.Size):
        assert len(got) == len(want), what
        for i, (mine, theirs) in enumerate(zip(got, want)):
            same(mine, theirs, f"{what}[{i}]", loose)
        return
    if not isinstance(want, torch.Tensor):
        shown = (str(x).replace("corelib.", "torch.") for x in (got, want))
        assert len(set(shown)) == 1, f"{what}: got {got}, PyTorch {want}"
        return
    assert str(got.dtype) == str(want.dtype), f"{what}: {got.dtype}, PyTorch {want.dtype}"
    assert tuple(got.shape) == tuple(want.shape), f"{what}: {got.shape}, PyTorch {want.shape}"
    mine, theirs = array(got), array(want)
    near = loose * CLOSE.get(str(want.dtype)[6:], 0.0)
    close = np.isclose(mine, theirs, rtol=near, atol=near, equal_nan=True)
    assert close.all(), f"{what}: got {mine[~close][:4]}, PyTorch {theirs[~close][:4]}"


def compare(dtype: str, expression: str, compute: Callable[[Side, Any], Any], what: str = "", loose: float = 1.0) -> None:
    """Whether what is computed of an expression's value is the same in both, or fails in the same way."""
    mine, theirs = (outcome(lambda: compute(side, side.make(expression))) for side in sides(dtype))  # noqa: B023
    if "t(" not in expression or "Multinomial(" in expression:  # PyTorch computes in single precision within
        loose *= CLOSE["float32"] / CLOSE[dtype] / 10
    same(mine, theirs, f"{expression} {what}", loose)


def gradients(side: Side, result: Any, *more: Any) -> list[Any]:
    """The gradients of a weighted sum by the leaves and by `more`; zeros where there are none."""
    weights = side.T.arange(1, result.numel() + 1, dtype=result.dtype).reshape(result.shape) / max(result.numel(), 1)
    leaves = [*side.leaves, *more]
    if not result.requires_grad:
        return [result.detach() * 0]
    found = side.T.autograd.grad((result * weights).sum(), leaves, allow_unused=True)
    return [side.T.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found)]
