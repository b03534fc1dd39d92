"""torch.utils.hooks: what registering a hook returns, and what tells how hooks and pickles meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from corelib.as_torch.warned import warn
from corelib.graph.handles import RemovableHandle as RemovableHandle
from corelib.nn.hooks import BackwardHook as BackwardHook
from corelib.tensor.tensor import Tensor

__all__ = ["BackwardHook", "RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

F = TypeVar("F", bound=Callable[..., object])


def unserializable_hook(f: F) -> F:
    """Mark a hook that is meant not to be saved with its tensor, so that saving does not warn of it.

    >>> import corelib as torch
    >>> torch.utils.hooks.unserializable_hook(lambda g: g).__torch_unserializable__
    True
    """
    f.__torch_unserializable__ = True  # type: ignore[attr-defined]  # a mark on a function
    return f


def warn_if_has_hooks(tensor: Tensor) -> None:
    """Warn of the hooks of a tensor, which saving leaves out, but for those that are marked for it."""
    for hook in (tensor._backward_hooks or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warn(
                f"backward hook {hook!r} on tensor will not be serialized. If this is expected, you can decorate the function with "
                "@torch.utils.hooks.unserializable_hook to suppress this warning",
            )  # fmt: skip
