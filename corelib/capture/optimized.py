"""`torch.compile`: a module is wrapped as PyTorch wraps it, a function stays itself; either runs eagerly."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any, ParamSpec, TypeVar

from corelib.dispatcher.compilation import compile as check
from corelib.nn.modules.module import Module

P = ParamSpec("P")
R = TypeVar("R")
_OWN = frozenset({"_orig_mod", "forward", "__dict__"})


class OptimizedModule(Module):
    """What `torch.compile` makes of a module: it holds the module as `_orig_mod`, of which its parameters and its state dict have the
    prefix, and hands on calls, attributes and the training mode.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     net = torch.compile(torch.nn.Linear(2, 1))
    >>> list(net.state_dict()), net.out_features, net._orig_mod.training
    (['_orig_mod.weight', '_orig_mod.bias'], 1, True)
    """

    def __init__(self, mod: Module) -> None:
        super().__init__()
        self._modules["_orig_mod"] = mod

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module, with its hooks."""
        return self._modules["_orig_mod"](*args, **kwargs)

    def __len__(self) -> int:
        mod: Any = self._orig_mod
        if isinstance(mod, Sized):
            return len(mod)
        raise TypeError(f"{type(mod).__name__} does not support len()")

    def __bool__(self) -> bool:
        return True

    @property
    def training(self) -> bool:
        """The module's own."""
        return bool(self._orig_mod.training)

    @training.setter
    def training(self, value: bool) -> None:
        mod = self.__dict__.get("_modules", {}).get("_orig_mod")
        if mod is not None:  # while the wrapper is made there is none
            mod.training = value

    def __getattr__(self, name: str) -> Any:
        mod = self.__dict__.get("_modules", {}).get("_orig_mod")
        if mod is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return mod if name == "_orig_mod" else getattr(mod, name)

    def __setattr__(self, name: str, value: Any) -> None:
        mod = self.__dict__.get("_modules", {}).get("_orig_mod")
        if mod is None or name in _OWN or hasattr(type(self), name):
            super().__setattr__(name, value)
        else:
            setattr(mod, name, value)

    def __delattr__(self, name: str) -> None:
        if name in _OWN or hasattr(type(self), name):
            super().__delattr__(name)
        else:
            delattr(self._orig_mod, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._orig_mod,)


def compile(
    model: Callable[P, R] | None = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: str | Callable[..., Any] | None = None,
    mode: str | None = None, options: dict[str, Any] | None = None, name: str | None = None, disable: bool = False, **others: object,
) -> Any:  # fmt: skip
    """The function itself, or the module in an OptimizedModule; both run eagerly: corelib has no compiler yet, and warns of it once.
    Also as a decorator.

    The arguments are PyTorch's, and those that it refuses are refused: RuntimeError for a mode beside options, and for a mode or a backend
    that it does not have. With `disable` a module stays itself.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     f = torch.compile(lambda x: x + 1)
    >>> f(torch.ones(1))
    tensor([2.])
    """
    check(model, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, name=name, disable=disable, **others)

    def wrapped(given: Any) -> Any:
        if disable or not isinstance(given, Module):
            return given
        return OptimizedModule(given._orig_mod if isinstance(given, OptimizedModule) else given)

    return wrapped if model is None else wrapped(model)
