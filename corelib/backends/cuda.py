"""torch.backends.cuda: how the cuda backend multiplies, and which kernels of attention may run.

corelib's cuda backend computes with CuPy, which brings cuBLAS and cuSOLVER itself: what PyTorch lets choose of its own libraries is there to be
read, and refuses what it cannot do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from typing import Any, NoReturn, TypeVar

from corelib.as_torch.warned import warn
from corelib.backends._settings import checked
from corelib.dispatcher.precision import get_fp32, set_fp32
from corelib.ops.neural.attention import ALLOWED, SDPAParams as SDPAParams, SDPBackend as SDPBackend
from corelib.tensor.device import DEVICE_TYPES

__all__ = [
    "SDPAParams", "allow_fp16_bf16_reduction_math_sdp", "can_use_cudnn_attention", "can_use_efficient_attention", "can_use_flash_attention",
    "cuBLASModule", "cuFFTPlanCache", "cuFFTPlanCacheManager", "cublas_workspace_size", "cublaslt_workspace_size", "blas_workspace_size",
    "cudnn_sdp_enabled", "cufft_plan_cache",
    "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp", "flash_sdp_enabled",
    "fp16_bf16_reduction_math_sdp_allowed", "is_built", "is_ck_sdpa_available", "is_flash_attention_available", "math_sdp_enabled", "matmul",
    "mem_efficient_sdp_enabled", "preferred_blas_library", "preferred_linalg_library", "preferred_rocm_fa_library", "sdp_kernel",
]


def is_built() -> bool:
    """Whether a backend for cuda is installed; `torch.cuda.is_available()` says whether it can be used here."""
    return "cuda" in DEVICE_TYPES.value()


class cuBLASModule:
    """`torch.backends.cuda.matmul`, whose settings say how exact matrix products are. AttributeError for other names.

    allow_tf32, and fp32_precision ("none", "ieee", "tf32"): the choice of `set_float32_matmul_precision`, which CuPy's products follow. The
    others are kept for programs that read them: products of halves accumulate in float32 here, always.
    """

    __slots__ = ("_bf16", "_fp16", "_fp16_accumulation")

    def __init__(self) -> None:
        self._fp16 = self._bf16 = (True, True)
        self._fp16_accumulation = False

    @property
    def allow_tf32(self) -> bool:
        """Whether float32 products may round their factors to ten bits."""
        return get_fp32("cuda", "matmul") == "tf32"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        set_fp32("cuda", "matmul", "tf32" if checked("torch.backends.cuda.matmul.allow_tf32", allowed) else "ieee")

    @property
    def fp32_precision(self) -> str:
        """How exact float32 products are: "none", "ieee" or "tf32"."""
        return get_fp32("cuda", "matmul")

    @fp32_precision.setter
    def fp32_precision(self, value: str) -> None:
        set_fp32("cuda", "matmul", value)

    @property
    def allow_fp16_reduced_precision_reduction(self) -> bool:
        """Whether a library may add products of float16 in float16; corelib's do not."""
        return self._fp16[0]

    @allow_fp16_reduced_precision_reduction.setter
    def allow_fp16_reduced_precision_reduction(self, value: bool | tuple[bool, ...]) -> None:
        self._fp16 = _reduction("allow_fp16_reduced_precision_reduction", value)

    @property
    def allow_fp16_reduced_precision_reduction_split_k(self) -> bool:
        """Whether a library may split a sum of float16 among blocks."""
        return self._fp16[1]

    @property
    def allow_bf16_reduced_precision_reduction(self) -> bool:
        """Whether a library may add products of bfloat16 in bfloat16; corelib's do not."""
        return self._bf16[0]

    @allow_bf16_reduced_precision_reduction.setter
    def allow_bf16_reduced_precision_reduction(self, value: bool | tuple[bool, ...]) -> None:
        self._bf16 = _reduction("allow_bf16_reduced_precision_reduction", value)

    @property
    def allow_bf16_reduced_precision_reduction_split_k(self) -> bool:
        """Whether a library may split a sum of bfloat16 among blocks."""
        return self._bf16[1]

    @property
    def allow_fp16_accumulation(self) -> bool:
        """Whether a library may accumulate in float16; corelib's do not."""
        return self._fp16_accumulation

    @allow_fp16_accumulation.setter
    def allow_fp16_accumulation(self, value: bool) -> None:
        self._fp16_accumulation = checked("torch.backends.cuda.matmul.allow_fp16_accumulation", value)


