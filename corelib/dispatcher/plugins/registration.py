"""Backends of this process: used for a device type without a plugin, until they are taken back.

For tests, and for backends that are being written; what is installed is found by its entry point.
"""

from __future__ import annotations

from corelib.contract.backend import Backend
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.plugins import manager as plugins
from corelib.dispatcher.plugins.checks import BackendError, check_backend, check_devices, kernel_problem, missing_primitives, tell_missing
from corelib.dispatcher.plugins.discovery import Entry, is_device_type
from corelib.dispatcher.plugins.loaded import AT_WORK, REGISTERED
from corelib.tensor.device import _DEVICES
from corelib.tensor.keys import dispatch_key
from corelib.tensor.layout import strided


class Registration:
    """A backend in use. As a context manager it is taken back at the end; `undo()` does so earlier."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.device_type = backend.device_type

    def undo(self) -> None:
        """Take the backend back: its device type is unknown again. Tensors that live on it must not be used any more."""
        if REGISTERED.pop(self.device_type, None) is None:
            return
        plugins._loaded.pop(self.device_type, None)
        plugins._providers.pop(self.device_type, None)
        AT_WORK.pop(self.device_type, None)
        key = dispatch_key(self.device_type, strided)
        for op in TABLE.values():
            op.kernels.pop(key, None)
        for name, device in list(_DEVICES.items()):
            if device.type == self.device_type:
                device._runtime = None
                del _DEVICES[name]

    def __enter__(self) -> Backend:
        return self.backend

    def __exit__(self, *exc: object) -> None:
        self.undo()


def register(backend: Backend) -> Registration:
    """Use a backend object for its device type in this process. BackendError for what a plugin would be refused for."""
    device_type = getattr(backend, "device_type", None)
    if not isinstance(device_type, str) or not is_device_type(device_type):
        raise BackendError(
            f"backends.register(): a backend's device_type must be lower-case letters, digits and underscores, got {device_type!r}"
        )
    claimed = [e.provider for e in plugins.entries() if e.device_type == device_type]
    if claimed or device_type == "meta":
        owner = claimed[0] if claimed else "corelib"
        raise BackendError(f"backends.register(): device type {device_type!r} already belongs to {owner}")
    entry = Entry(device_type, device_type, "", "this process", "", "", None)
    check_backend(backend, entry)
    check_devices(backend)
    table = backend.kernels()
    problem = kernel_problem(table)
    if problem:
        raise BackendError(f"backends.register(): {problem}")
    plugins._lacking[device_type] = missing_primitives(backend, table)
    tell_missing(device_type, plugins._lacking[device_type])
    REGISTERED[device_type] = entry
    plugins._providers[device_type] = entry
    plugins._loaded[device_type] = backend
    return Registration(backend)
