"""The cpu device of corelib, computed by NumPy. This module is import-light; the backend is in `backend.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluggy import HookimplMarker

if TYPE_CHECKING:
    from corelib.contract.backend import Backend

__version__ = "0.1.0"

hookimpl = HookimplMarker("corelib")


@hookimpl
def corelib_backend() -> Backend:
    """The backend; imported when the device is first used."""
    from corelib_cpu_numpy.backend import NumpyBackend  # NumPy and the kernels, which listing plugins must not pay for

    return NumpyBackend()
