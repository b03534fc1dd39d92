"""Device type `bare`: any strides, Python numbers, every dtype."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    from corelib_test_primitives_only.backend import Bare

    return Bare()
