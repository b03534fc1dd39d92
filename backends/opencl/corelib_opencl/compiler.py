"""Generated sources to OpenCL kernels: built once a device, kept on disk by pyopencl, queued in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyopencl as cl
from corelib.backend.codegen.kernels.complex_numbers import prelude as complex_prelude
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.prelude import OPENCL
from corelib_opencl.devices import out_of_memory, told
from corelib_opencl.probe import style

if TYPE_CHECKING:
    from corelib_opencl.backend import OpenCLBackend


class OpenCLLauncher(Launcher):
    """Compiles and queues for the devices of one backend."""

    target = OPENCL
    backend: OpenCLBackend

    def __init__(self, backend: OpenCLBackend) -> None:
        super().__init__(backend)
        devices = [backend.device(i) for i in range(backend.device_count())]
        # one way for all devices of this type: that of processors where there is nothing else
        self.style = "grid" if any(style(device, i) == "grid" for i, device in enumerate(devices)) else "loop"
        self.units = devices[0].units

    def compile(self, index: int, source: str, name: str) -> cl.Kernel:
        device = self.backend.device(index)
        vectors = "#define VECTORS\n" if self.style == "loop" else ""
        text = vectors + self.target.text(device.double) + complex_prelude(source) + source
        try:
            with device.lock:
                return cl.Kernel(cl.Program(device.context, text).build(), name)
        except cl.Error as error:
            raise RuntimeError(f"OpenCL: building {name} failed:\n{error}\nThe source was:\n{source}") from None

    def run(self, index: int, kernel: cl.Kernel, items: int, group: int, buffers: list[cl.Buffer], params: bytes) -> None:
        device = self.backend.device(index)
        try:
            with device.lock:
                at = 0
                for buffer in buffers:
                    kernel.set_arg(at, buffer)
                    at += 1
                if params:
                    kernel.set_arg(at, params)
                cl.enqueue_nd_range_kernel(device.queue, kernel, (items,), (group,))
                device.launches += 1
        except cl.Error as error:
            if out_of_memory(error):
                raise MemoryError(str(told(error, "clEnqueueNDRangeKernel"))) from None
            raise told(error, "clEnqueueNDRangeKernel") from None
