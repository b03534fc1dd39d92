"""A module made by one expression under one seed in both libraries, and how the two are compared: start, text, results, gradients."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from ..pairs import as_array, assert_arrays_close, assert_close, both, both_seeded, leaves


def evaluate(expression: str, library: Any, **names: Any) -> Any:
    """The value of an expression in which `torch` is the library and `nn` its modules."""
    return eval(expression, {"nn": library.nn, "torch": library, "collections": collections, **names})


def made_after_seed(expression: str, seed: int = 7) -> list[Any]:
    return both_seeded(seed, lambda T: evaluate(expression, T))


def assert_same_state(ours: Any, theirs: Any) -> None:
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    assert ours._metadata == theirs._metadata
    for name in theirs:
        assert_close(ours[name], theirs[name], name, rtol=1e-5, atol=1e-6)


def started_and_printed_alike(expression: str) -> list[Any]:
    """The module of both libraries, once it has the same state after the same seed, and the same text."""
    mine, theirs = made_after_seed(expression)
    assert_same_state(mine, theirs)
    assert repr(mine) == repr(theirs)
    return [mine, theirs]


def assert_same_gradients(make: Callable[[Any], tuple[Any, list[Any]]]) -> None:
    """`make(T)` gives outputs and what to differentiate them by: outputs and gradients must be near one another.

    The gradients are those of the outputs' sum with random weights.
    """

    def run(T: Any) -> list[Any]:
        outputs, wanted = make(T)
        outputs = leaves(outputs)
        rng = np.random.default_rng(9)
        floating = [o for o in outputs if o.is_floating_point()]
        total = sum((o * T.from_numpy(rng.standard_normal(tuple(o.shape)).astype(np.float32))).sum() for o in floating)
        return [as_array(t) for t in (*outputs, *T.autograd.grad(total, wanted))]

    assert_arrays_close(*both(run), rtol=2e-4, atol=2e-5)
