"""The probe answers with something else than a Probe."""

from corelib.backend import hookimpl


@hookimpl
def corelib_probe():
    return "yes"


@hookimpl
def corelib_backend():
    raise AssertionError("the backend is not asked for after a probe that made no sense")
