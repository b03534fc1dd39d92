"""The compiler, the folder where what it made is kept, and the runtime in C++ that kernels are linked to."""

from __future__ import annotations

import ctypes
import getpass
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
COMPILER = "g++"


class Variable(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint64), ("size", ctypes.c_uint64)]


class Found(ctypes.Structure):
    """`Fault` of runtime.h."""

    _fields_ = [
        *[(name, ctypes.c_uint32) for name in ("kind", "write", "size", "other")], ("address", ctypes.c_uint64), ("place", ctypes.c_uint64),
        ("line", ctypes.c_uint32), ("thread", ctypes.c_uint32), ("block", ctypes.c_uint64),
        *[(name, ctypes.c_uint32) for name in ("memory", "waiting", "number")], ("text", ctypes.c_char * 256),
    ]  # fmt: skip


class Launch(ctypes.Structure):
    """`Launch` of runtime.h."""

    _fields_ = [
        ("entry", ctypes.c_void_p), ("arguments", ctypes.c_void_p), ("grid", ctypes.c_uint32 * 3), ("block", ctypes.c_uint32 * 3),
        ("plain", ctypes.c_uint32), ("warp", ctypes.c_uint32), ("seed", ctypes.c_uint64), ("arenas", ctypes.c_void_p), ("narenas", ctypes.c_uint64),
        ("shared", ctypes.c_void_p), ("nshared", ctypes.c_uint64), ("low", ctypes.c_uint64), ("high", ctypes.c_uint64),
        ("dynamic", ctypes.c_void_p), ("dynamic_size", ctypes.c_uint64), ("constant_low", ctypes.c_uint64), ("constant_high", ctypes.c_uint64),
        ("threads_run", ctypes.c_uint64), ("conversions", ctypes.c_uint64), ("seconds", ctypes.c_double), ("fault", Found),
    ]  # fmt: skip


def available() -> str:
    """Why texts cannot be executed here; "" where they can."""
    if os.uname().machine != "x86_64" or os.uname().sysname != "Linux":
        return "the executor's threads are written for x86-64 Linux"
    missing = [name for name in (COMPILER, "nm", "addr2line") if shutil.which(name) is None]
    return f"no {', '.join(missing)}" if missing else ""


@cache
def folder() -> Path:
    """Where libraries are kept: CORELIB_EXECUTOR_CACHE, or a private folder beside other temporary files."""
    said = os.environ.get("CORELIB_EXECUTOR_CACHE")
    path = Path(said) if said else Path(tempfile.gettempdir()) / f"corelib-executor-{getpass.getuser()}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise RuntimeError(f"{path} is not this user's: set CORELIB_EXECUTOR_CACHE to a folder that is")
    return path


@cache
def fingerprint() -> str:
    """What every library depends on: the compiler, the executor's own text in C++, and how texts are put to the compiler."""
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True).stdout
    texts = [p.read_text(encoding="utf-8") for p in sorted([*HERE.glob("*.[ch]*"), HERE / "texts.py", HERE / "units.py"])]
    return hashlib.sha256("\0".join([version, *texts]).encode()).hexdigest()[:16]


def build(command: list[str], made: Path) -> None:
    """Run the compiler, so that others see what it makes when it is whole; RuntimeError with the compiler's words."""
    partly = made.with_suffix(f".{os.getpid()}.part")
    done = subprocess.run([COMPILER, *command, "-o", str(partly)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    partly.rename(made)


@cache
def runtime_path() -> Path:
    """The runtime, compiled if it is not."""
    path = folder() / f"runtime-{fingerprint()}.so"
    if not path.exists():
        build(["-std=c++17", "-O2", "-shared", "-fPIC", "-U_FORTIFY_SOURCE", str(HERE / "memory.cpp"), str(HERE / "threads.cpp"), "-ldl"], path)
    return path


@cache
def library() -> ctypes.CDLL:
    """The runtime's functions."""
    lib = ctypes.CDLL(str(runtime_path()))
    u64, pointer, u32 = ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint32
    for name, result, arguments in (
        ("arena_new", pointer, (u64, u64)), ("arena_delete", None, (pointer,)), ("arena_allocate", None, (pointer, u64, u64)),
        ("arena_free", None, (pointer, u64, u64, u64, u64)), ("arena_check", ctypes.c_int64, (pointer, u64, u64, u32)),
        ("arena_write", None, (pointer, u64, pointer, u64)), ("arena_fill", None, (pointer, u64, u32, u64)),
        ("arena_read", None, (pointer, u64, pointer, u64)), ("arena_mark", None, (pointer, u64, u64)),
        ("arena_copy", None, (pointer, u64, pointer, u64, u64)), ("corelib_run", None, (pointer,)),
        ("arena_memory", pointer, (pointer,)),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib
