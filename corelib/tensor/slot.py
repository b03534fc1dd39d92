"""Slots: how a lower room reaches what only a higher one has. docs/design.md lists them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from corelib.as_torch.finder import LOADING

T = TypeVar("T")


class Slot(Generic[T]):
    """A typed name in the room that needs something; the room that has it fills it, once, when it is imported.

    >>> greet: Slot[Callable[[str], str]] = Slot("greet", "What to say to somebody.")
    >>> @greet.fill
    ... def hello(name):
    ...     return f"Hello, {name}"
    >>> greet.value("you")
    'Hello, you'
    """

    __slots__ = ("doc", "name", "value")
    value: T

    def __init__(self, name: str, doc: str) -> None:
        self.name = name
        self.doc = doc

    def fill(self, value: T) -> T:
        """Put in what was missing; usable as a decorator."""
        self.value = value
        return value

    def fill_later(self, load: Callable[[], T]) -> None:
        """As `fill`, with a function that is loaded when it is first called: for what `import corelib` need not pay for."""

        def first(*args: Any, **kwargs: Any) -> Any:
            with LOADING:
                loaded: Any = self.fill(load())
            return loaded(*args, **kwargs)

        placeholder: Any = first
        self.value = placeholder
