"""torch.backends.cudnn: corelib uses no cuDNN. Its kernels for convolution are its own, and give the same numbers in every run, so the settings
have nothing to switch; they are kept for programs that set and read them. AttributeError for setting a name that is none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from corelib.as_torch.finder import become
from corelib.as_torch.warned import warn
from corelib.backends._settings import FP32Precision, Settings, checked, flag, precision
from corelib.dispatcher.precision import get_fp32, set_fp32
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

__all__ = ["CudnnModule", "flags", "is_acceptable", "is_available", "set_flags", "version"]

enabled: bool
benchmark: bool
benchmark_limit: int | None
deterministic: bool
allow_tf32: bool
fp32_precision: str
depthwise_kernel: str

CUDNN_TENSOR_DTYPES = {D.float16, D.float32, D.float64}
_KERNELS = ("auto", "cudnn", "native")
_depthwise = "auto"


@become(__name__)
class CudnnModule(Settings):
    """The class of this module, whose properties are its settings."""

    enabled = flag("torch.backends.cudnn", "enabled", True)
    benchmark = flag("torch.backends.cudnn", "benchmark", False)
    deterministic = flag("torch.backends.cudnn", "deterministic", False)
    conv = FP32Precision("cuda", "conv")
    rnn = FP32Precision("cuda", "rnn")
    fp32_precision = precision("cuda", "all")

    @property
    def allow_tf32(self) -> bool:
        """Whether convolutions and recurrent layers may round float32 factors to ten bits, where a library can."""
        return get_fp32("cuda", "conv") == get_fp32("cuda", "rnn") == "tf32"

    @allow_tf32.setter
    def allow_tf32(self, value: bool) -> None:
        for op in ("conv", "rnn"):
            set_fp32("cuda", op, "tf32" if checked("torch.backends.cudnn.allow_tf32", value) else "none")

    @property
    def benchmark_limit(self) -> int | None:
        """None: there is no cuDNN, whose algorithms could be tried. What is set is not kept."""
        return None

    @benchmark_limit.setter
    def benchmark_limit(self, value: int | None) -> None:
        if value is not None and type(value) is not int:
            raise RuntimeError(f"torch.backends.cudnn.benchmark_limit expects an int, but got {type(value).__name__}")

    @property
    def depthwise_kernel(self) -> str:
        """Who would compute depthwise convolutions: "auto", "cudnn" or "native"."""
        return _depthwise

    @depthwise_kernel.setter
    def depthwise_kernel(self, value: str) -> None:
        global _depthwise
        if value not in _KERNELS:
            raise RuntimeError(f"torch.backends.cudnn.depthwise_kernel: Unknown cuDNN depthwise kernel mode: {value}. Expected one of: {', '.join(_KERNELS)}")
        _depthwise = value


_module = CudnnModule(__name__)  # reads and writes the settings, which belong to the class


def is_available() -> bool:
    """False."""
    return False


def version() -> None:
    """None."""


def is_acceptable(tensor: Tensor) -> bool:
    """False: no tensor goes to cuDNN. A warning for one on a cuda device, as from a PyTorch without it."""
    if _module.enabled and tensor.device.type == "cuda" and tensor.dtype in CUDNN_TENSOR_DTYPES:
        warn("corelib computes without cuDNN: convolutions on cuda run its own kernels")
    return False


def set_flags(
    _enabled: bool | None = None, _benchmark: bool | None = None, _benchmark_limit: int | None = None, _deterministic: bool | None = None,
    _allow_tf32: bool | None = None, _fp32_precision: str | None = "none", _depthwise_kernel: str | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    """Set what is not None; returns what was set before, in the same order."""
    names = ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32", "fp32_precision", "depthwise_kernel")
    before = tuple(getattr(_module, name) for name in names)
    for name, value in zip(names, (_enabled, _benchmark, _benchmark_limit, _deterministic, _allow_tf32, _fp32_precision, _depthwise_kernel)):
        if value is not None:
            setattr(_module, name, value)
    return before


@contextmanager
def flags(
    enabled: bool = False, benchmark: bool = False, benchmark_limit: int | None = 10, deterministic: bool = False, allow_tf32: bool = True,
    fp32_precision: str = "none", depthwise_kernel: str = "auto",
) -> Iterator[None]:  # fmt: skip
    """A context with these settings, the given and the defaults; those before come back after it.

    >>> import corelib as torch
    >>> with torch.backends.cudnn.flags(enabled=True, deterministic=True):
    ...     torch.backends.cudnn.deterministic
    True
    """
    before = set_flags(enabled, benchmark, benchmark_limit, deterministic, allow_tf32, fp32_precision, depthwise_kernel)
    try:
        yield
    finally:
        set_flags(*before)
