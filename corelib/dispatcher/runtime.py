"""A device at work: its backend, its allocator and its dispatch key, found once and kept on the device object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.contract.allocator import CachingAllocator
from corelib.contract.backend import Backend
from corelib.contract.meta import MetaBackend
from corelib.dispatcher import determinism
from corelib.dispatcher.kernels import install
from corelib.dispatcher.plugins import manager as plugins
from corelib.dispatcher.plugins.loaded import AT_WORK
from corelib.tensor.device import LOAD, Buffer, Native, device
from corelib.tensor.keys import DispatchKey, dispatch_key
from corelib.tensor.layout import strided


class Runtime:
    """What core needs of one device, with the parts that the hot path reads as plain attributes."""

    __slots__ = (
        "allocator", "backend", "device", "index", "key", "native", "plain", "scalars", "small_buffer", "small_empty",
        "small_limit", "strided_any",
    )

    def __init__(self, backend: Backend, device: device) -> None:
        self.backend = backend
        self.device = device
        self.index = device.index or 0
        self.key: DispatchKey = dispatch_key(device.type, strided)
        self.allocator = CachingAllocator(backend, self.index, str(device))
        self.native: Callable[..., Native] = backend.native
        self.small_empty: Any = backend.small_allocation
        self.small_buffer: Callable[[Native], Buffer] = backend.small_buffer
        self.small_limit: int = backend.small_limit if backend.small_allocation is not None else 0
        self.scalars = backend.scalars
        self.strided_any = backend.strided == "any"
        # Whether kernels take any strides and Python numbers, so that nothing has to be converted for them.
        self.plain: bool = self.strided_any and self.scalars


@LOAD.fill
def load(wanted: device) -> Runtime:
    """The runtime of a device: loads the plugin of its type on first use and registers that plugin's kernels.

    RuntimeError where no plugin provides the type, the plugin cannot load, or the index is not one of its devices.
    """
    backend = AT_WORK.get(wanted.type)
    if backend is None:
        backend = _load_backend(wanted.type)
    if wanted.index is None and not backend.indexed:
        return Runtime(backend, wanted)
    count = backend.device_count()
    index = wanted.index or 0
    if index >= count:
        raise RuntimeError(
            f"device {wanted}: invalid device index {index}; the {wanted.type} backend has {count} device(s), "
            f"indices 0 to {count - 1}"
        )
    if not backend.indexed:
        return at_work(device(wanted.type))
    if wanted.index is None:
        return at_work(device(wanted.type, 0))
    return Runtime(backend, wanted)


def at_work(place: device) -> Runtime:
    """The runtime of a device, with all that a backend has."""
    found = place.runtime
    assert isinstance(found, Runtime)
    return found


def _load_backend(device_type: str) -> Backend:
    backend = MetaBackend() if device_type == "meta" else plugins.load(device_type)
    determinism.check(device_type, backend)
    install(device_type, backend.kernels())
    AT_WORK[device_type] = backend
    return backend
