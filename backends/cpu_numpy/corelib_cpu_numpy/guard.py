"""NumPy without its floating-point warnings: corelib computes inf and NaN as PyTorch does, silently.

NumPy keeps what it warns about in a context variable. Kernels run in a context in which everything is ignored: that
costs a tenth of what `np.errstate` does, and the user's own settings stay theirs.
"""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import numpy as np
from corelib.backend.xp.guard import Function
from corelib.contract.kernels import Kernel
from corelib_cpu_numpy.openblas import Array


def _quiet_context() -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    return context


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.run = _quiet_context().run


_per_thread = _PerThread()
_shared = _quiet_context().run


class Guard:
    """`guard.run(f, *args)` calls `f(*args)` with NumPy's floating-point warnings off.

    A context can be in use by one thread at a time. Nearly always the shared one is free; entering it when it is not
    raises, and then the thread uses its own. (Looking up a thread's own each time would cost as much as a small add.)
    """

    @staticmethod
    def run(function: Function, *args: Any, **names: Any) -> Any:
        try:
            return _shared(function, *args, **names)
        except RuntimeError as error:
            if "cannot enter context" not in str(error):
                raise
        return _per_thread.run(function, *args, **names)

    @staticmethod
    def unary(function: Function) -> Kernel:
        """A kernel `(out, input)` of a NumPy function that takes `(input, out)`."""
        shared = _shared

        def kernel(out: Array, input: Array) -> None:
            try:
                shared(function, input, out)
            except RuntimeError:
                Guard.run(function, input, out)

        return kernel

    @staticmethod
    def binary(function: Function) -> Kernel:
        """A kernel `(out, input, other)` of a NumPy function that takes `(input, other, out)`."""
        shared = _shared
        if function in (np.maximum, np.minimum):  # NumPy wants their third argument named

            def named(out: Array, input: Array, other: Array) -> None:
                Guard.run(function, input, other, out=out)

            return named

        def kernel(out: Array, input: Array, other: Array) -> None:
            try:
                shared(function, input, other, out)
            except RuntimeError:
                Guard.run(function, input, other, out)

        return kernel

    matmul = staticmethod(np.matmul)
    piece = 1 << 15


guard = Guard
