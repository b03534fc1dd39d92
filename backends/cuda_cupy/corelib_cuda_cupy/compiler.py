"""Generated sources to CUDA kernels: compiled by NVRTC for the device's architecture, kept on disk by CuPy, queued on its stream.

CuPy's build for ROCm compiles the same text by HIP. What differs is said here, in `Products.product`, and in the prelude.
"""

from __future__ import annotations

import ctypes
from collections.abc import Hashable
from typing import TYPE_CHECKING

import cupy  # type: ignore  # CuPy has no types, and need not be installed
from corelib.backend import StridedArray
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.prelude import CUDA, HIP, Target
from cupy.cuda import driver, runtime  # type: ignore  # CuPy has no types, and need not be installed

if TYPE_CHECKING:
    from corelib_cuda_cupy.backend import Block, CupyBackend

# Products and sums of separate operations stay separate, as on every other device; cuBLAS fuses its own.
OPTIONS = ("--fmad=false", "--std=c++17")
HIP_OPTIONS = ("-ffp-contract=off", "-std=c++17")


class CudaLauncher(Launcher):
    """Compiles and queues for the devices of one backend."""

    target: Target = CUDA
    style = "grid"
    units = 4096
    tensors = 32  # 160 pointers and as many places, of the 4 KiB that a kernel's arguments may take
    backend: CupyBackend

    def __init__(self, backend: CupyBackend) -> None:
        super().__init__(backend)
        self.launches = 0
        self.hip = bool(getattr(runtime, "is_hip", False))
        self.target = HIP if self.hip else CUDA

    def compile(self, index: int, source: str, name: str) -> cupy.RawKernel:
        text = self.target.text(True) + source
        try:
            with cupy.cuda.Device(index):
                return cupy.RawModule(code=text, options=HIP_OPTIONS if self.hip else OPTIONS).get_function(name)
        except Exception as error:
            raise RuntimeError(f"{self.target.name.upper()}: compiling {name} failed:\n{error}\nThe source was:\n{source}") from None

    def queue_of(self, index: int) -> Hashable:
        with self.backend.at(index) as stream:
            return int(stream.ptr)

    def mark_of(self, index: int) -> Block:
        graph = self.backend.captures.now
        return super().mark_of(index) if graph is None else graph.mark

    def marks(self, index: int, every: bool) -> list[Block]:
        return [*super().marks(index, every), *self.backend.captures.marks(index, None if every else self.queue_of(index))]

    def drawing(self, index: int, seed: int, draw: int) -> tuple[StridedArray, int] | None:
        return self.backend.captures.drawing(index, seed, draw)

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
