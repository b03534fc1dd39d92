"""Generated sources to CUDA kernels: compiled by NVRTC for the device's architecture, kept on disk by CuPy, queued on its stream."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import cupy  # type: ignore  # CuPy has no types, and need not be installed
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.prelude import CUDA
from cupy.cuda import driver  # type: ignore  # CuPy has no types, and need not be installed

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import Block, CupyBackend

# Products and sums of separate operations stay separate, as on every other device; cuBLAS fuses its own.
OPTIONS = ("--fmad=false", "--std=c++17")


class CudaLauncher(Launcher):
    """Compiles and queues for the devices of one backend."""

    target = CUDA
    style = "grid"
    units = 4096
    backend: CupyBackend

    def __init__(self, backend: CupyBackend) -> None:
        super().__init__(backend)
        self.launches = 0

    def compile(self, index: int, source: str, name: str) -> cupy.RawKernel:
        text = self.target.text(True) + source
        try:
            with cupy.cuda.Device(index):
                return cupy.RawModule(code=text, options=OPTIONS).get_function(name)
        except Exception as error:
            raise RuntimeError(f"CUDA: compiling {name} failed:\n{error}\nThe source was:\n{source}") from None

    def run(self, index: int, kernel: cupy.RawKernel, items: int, group: int, buffers: list[Block], params: bytes) -> None:
        if group == 1:  # items that share nothing
            group = 128
        pointers = [ctypes.c_void_p(buffer.ptr) for buffer in buffers]
        places = [ctypes.addressof(p) for p in pointers]
        held = ctypes.create_string_buffer(params, len(params)) if params else None
        if held is not None:
            places.append(ctypes.addressof(held))
        arguments = (ctypes.c_void_p * len(places))(*places)
        with self.backend.at(index) as stream:
            driver.launchKernel(
                kernel.kernel.ptr, -(-items // group), 1, 1, group, 1, 1, 0, stream.ptr, ctypes.addressof(arguments), 0
            )
            self.launches += 1
