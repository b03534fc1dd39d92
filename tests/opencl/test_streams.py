"""Streams and events of `corelib.opencl`, which are those of every device type, on a real platform."""

from __future__ import annotations

import threading
import time

import corelib as torch
import pytest
from corelib.backend import UnsupportedError

cl = torch.opencl


def test_the_module_of_a_device_type_answers_as_torch_cuda_does():
    assert cl.is_available() and cl.device_count() >= 1 and cl.current_device() == 0
    assert cl.get_device_name() == cl.get_device_name(0) == cl.get_device_name("opencl:0")
    with pytest.raises(ValueError, match="Expected a opencl device, but got: cpu"):
        cl.synchronize("cpu")
    with pytest.raises(UnsupportedError, match="does not provide memory_info"):
        cl.mem_get_info()
    assert torch.cpu.Stream().query()  # of the one stream of a device whose work is done when a call returns
    assert torch.cpu.is_available() and torch.cpu.memory_allocated() >= 0


def test_memory_is_counted():
    cl.empty_cache()
    cl.reset_peak_memory_stats()
    before = cl.memory_allocated()
    x = torch.zeros(1 << 18, device="opencl")
    assert cl.memory_allocated() - before == 1 << 20
    del x
    assert cl.memory_allocated() == before and cl.max_memory_allocated() == before + (1 << 20)
    assert cl.memory_reserved() >= before + (1 << 20)
    cl.empty_cache()
    assert cl.memory_reserved() < before + (1 << 20) and cl.memory_stats()["num_ooms"] >= 0


def test_work_goes_to_the_chosen_stream_and_back():
    default = cl.current_stream()
    assert default == cl.default_stream() and default.stream_id == 0
    one = cl.Stream()
    x = torch.ones(1000, device="opencl")
    one.wait_stream(default)
    with cl.stream(one):
        assert cl.current_stream() == one != default
        with cl.stream(None):
            assert cl.current_stream() == one
        y = x * 3
    assert cl.current_stream() == default
    default.wait_stream(one)
    assert (y + x).sum().item() == 4000
    one.synchronize()
    end = time.monotonic() + 60  # an event asks, and on a busy machine it may not come through within its millisecond
    while not one.query():
        assert time.monotonic() < end


def test_a_thread_chooses_for_itself():
    seen = []
    with cl.stream(cl.Stream()):
        thread = threading.Thread(target=lambda: seen.append(cl.current_stream().stream_id))
        thread.start()
        thread.join()
        assert cl.current_stream().stream_id > 0
    assert seen == [0]


def test_events_are_waited_for_and_timed():
    start, end = cl.Event(enable_timing=True), cl.Event(enable_timing=True)
    assert start.query()
    with pytest.raises(ValueError, match="Both events must be recorded"):
        start.elapsed_time(end)
    x = torch.randn(300, 300, device="opencl")
    start.record()
    for _ in range(5):
        x = x @ x
    end.record()
    end.synchronize()
    assert end.query() and start.elapsed_time(end) > 0
    plain = cl.current_stream().record_event()
    with pytest.raises(ValueError, match="enable_timing=True"):
        start.elapsed_time(plain)


def test_each_stream_keeps_its_own_blocks():
    allocator = torch.device("opencl").runtime.allocator
    one = cl.Stream()
    with cl.stream(one):
        x = torch.zeros(100003, device="opencl")
        mine = id(x.untyped_storage()._raw)
        del x
    y = torch.zeros(100003, device="opencl")
    assert id(y.untyped_storage()._raw) != mine
    with cl.stream(one):
        assert id(torch.zeros(100003, device="opencl").untyped_storage()._raw) == mine
    assert allocator.several


def test_a_block_that_another_stream_uses_is_kept_back(monkeypatch):
    allocator = torch.device("opencl").runtime.allocator
    one = cl.Stream()
    x = torch.ones(70001, device="opencl")
    raw = id(x.untyped_storage()._raw)
    one.wait_stream(cl.current_stream())
    with cl.stream(one):
        y = x * 2
    x.record_stream(one)
    del x
    with monkeypatch.context() as busy:
        busy.setattr(type(allocator._backend), "event_done", lambda self, event: False)
        held = allocator.allocated
        assert [id(block.buffer) for block in allocator._waiting] == [raw]
        z = torch.zeros(70001, device="opencl")
        assert id(z.untyped_storage()._raw) != raw and allocator.allocated > held
        del z
    one.synchronize()
    assert torch.zeros(70001, device="opencl").sum() == 0 and not allocator._waiting
    assert y.sum().item() == 140002


def test_training_in_a_stream_gives_the_same_bits():
    def train():
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(20, 30), torch.nn.ReLU(), torch.nn.Linear(30, 3)).to("opencl")
        optimizer = torch.optim.Adam(net.parameters())
        x, y = torch.randn(16, 20, device="opencl"), torch.arange(16, device="opencl") % 3
        for _ in range(5):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        return net[0].weight.detach().cpu().tolist()

    plain = train()
    with cl.stream(cl.Stream()):
        assert train() == plain


def test_the_bare_name_stands_for_a_chosen_device():
    with cl.device(0):
        assert cl.current_device() == 0
    with pytest.raises(RuntimeError, match="invalid device index"):
        cl.set_device(99)


def test_random_state_of_a_device():
    state = cl.get_rng_state()
    a = torch.rand(5, device="opencl").tolist()
    cl.set_rng_state(state)
    assert torch.rand(5, device="opencl").tolist() == a
    cl.manual_seed(3)
    b = torch.rand(5, device="opencl").tolist()
    cl.manual_seed_all(3)
    assert cl.initial_seed() == 3 and torch.rand(5, device="opencl").tolist() == b


def test_any_device_type_has_such_a_module():
    assert repr(torch.gridcl) == "<devices of type 'gridcl'>" and torch.gridcl.device_count() == cl.device_count()
    assert not hasattr(torch, "nosuchdevice")
