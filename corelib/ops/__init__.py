"""THE TABLE: what can be computed, one block an op, one family a file. Importing this declares every op."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.entries import ENTRIES
from corelib.dispatcher.op import TABLE as TABLE
from corelib.ops import arithmetic, copying, creation, products, reductions, unary, views  # noqa: F401
from corelib.ops.creation import (
    arange as arange,
    empty as empty,
    empty_like as empty_like,
    empty_strided as empty_strided,
    eye as eye,
    full_like as full_like,
    linspace as linspace,
    ones as ones,
    ones_like as ones_like,
    scalar_tensor as scalar_tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)

for _name, _entry in ENTRIES.items():
    globals().setdefault(_name, _entry)
    if getattr(globals()[_name], "__name__", "").startswith("corelib"):  # an op may have its file's name
        globals()[_name] = _entry


def __getattr__(name: str) -> Any:
    raise AttributeError(f"corelib.ops has no op {name!r}")


def _operators() -> None:
    from corelib.dispatcher.op import TABLE as T
    from corelib.tensor.tensor import Tensor

    Tensor.__add__ = T["add"].compute
    Tensor.__mul__ = T["mul"].compute
    Tensor.__sub__ = T["sub"].compute
    Tensor.__neg__ = T["neg"].entry

_operators()
