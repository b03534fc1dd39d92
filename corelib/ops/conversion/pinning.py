"""Pinned host memory: from page-locked memory a device can copy while the host goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from corelib.dispatcher.calls.primitive import run_primitive
from corelib.ops.construction.construct import from_numpy
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DEVICE_TYPES, DeviceLike, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from corelib.contract.backend import Backend


class Pinned:
    """The lease of a Storage in pinned memory: says for which backend."""

    __slots__ = ("backend",)

    def __init__(self, backend: Backend) -> None:
        self.backend = backend


def pinning_backend(device: DeviceLike = None) -> Backend | None:
    """The backend of a device, or the first of those in use and then of those installed, that has pinned memory; else None."""
    from corelib.dispatcher.plugins.loaded import AT_WORK  # start-up: 0.4 ms, for whoever pins memory

    types = [resolve(device).type] if device is not None else [*AT_WORK, *DEVICE_TYPES.value()]
    for device_type in dict.fromkeys(types):
        try:
            backend: Backend = resolve(device_type).runtime.backend
        except RuntimeError:  # unavailable: `corelib backends` tells why
            continue
        if backend.capabilities()["pinned"]:
            return backend
    return None


def pin_memory(self: Tensor, device: DeviceLike = None) -> Tensor:
    """A copy in pinned memory of `device`'s backend, by default that of the first which has it; itself where it is there.

    RuntimeError for a tensor that is not on the CPU, or where no device here has pinned memory.
    """
    if is_pinned(self, device):
        return self
    if self._device.type != "cpu":
        raise RuntimeError(f"pin_memory(): cannot pin a tensor on {self._device}; only dense CPU tensors can be pinned")
    backend = pinning_backend(device)
    if backend is None:
        what = "no accelerator here" if device is None else f"backend {resolve(device).type!r} does not"
        raise RuntimeError(f"pin_memory(): pinned memory needs a device that has it, and {what} provide{'s' if device is None else ''} it")
    block = backend.pinned(max(self._numel * self._dtype.itemsize, 1))[: self._numel * self._dtype.itemsize]
    made: Tensor = from_numpy(block.view(np.uint16).view(self._dtype.np) if self._dtype is D.bfloat16 else block.view(self._dtype.np))
    made._own_storage()._lease = Pinned(backend)
    made = made.reshape(tuple(self._shape))
    run_primitive("copy", made, self._array())
    return made


def is_pinned(self: Tensor, device: DeviceLike = None) -> bool:
    """Whether the elements lie in pinned memory (of `device`'s backend, where one is given)."""
    if self._device.type != "cpu":
        return False
    lease = self.untyped_storage()._lease
    return isinstance(lease, Pinned) and (device is None or lease.backend.device_type == resolve(device).type)


def copied_later(self: Tensor, dtype: DType, place: Device) -> Tensor | None:
    """A copy on a device that is on its way when this returns; None where it cannot go without being waited for."""
    backend = place.runtime.backend
    if dtype is not self._dtype or self._strides is not None or self._key.lazy or self._requires_grad or not is_pinned(self):
        return None
    if not backend.capabilities()["host_to_device_later"] or not self._numel:
        return None
    size = dtype.itemsize
    data = self._own_storage().to_host_bytes()[self._offset * size : (self._offset + self._numel) * size]
    made = Tensor._empty(place, dtype, self._shape)
    backend.host_to_device_later(made._own_storage()._raw, made._offset * size, data, place.runtime.index)
    return made


def pinned_batch(batch: object) -> object:
    """A batch of a loader with all its tensors in pinned memory: tensors, containers, and whatever has `pin_memory()`."""
    if isinstance(batch, Tensor):
        return pin_memory(batch)
    if isinstance(batch, (str, bytes)):
        return batch
    if isinstance(batch, dict):
        return type(batch)({k: pinned_batch(x) for k, x in batch.items()})
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        kind: Callable[..., object] = type(batch)
        return kind(*map(pinned_batch, batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(map(pinned_batch, batch))
    return batch.pin_memory() if hasattr(batch, "pin_memory") else batch


attach("pin_memory", pin_memory)
attach("is_pinned", is_pinned)
