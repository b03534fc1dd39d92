"""Modes: one object answers every function that is called while it is entered, whatever its arguments."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Self

from corelib.as_torch.warned import warn
from corelib.contract.forks import free_in_child
from corelib.overrides.asking import count, state
from corelib.overrides.installing import install


_lock = free_in_child(threading.Lock())


class TorchFunctionMode:
    """A context manager whose `__torch_function__(func, types, args=(), kwargs=None)` is called in the place of every function of corelib.

    Inside of it the functions that it calls go to the mode that was entered before, or run. `func(*args, **kwargs)` runs the function.

    >>> import corelib as torch
    >>> class Names(torch.overrides.TorchFunctionMode):
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         print(func.__name__)
    ...         return func(*args, **(kwargs or {}))
    >>> with Names():
    ...     x = torch.ones(2).mul(3)
    ones
    mul
    """

    inner: TorchFunctionMode

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a mode defines __torch_function__(self, func, types, args=(), kwargs=None)")

    def __enter__(self) -> Self:
        install()
        state.modes.append(self)
        with _lock:
            count.modes += 1
        return self

    def __exit__(self, *exc: object) -> None:
        state.modes.pop()
        with _lock:
            count.modes -= 1

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Self:
        """Deprecated: `with Mode():` does it."""
        warn("`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`", UserWarning)
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that runs every function as it is."""

    def __torch_function__(self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        return func(*args, **kwargs or {})


def _get_current_function_mode() -> TorchFunctionMode | None:
    """The innermost mode of this thread."""
    return state.modes[-1] if state.modes else None


def _get_current_function_mode_stack() -> list[TorchFunctionMode]:
    """The modes of this thread, the outermost first."""
    return list(state.modes)
