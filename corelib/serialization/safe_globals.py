"""The user's own list of classes and functions that `load` may use although they are not PyTorch data types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from corelib.serialization.names import torch_name

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "safe_globals"]

SafeGlobal = Callable[..., Any] | tuple[Callable[..., Any], str]
_listed: list[SafeGlobal] = []


def _checked(listed: Iterable[SafeGlobal]) -> list[SafeGlobal]:
    found = list(listed)
    for entry in found:
        if isinstance(entry, tuple):
            if len(entry) != 2:
                raise ValueError(
                    "add_safe_globals(): Expected tuple of length 2 (global, str of callable full path), but got tuple "
                    f"of length: {len(entry)}"
                )
            if not isinstance(entry[1], str):
                raise TypeError(
                    "add_safe_globals(): Expected second item in tuple to be str of callable full path, but got: "
                    f"{type(entry[1])}"
                )
        elif not hasattr(entry, "__module__") or not hasattr(entry, "__qualname__"):
            raise TypeError(
                f"add_safe_globals(): expected classes, functions or (object, 'module.name') pairs, got {entry!r}. "
                "Wrong: add_safe_globals(['my.Class']). Right: add_safe_globals([my.Class])"
            )
    return found


def add_safe_globals(safe_globals: Iterable[SafeGlobal]) -> None:
    """Let `load(..., weights_only=True)` make objects of these classes and call these functions.

    Only list what is harmless with any arguments: a file chooses them. Entries are classes, functions, or pairs of one
    and the full name under which files have it.

    Raises TypeError for an entry that is neither a class nor a function, ValueError for a tuple that is not a pair.

    >>> from fractions import Fraction
    >>> from corelib import serialization
    >>> serialization.add_safe_globals([Fraction])
    >>> Fraction in serialization.get_safe_globals()
    True
    >>> serialization.clear_safe_globals()
    """
    for entry in _checked(safe_globals):
        if entry not in _listed:
            _listed.append(entry)


def get_safe_globals() -> list[SafeGlobal]:
    """The entries that `add_safe_globals` has listed.

    >>> from corelib import serialization
    >>> serialization.get_safe_globals()
    []
    """
    return list(_listed)


def clear_safe_globals() -> None:
    """Forget all entries that `add_safe_globals` has listed.

    >>> from corelib import serialization
    >>> serialization.clear_safe_globals()
    """
    _listed.clear()


class safe_globals:
    """A context in which `load` may also use the given classes and functions.

    >>> from fractions import Fraction
    >>> from corelib import serialization
    >>> with serialization.safe_globals([Fraction]):
    ...     Fraction in serialization.get_safe_globals()
    True
    >>> serialization.get_safe_globals()
    []
    """

    def __init__(self, safe_globals: Iterable[SafeGlobal]) -> None:
        self.safe_globals = _checked(safe_globals)

    def __enter__(self) -> None:
        self._added = [entry for entry in self.safe_globals if entry not in _listed]
        _listed.extend(self._added)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _listed[:] = [entry for entry in _listed if entry not in self._added]


def named_safe_globals() -> dict[str, Any]:
    """The user's entries by the full name that a file has for them."""
    found: dict[str, Any] = {}
    for entry in _listed:
        if isinstance(entry, tuple):
            found[entry[1]] = entry[0]
        else:
            found[f"{entry.__module__}.{entry.__qualname__}"] = entry
            theirs = torch_name(entry)  # what files call it
            if theirs is not None:
                found[".".join(theirs)] = entry
    return found
