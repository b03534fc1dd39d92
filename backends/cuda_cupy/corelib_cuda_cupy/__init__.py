"""The cuda devices of corelib. This module is import-light; the backend is in `backend.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.backend import Probe, hookimpl

if TYPE_CHECKING:
    from corelib.contract.backend import Backend

__version__ = "0.1.0"


@hookimpl
def corelib_probe() -> Probe:
    """Whether there is a GPU with a driver that CuPy can use."""
    try:
        import cupy  # type: ignore  # no types, and need not be installed; 0.3 s and the driver: only when somebody asks for the device
    except Exception as error:  # a broken CUDA installation shows as any exception
        return Probe(False, f"CuPy cannot be imported: {type(error).__name__}: {error}")
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        return Probe(False, f"no CUDA device: {error}")
    return Probe(True) if count else Probe(False, "no CUDA device: the driver lists none")


@hookimpl
def corelib_backend() -> Backend:
    """The backend; imported when a device is first used."""
    from corelib_cuda_cupy.backend import CupyBackend  # with CuPy, as above

    return CupyBackend()
