"""torch.backends.miopen: corelib does not use MIOpen. The setting is kept for programs that set and read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from corelib.as_torch.finder import become
from corelib.backends._settings import Settings, flag

__all__ = ["MiopenModule", "flags", "set_flags"]

immediate: bool


@become(__name__)
class MiopenModule(Settings):
    """The class of this module, whose property is its setting."""

    immediate = flag("torch.backends.miopen", "immediate", False)


_module = MiopenModule(__name__)


def set_flags(_immediate: bool | None = None) -> tuple[bool]:
    """Set what is not None; returns what was set before."""
    before: bool = _module.immediate
    if _immediate is not None:
        _module.immediate = _immediate
    return (before,)


@contextmanager
def flags(immediate: bool = False) -> Iterator[None]:
    """A context with this setting; that before comes back after it."""
    before = set_flags(immediate)
    try:
        yield
    finally:
        set_flags(*before)
