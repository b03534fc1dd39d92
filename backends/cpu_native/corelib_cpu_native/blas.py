"""NumPy's own OpenBLAS: where its matrix products lie, and that its work is shared by the pool's threads."""

from __future__ import annotations

import ctypes
import glob
import os
from functools import cache
from typing import Any

import numpy as np
from corelib_cpu_native.api import address


@cache
def _library() -> ctypes.CDLL | None:
    folder = os.path.join(os.path.dirname(np.__file__), os.pardir, "numpy.libs")
    for path in glob.glob(os.path.join(folder, "*openblas*")):
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    return None


def _function(name: str) -> Any:
    """A function of OpenBLAS as NumPy's wheels bring it, with 64-bit integers; None where NumPy has another library."""
    return getattr(_library(), f"scipy_{name}64_", None)


def gemms() -> tuple[int, int]:
    """The addresses of cblas_sgemm and cblas_dgemm; 0 where they are not to be had."""
    single, double = _function("cblas_sgemm"), _function("cblas_dgemm")
    return (address(single), address(double)) if single is not None and double is not None else (0, 0)


def share(callback: int) -> None:
    """Have OpenBLAS call a function for its work, in place of its own threads."""
    tell = _function("openblas_set_threads_callback_function")
    if tell is not None:
        tell.argtypes, tell.restype = [ctypes.c_void_p], None
        tell(callback)


def thread_setter() -> int:
    """The address of OpenBLAS's function that sets for how many threads it cuts its work; 0 where it is not to be had."""
    tell = _function("openblas_set_num_threads")
    return address(tell) if tell is not None else 0
