"""Whether operations are recorded: a switch of each thread, and the context managers that turn it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from threading import get_ident
from typing import Any, TypeVar

from corelib.as_torch.warned import warn

F = TypeVar("F")


class _GradMode(threading.local):
    enabled = True
    inference = False
    multithreaded = True
    replays = False
    keeps_layout = True

    @property
    def task(self) -> tuple[int, Any, Any] | None:
        """The backward that runs in this thread: its number, its roots, and what it is to find (None: all leaves)."""
        return tasks.get(get_ident())


grad_mode = _GradMode()

tasks: dict[int, tuple[int, Any, Any]] = {}
"""By thread, which a backward sets more quickly than an attribute of `grad_mode`."""

off: dict[int, bool] = {}
"""The threads in which the user has switched recording off: views that are made there are marked. (While core computes a body or a
derivative it sets `grad_mode.enabled` alone.)"""


def switch(enabled: bool | None) -> None:
    """Set the user's switch of this thread; None puts it off as core does, without a mark in `off`. Under `inference_mode` it stays off."""
    grad_mode.enabled = enabled is True and not grad_mode.inference
    if enabled is False:
        off[get_ident()] = True
    elif off:
        off.pop(get_ident(), None)


def switched() -> bool | None:
    """What `switch` restores."""
    return True if grad_mode.enabled else False if get_ident() in off else None


def is_grad_enabled() -> bool:
    """Whether this thread records operations."""
    return grad_mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is under `inference_mode`."""
    return grad_mode.inference


class GradContext:
    """A context manager and decorator that sets the switch and puts it back."""

    _wanted = True

    _before: tuple[bool | None, Any] | None = None  # what to put back, and what the same context found when it was entered before

    def __enter__(self) -> None:
        self._before = (True if grad_mode.enabled else switched(), self._before)
        switch(self._wanted)

    def __exit__(self, *exc: object) -> None:
        before: Any = self._before
        found, self._before = before
        switch(found)

    def _again(self) -> GradContext:
        return type(self)()

    def __call__(self, function: F) -> F:
        """Decorate a function, a generator function or a class's constructor."""
        again = self._again
        if isinstance(function, type):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions or methods. "
                "To preserve the current behavior of class decoration, you can directly decorate the `__init__` method and nothing else.",
                FutureWarning,
            )  # fmt: skip
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


_made: Callable[[type], Any] = type.__call__


class _NoGradMeta(type):
    """Lets `@no_grad` without parentheses decorate as `@no_grad()` does."""

    def __call__(cls, function: Any = None) -> Any:
        context = _made(cls)
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
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'mode' must be bool, not {type(mode).__name__}")
        self._wanted = mode
        self._first: tuple[bool | None] | None = (switched(),)
        switch(mode)

    def __enter__(self) -> None:
        found = (switched(),) if self._first is None else self._first
        self._first = None
        self._before = (found[0], self._before)
        switch(self._wanted)

    def __call__(self, function: F) -> F:
        if self._first is not None:
            switch(self._first[0])
        return super().__call__(function)

    def _again(self) -> GradContext:
        return set_grad_enabled(self._wanted)


class Setting(GradContext):
    """A setting of this thread, set at once as a function, or inside as a context manager or decorator."""

    _name = ""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"{type(self).__name__}(): the argument must be bool, not {type(mode).__name__}")
        self._was = bool(getattr(grad_mode, self._name))
        self._mode = mode
        setattr(grad_mode, self._name, mode)

    def __enter__(self) -> None:
        setattr(grad_mode, self._name, self._mode)

    def __exit__(self, *exc: object) -> None:
        setattr(grad_mode, self._name, self._was)

    def __call__(self, function: F) -> F:
        setattr(grad_mode, self._name, self._was)
        return super().__call__(function)

    def _again(self) -> GradContext:
        return type(self)(self._mode)


class set_multithreading_enabled(Setting):
    """Set whether backward may use threads of its own. Here it runs in the thread of its caller either way, as PyTorch's does with False.

    >>> import corelib as torch
    >>> with torch.autograd.set_multithreading_enabled(False):
    ...     torch.autograd.is_multithreading_enabled()
    False
    """

    _name = "multithreaded"


def is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` has set in this thread; True unless set."""
    return grad_mode.multithreaded


class _force_original_view_tracking(Setting):
    """Set whether a changed base has its views found again by their views' ops. Here one `as_strided` of the base gives the same."""

    _name = "replays"


def is_view_replay_enabled() -> bool:
    """What `_force_original_view_tracking` has set in this thread; False unless set."""
    return grad_mode.replays


class enforce_grad_layout_policy(Setting):
    """Set whether a leaf's first gradient gets the leaf's strides (True, the default) or may keep its own, which spares a copy.

    >>> import corelib as torch
    >>> w = torch.ones(2, 3).t().requires_grad_()
    >>> with torch.autograd.enforce_grad_layout_policy(False):
    ...     (w * torch.ones(3, 2)).sum().backward()
    """

    _name = "keeps_layout"
