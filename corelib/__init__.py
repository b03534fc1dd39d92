"""corelib: PyTorch's tensors, autograd, nn, optim and data, on any device for which somebody installs a plugin.

>>> import corelib as torch
>>> x = torch.tensor([1., 2.], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

from __future__ import annotations

from importlib import import_module as _import
from sys import modules as _modules
from types import ModuleType as _ModuleType
from typing import Any

from corelib.as_torch.uncollected import Uncollected as _Uncollected

_importing = _Uncollected()
from corelib import ops as _ops
from corelib.as_torch import finder as _finder, naming as _naming
from corelib.as_torch.paths import UNLISTED as _UNLISTED
from corelib.as_torch.versions import TorchVersion as _TorchVersion
from corelib.dispatcher.namespaces import NAMESPACES as _NAMESPACES, OUTSIDE as _OUTSIDE
from corelib.graph.anomaly import (
    is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled, is_anomaly_enabled as is_anomaly_enabled, set_anomaly_enabled as set_anomaly_enabled,
)
from corelib.graph.grad_mode import (
    enable_grad as enable_grad, is_grad_enabled as is_grad_enabled,
    is_inference_mode_enabled as is_inference_mode_enabled, no_grad as no_grad, set_grad_enabled as set_grad_enabled,
)
from corelib.tensor import dtype as _dtypes
from corelib.ops.construction.construct import (
    as_tensor as as_tensor,
    asarray as asarray,
    from_numpy as from_numpy,
    frombuffer as frombuffer,
    tensor as tensor,
)
from corelib.graph.methods import BACKWARD as _BACKWARD
from corelib.tensor.device import (
    DEVICE_TYPES as _DEVICE_TYPES,
    LOAD as _LOAD,
    device as device,
    get_default_device as get_default_device,
    resolve as _resolve,
    set_default_device as set_default_device,
)
from corelib.tensor.dtype import dtype as dtype
from corelib.ops.conversion.interchange import from_dlpack as from_dlpack
from corelib.tensor.layout import (
    channels_last as channels_last,
    channels_last_3d as channels_last_3d,
    contiguous_format as contiguous_format,
    jagged as jagged,
    layout as layout,
    legacy_contiguous_format as legacy_contiguous_format,
    memory_format as memory_format,
    preserve_format as preserve_format,
    strided as strided,
)
from corelib.ops.construction.legacy import (
    BFloat16Tensor as BFloat16Tensor,
    BoolTensor as BoolTensor,
    ByteTensor as ByteTensor,
    CharTensor as CharTensor,
    DoubleTensor as DoubleTensor,
    FloatTensor as FloatTensor,
    HalfTensor as HalfTensor,
    IntTensor as IntTensor,
    LongTensor as LongTensor,
    ShortTensor as ShortTensor,
    set_default_tensor_type as set_default_tensor_type,
)
from corelib.ops.construction.storages import (
    SHARE as _SHARE,
    BFloat16Storage as BFloat16Storage,
    BoolStorage as BoolStorage,
    ByteStorage as ByteStorage,
    CharStorage as CharStorage,
    ComplexDoubleStorage as ComplexDoubleStorage,
    ComplexFloatStorage as ComplexFloatStorage,
    DoubleStorage as DoubleStorage,
    FloatStorage as FloatStorage,
    HalfStorage as HalfStorage,
    IntStorage as IntStorage,
    LongStorage as LongStorage,
    ShortStorage as ShortStorage,
    StorageOfFloats as Storage,
)
from corelib.tensor.limits import finfo as finfo, iinfo as iinfo
from corelib.tensor.overrides import OVERRIDES as _OVERRIDES
from corelib.tensor.promotion import (
    can_cast as can_cast,
    get_default_dtype as get_default_dtype,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
)
from corelib.tensor.rooms import NAMED as _NAMED
from corelib.tensor.size import Size as Size
from corelib.tensor.storage import TypedStorage as TypedStorage, UntypedStorage as UntypedStorage
from corelib.tensor.tensor import Tensor as Tensor
from corelib.version import __version__ as _version

__version__ = _TorchVersion(_version)
inf, nan, pi, e = float("inf"), float("nan"), 3.141592653589793, 2.718281828459045
newaxis = None

for _d in (*_dtypes.ALL, *_dtypes.HELD):
    globals()[_d.name] = _d
bit = _dtypes.dtype_named("uint1")
for _name in ("half", "float", "double", "short", "int", "long", "cfloat", "cdouble"):
    globals()[_name] = getattr(_dtypes, _name)
globals().update(_ops.namespace("torch"))

# What is loaded when it is first asked for: name -> (module, attribute, or None for the module itself).
_LATER: dict[str, tuple[str, str | None]] = {
    **{name: (f"corelib.{name}", None) for name in (
        "accelerator", "amp", "autograd", "backend", "backends", "cli", "data", "dispatcher", "distributed", "distributions", "fft", "func", "futures", "hub",
        "linalg", "masked", "multiprocessing", "nn", "optim", "overrides", "profiler", "quasirandom", "serialization", "signal", "special", "testing", "utils", "viz",
    )},
    **{name: ("corelib.ops.random.generator", name) for name in (
        "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state",
    )},
    **{name: ("corelib.devices", name) for name in ("cpu", "cuda", "opencl", "mps", "mtia", "xpu", "Stream", "Event")},
    "vmap": ("corelib.func.mapping", "vmap"),
    "compile": ("corelib.capture.optimized", "compile"),
    "autocast": ("corelib.amp.autocast_mode", "autocast"),
    "GradScaler": ("corelib.amp.grad_scaler", "GradScaler"),
    **{name: ("corelib.amp.state", name) for name in (
        "autocast_decrement_nesting", "autocast_increment_nesting", "clear_autocast_cache", "get_autocast_dtype", "is_autocast_cache_enabled",
        "is_autocast_enabled", "set_autocast_cache_enabled", "set_autocast_dtype", "set_autocast_enabled",
    )},
    **{f"{which}_autocast_{device}_{what}": ("corelib.amp.old_names", f"{which}_autocast_{device}_{what}") for device in ("cpu", "gpu", "ipu", "xla") for which, what in (
        ("is", "enabled"), ("set", "enabled"), ("get", "dtype"), ("set", "dtype"),
    ) if device != "gpu" or what == "dtype"},
    **{name: ("corelib.amp.scaling", name) for name in ("_amp_foreach_non_finite_check_and_unscale_", "_amp_update_scale_")},
    **{name: ("corelib.capture.symbolic", name) for name in (
        "SymBool", "SymFloat", "SymInt", "cond", "sym_constrain_range", "sym_constrain_range_for_size", "sym_float", "sym_fresh_size", "sym_int", "sym_ite", "sym_max",
        "sym_min", "sym_not", "sym_sqrt", "sym_sum", "while_loop",
    )},
    **{name: ("corelib.overrides", name) for name in ("DisableTorchFunction", "DisableTorchFunctionSubclass")},
    "Tag": ("corelib.capture.tags", "Tag"),
    "to_dlpack": ("corelib.utils.dlpack", "to_dlpack"),
    "thread_safe_generator": ("corelib.ops.random.generator", "thread_safe_generator"),
    **{name: ("corelib.contract.backend", name) for name in ("AcceleratorError", "FatalError", "OutOfMemoryError")},
    **{name: ("corelib.machine.threads", name) for name in (
        "get_num_interop_threads", "get_num_threads", "init_num_threads", "set_flush_denormal", "set_num_interop_threads", "set_num_threads",
    )},
    **{name: ("corelib.machine.build", name) for name in (
        "compiled_with_cxx11_abi", "has_lapack", "has_mkl", "has_openmp", "has_spectral", "is_vulkan_available",
    )},
    **{name: ("corelib.dispatcher.warned", name) for name in ("is_warn_always_enabled", "set_warn_always")},
    "get_device_module": ("corelib.machine.modules", "get_device_module"),
    "__config__": ("corelib.machine.build", None),
    "__future__": ("corelib.nn.future", None),
    "save": ("corelib.serialization", "save"),
    "load": ("corelib.serialization", "load"),
    **{name: ("corelib.dispatcher.precision", name) for name in ("set_float32_matmul_precision", "get_float32_matmul_precision")},
    **{name: ("corelib.dispatcher.determinism", name) for name in (
        "use_deterministic_algorithms", "are_deterministic_algorithms_enabled", "is_deterministic_algorithms_warn_only_enabled",
        "set_deterministic_debug_mode", "get_deterministic_debug_mode",
    )},
    "inference_mode": ("corelib.dispatcher.inference", "inference_mode"),
    "set_printoptions": ("corelib.ops.conversion.printing", "set_printoptions"),
    "printoptions": ("corelib.ops.conversion.printing", "printoptions"),
}


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor's dtype is a floating-point one."""
    return input.is_floating_point() if isinstance(input, Tensor) else _answer(is_floating_point, input)


