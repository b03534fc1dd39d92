"""Modules and functions by CuPy's names; kernels are compiled and run by tests/cuda/executor."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

import executor
from cupy.cuda.stream import get_current_stream
from cupy_backends.cuda.api import driver
from simulated_cuda.launches import Loaded
from simulated_cuda.machine import MACHINE

_SCALARS = {bool: np.bool_, int: np.int64, float: np.float64, complex: np.complex128}


class Module:
    """A text, loaded on the device that is current."""

    def __init__(self, text: str) -> None:
        with MACHINE.lock:  # threads may want the same text
            self.ptr = MACHINE.number()
            self.device = MACHINE.current
            self.made = executor.Module(text, MACHINE.checked)

    def get_function(self, name: str) -> Function:
        return Function(self, name)


class Function:
    """A kernel of a module."""

    def __init__(self, module: Module, funcname: str) -> None:
        self.module = module
        self.ptr = MACHINE.number()
        driver.FUNCTIONS[self.ptr] = Loaded(module.device, funcname, module.made.function(funcname))

    def __call__(
        self, grid: tuple[int, ...], block: tuple[int, ...], args: Any, shared_mem: int = 0, stream: Any = None, enable_cooperative_groups: bool = False
    ) -> None:
        held = [_bytes(a) for a in args]
        places = (ctypes.c_void_p * max(len(held), 1))(*[ctypes.addressof(h) for h in held])
        pointer = (get_current_stream() if stream is None else stream).ptr
        driver.launchKernel(self.ptr, *(grid + (1, 1))[:3], *(block + (1, 1))[:3], shared_mem, pointer, ctypes.addressof(places), 0)


def _bytes(argument: Any) -> Any:
    """An argument as the bytes that a kernel gets."""
    if hasattr(argument, "data") and hasattr(argument.data, "ptr"):
        data = argument.data.ptr.to_bytes(8, "little")
    elif type(argument) in _SCALARS:
        data = _SCALARS[type(argument)](argument).tobytes()
    else:
        data = np.asarray(argument).tobytes()
    return ctypes.create_string_buffer(data, len(data))
