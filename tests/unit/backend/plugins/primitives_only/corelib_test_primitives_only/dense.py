"""Device type `bare_dense`: kernels take contiguous arrays only."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    from corelib_test_primitives_only.backend import Dense

    return Dense()
