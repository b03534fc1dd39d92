"""The kit for backend authors: what a device plugin is made of.

`Backend` and `KernelTable` are what a plugin fills in, `hookimpl` marks its hooks (described in
`corelib.dispatcher.plugins.hookspecs`), and `corelib.backend.xp` has kernels for devices with a NumPy-like module.
"""

from corelib.contract.backend import (
    Backend as Backend,
    OutOfMemoryError as OutOfMemoryError,
    Probe as Probe,
    StridedArray as StridedArray,
    UnsupportedError as UnsupportedError,
    forked as forked,
)
from corelib.contract.kernels import API_VERSION as API_VERSION, Kernel as Kernel, KernelTable as KernelTable, Later as Later
from corelib.dispatcher.plugins.hookspecs import hookimpl as hookimpl
