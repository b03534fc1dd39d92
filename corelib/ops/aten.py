"""torch.ops.aten: the same functions under the names of PyTorch's schemas, for programs that are written from those.

`aten.NAME` is the function that `corelib`, `corelib.nn.functional` or `Tensor` has of that name; `aten.NAME.default`, or another overload, too: what
the arguments are says which overload is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from corelib.dispatcher.namespaces import NAMESPACES
from corelib.tensor.tensor import Tensor


class Overloads:
    """A function whose attributes, the names of its overloads, are that function."""

    __slots__ = ("_function", "_name")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._name, self._function = name, function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __getattr__(self, overload: str) -> Callable[..., Any]:
        if overload.startswith("__"):
            raise AttributeError(overload)
        return self._function

    def __repr__(self) -> str:
        return f"<aten.{self._name}>"

    def __str__(self) -> str:
        return f"aten.{self._name}"


@cache
def _found(name: str) -> Overloads | None:
    for space in ("aten", "torch", "nn.functional"):
        if name in NAMESPACES.get(space, {}):
            return Overloads(name, NAMESPACES[space][name])
    method = getattr(Tensor, name, None) if not name.startswith("__") else None
    return Overloads(name, method) if callable(method) else None


NAMED_ONLY = frozenset((
    "_convolution", "_scaled_mm", "_slow_conv2d_forward", "convolution", "convolution_backward", "convolution_overrideable", "cudnn_convolution",
))  # fmt: skip
"""Ops of PyTorch's whose names counts are given under, and that cannot be called here."""


@cache
def packet(name: str) -> Overloads:
    """The op of a name, for tables by op: one that refuses to be called where corelib has none."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"aten.{name}(): corelib has no function of this name; use the public one that PyTorch's documentation has for it")

    return _found(name) or Overloads(name, refuse)


def __getattr__(name: str) -> Overloads:
    found = packet(name) if name in NAMED_ONLY else _found(name)
    if found is None:
        raise AttributeError(f"corelib.ops.aten has no op {name!r}")
    return found
