"""Device type `good`. Import-light: NumPy and the backend are imported when a device is first used."""

from corelib.backend import Probe, hookimpl


@hookimpl
def corelib_probe():
    return Probe(True)


@hookimpl
def corelib_backend():
    from corelib_test_good.backend import GoodBackend

    return GoodBackend()
