"""torch.backends.mkl: corelib's products on the cpu are NumPy's BLAS; MKL is not called."""

from __future__ import annotations

from corelib.backends._settings import Verbose

__all__ = ["VERBOSE_OFF", "VERBOSE_ON", "is_available", "verbose"]

VERBOSE_OFF = 0
VERBOSE_ON = 1


def is_available() -> bool:
    """False."""
    return False


class verbose(Verbose):
    """What MKL would print of its calls: nothing for VERBOSE_OFF. AssertionError on entering with VERBOSE_ON, as without MKL."""

    _library = "MKL"

    def __init__(self, enable: int) -> None:
        super().__init__(enable)
        self.enable = enable
