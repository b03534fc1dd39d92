"""What autocast is set to in this thread, and the mode of the dispatcher that casts the operands of ops.

The mode stands on the thread's stack while autocast is enabled for some device type; outside such regions a call costs what it did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from corelib.amp.policies import ACCELERATOR, BANNED, CPU, FULL, FULL_BY_DTYPE, LOWER, REFUSAL, THROUGH, WIDEST, called
from corelib.dispatcher.modes import Mode, below
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.rule import Args
from corelib.tensor.device import DEVICE_TYPES
from corelib.tensor.dtype import bfloat16, dtype as DType, float16, float32, float64
from corelib.tensor.tensor import Tensor

BFLOAT16_FIRST = ("cpu", "xla", "hpu")
PYTORCHS = ("cpu", "cuda", "hpu", "ipu", "maia", "mps", "mtia", "xla", "xpu")


class _State(threading.local):
    def __init__(self) -> None:
        self.enabled: dict[str, bool] = {}
        self.dtypes: dict[str, DType] = {}
        self.nesting = 0
        self.cache_enabled = True
        self.cache: dict[tuple[int, bool, DType], tuple[Tensor, Tensor]] = {}
        self.mode: Autocast | None = None


state = _State()


class Autocast(Mode):
    """Casts the operands of each op as the lists of its device say."""

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Run an op in the dtype that its device's list names for it."""
        device = device_of(args, kwargs)
        if device is None or not state.enabled.get(device):
            return call(*args, **kwargs)
        policy = (CPU if device == "cpu" else ACCELERATOR).get(called(op.name, args))
        if policy is None:
            if op.name in THROUGH and kwargs.get("out") is None:
                with below(self):
                    return op.path(*args, *[kwargs.get(name, op.defaults[i]) for i, name in enumerate(op.params) if i >= len(args)])
            return call(*args, **kwargs)
        if policy == FULL_BY_DTYPE:
            if "dtype" not in op.params:
                policy = FULL
            elif op.params.index("dtype") < len(args):  # given by position
                at = op.params.index("dtype")
                return call(*args[:at], float32 if args[at] is None and kwargs.get("out") is None and eligible(args[op.first], device) else args[at], *args[at + 1 :], **kwargs)
        return run_as(policy, device, op.name, call, args, kwargs)

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """The same for a function that is made of ops, where a list has its name."""
        device = device_of(args, kwargs)
        policy = None if device is None or not state.enabled.get(device) else (CPU if device == "cpu" else ACCELERATOR).get(name)
        if policy is None or device is None:
            with below(self):
                return call(*args, **kwargs)
        return run_as(policy, device, name, call, args, kwargs)


