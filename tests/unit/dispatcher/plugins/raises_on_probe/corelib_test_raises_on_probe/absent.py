"""The probe says why the device cannot be used."""

from corelib.backend import Probe, hookimpl


@hookimpl
def corelib_probe():
    return Probe(False, "no driver found; install quantum-driver 7 or later")


@hookimpl
def corelib_backend():
    raise AssertionError("the backend is not asked for after a probe that said no")
