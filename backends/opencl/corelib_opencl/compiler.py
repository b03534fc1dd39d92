"""Generated sources to OpenCL kernels: built once a device, kept on disk by pyopencl, queued in order."""

from __future__ import annotations

from typing import Any

import pyopencl as cl
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.prelude import OPENCL
from corelib_opencl.devices import out_of_memory, told
from corelib_opencl.probe import style


class OpenCLLauncher(Launcher):
    """Compiles and queues for the devices of one backend."""

    target = OPENCL

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        devices = [backend.device(i) for i in range(backend.device_count())]
        # one way for all devices of this type: that of processors where there is nothing else
        self.style = "grid" if any(style(device, i) == "grid" for i, device in enumerate(devices)) else "loop"
        self.units = devices[0].units

    def compile(self, index: int, source: str, name: str) -> Any:
        device = self._backend.device(index)
        vectors = "#define VECTORS\n" if self.style == "loop" else ""
        text = vectors + self.target.text(device.double) + source
        try:
            with device.lock:
                return cl.Kernel(cl.Program(device.context, text).build(), name)
        except cl.Error as error:
            raise RuntimeError(f"OpenCL: building {name} failed:\n{error}\nThe source was:\n{source}") from None

    def run(self, index: int, kernel: Any, items: int, group: int, buffers: list[Any], params: bytes) -> None:
        device = self._backend.device(index)
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

    def read(self, index: int, buffer: Any, nbytes: int) -> Any:
        return self._backend.device_to_host(buffer, 0, nbytes, index)

    def scratch(self, index: int, nbytes: int) -> Any:
        from corelib.tensor.device import device

        return device(self._backend.device_type, index).runtime.allocator.allocate(nbytes)

    def done(self, index: int, buffer: Any, nbytes: int) -> None:
        from corelib.tensor.device import device

        device(self._backend.device_type, index).runtime.allocator.release(buffer, nbytes)
