"""Stand-in for CuPy, only for tests; see cupy/__init__.py. Libraries are loaded when they are first asked for."""

from __future__ import annotations

import importlib

_LIBRARIES = ("cublas", "cusolver")


def __getattr__(name: str) -> object:
    if name in _LIBRARIES:
        return importlib.import_module(f"cupy_backends.cuda.libs.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
