"""Two settings of PyTorch's first versions, about broadcasting and kept dimensions: they are kept, and nothing warns by them, in PyTorch as here."""

from __future__ import annotations

__all__ = ["Warning", "broadcast_warning", "keepdim_warning"]


class Warning:
    """A setting: `enabled` is what was set last, and False at first."""

    def __init__(self) -> None:
        self.enabled = False

    def set_enabled(self, value: bool) -> None:
        """Set it."""
        self.enabled = value

    def get_enabled(self) -> bool:
        """What was set."""
        return self.enabled


broadcast_warning = Warning()
keepdim_warning = Warning()
