"""The opencl devices of corelib. This module is import-light; the backend is in `backend.py`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from corelib.backend import Probe, forked, hookimpl

if TYPE_CHECKING:
    from corelib.contract.backend import Backend

__version__ = "0.1.0"

_asked_in: int | None = None
"""The process that first asked for devices. Drivers start threads of their own then, which a forked child does not have."""


def first_asked() -> int:
    """The process whose drivers these are: this one, unless it was forked from one that had asked for devices."""
    global _asked_in
    if _asked_in is None:
        _asked_in = os.getpid()
    return _asked_in


@hookimpl
def corelib_probe() -> Probe:
    """Whether there is a platform with a device; how to get one for a processor, where there is none."""
    try:
        import pyopencl  # 0.2 s and the drivers: only when somebody asks for the device
    except ImportError as error:
        return Probe(False, f"pyopencl cannot be imported: {error}")
    if first_asked() != os.getpid():
        return Probe(False, str(forked("opencl")))
    from corelib_opencl.devices import all_devices  # as above

    try:
        platforms = pyopencl.get_platforms()
        found, left_out = all_devices()
    except pyopencl.Error as error:
        return Probe(False, f"no OpenCL platform answers ({error}); for the processor: pip install 'corelib[opencl-cpu]'")
    if left_out and not found:
        return Probe(
            False,
            f"{'; '.join(left_out)}. A driver that is older than the processor may not know it: a newer one, as PoCL of the system's packages "
            "(Debian: apt install pocl-opencl-icd) or of conda-forge, is found when it is installed",
        )
    if not found and platforms:
        names = ", ".join(platform.name for platform in platforms)
        return Probe(
            False,
            f"{names}: installed, but lists no device. Drivers for processors need a folder that they can write for what they compile: "
            "XDG_CACHE_HOME, or for PoCL POCL_CACHE_DIR, may name one",
        )
    if not found:
        return Probe(False, "no OpenCL device found; for the processor: pip install 'corelib[opencl-cpu]'")
    return Probe(True, f"left out: {'; '.join(left_out)}" if left_out else "")


@hookimpl
def corelib_backend() -> Backend:
    """The backend; imported when a device is first used."""
    from corelib_opencl.backend import OpenCLBackend  # with pyopencl, as above

    if first_asked() != os.getpid():
        raise forked("opencl")
    return OpenCLBackend()
