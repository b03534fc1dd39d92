"""Handles of hooks: what registering one returns, and what takes it away again."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

Hook: TypeAlias = Callable[..., Any]
"""What a user registers to be called; what it may return is said where it is registered."""
Hooks: TypeAlias = OrderedDict[int, Any]
"""Hooks by the ids of their handles; or marks of some of them, by the same ids."""

F = TypeVar("F")


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away; as a context manager, leaving it does."""

    next_id = 0

    def __init__(self, hooks: Hooks, *marks: Hooks) -> None:
        # Weak: a handle that outlives its owner must not keep the owner's hooks alive.
        self.hooks_dict_ref = weakref.ref(hooks)
        self.extra_dict_ref = tuple(weakref.ref(mark) for mark in marks)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1

    def remove(self) -> None:
        """Take the hook away; removing it twice is fine."""
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = ref()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[object, ...]:
        return (self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        hooks, self.id, marks = state
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks is None else hooks)
        self.extra_dict_ref = tuple(weakref.ref(mark) for mark in marks if mark is not None)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def checked(hook: F, of: str = "") -> F:
    """The hook; TypeError for what cannot be called."""
    if not callable(hook):
        raise TypeError(f"{of}{': ' if of else ''}a hook must be callable, got {type(hook).__name__}")
    return hook


def add_hook(hooks: Hooks, hook: object, prepend: bool = False, marks: tuple[tuple[Hooks, bool], ...] = ()) -> RemovableHandle:
    """Put `hook` last or first among `hooks`, and its id into those of `marks` that say so."""
    handle = RemovableHandle(hooks, *(mark for mark, _ in marks))
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    for mark, marked in marks:
        if marked:
            mark[handle.id] = True
    return handle
