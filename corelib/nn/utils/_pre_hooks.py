"""Forward pre-hooks that compute one of a module's tensors: found, and taken off, by their kind and the tensor's name."""

from __future__ import annotations

from typing import Any

from corelib.nn.modules.module import Module

__all__ = ["forget", "hooks_on", "take_off"]


def hooks_on(module: Module, kind: type, name: str, attribute: str = "name") -> list[tuple[int, Any]]:
    """The hooks of class ``kind`` whose ``attribute`` is ``name``, with their ids."""
    hooks = module._forward_pre_hooks.items()
    return [(key, hook) for key, hook in hooks if isinstance(hook, kind) and getattr(hook, attribute) == name]


def take_off(module: Module, kind: type, name: str, attribute: str = "name") -> bool:
    """Have the first such hook make its tensor an ordinary one, and forget it. Whether there was one."""
    for key, hook in hooks_on(module, kind, name, attribute):
        hook.remove(module)
        forget(module, key)
        return True
    return False


def forget(module: Module, key: int) -> None:
    """Call the hook no more."""
    del module._forward_pre_hooks[key]
    module._call_hooks.pop(key, None)
