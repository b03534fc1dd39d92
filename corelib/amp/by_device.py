"""torch.cuda.amp and torch.cpu.amp: the same for one device type, which PyTorch keeps with a warning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from corelib.amp.autocast_mode import autocast, custom_bwd, custom_fwd
from corelib.amp.grad_scaler import GradScaler
from corelib.as_torch.warned import warn
from corelib.tensor.dtype import dtype as DType


def _told(device: str, name: str, how: str = "args...") -> None:
    instead = f"torch.amp.{name}({how}, device_type={device!r})" if name.startswith("custom") else f"torch.amp.{name}({device!r}, {how})"
    warn(f"`torch.{device}.amp.{name}({how})` is deprecated. Please use `{instead}` instead.", FutureWarning)


def names_of(device: str) -> dict[str, Any]:
    """What torch.cuda.amp, or torch.cpu.amp, has."""

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

    names: dict[str, Any] = {"autocast": of_device, "GradScaler": Scaler}
    if device == "cuda":
        names.update(custom_fwd=forward, custom_bwd=backward)
    for name, thing in names.items():
        thing.__name__ = thing.__qualname__ = name
        thing.__module__ = f"corelib.amp.{device}"
    return names
