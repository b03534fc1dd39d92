"""A device at work: its backend, its allocator and its dispatch key, found once and kept on the device object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from corelib.contract.allocator import CachingAllocator
from corelib.contract.backend import Backend
from corelib.contract.meta import MetaBackend
from corelib.dispatcher import determinism, report
from corelib.dispatcher.kernels import install
from corelib.dispatcher.plugins import manager as plugins
from corelib.dispatcher.plugins.checks import BackendError, takes_index
from corelib.dispatcher.plugins.loaded import AT_WORK
from corelib.tensor.device import LOAD, Buffer, Native, device
from corelib.tensor.dtype import ALL
from corelib.tensor.host import np
from corelib.tensor.keys import DispatchKey, dispatch_key
from corelib.tensor.layout import strided
from corelib.tensor.storage import read_bytes


class Runtime:
    """What core needs of one device, with the parts that the hot path reads as plain attributes."""

    __slots__ = (
        "_between", "allocator", "backend", "device", "index", "key", "native", "plain", "scalars", "small_buffer", "small_empty",
        "small_limit", "strided_any", "whole_arrays",
    )

    def __init__(self, backend: Backend, device: device) -> None:
        self.backend = backend
        self.device = device
        self.index = device.index or 0
        self.key: DispatchKey = dispatch_key(device.type, strided)
        self.allocator = CachingAllocator(backend, self.index, str(device))
        self.native: Callable[..., Native] = backend.native
        self.small_empty: Any = small_allocation(backend, self.index)
        self._between: bool = type(backend).copy_between is not Backend.copy_between
        self.small_buffer: Callable[[Native], Buffer] = backend.small_buffer
        self.small_limit: int = backend.small_limit if backend.small_allocation is not None else 0
        self.whole_arrays: bool = bool(self.small_limit) and backend.array_over is not None and keeps_arrays(backend, self.index)
        self.scalars = backend.scalars
        self.strided_any = backend.strided == "any"
        # Whether kernels take any strides and Python numbers, so that nothing has to be converted for them.
        self.plain: bool = self.strided_any and self.scalars

    def bring(self, target: Buffer, to: int, source: Runtime, buffer: Buffer, start: int, nbytes: int) -> None:
        """Copy bytes from another device's buffer to one of this device. What has to go through the host although neither device is that
        is counted in the report."""
        mine, theirs = self.backend, source.backend
        if mine is theirs and self._between:
            mine.copy_between(target, to, buffer, start, nbytes, self.index, source.index)
            return
        mine.host_to_device(target, to, read_bytes(source.device, buffer, start, nbytes), self.index)
        if not mine.host_memory and not theirs.host_memory:
            report.record("copy", str(self.device), "host", 2 * nbytes)


def small_allocation(backend: Backend, index: int) -> Any:
    """`Backend.small_allocation` for one device, as a function of shape and dtype; BackendError where it makes other arrays than it is asked for."""
    made = backend.small_allocation
    if made is None or not backend.small_limit:
        return made
    allocate: Callable[..., Native] = (lambda shape, dtype: made(shape, dtype, index)) if backend.indexed and takes_index(made) else made
    kind = next((d for d in ALL if backend.dtypes.get(d.name) in ("native", "emulated")), None)
    if kind is not None:
        one = allocate((2, 3), kind.np)
        got = (tuple(getattr(one, "shape", ())), getattr(getattr(one, "dtype", None), "name", ""))
        if got != ((2, 3), kind.name):
            said = f"an array of {got[1]}, shape {list(got[0])}" if got[1] else f"an object of type {type(one).__name__}"
            raise BackendError(f"the {backend.device_type} backend's small_allocation((2, 3), {kind.name}) returned {said}; expected an array of that shape and dtype")
    return allocate


def keeps_arrays(backend: Backend, index: int) -> bool:
    """True for a `Backend.array_over` whose arrays are kept alive by their views; BackendError for one that would have memory in use lent again."""
    assert backend.array_over is not None
    array: Any = backend.array_over((2, 3), np.dtype(np.float32), backend.allocate(512, index))
    alive, view = ref(array), array[1:]
    del array
    if alive() is None:
        raise BackendError(
            f"the {backend.device_type} backend's array_over gives arrays that go while a view of them is in use ({type(view).__name__}); a view must hold the array, not the buffer"
        )
    return True


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
            f"device {wanted}: invalid device index {index}; the {wanted.type} backend has "
            + (f"one device, {wanted.type}:0" if count == 1 else f"{count} devices, {wanted.type}:0 to {wanted.type}:{count - 1}")
        )
    if backend.asynchronous and backend.default_queue(index) is None:
        raise BackendError(f"device {wanted}: its backend is asynchronous, and its function default_queue returned None; it must return a queue")
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
    report.count_new()
    AT_WORK[device_type] = backend
    return backend
