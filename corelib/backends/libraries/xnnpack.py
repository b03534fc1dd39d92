"""torch.backends.xnnpack: corelib does not use XNNPACK."""

from __future__ import annotations

from corelib.as_torch.finder import become
from corelib.backends._settings import Settings

__all__ = ["XNNPACKEngine"]

enabled: bool


@become(__name__)
class XNNPACKEngine(Settings):
    """The class of this module, whose property is its setting."""

    @property
    def enabled(self) -> bool:
        """False; RuntimeError for setting it."""
        return False

    @enabled.setter
    def enabled(self, value: bool) -> None:
        raise RuntimeError("torch.backends.xnnpack.enabled: Assignment not supported")
