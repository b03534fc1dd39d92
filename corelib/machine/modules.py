"""The module of a device's type: `torch.get_device_module`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from corelib import devices
from corelib.devices import Accelerator
from corelib.tensor.device import device as Device


def get_device_module(device: Any = None) -> ModuleType:
    """The module (`torch.cuda`, `torch.cpu`) of a device, of its str, or, for None, of the accelerator that can be used, or else of the cpu.

    RuntimeError for what names no device.

    >>> import corelib as torch
    >>> torch.get_device_module("cpu") is torch.cpu
    True
    """
    if isinstance(device, Device):
        name = device.type
    elif isinstance(device, str):
        name = Device(device).type
    elif device is None:
        return _accelerator()
    else:
        raise RuntimeError(f"get_device_module(): Invalid value of device '{device}', expect torch.device, str, or None")
    found: ModuleType | None = getattr(devices, name, None)
    if found is None and name == "meta":
        raise RuntimeError("get_device_module(): Device 'meta' does not have a corresponding module registered as 'torch.meta'.")
    return Accelerator(name) if found is None else found


def _accelerator() -> ModuleType:
    found = (devices.cuda, devices.mps, devices.xpu, devices.mtia, devices.opencl)
    return next((each for each in found if each.is_available()), devices.cpu)
