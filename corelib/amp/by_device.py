"""torch.cuda.amp and torch.cpu.amp: the same for one device type, which PyTorch keeps with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from corelib.amp.autocast_mode import autocast, cuda_is_missing, custom_bwd, custom_fwd
from corelib.amp.grad_scaler import GradScaler
from corelib.tensor.dtype import dtype as DType


def _told(device: str, name: str, how: str = "args...") -> None:
    instead = f"torch.amp.{name}({how}, device_type={device!r})" if name.startswith("custom") else f"torch.amp.{name}({device!r}, {how})"
    warnings.warn(f"`torch.{device}.amp.{name}({how})` is deprecated. Please use `{instead}` instead.", FutureWarning, stacklevel=3)


def module_of(device: str) -> ModuleType:
    """The module `amp` of a device type."""

    class of_device(autocast):
        """`autocast` of `corelib.amp` for this device type, with a warning that says so."""

        def __init__(self, enabled: bool = True, dtype: DType | None = None, cache_enabled: bool = True) -> None:
            _told(device, "autocast")
            super().__init__(device, enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)

    class Scaler(GradScaler):
        """`GradScaler` of `corelib.amp` for this device type, with a warning that says so."""

        def __init__(
            self, init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5, growth_interval: int = 2000,
            enabled: bool = True,
        ) -> None:  # fmt: skip
            _told(device, "GradScaler")
            super().__init__(device, init_scale, growth_factor, backoff_factor, growth_interval, enabled)

    def forward(fwd: Callable[..., Any] | None = None, *, cast_inputs: DType | None = None) -> Any:
        _told(device, "custom_fwd")
        return partial(custom_fwd, device_type=device)(fwd=fwd, cast_inputs=cast_inputs)

    def backward(bwd: Callable[..., Any]) -> Any:
        _told(device, "custom_bwd")
        return custom_bwd(bwd, device_type=device)

    made = ModuleType(f"corelib.{device}.amp", f"`corelib.amp` for tensors of device type {device}.")
    names: dict[str, Any] = {"autocast": of_device, "GradScaler": Scaler}
    if device != "cpu":
        names.update(custom_fwd=forward, custom_bwd=backward, amp_definitely_not_available=cuda_is_missing if device == "cuda" else _never)
    for name, thing in names.items():
        if thing is not cuda_is_missing:
            thing.__name__ = thing.__qualname__ = name
            thing.__module__ = made.__name__
        setattr(made, name, thing)
    made.__dict__["__all__"] = sorted(names)
    return made


def _never() -> bool:
    """Whether there is no device of this type for mixed precision: never, as the module is there with the device only."""
    return False
