"""The stand-in's memory: addresses that the host cannot use, two devices, sizes that run out, pools, and page-locked memory."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys

import cupy
import numpy as np
import pytest
from cupy.cuda import runtime
from executor import Fault
from simulated_cuda.errors import FOUND


def test_a_devices_address_faults_in_the_hosts_hands():
    program = "import cupy, ctypes; ctypes.string_at(cupy.zeros(4).data.ptr, 1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == -11
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(cupy.zeros(4))


def test_a_copy_is_checked_before_it_is_queued():
    x, host = cupy.zeros(4, np.float32), np.zeros(4, np.float32)
    with pytest.raises(runtime.CUDARuntimeError, match="InvalidValue"):
        runtime.memcpyAsync(x.data.ptr, host.ctypes.data, 16, runtime.memcpyDeviceToHost, 0)
    with pytest.raises(runtime.CUDARuntimeError, match="not within an allocation"):
        runtime.memcpyAsync(x.data.ptr, host.ctypes.data, 4096, runtime.memcpyHostToDevice, 0)
    with pytest.raises(runtime.CUDARuntimeError, match="nothing is at the host's"):
        runtime.memcpyAsync(x.data.ptr, 16, 16, runtime.memcpyHostToDevice, 0)


def test_freed_memory_is_gone_and_is_freed_once():
    address = runtime.malloc(512)
    runtime.free(address)
    with pytest.raises(runtime.CUDARuntimeError, match="was not allocated, or has been freed"):
        runtime.free(address)
    with pytest.raises(runtime.CUDARuntimeError, match="not within an allocation"):
        runtime.memcpy(address, np.zeros(4).ctypes.data, 32, runtime.memcpyHostToDevice)


def test_free_waits_for_the_device():
    memory = cupy.cuda.Memory(512)
    x = cupy.ndarray(16, np.float32, cupy.cuda.MemoryPointer(memory, 0))
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        x.fill(2)
        y = x + 1
    address = memory.ptr
    del x, memory
    gc.collect()
    runtime.malloc(16)  # frees what has been dropped
    assert stream.done
    assert y.get().tolist() == [3.0] * 16
    with pytest.raises(runtime.CUDARuntimeError):
        runtime.free(address)


def test_what_was_never_written_is_not_to_be_computed_with():
    x = cupy.ndarray(16, np.float32, cupy.cuda.MemoryPointer(cupy.cuda.Memory(64), 0))
    with pytest.raises(Fault, match="never written"):
        (x + 1).get()
        cupy.cuda.runtime.deviceSynchronize()
    FOUND.clear()


def test_memory_runs_out_at_the_size_that_was_set():
    gc.collect()
    free, total = runtime.memGetInfo()
    assert 0 < free <= total
    with pytest.raises(runtime.CUDARuntimeError, match="cudaErrorMemoryAllocation: out of memory") as told:
        cupy.cuda.Memory(total + 1)
    assert told.value.status == runtime.errorMemoryAllocation
    half = cupy.cuda.Memory(free // 2)
    assert runtime.memGetInfo()[0] <= free - free // 2
    with pytest.raises(runtime.CUDARuntimeError):
        cupy.cuda.Memory(free // 2 + 512)
    with cupy.cuda.Device(1):
        assert runtime.memGetInfo()[0] > free // 2  # the other one's is its own
    del half
    cupy.cuda.Memory(free // 2 + 512)


def test_a_pool_keeps_blocks_by_stream_and_gives_them_back():
    pool = cupy.cuda.MemoryPool()
    first = pool.malloc(1000)
    address = first.ptr
    assert pool.used_bytes() == pool.total_bytes() == 1024
    del first
    assert pool.free_bytes() == 1024 and pool.n_free_blocks() == 1
    with cupy.cuda.Stream(non_blocking=True):
        assert pool.malloc(1000).ptr != address
    assert pool.malloc(1000).ptr == address
    pool.set_limit(size=4096)
    with pytest.raises(MemoryError, match=r"Out of memory allocating 8,192 bytes \(allocated so far: 2,048 bytes, limit set to: 4,096 bytes\)"):
        pool.malloc(8000)
    pool.free_all_blocks()
    assert pool.total_bytes() == pool.free_bytes() == 0


def test_page_locked_memory_is_the_hosts():
    memory = cupy.cuda.alloc_pinned_memory(1000)
    assert memory.size() == 1024 and memory.ptr % 4096 == 0
    x = np.frombuffer(memory, np.uint8, 1000)
    x[:] = np.arange(1000) % 251
    assert runtime.pointerGetAttributes(memory.ptr).type == runtime.memoryTypeHost
    assert runtime.pointerGetAttributes(np.zeros(4).ctypes.data).type == runtime.memoryTypeUnregistered
    assert ctypes.string_at(memory.ptr + 999, 1)[0] == 999 % 251
    del memory
    assert x[250] == 250  # the view keeps it


def test_devices_reach_each_others_memory_by_copies_or_where_that_is_switched_on():
    with cupy.cuda.Device(1):
        there = cupy.asarray(np.arange(8, dtype=np.float32))
        assert there.device.id == 1 and runtime.pointerGetAttributes(there.data.ptr).device == 1
        cupy.cuda.Device(1).synchronize()
    here = cupy.empty(8, np.float32)
    runtime.memcpyPeerAsync(here.data.ptr, 0, there.data.ptr, 1, 32, 0)
    assert here.get().tolist() == list(range(8))
    with pytest.raises(ValueError, match="Array device must be same as the current device: array device = 1 while current = 0"):
        there + 1
    assert runtime.deviceCanAccessPeer(0, 1) == 1
    runtime.deviceEnablePeerAccess(1)
    try:
        assert (there + 1).get()[0] == 1
        with pytest.raises(runtime.CUDARuntimeError) as told:
            runtime.deviceEnablePeerAccess(1)
        assert told.value.status == runtime.errorPeerAccessAlreadyEnabled
    finally:
        runtime.deviceDisablePeerAccess(1)
    with pytest.raises(runtime.CUDARuntimeError, match="invalid device ordinal"):
        runtime.setDevice(2)


def test_the_device_says_that_it_is_none():
    assert b"stand-in" in runtime.getDeviceProperties(0)["name"] and runtime.getDeviceCount() == 2
    done = subprocess.run([sys.executable, "-m", "corelib.cli", "backends"], capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"}, check=True)
    assert "stand-in for a GPU (no GPU" in " ".join(done.stdout.split())
