"""Kernels from text by CuPy's names: compiled when they are first asked for, on the device that is current then."""

from __future__ import annotations

from functools import cache
from typing import Any

from cupy.cuda.compiler import CompileException, check_options
from cupy.cuda.device import get_device_id
from cupy.cuda.function import Function, Module


@cache
def _module(code: str, options: tuple[str, ...], device: int) -> Module:
    check_options(options, code)
    try:
        return Module(code)
    except RuntimeError as error:
        raise CompileException(str(error), code, "", options) from None


@cache
def _function(code: str, options: tuple[str, ...], name: str, device: int) -> Function:
    module = _module(code, options, device)
    try:
        return module.get_function(name)
    except RuntimeError as error:
        raise CompileException(str(error), code, name, options) from None


class RawKernel:
    """One kernel of a text."""

    def __init__(
        self, code: str | None, name: str, options: tuple[str, ...] = (), backend: str = "nvrtc", translate_cucomplex: bool = False, *,
        enable_cooperative_groups: bool = False, jitify: Any = None,
    ) -> None:  # fmt: skip
        if not isinstance(options, tuple) or backend != "nvrtc" or translate_cucomplex or enable_cooperative_groups or jitify:
            raise TypeError("the stand-in takes options as a tuple and compiles for NVRTC only, without cooperative groups, jitify or cuComplex")
        self.code, self.name, self.options, self.backend = code, name, options, backend

    @property
    def kernel(self) -> Function:
        return _function(self.code, self.options, self.name, get_device_id())

    def compile(self, log_stream: Any = None) -> None:
        _ = self.kernel

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: Any, *, shared_mem: int = 0) -> None:
        self.kernel(grid, block, args, shared_mem)


class RawModule:
    """A text with kernels."""

    def __init__(
        self, *, code: str | None = None, path: str | None = None, options: tuple[str, ...] = (), backend: str = "nvrtc", translate_cucomplex: bool = False,
        enable_cooperative_groups: bool = False, name_expressions: Any = None, jitify: Any = None,
    ) -> None:  # fmt: skip
        if (code is None) == (path is None):
            raise TypeError("Exactly one of `code` and `path` keyword arguments must be given.")
        if path is not None or name_expressions is not None:
            raise TypeError("the stand-in compiles texts without name expressions")
        self.code, self.options, self.backend, self._others = code, options, backend, {"backend": backend, "translate_cucomplex": translate_cucomplex}
        self._others |= {"enable_cooperative_groups": enable_cooperative_groups, "jitify": jitify}

    def compile(self, log_stream: Any = None) -> None:
        _module(self.code, self.options, get_device_id())

    def get_function(self, name: str) -> RawKernel:
        made = RawKernel(self.code, name, self.options, **self._others)
        _ = made.kernel
        return made
