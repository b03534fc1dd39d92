"""What `torch.utils` has itself: tensors that change places, and the module that an object says it is of."""

from __future__ import annotations

import weakref
from typing import Any

from corelib.tensor.tensor import Tensor


def _slots(cls: type) -> list[str]:
    return [name for base in cls.__mro__ for name in getattr(base, "__slots__", ()) if name not in ("__dict__", "__weakref__")]


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Let two tensors change places: each becomes what the other was, for all who hold it. Attributes and classes go along.

    RuntimeError for a tensor with weak references, or where a graph was made of it: both would go on meaning the old one.

    >>> import corelib as torch
    >>> a, b = torch.ones(2), torch.zeros(3)
    >>> torch.utils.swap_tensors(a, b)
    >>> a, b
    (tensor([0., 0., 0.]), tensor([1., 1.]))
    """
    for name, t in (("t1", t1), ("t2", t2)):
        if not isinstance(t, Tensor):
            raise TypeError(f"swap_tensors(): argument '{name}' must be Tensor, not {type(t).__name__}")
        if weakref.getweakrefs(t):
            raise RuntimeError(f"swap_tensors(): Cannot swap {name} because it has weakref associated with it")
    slots = _slots(type(t1))
    if set(slots) != set(_slots(type(t2))):
        raise RuntimeError("swap_tensors(): Cannot swap t1 and t2 if they have different slots")
    first: dict[str, Any] = {name: getattr(t1, name) for name in slots if hasattr(t1, name)}
    second: dict[str, Any] = {name: getattr(t2, name) for name in slots if hasattr(t2, name)}
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__
    for t, found in ((t1, second), (t2, first)):
        for name in slots:
            if name in found:
                setattr(t, name, found[name])
            elif hasattr(t, name):
                delattr(t, name)


def set_module(obj: Any, mod: str) -> None:
    """Let an object say that it is of a module. TypeError for a module that is no string.

    >>> import corelib as torch
    >>> def f(): pass
    >>> torch.utils.set_module(f, "there")
    >>> f.__module__
    'there'
    """
    if not isinstance(mod, str):
        raise TypeError(f"set_module(): The mod argument should be a string, got {type(mod).__name__}")
    obj.__module__ = mod
