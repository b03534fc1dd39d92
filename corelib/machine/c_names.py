"""torch._C: the few of its names that programs and libraries read. AttributeError for the others says that corelib has no C++ of its own."""

from __future__ import annotations

from typing import Any, NoReturn

from corelib import devices
from corelib.contract.backend import AcceleratorError as AcceleratorError, OutOfMemoryError as OutOfMemoryError
from corelib.graph.grad_mode import is_grad_enabled as is_grad_enabled, is_inference_mode_enabled as is_inference_mode_enabled
from corelib.machine.build import has_lapack as has_lapack, has_mkl as has_mkl, has_openmp as has_openmp, has_spectral as has_spectral
from corelib.machine.threads import get_num_threads as get_num_threads
from corelib.nn import functional
from corelib.overrides import DisableTorchFunction as DisableTorchFunction, DisableTorchFunctionSubclass as DisableTorchFunctionSubclass
from corelib.ops.random.generator import Generator as Generator
from corelib.tensor.device import device as device
from corelib.tensor.dtype import dtype as dtype
from corelib.tensor.layout import layout as layout, memory_format as memory_format
from corelib.tensor.overrides import no_torch_function
from corelib.tensor.size import Size as Size
from corelib.tensor.tensor import Tensor

TensorBase = _TensorBase = Tensor
_disabled_torch_function_impl = no_torch_function
_nn = functional
"""The functions of nn.functional that PyTorch has in C++ are named here too."""
_has_cuda = _has_mps = _has_xpu = _has_cudnn = _has_mkldnn = False


def _get_tracing_state() -> None:
    """None: nothing is being traced."""


def _log_api_usage_once(event: str) -> None:
    """Nothing: corelib keeps no log of what programs use."""


def _cuda_getDeviceCount() -> int:
    """How many cuda devices there are."""
    return devices.cuda.device_count()


def _cuda_isInBadFork() -> bool:
    """False: a child whose parent has started a driver is told when it uses a device."""
    return False


def _get_privateuse1_backend_name() -> str:
    """PyTorch's word for a device type of somebody else's; corelib's plugins have names of their own."""
    return "privateuseone"


def __getattr__(name: str) -> Any:
    return _absent(name)


def _absent(name: str) -> NoReturn:
    raise AttributeError(
        f"module 'torch._C' has no attribute {name!r}: corelib has no C++ of its own, and of PyTorch's only the names that programs read; "
        "use the public name that stands for it"
    )
