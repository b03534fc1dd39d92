"""Device type `bare_single`: float32 is its only floating dtype."""

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    from corelib_test_primitives_only.backend import Single

    return Single()
