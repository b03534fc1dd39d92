"""Device type `bare_numberless`: elementwise kernels take no Python numbers."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    from corelib_test_primitives_only.backend import Numberless

    return Numberless()
