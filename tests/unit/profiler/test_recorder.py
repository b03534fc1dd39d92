"""The recorder: what it records and leaves alone, and that what it puts in place for the time of a profile is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

import corelib as torch
from corelib.dispatcher import modes
from corelib.dispatcher.modes import Mode
from corelib.dispatcher.regions import watched


def keys(prof: torch.profiler.profile) -> list[str]:
    return [event.name for event in prof.events() or ()]


def test_after_a_profile_everything_is_as_before() -> None:
    watch = (torch.zeros, torch.randperm, torch.tensor, torch.Tensor.fill_, torch.Tensor.item, torch.Tensor.__getitem__)
    torch.randperm(2)  # what is compiled at a first call is compiled before

    def found() -> list[object]:
        return [*[function.__code__ for function in watch], torch.Tensor.T, modes.active.count]

    before = found()
    with pytest.raises(ZeroDivisionError), torch.profiler.profile():
        assert all(now is not then for now, then in zip(found(), before, strict=True))
        torch.zeros(2, 1).T.fill_(1)[0, 0].item()
        1 / 0  # noqa: B018
    assert found() == before
    assert watched.recorder is None


def test_an_op_that_fails_is_closed() -> None:
    with torch.profiler.profile() as prof:
        with pytest.raises(RuntimeError):
            torch.ones(2, 3) @ torch.ones(2, 3)
        torch.ones(2).exp()
    events = prof.events()
    assert events is not None and all(e.cpu_parent is None for e in events if e.name == "aten::exp")


def test_every_mode_sees_a_call_once_beside_a_profile() -> None:
    class Names(Mode):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def dispatch(self, op, call, args, kwargs):  # type: ignore[no-untyped-def]
            self.seen.append(op.name)
            return call(*args, **kwargs)

    x = torch.ones(2, 3)
    for first_profile in (True, False):
        names = Names()
        prof = torch.profiler.profile()
        for context in (prof, names) if first_profile else (names, prof):
            context.__enter__()
        x.chunk(2)
        x + 1
        for context in (names, prof):
            context.__exit__(None, None, None)
        assert names.seen == ["chunk", "add"]
        assert keys(prof).count("aten::chunk") == keys(prof).count("aten::add") == 1


def test_a_backward_inside_a_node_is_inside_it() -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):  # type: ignore[no-untyped-def]
            return x * 2

        @staticmethod
        def backward(ctx, g):  # type: ignore[no-untyped-def]
            with torch.enable_grad():
                y = torch.ones(2, requires_grad=True)
                (y.exp()).sum().backward()
            return g * 2

    x = torch.ones(2, requires_grad=True)
    with torch.profiler.profile() as prof:
        Twice.apply(x).sum().backward()
    parents = {}
    for event in prof.events() or ():
        above, chain = event.cpu_parent, []
        while above is not None:
            chain.append(above.name)
            above = above.cpu_parent
        parents[event.name] = chain
    assert "TwiceBackward" in parents["ExpBackward0"]
    assert parents["autograd::engine::evaluate_function: TwiceBackward"] == []


def test_shapes_of_the_layer_that_is_computed_in_one_step() -> None:
    with torch.profiler.profile(record_shapes=True) as prof:
        torch.nn.Linear(8, 16)(torch.ones(2, 3, 8))
    shapes = {event.name: event.input_shapes for event in prof.events() or ()}
    assert shapes["aten::linear"] == [[2, 3, 8], [16, 8], [16]]
    assert shapes["aten::addmm"] == [[16], [6, 8], [8, 16], [], []]


def test_functions_that_compile_themselves_at_their_first_call_are_recorded() -> None:
    code = """
import corelib as torch
with torch.profiler.profile() as prof:
    for _ in range(3):
        torch.linspace(0, 1, steps=5)
        torch.vander(torch.ones(3), N=2)
counts = {a.key: a.count for a in prof.key_averages()}
assert counts["aten::vander"] == 3 and counts["aten::linspace"] == 6, counts
assert torch.linspace(0, 1, steps=3).tolist() == [0, 0.5, 1] and torch.vander(torch.ones(3), N=2).shape == (3, 2)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_memory_that_comes_and_goes() -> None:
    with torch.profiler.profile(profile_memory=True) as prof:
        a = torch.zeros(1000)
        del a
        view = torch.zeros(10)[2:]
        array = torch.zeros(20).numpy()
        del view
    sizes = [(e.name, e.cpu_memory_usage) for e in prof.events() or () if e.cpu_parent is None and e.cpu_memory_usage]
    assert sizes == [("aten::zeros", 4000), ("[memory]", -4000), ("aten::zeros", 40), ("aten::zeros", 80), ("[memory]", -40)]
    assert array.shape == (20,)


def test_what_another_thread_frees_or_calls_is_not_this_ones() -> None:
    with torch.profiler.profile(profile_memory=True) as prof:
        other = threading.Thread(target=lambda: torch.ones(5).view(5).tolist())
        other.start()
        other.join()
    assert [e.name for e in prof.events() or () if e.name.startswith("aten") or e.name == "[memory]"] == []


def test_ops_of_three_operands_run_beside_a_mode() -> None:
    x = torch.ones(3)
    with torch.profiler.profile() as prof:
        assert torch.lerp(x, x, 0.5).tolist() == x.addcmul(x, x).sub(1).tolist() == [1, 1, 1]
    assert {"aten::lerp", "aten::addcmul"} <= set(keys(prof))


def test_an_activity_must_be_one() -> None:
    with pytest.raises(TypeError, match="activities must be ProfilerActivity, got 'cpu'"):
        torch.profiler.profile(activities=["cpu"])  # type: ignore[list-item]
    with pytest.warns(UserWarning, match="not a valid device option"):
        torch.autograd.profiler.profile(use_device="nowhere")


def test_ops_of_three_operands_are_seen_once():
    x = torch.rand(3)
    with torch.profiler.profile() as recorded:
        torch.lerp(x, x, 0.5)
        torch.addcmul(x, x, x)
        torch.addcdiv(x, x, x, out=torch.empty(3))
    names = [event.name for event in recorded.events()]
    assert [names.count(f"aten::{name}") for name in ("lerp", "addcmul", "addcdiv")] == [1, 1, 1]
