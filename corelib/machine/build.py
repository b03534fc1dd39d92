"""Facts of a build of PyTorch, for corelib, which is built of Python: `torch.has_mkl`, `torch.__config__.show()`."""

from __future__ import annotations

import os
import platform

import numpy as np

from corelib.backends.cpu import get_cpu_capability
from corelib.dispatcher.plugins.manager import device_types
from corelib.machine.threads import get_num_interop_threads, get_num_threads
from corelib.version import __version__

__all__ = ["parallel_info", "show"]

has_mkl = False
has_openmp = False
has_lapack = True
has_spectral = True
has_mkldnn = False
has_mps = False
has_cudnn = False


def compiled_with_cxx11_abi() -> bool:
    """True, as every PyTorch since 2.6; corelib has no C++ of its own.

    >>> import corelib as torch
    >>> torch.compiled_with_cxx11_abi()
    True
    """
    return True


def is_vulkan_available() -> bool:
    """False."""
    return False


def show() -> str:
    """`torch.__config__.show()`: what corelib computes with, as text to print."""
    blas = np.show_config(mode="dicts") or {}
    dependencies = blas.get("Build Dependencies", {}) if isinstance(blas, dict) else {}
    found = dependencies.get("blas", {}).get("name", "unknown")
    return "\n".join([
        "PyTorch built with:", f"  - corelib {__version__}, in Python {platform.python_version()}", f"  - NumPy {np.__version__}, BLAS: {found}",
        f"  - CPU capability usage: {get_cpu_capability()}", f"  - Backends installed: {', '.join(device_types())}", "",
    ])  # fmt: skip


def parallel_info() -> str:
    """`torch.__config__.parallel_info()`: how many threads compute, as text to print."""
    variables = [f"\t{name} : {os.environ.get(name, '[not set]')}" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
    return "\n".join([
        "Threads of the cpu's backend:", f"\tget_num_threads() : {get_num_threads()}", f"\tget_num_interop_threads() : {get_num_interop_threads()}",
        f"processors : {os.cpu_count()}", "Environment variables:", *variables, "",
    ])  # fmt: skip
