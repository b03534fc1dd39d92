"""Modes see every op of their thread, with its arguments as the user could have passed them."""

from __future__ import annotations

import threading

import corelib as torch
import pytest
from corelib.dispatcher import Mode


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
