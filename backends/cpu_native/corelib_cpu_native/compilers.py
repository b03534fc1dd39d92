"""The C compiler that is there, and how it is asked: CC, then cc, gcc and clang, then zig (the package ziglang)."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from corelib_cpu_native.api import Unavailable

_SECONDS = 120  # for one compilation, on a loaded machine
_FLAGS = (
    "-std=c11", "-D_GNU_SOURCE", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fno-strict-aliasing", "-fopenmp-simd", "-fPIC",
    "-shared", "-pthread", "-w", "-Werror=implicit-function-declaration",
)  # fmt: skip
"""No -ffast-math: what is computed is what the text says. -fno-math-errno and -fno-trapping-math change no value."""
_X86 = {
    "avx2": "avx2", "fma": "fma", "f16c": "f16c", "bmi1": "bmi", "bmi2": "bmi2", "popcnt": "popcnt", "abm": "lzcnt", "avx512f": "avx512f", "avx512dq": "avx512dq",
    "avx512bw": "avx512bw", "avx512vl": "avx512vl", "avx512cd": "avx512cd", "avx512_bf16": "avx512bf16",
}  # fmt: skip
"""Features of a processor by Linux's name, and the compilers' flag for each."""


_UNKNOWN: set[str] = set()
"""Flags for features of the processor of which this compiler has told that it is too old to know them."""


class TooLong(RuntimeError):
    """The compiler did not end."""


class Compiler(NamedTuple):
    """A compiler: its command, and what tells it from another one or another version of it."""

    command: tuple[str, ...]
    identity: str
    own: tuple[str, ...] = ("-fno-tree-loop-distribute-patterns",)
    """Flags that not every compiler takes: here that short loops which set or copy a few elements become no calls."""


@cache
def compiler() -> Compiler:
    """The compiler of this machine; Unavailable where there is none."""
    wanted = shlex.split(os.environ.get("CC", ""))
    for command in ([wanted] if wanted else []) + [["cc"], ["gcc"], ["clang"]]:
        path = shutil.which(command[0])
        if path is not None:
            return Compiler((path, *command[1:]), _identity(path))
    spec = find_spec("ziglang")
    if spec is not None and spec.origin is not None:
        return Compiler((sys.executable, "-m", "ziglang", "cc"), _identity(str(Path(spec.origin).parent / "zig")), ())
    raise Unavailable("there is no C compiler: neither CC, cc, gcc nor clang, nor the package ziglang (pip install ziglang)")


def _identity(path: str) -> str:
    """A program's file: its path, size and time. To ask for its version would start it in every process."""
    real = os.path.realpath(path)
    found = os.stat(real)
    return f"{real} {found.st_size} {found.st_mtime_ns}"


@cache
def flags() -> tuple[str, ...]:
    """The flags of every compilation, with the processor's features spelled out."""
    found: list[str] = []
    if platform.machine() in ("x86_64", "AMD64"):
        features = _features()
        found = [f"-m{flag}" for feature, flag in _X86.items() if feature in features]
        if "-mavx512vl" in found:
            found.append("-mprefer-vector-width=512")
    return (*_FLAGS, *found)


def _features() -> set[str]:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


def compile_text(text: str, zigs: Path | None = None) -> bytes:
    """A shared object made of a text. `zigs`: where zig may keep what it has made of its own libraries; else that is thrown away.

    RuntimeError with the compiler's words where it fails, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="corelib-") as folder:
        Path(folder, "kernels.c").write_text(text)
        command = [*compiler().command, *compiler().own, *(flag for flag in flags() if flag not in _UNKNOWN), "kernels.c", "-o", "kernels.so", "-lm"]
        env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(zigs or Path(folder, "zig")), "ZIG_LOCAL_CACHE_DIR": str(Path(folder, "local"))}
        try:
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise TooLong(f"{shlex.join(command)} took longer than {_SECONDS} s") from None
        except OSError as error:
            raise RuntimeError(f"{shlex.join(command)} cannot be run: {error}") from error
        unknown = {flag for flag in flags() if flag.startswith("-m") and flag not in _UNKNOWN and flag in done.stderr} if done.returncode else set()
        if unknown:
            _UNKNOWN.update(unknown)
            return compile_text(text, zigs)
        if done.returncode:
            raise RuntimeError(f"{shlex.join(command)} ended with status {done.returncode}:\n{done.stderr[:2000]}")
        return Path(folder, "kernels.so").read_bytes()
