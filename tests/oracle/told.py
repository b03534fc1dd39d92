"""What a piece of user's code comes to in each library: its value, or the type of its error, and the warnings it gave."""

from __future__ import annotations

import copy
import math
import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

import corelib

LIBRARIES = (corelib, torch)
_MODULES = re.compile(r"\b(corelib|torch)(\.\w+)*\.(?=[A-Z])")


@contextmanager
def always() -> Iterator[None]:
    """PyTorch tells of most things once in a process; here each time."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        yield
    finally:
        torch.set_warn_always(before)


def names(T: Any) -> dict[str, Any]:
    """What the pieces are about: x of two elements, m a matrix, sq a square one, b a batch of two of them, v a vector, image."""
    T.manual_seed(0)
    return {
        "T": T, "F": T.nn.functional, "nn": T.nn, "np": np, "math": math, "copy": copy, "pickle": pickle, "inf": math.inf, "nan": math.nan,
        "x": T.ones(2), "m": T.arange(6.0).reshape(2, 3), "sq": T.arange(9.0).reshape(3, 3) + T.eye(3), "b": T.arange(18.0).reshape(2, 3, 3), "v": T.arange(3.0),
        "i": T.tensor([0, 1]), "image": T.arange(64.0).reshape(1, 4, 4, 4),
    }  # fmt: skip


def shown(value: Any) -> str:
    """A value as text, in which the libraries' names are the same."""
    if isinstance(value, (corelib.Tensor, torch.Tensor)):
        return f"{_MODULES.sub('', repr(value.detach()))} {tuple(value.shape)} {str(value.dtype).rpartition('.')[2]} {value.requires_grad}"
    if type(value) in (tuple, list):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    return re.sub(r" at 0x[0-9a-f]+", "", _MODULES.sub("", repr(value))).replace("corelib.", "torch.")


def told(T: Any, piece: str, given: Callable[[Any], dict[str, Any]] = names) -> tuple[str, list[type[Warning]], list[str], str]:
    """What a piece (statements and an expression at the end, apart by semicolons) comes to: a text for its value or the type of its
    error, the categories of its warnings, their words, and those of its error."""
    scope = given(T)
    *before, last = piece.split("; ")
    with warnings.catch_warnings(record=True) as caught, always():
        warnings.simplefilter("always")
        said = ""
        try:
            exec("\n".join(before), scope)
            came = shown(eval(last, scope))
        except Exception as error:
            kind = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
            came, said = f"raises {kind.__name__}", str(error)
    return came, [w.category for w in caught], [re.sub(r" \(Triggered internally.*", "", str(w.message), flags=re.DOTALL) for w in caught], said


def same(piece: str, given: Callable[[Any], dict[str, Any]] = names) -> list[tuple[str, list[type[Warning]], list[str], str]]:
    """Check that a piece comes to the same in both libraries, with the same categories of warnings; what each told."""
    mine, theirs = (told(T, piece, given) for T in LIBRARIES)
    assert mine[0] == theirs[0], [piece, mine, theirs]
    assert mine[1] == theirs[1], [piece, mine, theirs]
    return [mine, theirs]
