"""The user presses Ctrl-C while the driver starts, if the environment says so."""

import os

from corelib.backend import hookimpl


@hookimpl
def corelib_backend():
    if "CORELIB_TEST_INTERRUPT" in os.environ:
        raise KeyboardInterrupt
    raise RuntimeError("nobody pressed Ctrl-C")
