"""The list of cases. A case is a function of a library T, torch or corelib, that sets up and returns what is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One row of the table. `goal`: the least ratio (PyTorch's time over ours) that is asked for, where one is."""

    family: str
    name: str
    setup: Callable[[Any], Callable[[], Any]]
    goal: float | None


CASES: list[Case] = []


def case(family: str, name: str, goal: float | None = None) -> Callable[[Any], Any]:
    """Add the decorated function of T to the table."""

    def add(setup: Any) -> Any:
        CASES.append(Case(family, name, setup, goal))
        return setup

    return add


def data(T: Any, *shape: int, seed: int = 0) -> Any:
    """A float32 tensor of normal numbers, the same for both libraries, each in memory of its own allocation."""
    array = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return T.from_numpy(np.array(array)).clone()


def indices(T: Any, high: int, *shape: int, seed: int = 0) -> Any:
    """An int64 tensor of numbers in [0, high), the same for both libraries."""
    return T.from_numpy(np.random.default_rng(seed).integers(0, high, shape, dtype=np.int64))


def set_weights(T: Any, model: Any) -> Any:
    """Give a model weights that are the same for both libraries, about as large as usual initial ones."""
    with T.no_grad():
        for i, p in enumerate(model.parameters()):
            scale = p.shape[-1] ** -0.5 if p.dim() > 1 else 0.1
            p.copy_(data(T, *p.shape, seed=i) * scale)
    return model
