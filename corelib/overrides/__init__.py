"""torch.overrides: classes and modes that answer PyTorch's functions in their place, by `__torch_function__`.

Nothing asks for `__torch_function__` until a program has a class or a mode with one: the functions are then given code that asks
(`installing`), under the same names and the same objects; a program without such a class never pays for it.
"""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.overrides.asking import (
    DisableTorchFunction as DisableTorchFunction, DisableTorchFunctionSubclass as DisableTorchFunctionSubclass,
    enable_reentrant_dispatch as enable_reentrant_dispatch, get_default_nowrap_functions as get_default_nowrap_functions,
    handle_torch_function as handle_torch_function, has_torch_function as has_torch_function, has_torch_function_unary as has_torch_function_unary,
    has_torch_function_variadic as has_torch_function_variadic, redispatch_function as redispatch_function, wrap_torch_function as wrap_torch_function,
)
from corelib.overrides.installing import install as install
from corelib.overrides.modes import BaseTorchFunctionMode as BaseTorchFunctionMode, TorchFunctionMode as TorchFunctionMode
from corelib.overrides.names import (
    get_ignored_functions as get_ignored_functions, get_overridable_functions as get_overridable_functions, get_testing_overrides as get_testing_overrides,
    is_tensor_like as is_tensor_like, is_tensor_method_or_property as is_tensor_method_or_property, resolve_name as resolve_name,
)

__all__ = [
    "BaseTorchFunctionMode", "TorchFunctionMode", "enable_reentrant_dispatch", "get_default_nowrap_functions", "get_ignored_functions",
    "get_overridable_functions", "get_testing_overrides", "handle_torch_function", "has_torch_function", "is_tensor_like",
    "is_tensor_method_or_property", "redispatch_function", "resolve_name", "wrap_torch_function",
]  # fmt: skip

_paths_below(__name__)
