"""torch.backends.kleidiai: corelib does not use KleidiAI."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
