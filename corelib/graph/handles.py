"""Handles: what registering a hook returns, and the dictionaries that hooks are kept in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import ref

next_id = count().__next__


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook off again; also a context manager."""

    def __init__(self, hooks: HookDict, key: int) -> None:
        self._hooks = ref(hooks)
        self.id = key

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class HookDict(dict[int, Any]):
    """A dictionary that can be referred to weakly, so that a handle does not keep a graph alive."""

    __slots__ = ("__weakref__",)


def add_hook(owner: Any, attribute: str, hook: Callable[..., Any]) -> RemovableHandle:
    """Register a hook among those that an attribute of its owner holds. TypeError for what cannot be called."""
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
    hooks = getattr(owner, attribute)
    if hooks is None:
        hooks = HookDict()
        setattr(owner, attribute, hooks)
    key = next_id()
    hooks[key] = hook
    return RemovableHandle(hooks, key)
