"""torch.backends.mha: the fast path of TransformerEncoder and MultiheadAttention in evaluation. corelib has one path, which gives the same numbers."""

from __future__ import annotations

__all__ = ["get_fastpath_enabled", "set_fastpath_enabled"]

_enabled = True


def get_fastpath_enabled() -> bool:
    """What `set_fastpath_enabled` has set; True at first."""
    return _enabled


def set_fastpath_enabled(value: bool) -> None:
    """Kept for programs that set it: there is one path here, and nothing to switch."""
    global _enabled
    _enabled = value
