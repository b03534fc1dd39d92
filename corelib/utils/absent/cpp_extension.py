"""Extensions in C++: corelib has no C++ library to build them against. What only asks of compilers answers; the rest says what to do instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Any, NoReturn

__all__ = [
    "BuildExtension", "CUDAExtension", "CppExtension", "SyclExtension", "check_compiler_is_gcc", "check_compiler_ok_for_platform",
    "get_compiler_abi_compatibility_and_version", "get_cxx_compiler", "get_default_build_root", "include_paths", "is_ninja_available", "library_paths",
    "load", "load_inline", "remove_extension_h_precompiler_headers", "verify_ninja_availability",
]  # fmt: skip

CUDA_HOME = None
ROCM_HOME = None
IS_WINDOWS = os.name == "nt"


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}(): corelib has no C++ library, so extensions in C++ cannot be built against it. Write the op in Python (corelib.library.custom_op, "
        "autograd.Function), a kernel for a device as a kernel pack (docs/write_a_backend.md), or call your own compiled library with ctypes, cffi or pybind11 on "
        "tensor.numpy() or DLPack"
    )


def load(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no C++ library to build against."""
    _refuse("load")


def load_inline(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no C++ library to build against."""
    _refuse("load_inline")


def CppExtension(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no C++ library to build against."""
    _refuse("CppExtension")


def CUDAExtension(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no C++ library to build against."""
    _refuse("CUDAExtension")


def SyclExtension(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there is no C++ library to build against."""
    _refuse("SyclExtension")


class BuildExtension:
    """NotImplementedError: there is no C++ library to build against."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("BuildExtension")

    @classmethod
    def with_options(cls, **options: Any) -> NoReturn:
        """NotImplementedError."""
        _refuse("BuildExtension.with_options")


def include_paths(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there are no headers."""
    _refuse("include_paths")


def library_paths(*args: Any, **kwargs: Any) -> NoReturn:
    """NotImplementedError: there are no libraries."""
    _refuse("library_paths")


def get_default_build_root() -> str:
    """Where extensions would be built: a folder for temporary files."""
    return os.path.realpath(os.path.join(tempfile.gettempdir(), "torch_extensions"))


def get_cxx_compiler() -> str:
    """The C++ compiler's command: CXX of the environment, or c++."""
    return os.environ.get("CXX", "cl" if IS_WINDOWS else "c++")


def _answer(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def check_compiler_is_gcc(compiler: str) -> bool:
    """Whether a command is GCC's."""
    return "Free Software Foundation" in _answer([compiler, "--version"])


def check_compiler_ok_for_platform(compiler: str) -> bool:
    """Whether a command is there, and is a compiler that PyTorch's own builds use here."""
    if IS_WINDOWS:
        return True
    said = _answer([compiler, "--version"])
    return any(word in said for word in ("Free Software Foundation", "gcc", "g++", "clang"))


def get_compiler_abi_compatibility_and_version(compiler: str) -> tuple[bool, Any]:
    """Whether a compiler is one of those, and its version as PyTorch's three numbers."""
    version = _answer([compiler, "-dumpfullversion", "-dumpversion"])
    return bool(version) and check_compiler_ok_for_platform(compiler), tuple(version.split(".")) if version else "0.0.0"


def is_ninja_available() -> bool:
    """Whether ninja, which builds extensions, can be called."""
    return shutil.which("ninja") is not None


def verify_ninja_availability() -> None:
    """RuntimeError where ninja cannot be called."""
    if not is_ninja_available():
        raise RuntimeError("Ninja is required to load C++ extensions (pip install ninja to get it)")


def remove_extension_h_precompiler_headers() -> None:
    """Nothing is there to remove: no headers are compiled before."""
