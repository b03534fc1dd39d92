"""What the processor can do, by PyTorch's names."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

_X86 = {
    "sse": "sse", "sse2": "sse2", "sse3": "pni", "ssse3": "ssse3", "sse4_1": "sse4_1", "sse4_2": "sse4_2", "sse4a": "sse4a", "avx": "avx", "avx2": "avx2",
    "avx_vnni": "avx_vnni", "avx512_f": "avx512f", "avx512_cd": "avx512cd", "avx512_dq": "avx512dq", "avx512_bw": "avx512bw", "avx512_vl": "avx512vl",
    "avx512_ifma": "avx512ifma", "avx512_vbmi": "avx512vbmi", "avx512_vbmi2": "avx512_vbmi2", "avx512_bitalg": "avx512_bitalg",
    "avx512_vpopcntdq": "avx512_vpopcntdq", "avx512_vnni": "avx512_vnni", "avx512_bf16": "avx512_bf16", "avx512_fp16": "avx512_fp16",
    "avx512_vp2intersect": "avx512_vp2intersect", "avx512_4vnniw": "avx512_4vnniw", "avx512_4fmaps": "avx512_4fmaps", "amx_bf16": "amx_bf16",
    "amx_tile": "amx_tile", "amx_int8": "amx_int8", "amx_fp16": "amx_fp16", "f16c": "f16c", "fma3": "fma", "fma4": "fma4", "bmi": "bmi1", "bmi2": "bmi2",
    "popcnt": "popcnt", "lzcnt": "abm", "aes": "aes", "sha": "sha_ni", "clflush": "clflush", "clflushopt": "clflushopt", "clwb": "clwb",
}  # fmt: skip
_ARM = {"neon": "asimd", "fp16_arith": "asimdhp", "dot": "asimddp", "bf16": "bf16", "i8mm": "i8mm", "sve": "sve", "sve2": "sve2", "aes": "aes", "sha1": "sha1", "sha2": "sha2"}


@cache
def cpu_flags() -> frozenset[str]:
    """The features of the processor, in the words of Linux; none where the system does not tell."""
    return frozenset(_told("flags", "Features").split())


def _told(*names: str) -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                name, _, words = line.partition(":")
                if name.strip() in names:
                    return words.strip()
    except OSError:
        pass
    return ""


@cache
def capabilities() -> Mapping[str, Any]:
    """`torch.cpu.get_capabilities()`."""
    machine = platform.machine()
    names = _ARM if machine.lower() in ("aarch64", "arm64") else _X86 if machine.lower() in ("x86_64", "amd64") else {}
    found: dict[str, Any] = {name: word in cpu_flags() for name, word in names.items()}
    found |= {"architecture": machine, "cpu_name": _told("model name"), "num_logical_cores": os.cpu_count() or 1}
    return MappingProxyType(found)
