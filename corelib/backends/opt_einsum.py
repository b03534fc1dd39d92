"""torch.backends.opt_einsum: `einsum` contracts from left to right here, as PyTorch's does without the package opt_einsum."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from corelib.as_torch.finder import become
from corelib.backends._settings import Settings

__all__ = ["OptEinsumModule", "flags", "get_opt_einsum", "is_available", "set_flags"]

enabled: bool
strategy: str | None


@become(__name__)
class OptEinsumModule(Settings):
    """The class of this module, whose properties are its settings."""

    @property
    def enabled(self) -> bool:
        """False; ValueError for setting it True."""
        return False

    @enabled.setter
    def enabled(self, value: bool) -> None:
        if value:
            raise ValueError(f"opt_einsum is not used by corelib, so `enabled` cannot be set to {value}: einsum contracts from left to right; order its operands so")

    @property
    def strategy(self) -> str | None:
        """None; ValueError for setting it."""
        return None

    @strategy.setter
    def strategy(self, value: str) -> None:
        raise ValueError(f"opt_einsum is not used by corelib, so `strategy` cannot be set to {value}: einsum contracts from left to right; order its operands so")


_module = OptEinsumModule(__name__)


def is_available() -> bool:
    """False: `einsum` contracts from left to right."""
    return False


def get_opt_einsum() -> None:
    """None: there is no such package in use."""


def set_flags(_enabled: bool | None = None, _strategy: str | None = None) -> tuple[bool, str | None]:
    """Set what is not None, ValueError for what cannot be; returns what was set before."""
    before = (_module.enabled, _module.strategy)
    for name, value in (("enabled", _enabled), ("strategy", _strategy)):
        if value is not None:
            setattr(_module, name, value)
    return before


@contextmanager
def flags(enabled: bool | None = None, strategy: str | None = None) -> Iterator[None]:
    """A context with these settings; ValueError for what cannot be set."""
    before = set_flags(enabled, strategy)
    try:
        yield
    finally:
        set_flags(*before)
