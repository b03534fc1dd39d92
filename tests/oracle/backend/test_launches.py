"""Launches of training steps on `cuda`, beside the aten ops that PyTorch's profiler lists for the same step on the CPU.

For `python -m tests.cuda.suite`, or a machine with a GPU; elsewhere there is no cuda device, and nothing to count.
"""

from __future__ import annotations

import corelib
import pytest
import torch
from benchmarks.cases import CASES
from torch.profiler import ProfilerActivity, profile

pytestmark = pytest.mark.skipif(not corelib.cuda.is_available(), reason="no cuda device")
VIEWS = {
    f"aten::{name}"
    for name in "view t transpose as_strided reshape expand detach slice split empty empty_like empty_strided narrow resize_ select unsqueeze squeeze permute flatten to alias item result_type".split()
} | {"aten::_unsafe_view", "aten::_local_scalar_dense", "aten::lift_fresh", "aten::is_nonzero", "aten::contiguous"}


def aten_ops(step):
    """How many aten ops a step calls, how many of them call no other, and how many of those compute."""
    step()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        step()
    ops = [event for event in seen.events() if event.name.startswith("aten::")]
    last = [event for event in ops if not any(inner.name.startswith("aten::") for inner in event.cpu_children)]
    return len(ops), len(last), len([event for event in last if event.name not in VIEWS])


@pytest.mark.parametrize("name", ["first_train_mlp_adam", "first_train_cnn", "first_train_gpt"])
def test_a_step_launches_fewer_kernels_than_pytorch_calls_ops_that_compute(name, capsys):
    step = CASES[name](corelib, "cuda")
    for _ in range(2):
        step()
    backend = corelib.device("cuda").runtime.backend
    launches, waits = backend.launcher.launches, backend.waits
    step()
    launches, waits = backend.launcher.launches - launches, backend.waits - waits
    every, last, computing = aten_ops(CASES[name](torch, "cpu"))
    with capsys.disabled():
        print(f"\n{name}: {launches} launches, {waits} waits; PyTorch: {every} aten ops, {last} that call no other, {computing} of these compute")
    assert 0 < launches < computing
    assert waits == 0
