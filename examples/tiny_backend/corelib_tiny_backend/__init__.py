"""A complete backend in pure Python: device type `tiny`. This module is light; the backend is imported on first use."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    """The one object that serves the device."""
    from corelib_tiny_backend.backend import TinyBackend

    return TinyBackend()
