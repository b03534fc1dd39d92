"""The text for HIP, which CuPy's build for ROCm compiles: executed with warps of 64 threads, and what differs from CUDA's."""

from __future__ import annotations

import functools

import corelib as torch
import numpy as np
import pytest
from arena_device import ArenaBackend, arena_launches
from corelib.backend.codegen.prelude import CUDA, HIP
from executor import Function

EXPRESSIONS = [
    "x + y", "x.exp() * 2", "x.sum(1)", "x.softmax(1)", "x @ y.T", "x.to(torch.float32).cumsum(1)", "torch.nn.functional.conv2d(x[None, None], y[None, None, :3, :3], padding=1)", "x.sort(1).values",
    "torch.nn.functional.scaled_dot_product_attention(x, y, y)", "x[torch.tensor([2, 0]).to(x.device)]", "torch.nn.functional.layer_norm(x, (7,))",
]  # fmt: skip


@pytest.fixture
def device(monkeypatch):
    backend = ArenaBackend()
    backend.launcher.target = HIP
    monkeypatch.setattr(Function, "launch", functools.partialmethod(Function.launch, warp=64))
    with arena_launches(backend), torch.backends.register(backend):
        yield backend


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_text_for_hip_computes_the_same_with_warps_of_64(device, dtype):
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal((5, 7)), dtype=dtype) for _ in "xy")
    there = {"torch": torch, "x": x.to("arena"), "y": y.to("arena")}
    for expression in EXPRESSIONS:
        want, got = eval(expression, {"torch": torch, "x": x, "y": y}), eval(expression, there)
        tolerance = {torch.float16: 4e-3, torch.bfloat16: 4e-2, torch.float32: 1e-5}[dtype]
        np.testing.assert_allclose(got.cpu().to(torch.float64).numpy(), want.to(torch.float64).numpy(), rtol=tolerance, atol=tolerance, err_msg=expression)
    assert not device.faults and len(device.launcher.ran) >= len(EXPRESSIONS)


def test_hip_has_no_ptx_and_no_kernel_asks_how_many_threads_a_warp_has():
    text = HIP.text(True)
    assert "asm(" not in text and "_Float16" in text and "asm(" in CUDA.text(True)
    assert not any(word in text for word in ("warpSize", "__shfl", "__ballot", "__syncwarp"))
    assert HIP._replace(name="cuda", prelude=CUDA.prelude) == CUDA