def run_as(policy: str, device: str, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    """Call something with its operands as a policy wants them; autocast does not see what happens inside."""
    if policy == BANNED:
        raise RuntimeError(REFUSAL)
    if policy == FULL_BY_DTYPE:
        if kwargs.get("dtype") is None and kwargs.get("out") is None and args and eligible(args[0], device):
            kwargs = {**kwargs, "dtype": float32}
        return call(*args, **kwargs)
    if kwargs.get("out") is not None:  # written where and as the caller says
        return call(*args, **kwargs)
    wanted = float32
    if policy == LOWER:
        wanted = get_autocast_dtype(device)
    elif policy == WIDEST:
        wanted = widest((args, tuple(kwargs.values())), device, get_autocast_dtype(device))
    return call(*cast(args, device, wanted), **{key: cast(x, device, wanted) for key, x in kwargs.items()})


def device_of(*given: Any) -> str | None:
    """The type of the device of the first tensor among arguments."""
    for x in given:
        if isinstance(x, Tensor):
            return str(x._device.type)
        if isinstance(x, dict):
            x = tuple(x.values())
        if isinstance(x, (tuple, list)):
            found = device_of(*x)
            if found is not None:
                return found
    return None


def eligible(x: Any, device: str) -> bool:
    """Whether autocast casts it: a tensor of that device, floating-point and not float64."""
    return isinstance(x, Tensor) and x._dtype.is_floating_point and x._dtype is not float64 and x._device.type == device


def widest(given: Any, device: str, dtype: DType) -> DType:
    """float32 if a tensor among arguments is float32, else the lower precision. RuntimeError for another dtype than these two."""
    if isinstance(given, (tuple, list)):
        for x in given:
            dtype = widest(x, device, dtype)
    elif isinstance(given, Tensor) and eligible(given, device) and given._dtype is not dtype:
        if given._dtype is float32:
            return float32
        if dtype is not float32:
            raise RuntimeError(f"Unexpected floating ScalarType in at::autocast::prioritize: got {given._dtype} beside {dtype}")
    return dtype


def cast(given: Any, device: str, dtype: DType) -> Any:
    """Arguments with their tensors in a dtype."""
    if isinstance(given, Tensor):
        return given if given._dtype is dtype or not eligible(given, device) else cached(given, device, dtype)
    if type(given) is tuple or type(given) is list:
        return type(given)([cast(x, device, dtype) for x in given])
    return given


def cached(t: Tensor, device: str, dtype: DType) -> Tensor:
    """A tensor in another dtype; that of a float32 leaf in the lower precision is kept until the outermost region ends.

    One made where nothing is recorded serves only there: it would keep gradients from the leaf.
    """
    if (
        not state.cache_enabled or dtype is float32 or t._dtype is not float32 or not t._requires_grad or t._base is not None
        or dtype is not get_autocast_dtype(device) or not t.is_leaf
    ):
        made: Tensor = t.to(dtype)
        return made
    key = (id(t), grad_mode.enabled, dtype)
    found = state.cache.get(key)
    if found is None:
        found = state.cache[key] = (t, t.to(dtype))  # holds the leaf too, so that its id stays its own
    return found[1]


def _known(function: str, device_type: Any) -> str:
    if not isinstance(device_type, str):
        raise TypeError(f"{function}(): argument 'device_type' (position 1) must be str, not {type(device_type).__name__}")
    if not is_autocast_available(device_type):
        raise RuntimeError(f"{function}(): unknown device type for autocast: {device_type!r}; known are {', '.join(sorted({*PYTORCHS, *DEVICE_TYPES.value()} - {'meta'}))}")
    return device_type


def is_autocast_available(device_type: str) -> bool:
    """Whether there is autocast for a device type: for all that PyTorch has it for, and for every one that an installed backend provides.

    >>> import corelib as torch
    >>> torch.amp.is_autocast_available("cpu"), torch.amp.is_autocast_available("meta")
    (True, False)
    """
    if not isinstance(device_type, str):
        raise TypeError(f"is_autocast_available(): argument 'device_type' (position 1) must be str, not {type(device_type).__name__}")
    if device_type == "meta":
        return False
    if device_type in PYTORCHS or device_type in DEVICE_TYPES.value():
        return True
    if device_type in ("fpga", "hip", "ideep", "lazy", "mkldnn", "opencl", "opengl", "ve", "vulkan"):
        return False
    raise RuntimeError(f"Expected one of {', '.join(PYTORCHS)} or an installed device type at start of device string: {device_type}")


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on in this thread for a device type; without one, for cuda, as in PyTorch.

    >>> import corelib as torch
    >>> with torch.autocast("cpu"):
    ...     torch.is_autocast_enabled("cpu")
    True
    """
    return state.enabled.get("cuda" if device_type is None else _known("is_autocast_enabled", device_type), False)


def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Turn autocast on or off in this thread for a device type; with one argument, for cuda."""
    if enabled is None:
        device_type, enabled = "cuda", bool(device_type)
    elif not isinstance(enabled, bool):
        raise TypeError(f"set_autocast_enabled(): argument 'enabled' (position 2) must be bool, not {type(enabled).__name__}")
    state.enabled[_known("set_autocast_enabled", device_type)] = enabled
    if any(state.enabled.values()):
        if state.mode is None:
            state.mode = Autocast()
            state.mode.__enter__()
    elif state.mode is not None:
        state.mode.__exit__()
        state.mode = None


def get_autocast_dtype(device_type: str) -> DType:
    """The lower precision of autocast on a device type: bfloat16 on the cpu, elsewhere float16, unless set.

    >>> import corelib as torch
    >>> torch.get_autocast_dtype("cpu")
    torch.bfloat16
    """
    found = state.dtypes.get(_known("get_autocast_dtype", device_type))
    return found if found is not None else bfloat16 if device_type in BFLOAT16_FIRST else float16


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Set the lower precision of autocast on a device type, in this thread."""
    if not isinstance(dtype, DType):
        raise TypeError(f"set_autocast_dtype(): argument 'dtype' (position 2) must be torch.dtype, not {type(dtype).__name__}")
    state.dtypes[_known("set_autocast_dtype", device_type)] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether casts of leaves are kept until the outermost region ends."""
    return state.cache_enabled


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Set whether casts of leaves are kept until the outermost region ends."""
    if not isinstance(enabled, bool):
        raise TypeError(f"set_autocast_cache_enabled(): argument 'enabled' must be bool, not {type(enabled).__name__}")
    state.cache_enabled = enabled


def clear_autocast_cache() -> None:
    """Forget the casts of leaves that are kept."""
    state.cache.clear()


def autocast_increment_nesting() -> int:
    """Enter a region; how deep this thread is in them now."""
    state.nesting += 1
    return state.nesting


def autocast_decrement_nesting() -> int:
    """Leave a region; how deep this thread is in them now."""
    state.nesting -= 1
    return state.nesting
