"""The settings of autocast by names of their own for each device type, which PyTorch keeps with a warning: is_autocast_cpu_enabled() and its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.as_torch.warned import warn
from corelib.amp import state


def _old(name: str, now: Callable[..., Any], device: str, takes: str = "") -> Callable[..., Any]:
    def read() -> Any:
        warn(told, DeprecationWarning)
        return now(device)

    def write(value: Any) -> None:
        warn(told, DeprecationWarning)
        now(device, value)

    called = f"torch.{now.__name__}({device!r}{', ' if takes else ''}{takes})"
    told = f"torch.{name}({takes}) is deprecated. Please use {called} instead."
    function: Callable[..., Any] = write if takes else read
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Deprecated: the same as `{called}`."
    return function


is_autocast_cpu_enabled = _old("is_autocast_cpu_enabled", state.is_autocast_enabled, "cpu")
set_autocast_cpu_enabled = _old("set_autocast_cpu_enabled", state.set_autocast_enabled, "cpu", "enabled")
get_autocast_cpu_dtype = _old("get_autocast_cpu_dtype", state.get_autocast_dtype, "cpu")
set_autocast_cpu_dtype = _old("set_autocast_cpu_dtype", state.set_autocast_dtype, "cpu", "dtype")
get_autocast_gpu_dtype = _old("get_autocast_gpu_dtype", state.get_autocast_dtype, "cuda")
set_autocast_gpu_dtype = _old("set_autocast_gpu_dtype", state.set_autocast_dtype, "cuda", "dtype")
is_autocast_ipu_enabled = _old("is_autocast_ipu_enabled", state.is_autocast_enabled, "ipu")
set_autocast_ipu_enabled = _old("set_autocast_ipu_enabled", state.set_autocast_enabled, "ipu", "enabled")
get_autocast_ipu_dtype = _old("get_autocast_ipu_dtype", state.get_autocast_dtype, "ipu")
set_autocast_ipu_dtype = _old("set_autocast_ipu_dtype", state.set_autocast_dtype, "ipu", "dtype")
is_autocast_xla_enabled = _old("is_autocast_xla_enabled", state.is_autocast_enabled, "xla")
set_autocast_xla_enabled = _old("set_autocast_xla_enabled", state.set_autocast_enabled, "xla", "enabled")
get_autocast_xla_dtype = _old("get_autocast_xla_dtype", state.get_autocast_dtype, "xla")
set_autocast_xla_dtype = _old("set_autocast_xla_dtype", state.set_autocast_dtype, "xla", "dtype")
