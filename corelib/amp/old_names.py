"""The settings of autocast by names of their own for each device type, which PyTorch keeps with a warning: is_autocast_cpu_enabled() and its kind."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from corelib.amp import state

OLD: dict[str, Callable[..., Any]] = {}
"""Every such function by its name."""


def _add(name: str, shown: str, now: Callable[..., Any], device: str) -> None:
    takes = shown[1:-1]

    def read() -> Any:
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return now(device)

    def write(value: Any) -> None:
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        now(device, value)

    told = f"torch.{name}{shown} is deprecated. Please use torch.{now.__name__}({device!r}{', ' if takes else ''}{takes}) instead."
    function: Any = write if takes else read
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Deprecated: the same as `{now.__name__}({device!r}{', ' if takes else ''}{takes})`."
    OLD[name] = function


for _name in ("cpu", "gpu", "ipu", "xla"):
    _device = "cuda" if _name == "gpu" else _name
    if _name != "gpu":
        _add(f"is_autocast_{_name}_enabled", "()", state.is_autocast_enabled, _device)
        _add(f"set_autocast_{_name}_enabled", "(enabled)", state.set_autocast_enabled, _device)
    _add(f"get_autocast_{_name}_dtype", "()", state.get_autocast_dtype, _device)
    _add(f"set_autocast_{_name}_dtype", "(dtype)", state.set_autocast_dtype, _device)
globals().update(OLD)
