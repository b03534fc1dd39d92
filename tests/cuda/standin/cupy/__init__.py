"""A stand-in for CuPy, only for tests: CuPy's names and rules on a machine without a GPU.

It is no package of anybody's environment: tests put its folder on the path of processes of their own, and it refuses to be imported where
CORELIB_CUDA_STANDIN is not set. Kernels are executed by tests/cuda/executor, the rest is in simulated_cuda; docs/cuda.md says what it keeps to.
"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as _np

from cupy import cuda as cuda
from cupy._core import ndarray as ndarray
from cupy._functions import *  # noqa: F403  # as CuPy has them
from cupy._functions import FUNCTIONS as _FUNCTIONS, UFUNCS as _UFUNCS, VIEWS as _VIEWS, as_strided as _as_strided, function as _function
from cupy._functions import ufunc as ufunc, view as _view
from cupy._raw import RawKernel as RawKernel, RawModule as RawModule

__version__ = "14.0.0+standin"

from numpy import bool_, complex64, complex128, dtype, float16, float32, float64, inf, int8, int16, int32, int64, nan, uint8  # noqa: F401

_default_memory_pool = cuda.memory._allocator.__self__  # type: ignore[attr-defined]
_default_pinned_memory_pool = cuda.pinned_memory._allocator.__self__  # type: ignore[attr-defined]


def get_default_memory_pool() -> cuda.MemoryPool:
    return _default_memory_pool


def get_default_pinned_memory_pool() -> cuda.PinnedMemoryPool:
    return _default_pinned_memory_pool


def _submodule(name: str, **contents: object) -> ModuleType:
    made = ModuleType(f"cupy.{name}", "Stand-in; see cupy/__init__.py.")
    made.__dict__.update(contents)
    sys.modules[made.__name__] = made
    return made


_here = sys.modules[__name__]
linalg = _submodule("linalg", LinAlgError=_np.linalg.LinAlgError)
fft = _submodule("fft")
lib = _submodule("lib", stride_tricks=_submodule("lib.stride_tricks", as_strided=_as_strided))
for _name in _UFUNCS:
    setattr(_here, _name, ufunc(_name))
abs = _here.absolute  # type: ignore[attr-defined]  # noqa: A001  # CuPy's name
for _name, _parameters in _FUNCTIONS.items():
    _room, _, _last = _name.rpartition(".")
    setattr(getattr(_here, _room) if _room else _here, _last, _function(_name, _parameters))
for _name, _parameters in _VIEWS.items():
    setattr(_here, _name, _view(_name, _parameters))
