"""Modes see every op of their thread, with its arguments as the user could have passed them."""

from __future__ import annotations

import threading

import corelib as torch
import pytest
from corelib.dispatcher import Mode
from corelib.dispatcher.modes import entered


class Names(Mode):
    def __init__(self):
        self.seen = []

    def dispatch(self, op, call, args, kwargs):
        self.seen.append(op.name)
        return call(*args, **kwargs)


CALLS = [
    lambda x: x.clone(), lambda x: x.sum(0), lambda x: x.sum(0, dtype=torch.float64), lambda x: x.add(x, alpha=2),
    lambda x: torch.full((2,), 3.0), lambda x: x.var(correction=0), lambda x: x.softmax(-1), lambda x: x.t(),
    lambda x: x.addcmul(x, x, value=2), lambda x: x.round(decimals=1), lambda x: x.cumsum(0, dtype=torch.float64),
    lambda x: torch.add(x, x, out=torch.empty(2, 3)), lambda x: torch.sum(x, 0, out=torch.empty(3)), lambda x: x @ x.t(),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_call_under_a_mode_gives_what_it_gives_without(number):
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])
    expected = CALLS[number](x).tolist()
    with Names() as names:
        assert CALLS[number](x).tolist() == expected
    assert names.seen


def test_modes_nest_and_see_nothing_of_each_other_or_of_other_threads():
    x = torch.ones(2)
    other = []
    with Names() as outer, Names() as inner:
        x + x
        thread = threading.Thread(target=lambda: other.append((x * 3).tolist()))
        thread.start()
        thread.join()
    x - x
    assert inner.seen == ["add"] and outer.seen == ["add"] and other == [[3.0, 3.0]]


@pytest.mark.parametrize("run", [
    lambda x, out: torch.mm(x, x, out=out), lambda x, out: torch.cumsum(x, 0, out=out), lambda x, out: torch.add(x, x, out=out),
    lambda x, out: torch.linalg.inv(x, out=out), lambda x, out: torch.cat([x], out=out),
])  # fmt: skip
def test_what_is_given_as_out_is_written_under_a_mode(run):
    x, out = torch.eye(2), torch.zeros(2, 2)
    with torch.inference_mode():
        made = run(x, out)
    assert made is out and out.tolist() == run(x, torch.zeros(2, 2)).tolist()


def test_a_function_made_of_ops_is_seen_whole_by_a_mode_that_asks_for_it():
    class Whole(Mode):
        def dispatch_function(self, name, call, args, kwargs):
            seen.append(name)
            return call(*args, **kwargs)

    seen = []
    with Whole(), Names() as names:
        torch.linalg.svd(torch.eye(2))
    assert seen == ["linalg_svd"] and names.seen
    assert torch.linalg.svd(torch.eye(2))[1].tolist() == [1.0, 1.0]


class Leaving(Mode):
    """Leaves itself while it sees a call."""

    def __init__(self, inside=False):
        self.inside = inside
        self.seen = 0

    def dispatch(self, op, call, args, kwargs):
        self.seen += 1
        result = None if self.inside else call(*args, **kwargs)
        if self.seen == 1:
            self.__exit__()
        return call(*args, **kwargs) if self.inside else result


@pytest.mark.parametrize("inside", [False, True])
def test_a_mode_that_is_left_while_it_sees_a_call_does_not_come_back(inside):
    x, mode = torch.ones(2), Leaving(inside)
    with Names() as names:
        mode.__enter__()
        assert (x + x).tolist() == [2.0, 2.0]
        assert entered() == [names] and mode.seen == 1
        x * x
    assert names.seen == ["add", "mul"] and mode.seen == 1 and entered() == []


def test_a_mode_that_is_left_inside_a_call_that_another_shows_it_does_not_come_back():
    """What a profiler sees in turn: a mode above it, left by what runs inside the call."""
    mode = Names()

    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            mode.__exit__()
            return x + 1

        @staticmethod
        def backward(ctx, g):
            return g

    class Inside(Mode):
        inside = True

        def dispatch(self, op, call, args, kwargs):
            result = call(*args, **kwargs)
            if mode in entered():
                Inner.apply(torch.ones(1))
            return result

    with Inside():
        mode.__enter__()
        torch.ones(2) + 1
        assert mode not in entered()
    assert entered() == []


def test_a_mode_stays_between_its_neighbours_when_it_sees_a_function():
    class Functions(Mode):
        def dispatch_function(self, name, call, args, kwargs):
            return call(*args, **kwargs)

    with Names() as below, Functions() as mode, Names() as above:
        torch.nn.functional.relu(torch.ones(2))
        assert entered() == [below, mode, above]


def test_autocast_is_turned_off_and_on_by_what_runs_inside_one_of_its_calls():
    """As hooks do that an op calls for what it saves."""
    def pack(x):
        with torch.autocast("cpu", enabled=False):
            return x.clone()

    w = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu"), torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        for _ in range(2):
            assert (w @ w).dtype == torch.bfloat16 and torch.is_autocast_enabled("cpu")
    assert (w @ w).dtype == torch.float32 and entered() == []
