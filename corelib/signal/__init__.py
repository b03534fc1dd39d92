"""torch.signal: what cuts signals into pieces."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.signal import windows

__all__ = ["windows"]

_paths_below(__name__)
