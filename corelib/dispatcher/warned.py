"""Warnings about a user's call, shown at the line of the user's program that made it, however deep below the warning comes from."""

from __future__ import annotations

import sys
import warnings

_always = False


def set_warn_always(b: bool, /) -> None:
    """Whether what warns once in a process warns each time. RuntimeError for what is no bool.

    >>> import corelib as torch
    >>> torch.set_warn_always(True)
    >>> torch.is_warn_always_enabled()
    True
    >>> torch.set_warn_always(False)
    """
    global _always
    if not isinstance(b, bool):
        raise RuntimeError(f"set_warn_always(): setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` has set; False at first."""
    return _always


_OWN = __name__.partition(".")[0]


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first caller outside of this package and of the code it has generated."""
    frame = sys._getframe(1)
    level = 2
    while frame.f_back is not None and frame.f_globals.get("__name__", _OWN).partition(".")[0] in (_OWN, "builtins"):
        frame = frame.f_back
        level += 1
    warnings.warn(text, category, stacklevel=level - 1)
