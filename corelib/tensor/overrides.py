"""What Tensor knows of `__torch_function__`: that there is one, and how a class says that it has none. The rest is corelib.overrides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.tensor.slot import Slot

OVERRIDES: Slot[Callable[..., Any]] = Slot(
    "overrides",
    "`of_subclass(cls)` of corelib.overrides: a class was derived from Tensor; `of_subclass(cls, func, types, args, kwargs)`: what its `__torch_function__` gives.",
)


def no_torch_function(func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
    """`__torch_function__ = no_torch_function` in a class derived from Tensor says that it has none; PyTorch's `_C._disabled_torch_function_impl`."""
    return func(*args, **kwargs or {})
