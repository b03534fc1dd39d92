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
