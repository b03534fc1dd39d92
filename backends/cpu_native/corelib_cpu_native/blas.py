"""NumPy's own OpenBLAS: where its matrix products lie."""

from __future__ import annotations

import ctypes
import glob
import os
from functools import cache

import numpy as np
from corelib_cpu_native.api import address

_NAMES = (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", ""))


@cache
def _library() -> ctypes.CDLL | None:
    folder = os.path.join(os.path.dirname(np.__file__), os.pardir, "numpy.libs")
    for path in glob.glob(os.path.join(folder, "*openblas*")):
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    return None


def gemms() -> tuple[int, int]:
    """The addresses of cblas_sgemm and cblas_dgemm with 64-bit integers; 0 where NumPy has another library."""
    library = _library()
    found = [getattr(library, f"scipy_cblas_{name}64_", None) for name in ("sgemm", "dgemm")]
    return (address(found[0]), address(found[1])) if all(found) else (0, 0)
