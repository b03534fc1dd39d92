"""The hook raises."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    raise RuntimeError("clInitialize returned -6")
