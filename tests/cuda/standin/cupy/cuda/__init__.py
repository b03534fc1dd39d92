"""Stand-in for `cupy.cuda`: devices, streams, events, memory and graphs; see cupy/__init__.py."""

from __future__ import annotations

import contextlib
import importlib

from cupy.cuda import compiler as compiler, device as device, function as function, graph as graph, memory as memory
from cupy.cuda import pinned_memory as pinned_memory, stream as stream
from cupy.cuda.device import Device as Device, get_cublas_handle as get_cublas_handle, get_device_id as get_device_id
from cupy.cuda.function import Function as Function, Module as Module
from cupy.cuda.graph import Graph as Graph
from cupy.cuda.memory import (
    BaseMemory as BaseMemory, Memory as Memory, MemoryPointer as MemoryPointer, MemoryPool as MemoryPool, UnownedMemory as UnownedMemory, alloc as alloc,
    get_allocator as get_allocator, set_allocator as set_allocator,
)  # fmt: skip
from cupy.cuda.pinned_memory import (
    PinnedMemory as PinnedMemory, PinnedMemoryPointer as PinnedMemoryPointer, PinnedMemoryPool as PinnedMemoryPool,
    alloc_pinned_memory as alloc_pinned_memory, set_pinned_memory_allocator as set_pinned_memory_allocator,
)  # fmt: skip
from cupy.cuda.stream import (
    Event as Event, ExternalStream as ExternalStream, Stream as Stream, get_current_stream as get_current_stream, get_elapsed_time as get_elapsed_time,
)  # fmt: skip
from cupy_backends.cuda.api import driver as driver, runtime as runtime


def is_available() -> bool:
    """As CuPy says it: whether there are devices."""
    return runtime.getDeviceCount() > 0


@contextlib.contextmanager
def using_allocator(allocator=None):  # type: ignore[no-untyped-def]  # as CuPy has it
    """With another allocator of device memory."""
    before = get_allocator()
    set_allocator(allocator)
    try:
        yield
    finally:
        set_allocator(before)


def __getattr__(name: str) -> object:
    if name in ("cublas", "cusolver"):
        return importlib.import_module(f"cupy_backends.cuda.libs.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
