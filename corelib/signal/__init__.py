"""torch.signal: what cuts signals into pieces."""

from corelib.signal import windows

__all__ = ["windows"]
