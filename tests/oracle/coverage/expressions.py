"""One expression in both libraries: what it gives, or what it raises, is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.grad
import torch.nn.utils.prune
import torch.utils.flop_counter

import corelib


def evaluate(expression: str, T: Any, **more: Any) -> Any:
    """The expression's value under a seed, with x of shape (3, 4); or the type of what it raises."""
    x = T.from_numpy(np.random.default_rng(5).standard_normal((3, 4)).astype(np.float32))
    T.manual_seed(0)
    try:
        return eval(expression, {"T": T, "x": x, **more})
    except Exception as error:
        return type(error)


def plain(value: Any, T: Any) -> Any:
    """The value without the library: numbers and facts of a tensor, the text of an object, and what is in a collection."""
    if isinstance(value, T.Tensor):
        numbers = value.detach().double().numpy() if not value.is_complex() else value.detach().numpy()
        return "tensor", str(value.dtype), tuple(value.shape), tuple(value.stride()), np.nan_to_num(numbers, nan=77.0).tolist()
    if isinstance(value, dict):
        return {key: plain(each, T) for key, each in value.items()}
    if isinstance(value, (list, tuple)) and type(value).__name__ != "Size":
        return [plain(each, T) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f"{type(value).__name__}: {value}".replace("corelib.", "torch.")


def close(got: Any, want: Any) -> bool:
    """Whether plain values are the same, floating numbers to single precision."""
    if isinstance(want, float) and isinstance(got, float):
        return bool(np.isclose(got, want, rtol=2e-6, atol=1e-6))
    if isinstance(want, (list, tuple)):
        return type(got) is type(want) and len(got) == len(want) and all(map(close, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and list(got) == list(want) and all(close(got[key], want[key]) for key in want)
    return type(got) is type(want) and bool(got == want)


def assert_same(expression: str, **more: Any) -> None:
    got, want = (plain(evaluate(expression, T, **{name: make(T) for name, make in more.items()}), T) for T in (corelib, torch))
    assert close(got, want), f"{expression}\n    got {got}\nPyTorch {want}"
