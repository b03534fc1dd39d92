"""What optimizers outside of this library ask of implementations over lists of tensors."""

from __future__ import annotations

from typing import Any

from corelib.tensor.device import DEVICE_TYPES, device as Device
from corelib.tensor.tensor import Tensor

_foreach_supported_types: list[type] = [Tensor]


def _get_foreach_kernels_supported_devices() -> list[str]:
    """The device types on which a list of tensors is worth more than a loop: all but the host's."""
    return [name for name in DEVICE_TYPES.value() if name not in ("cpu", "meta")]


def _get_fused_kernels_supported_devices() -> list[str]:
    """The device types with fused steps: all, as their bodies are ops."""
    return [name for name in DEVICE_TYPES.value() if name != "meta"]


def _group_tensors_by_device_and_dtype(tensorlistlist: Any, with_indices: bool = False) -> dict[Any, tuple[list[list[Any]], list[int]]]:
    """Lists of tensors that belong together place by place, by the device and dtype of the first list's tensor; with the places where asked."""
    found: dict[Any, tuple[list[list[Any]], list[int]]] = {}
    for i, first in enumerate(tensorlistlist[0]):
        lists, places = found.setdefault((first.device, first.dtype), ([[] for _ in tensorlistlist], []))
        for into, each in zip(lists, tensorlistlist, strict=True):
            if each:
                into.append(each[i])
        if with_indices:
            places.append(i)
    return found


def _device_has_foreach_support(device: Device) -> bool:
    return device.type in (*_get_foreach_kernels_supported_devices(), "cpu")


def _has_foreach_support(tensors: list[Any], device: Device) -> bool:
    return _device_has_foreach_support(device) and all(t is None or type(t) in _foreach_supported_types for t in tensors)
