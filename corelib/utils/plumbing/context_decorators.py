"""Contexts that are decorators too, of functions and of generators."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Generator
from typing import Any, Self, TypeVar, cast

from corelib.as_torch.warned import warn

F = TypeVar("F", bound=Callable[..., Any])


def _wrap_generator(ctx_factory: Callable[[], Any], func: Callable[..., Any]) -> Callable[..., Any]:
    """A generator that is inside a new context whenever it runs, and outside while it waits."""

    @functools.wraps(func)
    def generator_context(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = func(*args, **kwargs)
        try:
            with ctx_factory():
                response = generator.send(None)
            while True:
                try:
                    request = yield response
                except GeneratorExit:
                    with ctx_factory():
                        generator.close()
                    raise
                except BaseException:
                    with ctx_factory():
                        response = generator.throw(cast("BaseException", sys.exc_info()[1]))
                else:
                    with ctx_factory():
                        response = generator.send(request)
        except StopIteration as end:
            return end.value

    return generator_context


def context_decorator(ctx: Any, func: Any) -> Callable[..., Any]:
    """A function that runs inside a context: one that can be entered again and again, or what a factory makes for each call.

    RuntimeError for a class, of which it would not be clear what is meant; AssertionError for a context that can be called as well.
    """
    if callable(ctx) and hasattr(ctx, "__enter__"):
        raise AssertionError(
            f"Passed in {ctx} is both callable and also a valid context manager (has __enter__), making it ambiguous which interface to use.  If you intended to "
            "pass a context manager factory, rewrite your call as context_decorator(lambda: ctx()); if you intended to pass a context manager directly, rewrite "
            "your call as context_decorator(lambda: ctx)"
        )
    factory = ctx if callable(ctx) else lambda: ctx
    if inspect.isclass(func):
        raise RuntimeError(
            "Cannot decorate classes; it is ambiguous whether or not only the constructor or all methods should have the context manager applied; additionally, "
            "decorating a class at definition-site will prevent use of the identifier as a conventional type.  To specify which methods to decorate, decorate each of "
            "them individually."
        )
    if inspect.isgeneratorfunction(func):
        return _wrap_generator(factory, func)

    @functools.wraps(func)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with factory():
            return func(*args, **kwargs)

    return decorated


class _DecoratorContextManager:
    """A context whose objects are decorators. A subclass with arguments overrides `clone`."""

    def __call__(self, orig_func: F) -> F:
        func: Any = orig_func
        if inspect.isclass(orig_func):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions or methods. To preserve the current "
                "behavior of class decoration, you can directly decorate the `__init__` method and nothing else.",
                FutureWarning,
            )  # fmt: skip
            func = lambda *args, **kwargs: orig_func(*args, **kwargs)  # noqa: E731  # a function in the class's place
        return cast("F", context_decorator(self.clone, func))

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> Any:
        raise NotImplementedError

    def clone(self) -> Self:
        """A new context like this one."""
        return self.__class__()


class _NoParamDecoratorContextManager(_DecoratorContextManager):
    """The same, without parentheses too."""

    def __new__(cls, orig_func: Any = None) -> Any:
        return super().__new__(cls) if orig_func is None else cls()(orig_func)
