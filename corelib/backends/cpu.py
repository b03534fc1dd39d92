"""torch.backends.cpu: what the processor can do."""

from __future__ import annotations

import platform
from functools import cache

from corelib.contract.processor import cpu_flags

__all__ = ["get_cpu_capability"]


@cache
def get_cpu_capability() -> str:
    """The widest vector instructions of the processor that PyTorch has a name for: "AVX512", "AVX2", "VSX", "Z VECTOR", "SVE256", "DEFAULT".

    "NO AVX" and "DEFAULT" where there are none. It reads what the system tells of the processor; NumPy's kernels choose by the same facts.

    >>> import corelib as torch
    >>> isinstance(torch.backends.cpu.get_cpu_capability(), str)
    True
    """
    machine = platform.machine().lower()
    flags = cpu_flags()
    if machine in ("x86_64", "amd64", "i386", "i686"):
        if {"avx512f", "avx512vl", "avx512bw", "avx512dq"} <= flags and "fma" in flags:
            return "AVX512"
        return "AVX2" if {"avx2", "fma"} <= flags else "DEFAULT"
    if machine.startswith("ppc64"):
        return "VSX"
    return "Z VECTOR" if machine.startswith("s390") else "DEFAULT"
