"""torch.cuda, torch.xpu, torch.mps and torch.mtia without such a device, and torch.cpu, beside PyTorch built for the cpu."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import corelib

from ..coverage.calls import compared
from ..coverage.expressions import plain


def outcome(line: str, T: Any) -> Any:
    """What a line gives, or the kind of error: PyTorch's AssertionError without a device is a RuntimeError too here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plain(eval(line, {"T": T}), T)
    except Exception as error:
        return error


def same(got: Any, want: Any) -> bool:
    if isinstance(want, Exception):
        return isinstance(got, type(want))
    return not isinstance(got, Exception) and got == want


# Evaluated in both libraries. Where PyTorch raises, corelib's error is of that type, too.
LINES = """
D.is_available(), D.device_count(), D.is_initialized()
D.manual_seed(3), D.manual_seed_all(3), D.seed(), D.seed_all()
D.get_rng_state_all(), D.set_rng_state_all([]), len(D.default_generators)
D.memory_allocated(), D.max_memory_allocated(), dict(D.memory_stats())
D.empty_cache()
D.initial_seed()
D.get_rng_state()
D.synchronize()
D.current_device()
D.get_device_name()
D.get_device_properties(0)
D.get_device_capability(0)
D.init()
""".strip().splitlines()
CUDA = """
D.max_memory_reserved(), D.memory_reserved(), D.memory_cached(), D.max_memory_cached()
D.memory_stats_as_nested_dict(), dict(D.host_memory_stats()), D.host_memory_stats_as_nested_dict()
D.is_bf16_supported(), D.is_bf16_supported(False), D.is_tf32_supported(), D.get_arch_list(), D.get_gencode_flags()
D.has_half, D.has_magma
D.device_of(T.ones(1)).__enter__()
D.stream(None).__enter__()
D.ipc_collect()
D.can_device_access_peer(0, 1)
D.get_sync_debug_mode()
D.set_sync_debug_mode("warn")
D.get_per_process_memory_fraction()
D.set_per_process_memory_fraction(0.5)
D.mem_get_info()
D.current_blas_handle()
D.cudart()
D.CUDAGraph()
D.graph_pool_handle()
D.is_current_stream_capturing()
D.caching_allocator_alloc(8)
D.utilization()
D.temperature()
D.nvtx.range_push("x")
D.nvtx.mark("x")
D.FloatTensor([1.0])
D.LongTensor(2)
D.FloatStorage(2)
isinstance(T.ones(1), D.FloatTensor), isinstance(T.ones(1), D.LongTensor), isinstance(T.FloatStorage(2), D.FloatStorage)
[(getattr(D, n).dtype, getattr(D, n).is_cuda, getattr(D, n).__name__, getattr(D, n).__module__) for n in ("FloatTensor", "LongTensor", "BoolTensor", "HalfTensor")]
[(getattr(D, n).dtype, getattr(D, n).__name__) for n in ("FloatStorage", "LongStorage", "ComplexFloatStorage")]
T.ones(1).type(D.FloatTensor)
T.ones(1).type("torch.cuda.LongTensor")
(D.FloatTensor if D.is_available() else T.FloatTensor)([1.0, 2.0])
T.backends.cuda.is_built() in (True, False)
""".strip().splitlines()
XPU = """
D.max_memory_reserved(), D.memory_reserved(), D.memory_stats_as_nested_dict()
D.is_bf16_supported(), D.is_tf32_supported(), D.get_arch_list(), D.get_gencode_flags()
D.mem_get_info()
""".strip().splitlines()
MPS = """
D.is_available(), D.device_count(), D.manual_seed(3)
D.synchronize()
D.get_rng_state()
D.current_allocated_memory()
D.driver_allocated_memory()
D.recommended_max_memory()
D.compile_shader("x")
""".strip().splitlines()
OTHERS = """
T.cpu.is_initialized(), T.cpu.current_device(), T.cpu.device_count()
[T.cpu.get_capabilities().get(n) for n in ("architecture", "avx2", "avx512_f", "avx512_bf16", "fma3", "amx_tile", "sse4_2", "num_logical_cores", "popcnt", "sha")]
set(T.cpu.get_capabilities()) >= {"architecture", "cpu_name", "num_logical_cores"}
T.get_device_module("cpu") is T.cpu, T.get_device_module("cuda") is T.cuda, T.get_device_module(T.device("xpu")) is T.xpu, T.get_device_module("mps") is T.mps
T.get_device_module(3)
T.get_device_module("foo")
""".strip().splitlines()
ALL = [line.replace("D.", f"T.{d}.") for d in ("cuda", "xpu") for line in LINES] + [
    line.replace("D.", f"T.{d}.") for d, lines in (("cuda", CUDA), ("xpu", XPU), ("mps", MPS)) for line in lines
]
MTIA = [line.replace("D.", "T.mtia.") for line in LINES if "rng_state_all" not in line and "empty_cache" not in line]


@pytest.mark.skipif(corelib.cuda.is_available(), reason="compares machines without cuda")
@pytest.mark.parametrize("line", [*ALL, *MTIA, *OTHERS])
def test_line_gives_what_pytorch_gives(line: str) -> None:
    got, want = outcome(line, corelib), outcome(line, torch)
    if isinstance(want, KeyError | AttributeError):  # PyTorch's own slips where it is built without the device
        want = RuntimeError()
    assert same(got, want), f"{line}\n    got {got!r}\nPyTorch {want!r}"


@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_types_that_are_named() -> None:
    names = [n for n in dir(torch.cuda) if n.endswith(("Tensor", "Storage")) and n[0] != "_"]
    for name in names:
        got, want = getattr(corelib.cuda, name), getattr(torch.cuda, name)
        assert str(got.dtype) == str(want.dtype) and isinstance(got, type)
        compared(f"torch.cuda.{name}")
    assert len(names) >= 22


def test_errors_are_caught_by_the_same_names() -> None:
    for T in (corelib, torch):
        assert issubclass(T.AcceleratorError, RuntimeError) and T.cuda.AcceleratorError is T.AcceleratorError and str(T.AcceleratorError("x")) == "x"
    compared("torch.AcceleratorError")


@pytest.mark.skipif(not corelib.opencl.is_available(), reason="needs an opencl device")
def test_a_device_that_is_there_answers() -> None:
    D = corelib.opencl
    found = D.get_device_properties()
    assert found.name == D.get_device_name() and found.total_memory > 1 << 20
    with pytest.raises(AttributeError, match="tells name"):
        found.warp_size
    assert D.is_initialized() and D.get_sync_debug_mode() == 0 and D.get_per_process_memory_fraction() == 1.0
    assert isinstance(D.memory_stats_as_nested_dict()["allocated_bytes"]["all"]["current"], int)
    assert "allocated_bytes.all.current" in D.memory_summary()
    states = D.get_rng_state_all()
    one = corelib.rand(3, device="opencl").tolist()
    D.set_rng_state_all(states)
    assert corelib.rand(3, device="opencl").tolist() == one
    for refused in (D.memory_snapshot, D.graph_pool_handle, D.get_device_capability, lambda: D.set_sync_debug_mode("error"), D.current_blas_handle):
        with pytest.raises(NotImplementedError):
            refused()
