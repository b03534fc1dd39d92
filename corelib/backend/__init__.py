"""The kit for backend authors: what a device plugin is made of.

`Backend` and `KernelTable` are what a plugin fills in, `hookimpl` marks its hooks (described in
`corelib.dispatcher.hookspecs`), and `corelib.backend.xp` has kernels for devices with a NumPy-like module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corelib.backend.base import (
    API_VERSION as API_VERSION,
    Backend as Backend,
    KernelTable as KernelTable,
    OutOfMemoryError as OutOfMemoryError,
    Probe as Probe,
    StridedArray as StridedArray,
    UnsupportedError as UnsupportedError,
)

if TYPE_CHECKING:
    from corelib.dispatcher.hookspecs import hookimpl as hookimpl


def __getattr__(name: str) -> Any:
    if name == "hookimpl":  # pluggy is imported for plugins only, never by `import corelib`
        from corelib.dispatcher.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
