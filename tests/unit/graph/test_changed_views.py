"""Views changed in place: what the graph keeps of the values before, and what backward leaves alone."""

import numpy as np
import pytest

import corelib as torch


def _leaf(*shape: int) -> torch.Tensor:
    return torch.arange(1.0, 1 + np.prod(shape)).reshape(shape).requires_grad_()


def test_what_a_gradient_looks_at_is_kept_as_it_was() -> None:
    w, v = _leaf(2, 3), _leaf(3)
    x = w * 1
    x[0].mul_(v)  # the slope of v is what x[0] was
    x.sum().backward()
    assert v.grad is not None and v.grad.tolist() == [1.0, 2.0, 3.0]
    assert w.grad is not None and w.grad.tolist() == [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]


def test_a_tensor_that_begins_to_need_a_gradient_keeps_its_old_values() -> None:
    v, y = _leaf(3), torch.full((3,), 5.0)
    y.mul_(v)
    y.add_(y)
    y.sum().backward()
    assert v.grad is not None and v.grad.tolist() == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_gradient_that_arrives_is_not_written_over(create_graph: bool) -> None:
    w = _leaf(2, 3)
    x = w * 1
    x[1].mul_(3)
    x[1].add_(1)
    g = torch.ones(2, 3)
    (got,) = torch.autograd.grad(x, w, g, create_graph=create_graph)
    assert got.tolist() == [[1.0, 1.0, 1.0], [3.0, 3.0, 3.0]]
    assert g.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


def test_a_gradient_that_others_hold_is_not_written_over() -> None:
    w = _leaf(2, 3)
    x = w * 1
    x[0].mul_(5)
    seen: list[torch.Tensor] = []
    x.register_hook(seen.append)  # type: ignore[arg-type]
    x.retain_grad()
    v = _leaf(2, 3)
    kept = (x + v) * 2  # the sum gives one gradient to both
    kept.backward(torch.ones(2, 3))
    assert w.grad is not None and w.grad.tolist() == [[10.0] * 3, [2.0] * 3]
    assert v.grad is not None and v.grad.tolist() == [[2.0] * 3] * 2
    assert seen[0].tolist() == [[2.0] * 3] * 2
    assert x.grad is not None and x.grad.tolist() == [[2.0] * 3] * 2


def test_many_changes_give_their_gradients_in_one_memory() -> None:
    w = _leaf(300, 200)
    x = w * 1
    for i in range(300):
        x[i].mul_(i)
    before = torch.cpu.memory_stats()["num_device_alloc"]
    x.sum().backward()
    assert w.grad is not None and w.grad[:, 0].tolist() == [float(i) for i in range(300)]
    assert torch.cpu.memory_stats()["num_device_alloc"] - before < 8


def test_both_operands_of_a_change_get_their_gradients() -> None:
    w, v = _leaf(2, 3), _leaf(3)
    x = w * 1
    x[1].add_(v)
    x[:, 0].fill_(2)
    x.sum().backward()
    assert w.grad is not None and w.grad.tolist() == [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
    assert v.grad is not None and v.grad.tolist() == [0.0, 1.0, 1.0]
