"""What records a call is text, compiled for each op: right also for ops of which there is nothing to record."""

from __future__ import annotations

from typing import Any

import pytest

import corelib as torch
from corelib.graph.recording import recorder
from corelib.graph.rule import Rule


def _rule(vjp: Any) -> Rule:
    return Rule(
        "made_up", ("input", "n"), (0,), (), frozenset({0}), frozenset(), frozenset({1}), several=False, naming=None, defaults=(None, 2), vjp=vjp
    )


@pytest.mark.parametrize("vjp", [None, {}])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_an_op_without_derivative_records_nothing(vjp: Any, n: int) -> None:
    x = torch.ones(2, requires_grad=True)
    out = x.detach().clone()
    recorder(_rule(vjp), n)((x, 2)[:n], out)
    assert out.grad_fn is None and not out.requires_grad


def test_a_number_that_is_saved_has_no_version() -> None:
    x = torch.ones(2, requires_grad=True)
    out = x.detach() * 3
    recorder(_rule(lambda g, input, n: g * input * n), 2)((x, 3), out)
    assert out.grad_fn is not None and out.grad_fn.saved[2] == 3 and out.grad_fn.versions[1:3] == (0, None)
    (found,) = torch.autograd.grad(out, x, torch.ones(2))
    assert found.tolist() == [3.0, 3.0]


def test_an_operand_that_may_be_a_number_counts_changes_where_it_is_a_tensor() -> None:
    x, y = torch.ones(2, requires_grad=True), torch.ones(2)
    made = x * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        made.sum().backward()
    for number in (2, 2.0, True):
        (x * number).sum().backward()
