"""NumPy's OpenBLAS: how many threads a product may use, and a sum in one pass, which NumPy has not."""

from __future__ import annotations

import ctypes
import glob
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

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


def _function(library: ctypes.CDLL | None, name: str) -> Any:
    """A function of the library, and the integers that it takes; (None, int) where there is none."""
    for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
        found = getattr(library, f"{prefix}{name}{suffix}", None)
        if found is not None:
            return found, ctypes.c_int64 if suffix else ctypes.c_int
    return None, ctypes.c_int


def _thread_functions() -> tuple[Callable[[], int] | None, Callable[[int], None] | None]:
    (get, _), (put, _) = _function(_OPENBLAS, "openblas_get_num_threads"), _function(_OPENBLAS, "openblas_set_num_threads")
    if get is None or put is None:
        return None, None
    get.restype, put.argtypes, put.restype = ctypes.c_int, [ctypes.c_int], None
    return get, put


def _axpy() -> Callable[..., None] | None:
    function, integer = _function(_OPENBLAS, "cblas_saxpy")
    if function is not None:
        function.argtypes = [integer, ctypes.c_float, ctypes.c_void_p, integer, ctypes.c_void_p, integer]
        function.restype = None
    found: Callable[..., None] | None = function
    return found


_OPENBLAS = _library()
_get, _put = _thread_functions()
_saxpy = _axpy()


def add_scaled(y: Array, a: float, x: Array) -> bool:
    """`y += a * x` in one pass over contiguous float32 arrays; False where it cannot be done so."""
    if _saxpy is None or y.dtype != _FLOAT32 or not (y.flags.c_contiguous and x.flags.c_contiguous):
        return False
    _saxpy(y.size, a, x.ctypes.data, 1, y.ctypes.data, 1)
    return True


def get_num_threads() -> int:
    """How many threads a product may use; 1 where that is not known."""
    return 1 if _get is None else int(_get())


def set_num_threads(n: int) -> bool:
    """Set how many threads a product may use; False where NumPy's library cannot be told."""
    if _put is None:
        return False
    _put(n)
    return True
