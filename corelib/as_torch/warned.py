"""Warnings about a user's call, shown at the line of the user's program that made it, however deep below the warning comes from."""

from __future__ import annotations

import sys
import warnings

# Whose frames are no user's: corelib's and its backends', generated code, and what stands between two of them.
_BETWEEN = frozenset(("builtins", "contextlib", "functools", "importlib", "typing_extensions"))
_OWN = __name__.partition(".")[0]


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first caller outside of corelib."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        room = frame.f_globals.get("__name__", _OWN).partition(".")[0]
        if room not in _BETWEEN and room.partition("_")[0] != _OWN:
            break
        frame = frame.f_back
    told = frame.f_globals
    warnings.warn_explicit(text, category, frame.f_code.co_filename, frame.f_lineno, told.get("__name__", "<string>"), told.setdefault("__warningregistry__", {}))