def _reduction(name: str, value: object) -> tuple[bool, bool]:
    if isinstance(value, bool):
        return value, True
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= 2 or not all(isinstance(v, bool) for v in value):
        raise TypeError(f"{name} expects a bool or a tuple/list of bools, but got {type(value)}")
    reduced, split = value[0], value[-1] if len(value) > 1 else True
    if reduced and not split:
        raise RuntimeError(f"{name}: allow_splitk=False is not supported when reduced precision reductions are enabled")
    return reduced, split


matmul = cuBLASModule()


class LinalgBackend(Enum):
    """What `preferred_linalg_library` gives."""

    Default = 0
    Cusolver = 1
    Magma = 2

    __int__ = __index__ = lambda self: self.value  # PyTorch's is an int where one is asked for, and equal to none


class BlasBackend(Enum):
    """What `preferred_blas_library` gives."""

    Default = 0
    Cublas = 1
    Cublaslt = 2
    Ck = 3

    __int__ = __index__ = lambda self: self.value


class ROCmFABackend(Enum):
    """What `preferred_rocm_fa_library` gives."""

    Default = 0
    AOTriton = 1
    Ck = 2

    __int__ = __index__ = lambda self: self.value


E = TypeVar("E", bound=Enum)


def _preferred(name: str, wanted: str | E | None, choices: dict[str, E], possible: tuple[str, ...]) -> None:
    if isinstance(wanted, str):
        if wanted not in choices:
            raise RuntimeError(f"{name}(): Unknown input value. Choose from: {', '.join(choices)}.")
    elif wanted is not None and wanted not in choices.values():
        raise RuntimeError(f"{name}(): Unknown input value type.")
    chosen = wanted if wanted is None or isinstance(wanted, str) else next(text for text, value in choices.items() if value is wanted)
    if chosen is not None and chosen not in possible:
        raise RuntimeError(f"{name}(): Cannot set preferred backend to {chosen!r}: corelib's cuda backend computes with CuPy, which chooses its libraries itself")


def preferred_linalg_library(backend: str | LinalgBackend | None = None) -> LinalgBackend:
    """Which library the factorizations of cuda matrices prefer: `Default`. RuntimeError for "cusolver" and "magma": CuPy chooses itself."""
    _preferred("preferred_linalg_library", backend, {v.name.lower(): v for v in LinalgBackend}, ("default",))
    return LinalgBackend.Default


def preferred_blas_library(backend: str | BlasBackend | None = None) -> BlasBackend:
    """Which library the products of cuda matrices prefer: `Cublas`. RuntimeError for the others: CuPy has it alone."""
    choices = {
        "default": BlasBackend.Default, "cublas": BlasBackend.Cublas, "hipblas": BlasBackend.Cublas, "cublaslt": BlasBackend.Cublaslt,
        "hipblaslt": BlasBackend.Cublaslt, "ck": BlasBackend.Ck,
    }  # fmt: skip
    _preferred("preferred_blas_library", backend, choices, ("default", "cublas", "hipblas"))
    return BlasBackend.Cublas


def preferred_rocm_fa_library(backend: str | ROCmFABackend | None = None) -> ROCmFABackend:
    """Which library attention would prefer on AMD's devices: `Default`, as corelib has no ROCm."""
    _preferred("preferred_rocm_fa_library", backend, {v.name.lower(): v for v in ROCmFABackend}, ("default",))
    return ROCmFABackend.Default


def _workspace(name: str, *ignored: object) -> NoReturn:
    raise RuntimeError(f"{name}(): corelib's cuda backend computes with CuPy, which keeps cuBLAS's workspace itself; there is no size to read or set")


cublas_workspace_size = partial(_workspace, "cublas_workspace_size")
cublaslt_workspace_size = partial(_workspace, "cublaslt_workspace_size")
blas_workspace_size = partial(_workspace, "blas_workspace_size")


class cuFFTPlanCache:
    """The plans of a cuda device that FFT keeps. `size`, `max_size` and `clear()` raise RuntimeError: they are in `cupy.fft.config.get_plan_cache()`."""

    def __init__(self, device_index: int) -> None:
        self.device_index = device_index

    def _refuse(self, *ignored: object) -> NoReturn:
        raise RuntimeError("cufft_plan_cache: corelib's cuda backend computes with CuPy; its plans are in cupy.fft.config.get_plan_cache()")

    size = property(_refuse)
    max_size = property(_refuse, _refuse)
    clear = _refuse