def is_complex(input: Tensor) -> bool:
    """Whether a tensor's dtype is a complex one."""
    return input.is_complex() if isinstance(input, Tensor) else _answer(is_complex, input)


def numel(input: Tensor) -> int:
    """The number of elements of a tensor."""
    return input.numel() if isinstance(input, Tensor) else _answer(numel, input)


def _answer(function: Any, input: Any) -> Any:
    """What an object that stands for a tensor answers; AttributeError for what does not."""
    name = function.__name__
    return _OVERRIDES.value(None, function, (input,), {}) if hasattr(type(input), "__torch_function__") else getattr(input, name)()


def is_storage(obj: Any) -> bool:
    """Whether an object is a storage."""
    return isinstance(obj, (TypedStorage, UntypedStorage))


def synchronize(device: Any = None) -> None:
    """Wait until a device has done all that was asked of it."""
    runtime = _resolve(device).runtime
    runtime.backend.synchronize(runtime.index)


def _device(name: str) -> Any:
    """The module of a device type, as `torch.cuda`; None for other names."""
    if name in _finder.DEVICES:
        return __getattr__(name)
    if name.isidentifier() and not name.startswith("_") and name in _DEVICE_TYPES.value():
        with _finder.LOADING:
            globals()[name] = made = _import("corelib.devices").Accelerator(name)
        return made
    return None


