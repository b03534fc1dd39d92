"""torch.backends.kleidiai: corelib does not use KleidiAI."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """False."""
    return False