class cuFFTPlanCacheManager:
    """`torch.backends.cuda.cufft_plan_cache`: by a device or its index the cache of that device; its attributes are the first device's."""

    def __getitem__(self, device: Any) -> cuFFTPlanCache:
        index = device if isinstance(device, int) else (getattr(device, "index", None) or 0)
        return cuFFTPlanCache(index)

    @property
    def size(self) -> int:
        """RuntimeError: see `cuFFTPlanCache`."""
        return int(self[0].size)

    @property
    def max_size(self) -> int:
        """RuntimeError: see `cuFFTPlanCache`."""
        return int(self[0].max_size)

    @max_size.setter
    def max_size(self, value: int) -> None:
        self[0].max_size = value

    def clear(self) -> None:
        """RuntimeError: see `cuFFTPlanCache`."""
        self[0].clear()


cufft_plan_cache = cuFFTPlanCacheManager()


# Attention


def is_flash_attention_available() -> bool:
    """False: corelib has no flash attention for cuda."""
    return False


def is_ck_sdpa_available() -> bool:
    """False: corelib has no kernels of composable_kernel."""
    return False


def _can_use(params: SDPAParams, debug: bool, what: str) -> bool:
    if not isinstance(params, SDPAParams):
        raise TypeError(f"can_use_{what}(): params must be torch.backends.cuda.SDPAParams, not {type(params).__name__}")
    if debug:
        warn(f"can_use_{what}: corelib has no such kernel for cuda")
    return False


def can_use_flash_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: corelib has no flash attention for cuda. debug: a warning that says so."""
    return _can_use(params, debug, "flash_attention")


def can_use_efficient_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: corelib has no memory-efficient attention for cuda. debug: a warning that says so."""
    return _can_use(params, debug, "efficient_attention")


def can_use_cudnn_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: corelib does not use cuDNN. debug: a warning that says so."""
    return _can_use(params, debug, "cudnn_attention")


def flash_sdp_enabled() -> bool:
    """Whether flash attention may be chosen."""
    return SDPBackend.FLASH_ATTENTION in ALLOWED


def mem_efficient_sdp_enabled() -> bool:
    """Whether memory-efficient attention may be chosen; corelib has none."""
    return SDPBackend.EFFICIENT_ATTENTION in ALLOWED


def math_sdp_enabled() -> bool:
    """Whether attention may be computed as products and a softmax."""
    return SDPBackend.MATH in ALLOWED


def cudnn_sdp_enabled() -> bool:
    """Whether cuDNN's attention may be chosen; corelib has none."""
    return SDPBackend.CUDNN_ATTENTION in ALLOWED


def _enable(name: str, backend: SDPBackend, enabled: bool) -> None:
    (ALLOWED.add if checked(name, enabled) else ALLOWED.discard)(backend)


def enable_flash_sdp(enabled: bool) -> None:
    """Say whether flash attention may be chosen: corelib's kernel for attention as a whole."""
    _enable("enable_flash_sdp", SDPBackend.FLASH_ATTENTION, enabled)


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Say whether memory-efficient attention may be chosen; corelib has none."""
    _enable("enable_mem_efficient_sdp", SDPBackend.EFFICIENT_ATTENTION, enabled)


def enable_math_sdp(enabled: bool) -> None:
    """Say whether attention may be computed as products and a softmax."""
    _enable("enable_math_sdp", SDPBackend.MATH, enabled)


def enable_cudnn_sdp(enabled: bool) -> None:
    """Say whether cuDNN's attention may be chosen; corelib has none."""
    _enable("enable_cudnn_sdp", SDPBackend.CUDNN_ATTENTION, enabled)


_halves = False


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Say whether attention may add products of halves in halves; corelib's does not, and keeps the setting for programs that read it."""
    global _halves
    _halves = checked("allow_fp16_bf16_reduction_math_sdp", enabled)


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What `allow_fp16_bf16_reduction_math_sdp` has set; False at first."""
    return _halves


@contextmanager
def sdp_kernel(enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True) -> Iterator[Any]:
    """A context in which only these kernels of attention may be chosen, by its deprecated name; `torch.nn.attention.sdpa_kernel` says it better.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"), torch.backends.cuda.sdp_kernel(enable_flash=False):
    ...     torch.backends.cuda.flash_sdp_enabled()
    False
    """
    warn(
        "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager will be removed. Please see "
        "`torch.nn.attention.sdpa_kernel()` for the new context manager, with updated signature.",
        FutureWarning,
    )  # fmt: skip
    before = set(ALLOWED)
    given = {
        SDPBackend.FLASH_ATTENTION: enable_flash, SDPBackend.MATH: enable_math, SDPBackend.EFFICIENT_ATTENTION: enable_mem_efficient,
        SDPBackend.CUDNN_ATTENTION: enable_cudnn,
    }  # fmt: skip
    ALLOWED.clear()
    ALLOWED.update(backend for backend, enabled in given.items() if enabled)
    try:
        yield {}
    finally:
        ALLOWED.clear()
        ALLOWED.update(before)