_OUTSIDE.update({f.__name__: f for f in (as_tensor, asarray, from_numpy, frombuffer, is_complex, is_floating_point, numel, tensor)})
_attribute = _finder.attribute_of("corelib")  # its other modules, and PyTorch's paths


def __getattr__(name: str) -> Any:
    later = _LATER.get(name)
    if name == "__all__":  # without modules, as PyTorch's
        return sorted(n for n in set(__dir__()) - set(_UNLISTED.split()) if n[0] != "_" and not isinstance(getattr(_modules[__name__], n), _ModuleType))
    if name.startswith("_foreach_"):
        later = ("corelib.ops.elementwise.foreach", name)
    if later is None:
        return _device(name) or _attribute(name)
    with _finder.LOADING:
        module = _import(later[0])
    found = module if later[1] is None else getattr(module, later[1])
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


# Start-up: what these slots need is loaded when a device is first used, and by the first backward.
def _load() -> Any:
    if "multiprocessing.reduction" in _modules:  # a program that has its processes from there: its queues are to know tensors
        _import("corelib.multiprocessing")
    return _import("corelib.dispatcher.runtime").load


_LOAD.fill_later(_load)
_DEVICE_TYPES.fill_later(lambda: _import("corelib.dispatcher.plugins.manager").device_types)
_BACKWARD.fill_later(lambda: _import("corelib.autograd.engine").backward)
_SHARE.fill_later(lambda: _import("corelib.multiprocessing.sharing").share)
_OVERRIDES.fill_later(lambda: _import("corelib.overrides.installing").of_subclass)
_NAMED.fill(lambda room, name: getattr(__getattr__(room), name))
_naming.show(_NAMESPACES)
_naming.install(_LATER)
_finder.install(_device)
del _importing
