"""The hook uses the device that it is about to provide."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    import corelib

    return corelib.ones(1, device="recursive")
