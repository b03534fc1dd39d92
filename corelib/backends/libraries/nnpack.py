"""torch.backends.nnpack: corelib does not use NNPACK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from corelib.backends._settings import checked

__all__ = ["flags", "is_available", "set_flags"]

_enabled = True


def is_available() -> bool:
    """False."""
    return False


def set_flags(_enabled: bool) -> tuple[bool]:
    """Kept for programs that set it; returns what was set before, True at first."""
    before = globals()["_enabled"]
    globals()["_enabled"] = checked("torch.backends.nnpack", _enabled)
    return (before,)


@contextmanager
def flags(enabled: bool = False) -> Iterator[None]:
    """A context with this setting; that before comes back after it."""
    before = set_flags(enabled)
    try:
        yield
    finally:
        set_flags(*before)
