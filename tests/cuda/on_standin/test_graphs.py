"""CUDA graphs by PyTorch's names: recorded launches are replayed, with the results of calls one by one."""

from __future__ import annotations

import corelib as torch
import pytest
from corelib_cuda_cupy.products import Products

from on_standin.models import model_and_batch

BACKEND = torch.device("cuda").runtime.backend


@pytest.fixture
def by_generated_kernels(monkeypatch):
    """A capture cannot hold cuBLAS's calls: without them outside of it too, results are the same to the bit."""
    monkeypatch.setattr(Products, "_serves", lambda *args: False)


def trained(name, graphed, steps=3):
    model, x, y, loss = model_and_batch(name)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, capturable=True)

    def step():
        optimizer.zero_grad()
        made = loss(x, y)
        made.backward()
        optimizer.step()
        return made

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        losses = [step().detach().clone() for _ in range(2)]
    torch.cuda.current_stream().wait_stream(side)
    if graphed:
        recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recorded):
            last = step()
        launches = BACKEND.launcher.launches
        for _ in range(steps):
            recorded.replay()
            losses.append(last.detach().clone())
        assert BACKEND.launcher.launches - launches == 2 * steps  # and a clone each
    else:
        losses += [step().detach().clone() for _ in range(steps)]
    return [loss.item() for loss in losses], [p.tolist() for p in model.parameters()]


@pytest.mark.parametrize("name", ["mlp", "gpt"])
def test_a_step_forward_backward_and_of_the_optimizer_is_replayed(name, by_generated_kernels):
    """The network's dropout draws other numbers at each replay: those that calls would have drawn."""
    assert trained(name, True) == trained(name, False)


def test_inputs_are_copied_in_and_results_read():
    x = torch.zeros(5, device="cuda")
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        y = x * 2 + 1
        z = y.sum()
    for value in (1.0, 2.0):
        x.fill_(value)
        recorded.replay()
        assert y.tolist() == [2 * value + 1] * 5 and z.item() == 5 * (2 * value + 1)


def test_its_memory_is_for_nobody_else_until_it_is_reset():
    x = torch.ones(1000, device="cuda")
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        y = (x + 1) * 2  # the sum's memory is free again, and is written by each replay
    others = [torch.full((1000,), 7.0, device="cuda") for _ in range(20)]
    torch.cuda.empty_cache()
    others += [torch.full((1000,), 7.0, device="cuda") for _ in range(20)]
    recorded.replay()
    assert all((t == 7).all().item() for t in others) and (y == 4).all().item()
    reserved = torch.cuda.memory_reserved()
    recorded.reset()
    del y
    torch.cuda.empty_cache()
    assert torch.cuda.memory_reserved() < reserved


def test_two_graphs_share_a_pool():
    x = torch.ones(1 << 16, device="cuda")
    one, two = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
    with torch.cuda.graph(one):
        y = x + 1
        y.sum()
    before = torch.cuda.memory_stats()["num_device_alloc"]
    with torch.cuda.graph(two, pool=one.pool()):
        z = (y * 2).sum()
    assert one.pool() == two.pool() and torch.cuda.memory_stats()["num_device_alloc"] <= before + 1
    one.replay()
    two.replay()
    assert z.item() == 4 << 16
    assert torch.cuda.graph_pool_handle() != torch.cuda.graph_pool_handle()


def test_random_numbers_are_those_of_calls():
    torch.cuda.manual_seed(5)
    want = [torch.rand(6, device="cuda").tolist() for _ in range(4)]
    torch.cuda.manual_seed(5)
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        first, second = torch.rand(6, device="cuda"), torch.rand(6, device="cuda")
    got = []
    for _ in range(2):
        recorded.replay()
        got += [first.tolist(), second.tolist()]
    assert got == want
    generator = torch.Generator("cuda").manual_seed(1)
    with pytest.raises(RuntimeError, match="generator not in capture mode"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        torch.rand(3, device="cuda", generator=generator)


WAITS = {
    "item": lambda x: x.sum().item(), "tolist": lambda x: x.tolist(), "cpu": lambda x: x.cpu(), "nonzero": lambda x: x.nonzero(), "synchronize": lambda x: torch.cuda.synchronize(),
    "a copy from ordinary memory": lambda x: torch.ones(3).to("cuda"), "several indices": lambda x: x[x.long(), x.long()],
    "stream.synchronize": lambda x: torch.cuda.current_stream().synchronize(),
}  # fmt: skip


@pytest.mark.parametrize("call", WAITS.values(), ids=WAITS)
def test_what_waits_is_refused_while_capturing_and_later_work_goes_on(call):
    x = torch.zeros(2, 2, device="cuda")
    assert not torch.cuda.is_current_stream_capturing()
    recorded = torch.cuda.CUDAGraph()
    with pytest.raises(torch.AcceleratorError, match="operation not permitted when stream is capturing"), torch.cuda.graph(recorded):
        assert torch.cuda.is_current_stream_capturing()
        call(x)
    assert not torch.cuda.is_current_stream_capturing()
    with pytest.raises(RuntimeError, match="without a preceding successful capture"):
        recorded.replay()
    assert (x + 1).sum().item() == 4


def test_wrong_uses_are_pytorchs_errors():
    recorded = torch.cuda.CUDAGraph()
    with pytest.raises(RuntimeError, match="must be captured on a non-default stream"):
        recorded.capture_begin()
    with pytest.raises(RuntimeError, match="Called CUDAGraph::replay without a preceding successful capture"):
        recorded.replay()
    with pytest.raises(RuntimeError, match="Unknown capture error mode"):
        recorded.capture_begin(capture_error_mode="loose")
    x = torch.ones(2, device="cuda")
    with torch.cuda.graph(recorded):
        x + 1
    with pytest.raises(RuntimeError, match="already owns a captured graph"), torch.cuda.graph(recorded):
        pass
    p = torch.ones(2, device="cuda", requires_grad=True)
    p.grad = torch.ones(2, device="cuda")
    optimizer = torch.optim.Adam([p])
    optimizer.step()
    with pytest.raises(RuntimeError, match="capturable is False"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        optimizer.step()


def test_functions_and_modules_become_graphs_forward_and_backward(by_generated_kernels):
    torch.manual_seed(0)
    layer = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 3)).to("cuda")
    data = [torch.randn(5, 4, device="cuda", requires_grad=True) for _ in range(3)]

    def gradients():
        made = []
        for x in data:
            y = layer(x)
            found = torch.autograd.grad((y * y).sum(), [x, *layer.parameters()])
            made.append([y.tolist(), *[g.tolist() for g in found]])
        return made

    want = gradients()
    assert torch.cuda.make_graphed_callables(layer, (torch.randn(5, 4, device="cuda", requires_grad=True),)) is layer
    launches = BACKEND.launcher.launches
    assert gradients() == want
    assert BACKEND.launcher.launches - launches < 3 * 12
    double, triple = torch.cuda.make_graphed_callables((lambda x: x * 2, lambda x: x * 3), ((torch.ones(3, device="cuda"),), (torch.ones(3, device="cuda"),)))
    assert triple(double(torch.full((3,), 5.0, device="cuda"))).tolist() == [30.0] * 3
