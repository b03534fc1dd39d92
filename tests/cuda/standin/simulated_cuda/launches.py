"""Kernels that were loaded on a device: their arguments as CUDA reads them, the limits of an sm_80, and the launch as queued work."""

from __future__ import annotations

import ctypes

import executor

from simulated_cuda.errors import FOUND, INVALID_HANDLE, INVALID_VALUE, CudaError
from simulated_cuda.machine import MACHINE, Device
from simulated_cuda.order import Use

THREADS, BLOCK, GRID = 1024, (1024, 1024, 64), (2**31 - 1, 65535, 65535)
SHARED, SHARED_OPT_IN = 48 << 10, 163 << 10
ARGUMENT_BYTES = 4096

Three = tuple[int, int, int]


class Loaded:
    """A kernel that was loaded on a device."""

    def __init__(self, device: Device, name: str, function: executor.Function) -> None:
        self.device = device
        self.name = name
        self.shared = function.shared_bytes
        self.most_dynamic = SHARED - self.shared
        self._function = function
        self._sizes = function.sizes
        self._pointers = [(n, "const" not in declared.split("*")[0].split()) for n, declared in enumerate(function.parameters) if "*" in declared]
        if sum(self._sizes) > ARGUMENT_BYTES:
            raise CudaError(INVALID_VALUE, f"{name} takes {sum(self._sizes)} bytes of arguments; at most {ARGUMENT_BYTES}")

    def launch(self, grid: Three, block: Three, dynamic: int, handle: int, places: int) -> None:
        """Queue it: the arguments' bytes are read now, everything else comes later."""
        stream = MACHINE.stream(handle)
        if stream.device is not MACHINE.current or self.device is not stream.device:
            where = f"{self.name} was loaded on device {self.device.index}, the stream is of device {stream.device.index}"
            raise CudaError(INVALID_HANDLE, f"{where}, and device {MACHINE.current.index} is current")
        threads = block[0] * block[1] * block[2]
        if not all(1 <= n <= most for n, most in zip((*grid, *block), (*GRID, *BLOCK), strict=True)) or threads > THREADS:
            raise CudaError(INVALID_VALUE, f"{self.name}: a grid of {grid} blocks of {block} threads; at most {GRID} of {BLOCK} and {THREADS} threads")
        if dynamic > self.most_dynamic:
            raise CudaError(INVALID_VALUE, f"{self.name}: {self.shared} + {dynamic} bytes of shared memory; at most {self.shared + self.most_dynamic}")
        pointers = (ctypes.c_void_p * len(self._sizes)).from_address(places) if self._sizes else []
        arguments = [ctypes.string_at(at, size) for at, size in zip(pointers, self._sizes, strict=True)]
        uses = []
        for n, write in self._pointers:
            address = int.from_bytes(arguments[n], "little")
            held = MACHINE.device_at(address).allocations.holding(address) if address else None
            if held is not None:
                uses.append(Use(*held, write))
        arenas = [MACHINE.devices[i].arena for i in (stream.device.index, *sorted(stream.device.peers))]
        seed = MACHINE.random.getrandbits(32)

        def run() -> None:
            try:
                self._function.launch(arenas, grid, block, arguments, dynamic, seed)
            except executor.Fault as error:
                FOUND.append(error)
                error.add_note(f"launched with a grid of {grid} blocks of {block} threads")
                raise

        MACHINE.scheduler.queue(stream, f"kernel {self.name}", run, uses, 1000 * grid[0] * grid[1] * grid[2])
