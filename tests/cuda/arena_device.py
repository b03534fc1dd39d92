"""A device whose memory is the executor's and whose kernels are those that the cuda device generates, launched by CudaLauncher itself.

What CuPy does is not in it (tests/cuda/standin has that): a launch runs at once. `running=False` makes one on paper, which collects texts.
"""

from __future__ import annotations

import contextlib
import ctypes
import types
from typing import NamedTuple

import numpy as np
from corelib.backend import Backend, KernelTable
from corelib.backend.codegen import register
from corelib.backend.copies import without_overlap
from corelib.tensor import dtype as D
from corelib_cuda_cupy import compiler
from corelib_cuda_cupy.compiler import CudaLauncher

from executor import Arena, Fault, Function, Module

BASE = 0x7100_0000_0000_0000


class Buffer:
    def __init__(self, ptr, nbytes):
        self.ptr = ptr
        self.nbytes = nbytes


class Made(NamedTuple):
    """A compiled text and its kernel."""

    text: str
    function: Function


class ArenaLauncher(CudaLauncher):
    """Texts go to the executor in place of NVRTC; the geometry and the arguments of launches are CudaLauncher's own."""

    def __init__(self, backend):
        super().__init__(backend)
        self.texts = {}
        self.ran = set()
        self.planted = None

    def compile(self, index, source, name):
        text = self.target.text(True) + source
        if text not in self.texts:
            self.texts[text] = name
        if not self.backend.running:
            return name
        return types.SimpleNamespace(kernel=types.SimpleNamespace(ptr=Made(text, Module(text).function(name))))

    def run(self, index, kernel, items, group, buffers, params):
        if self.backend.running:
            super().run(index, kernel, items, group, buffers, params)

    def launched(self, made, gx, gy, gz, bx, by, bz, shared, stream, arguments, extra):
        """`driver.launchKernel`: a pointer to pointers to arguments, whose sizes the kernel knows."""
        assert extra == 0
        function = made.function
        places = (ctypes.c_void_p * function.nparams).from_address(arguments) if function.nparams else ()
        data = [ctypes.string_at(place, size) for place, size in zip(places, function.sizes, strict=True)]
        grid, block = (gx, gy, gz), (bx, by, bz)
        if self.planted is not None:
            function, grid, block, data = self.planted(made, grid, block, data)
        try:
            function.launch([self.backend.arena], grid, block, data, shared, seed=self.backend.seed)
        except Fault as fault:
            self.backend.faults.append(fault)
            raise
        self.ran.add(made.text)


class ArenaBackend(Backend):
    """Device type `arena`: the generated kernels of the cuda device, without cuBLAS and CuPy's own kernels."""

    device_type = "arena"
    api_version = (1, 0)
    dtypes = {d.name: "native" for d in D.REALS}
    checks_indices = True
    keep_limit = 0
    running = True

    def __init__(self, seed=0, nbytes=4 << 30):
        self.captures = types.SimpleNamespace(now=None, marks=lambda index, queue: [], drawing=lambda index, seed, draw: None)
        self.arena = Arena(nbytes, BASE)
        self.seed = seed
        self.faults = []
        self.launcher = ArenaLauncher(self)

    def at(self, index):
        return contextlib.nullcontext(types.SimpleNamespace(ptr=0))

    def device_count(self):
        return 1

    def synchronize(self, index):
        """A launch is done when it returns."""

    def allocate(self, nbytes, index):
        return Buffer(self.arena.allocate(nbytes), nbytes)

    def free(self, buffer, index):
        self.arena.free(buffer.ptr)

    def host_to_device(self, buffer, offset, data, index):
        with self._noted():
            self.arena.write(buffer.ptr + offset, data)

    def device_to_host(self, buffer, offset, nbytes, index):
        with self._noted():
            marks = self.launcher.marks(index, True)
            self.launcher.tell(index, marks, np.array([self.arena.read(mark.ptr, 4).view(np.int32)[0] for mark in marks], np.int32))
            return self.arena.read(buffer.ptr + offset, nbytes, unwritten=True)  # gaps between strides go along

    @without_overlap
    def device_to_device(self, target, to, source, start, nbytes, index):
        with self._noted():
            self.arena.copy(target.ptr + to, source.ptr + start, nbytes)

    def address(self, buffer):
        return buffer.ptr

    @contextlib.contextmanager
    def _noted(self):
        try:
            yield
        except Fault as fault:
            self.faults.append(fault)
            raise

    def kernels(self):
        table = KernelTable()
        register(table, self.launcher, D.REALS)
        return table


class PaperBackend(ArenaBackend):
    """Device type `paper`: memory of zeros, kernels that are collected and not run."""

    device_type = "paper"
    running = False

    def allocate(self, nbytes, index):
        made = super().allocate(nbytes, index)
        self.arena.mark_written(made.ptr)
        return made


def _exact(self, nbytes):
    """`CachingAllocator._take` without size classes and without blocks that are kept: an array ends where its storage does."""
    self._take_back()
    kept = []
    self._make(max(nbytes, 1), kept)
    return kept.pop()


@contextlib.contextmanager
def arena_launches(backend):
    """CudaLauncher's driver calls go to a backend's executor; sizes of blocks are exact, and nothing freed is used again."""
    import pytest
    from corelib.contract import allocator

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "driver", types.SimpleNamespace(launchKernel=backend.launcher.launched))
        patch.setattr(allocator.CachingAllocator, "_take", _exact)
        yield backend
