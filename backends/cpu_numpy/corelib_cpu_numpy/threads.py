"""NumPy's OpenBLAS and its threads.

OpenBLAS starts all its threads for products from 2^18 multiplications up. For those that take microseconds that costs
more than it gains, and on a busy machine a thousand times more, because the threads wait for each other by spinning. So
products below `LARGE` run on one thread; the user's own NumPy code keeps its setting.
"""

from __future__ import annotations

import ctypes
import glob
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

THREADED = 1 << 18
LARGE = 1 << 24
_FLOAT32 = np.dtype(np.float32)


def _library() -> ctypes.CDLL | None:
    """The OpenBLAS that NumPy's wheels bring, or None where NumPy uses another library."""
    folder = os.path.join(os.path.dirname(np.__file__), os.pardir, "numpy.libs")
    for path in glob.glob(os.path.join(folder, "*openblas*")):
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    return None


_NAMES = (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", ""))


def _one() -> int:
    return 1


def _untold(n: int) -> None:
    """NumPy's library is one that cannot be told."""


def _functions() -> tuple[Callable[[], int], Callable[[int], None]]:
    library = _library()
    for prefix, suffix in _NAMES:
        try:
            get = getattr(library, f"{prefix}openblas_get_num_threads{suffix}")
            put = getattr(library, f"{prefix}openblas_set_num_threads{suffix}")
        except AttributeError:
            continue
        get.restype, put.argtypes, put.restype = ctypes.c_int, [ctypes.c_int], None
        return get, put
    return _one, _untold


_get, _put = _functions()


def _axpy() -> Callable[..., None] | None:
    library = _library()
    for prefix, suffix in _NAMES:
        try:
            function = getattr(library, f"{prefix}cblas_saxpy{suffix}")
        except AttributeError:
            continue
        integer = ctypes.c_int64 if suffix else ctypes.c_int
        function.argtypes = [integer, ctypes.c_float, ctypes.c_void_p, integer, ctypes.c_void_p, integer]
        function.restype = None
        result: Callable[..., None] | None = function
        return result
    return None


_saxpy = _axpy()


def add_scaled(y: Array, a: float, x: Array) -> bool:
    """`y += a * x` in one pass over contiguous float32 arrays, on one thread; False where it cannot be done so."""
    if _saxpy is None or y.dtype != _FLOAT32 or not (y.flags.c_contiguous and x.flags.c_contiguous):
        return False
    threads = _get()
    if threads != 1:
        _put(1)
    try:
        _saxpy(y.size, a, x.ctypes.data, 1, y.ctypes.data, 1)
    finally:
        if threads != 1:
            _put(threads)
    return True


def get_num_threads() -> int:
    """How many threads a large product may use; 1 where that is not known."""
    return int(_get())


def set_num_threads(n: int) -> bool:
    """Set how many threads a large product may use; False where NumPy's library cannot be told."""
    _put(n)
    return _put is not _untold


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """NumPy's matmul, on one thread unless the product is large."""
    work = a.size * b.shape[-1]
    if work < THREADED or work >= LARGE:
        return np.matmul(a, b, out)
    threads = _get()
    if threads == 1:
        return np.matmul(a, b, out)
    _put(1)
    try:
        return np.matmul(a, b, out)
    finally:
        _put(threads)
