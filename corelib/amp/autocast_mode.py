"""`autocast`: a region in which each op runs in the dtype that suits it, and what lets a user's Function take part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from importlib.util import find_spec
from typing import Any, Self

import numpy as np

from corelib.amp import state
from corelib.amp.state import get_autocast_dtype, is_autocast_available as is_autocast_available, is_autocast_enabled
from corelib.as_torch.warned import warn
from corelib.dispatcher.streams import runtime_of
from corelib.tensor.dtype import bfloat16, dtype as DType, float16
from corelib.tensor.tensor import Tensor

__all__ = ["autocast", "autocast_decorator", "custom_bwd", "custom_fwd", "is_autocast_available"]

DTYPES = (bfloat16, float16)


def autocast_decorator(autocast_instance: autocast, func: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs inside a region of autocast."""

    @wraps(func)
    def decorate_autocast(*args: Any, **kwargs: Any) -> Any:
        with autocast_instance:
            return func(*args, **kwargs)

    return decorate_autocast


def amp_definitely_not_available() -> bool:
    """Whether there is no cuda device for mixed precision."""
    try:
        return not runtime_of("cuda", None).backend.device_count() and not find_spec("torch_xla")
    except RuntimeError:  # not installed, or unavailable
        return not find_spec("torch_xla")


class autocast:
    """A region, or a decorated function, in which ops run in lower precision where that is safe.

    device_type: whose tensors are meant, such as "cpu", "cuda" or "opencl". dtype: the lower precision, bfloat16 or float16; by default
    bfloat16 on the cpu and float16 elsewhere. enabled: False turns autocast off inside. cache_enabled: whether a float32 leaf is cast
    once in the outermost region. Ops run as PyTorch's lists say, its list for the cpu or that for accelerators; float64 is left alone.
    A dtype that is none of the two, or "cuda" without a device, gives a warning and no autocast. RuntimeError for an unknown device type.

    >>> import corelib as torch
    >>> x = torch.ones(2, 2)
    >>> with torch.autocast("cpu"):
    ...     (x @ x).dtype, torch.nn.functional.mse_loss(x @ x, x).dtype, (x + x).dtype
    (torch.bfloat16, torch.float32, torch.float32)
    """

    def __init__(self, device_type: str, dtype: DType | None = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if not is_autocast_available(device_type):
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._cache_enabled = state.is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        if enabled and device_type == "cuda" and amp_definitely_not_available():
            warn("CUDA is not available or torch_xla is imported. Disabling autocast.")
            enabled = False
        elif enabled and self.fast_dtype not in DTYPES:
            name = device_type.upper()
            warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n{name} Autocast only supports dtypes of "
                f"{', '.join(map(str, DTYPES))} currently.",
            )  # fmt: skip
            enabled = False
        self._enabled = enabled
        self._before: list[tuple[bool, DType, bool]] = []

    def __enter__(self) -> Self:
        self._before.append((is_autocast_enabled(self.device), get_autocast_dtype(self.device), state.is_autocast_cache_enabled()))
        state.set_autocast_dtype(self.device, self.fast_dtype)
        state.set_autocast_enabled(self.device, self._enabled)
        state.autocast_increment_nesting()
        state.set_autocast_cache_enabled(self._cache_enabled)
        return self

    def __exit__(self, *exc: object) -> None:
        if state.autocast_decrement_nesting() == 0:
            state.clear_autocast_cache()
        enabled, dtype, cache = self._before.pop()
        state.set_autocast_enabled(self.device, enabled)
        state.set_autocast_dtype(self.device, dtype)
        state.set_autocast_cache_enabled(cache)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. Did you mean to use autocast as a context manager? "
                "For example:\n    with torch.autocast(device_type=...):\n        output = model(input)"
            )
        return autocast_decorator(self, func)


def _cast(value: Any, device_type: str, dtype: DType) -> Any:
    """Tensors in a dtype, also in what holds them, where autocast would cast them."""
    if isinstance(value, Tensor):
        return value.to(dtype) if state.eligible(value, device_type) else value
    if isinstance(value, (str, bytes, np.ndarray)):
        return value
    if isinstance(value, Mapping):
        return {_cast(k, device_type, dtype): _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, Iterable):
        made = (_cast(v, device_type, dtype) for v in value)
        return type(value)(made) if isinstance(value, (list, tuple)) else made
    return value


def custom_fwd(fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: DType | None = None) -> Any:
    """Decorate `forward` of a Function for autocast: with `cast_inputs`, inside a region, its floating-point tensors come in that dtype
    and autocast is off in it; without, it runs as the region has it. Outside a region nothing changes."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @wraps(fwd)
    def decorate_fwd(*args: Any, **kwargs: Any) -> Any:
        inside = is_autocast_enabled(device_type)
        args[0]._dtype = get_autocast_dtype(device_type)
        args[0]._fwd_used_autocast = inside and cast_inputs is None
        if cast_inputs is None or not inside:
            return fwd(*args, **kwargs)
        with autocast(device_type=device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return decorate_fwd


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """Decorate `backward` of a Function, so that it runs with the autocast of its `forward`, which `custom_fwd` has noted."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return partial(custom_bwd, device_type=device_type)

    @wraps(bwd)
    def decorate_bwd(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type=device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return decorate_bwd
