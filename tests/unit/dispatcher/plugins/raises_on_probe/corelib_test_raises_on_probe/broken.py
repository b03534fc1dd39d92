"""The probe raises."""

from corelib.backend import hookimpl


@hookimpl
def corelib_probe():
    raise OSError("ioctl failed: bad descriptor")


@hookimpl
def corelib_backend():
    raise AssertionError("the backend is not asked for after a probe that failed")
