"""Whether operations are recorded: a switch of each thread, and the context managers that turn it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F")


class _GradMode(threading.local):
    enabled = True
    inference = False


grad_mode = _GradMode()


def is_grad_enabled() -> bool:
    """Whether this thread records operations."""
    return grad_mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is under `inference_mode`."""
    return grad_mode.inference


class GradContext:
    """A context manager and decorator that sets the switch and puts it back."""

    _wanted = True

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(grad_mode.enabled)
        grad_mode.enabled = self._wanted

    def __exit__(self, *exc: object) -> None:
        grad_mode.enabled = self._before.pop()

    def _again(self) -> GradContext:
        return type(self)()

    def __call__(self, function: F) -> F:
        """Decorate a function, a generator function or a class's constructor."""
        again = self._again
        if isinstance(function, type):
            constructor = "__init__"
            setattr(function, constructor, self(getattr(function, constructor)))
            return function
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & 0x20:
            generated: F = _wrap_generator(again, function)
            return generated
        decorated: F = _wrap_function(again, function)
        return decorated


def _wrap_function(again: Callable[[], GradContext], function: Any) -> Any:
    @wraps(function)
    def wrapped(*args: object, **kwargs: object) -> Any:
        with again():
            return function(*args, **kwargs)

    return wrapped


def _wrap_generator(again: Callable[[], GradContext], function: Any) -> Any:
    @wraps(function)
    def wrapped(*args: object, **kwargs: object) -> Any:
        generator = function(*args, **kwargs)
        try:
            with again():
                got = generator.send(None)
            while True:
                try:
                    sent = yield got
                except GeneratorExit:
                    with again():
                        generator.close()
                    raise
                except BaseException as error:
                    with again():
                        got = generator.throw(error)
                else:
                    with again():
                        got = generator.send(sent)
        except StopIteration as stop:
            return stop.value

    return wrapped


class _NoGradMeta(type):
    """Lets `@no_grad` without parentheses decorate as `@no_grad()` does."""

    def __call__(cls, function: Any = None) -> Any:
        context = super().__call__()
        return context if function is None else context(function)


class no_grad(GradContext, metaclass=_NoGradMeta):
    """Record nothing inside: a context manager and decorator.

    >>> import corelib as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    _wanted = False


class enable_grad(GradContext, metaclass=_NoGradMeta):
    """Record again inside `no_grad`: a context manager and decorator."""

    _wanted = True


class set_grad_enabled(GradContext):
    """Set recording on or off, at once as a function or inside as a context manager.

    >>> import corelib as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'mode' must be bool, not {type(mode).__name__}")
        self._wanted = mode
        self._first: bool | None = grad_mode.enabled
        grad_mode.enabled = mode

    def __enter__(self) -> None:
        before = grad_mode.enabled if self._first is None else self._first
        self._first = None
        self._before.append(before)
        grad_mode.enabled = self._wanted

    def __call__(self, function: F) -> F:
        if self._first is not None:
            grad_mode.enabled = self._first
        return super().__call__(function)

    def _again(self) -> GradContext:
        return set_grad_enabled(self._wanted)
