"""Views and in-place changes: which are refused, whose histories are rewritten, and where gradients are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import corelib as T


def test_a_kept_gradient_moves_with_an_in_place_change() -> None:
    a = T.ones(3, requires_grad=True) * 1
    a.retain_grad()
    a.mul_(2)
    (a + 1).sum().backward()
    assert a.grad is not None and a.grad.tolist() == [1, 1, 1]


def test_a_view_that_keeps_its_gradient_keeps_it_after_its_base_has_changed() -> None:
    b = T.ones(4, requires_grad=True) * 1
    v = b[:2]
    v.retain_grad()
    b.mul_(3)
    (v * 5).sum().backward()
    assert v.grad is not None and v.grad.tolist() == [5, 5]


@pytest.mark.parametrize("mode", [T.no_grad, T.inference_mode])
def test_a_view_made_without_recording_may_not_be_changed_while_that_is_recorded(mode: Callable[[], Any]) -> None:
    b, w = T.ones(4), T.ones(2, 2, requires_grad=True)
    with mode():
        v = b.view(2, 2)
        u = b[1:]
    v.mul_(2)  # nothing is recorded
    with pytest.raises(RuntimeError, match=r"A view was created in (no_grad|inference) mode and is being modified inplace"):
        v.mul_(w)
    with pytest.raises(RuntimeError, match="A view was created in"):
        u[0] = w[0, 0]
    assert v.tolist() == [[2, 2], [2, 2]]


def test_views_made_by_one_op_may_not_be_changed_nor_used_after_their_base_has_changed() -> None:
    a = T.ones(4, requires_grad=True) * 1
    p, _ = a.split(2)
    with pytest.raises(RuntimeError, match="returns multiple views"):
        p.mul_(2)
    with pytest.raises(RuntimeError, match="returns multiple views"):
        p[:1].mul_(2)
    a.mul_(2)
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        p.sum()


def test_unsafe_split_gives_pieces_that_are_no_views() -> None:
    a = T.ones(4, requires_grad=True) * 1
    p, _ = T.unsafe_split(a, 2)
    assert not p._is_view() and p.untyped_storage() is a.untyped_storage()
    p.mul_(2)
    assert p._version == 1 and a._version == 0 and p.grad_fn is not None and p.grad_fn.name() == "MulBackward0"


@pytest.mark.parametrize("change", [lambda b, w: b.mul_(w), lambda b, w: b[2:].mul_(w[2:]), lambda b, w: b[2:].copy_(w[2:])])
def test_a_view_begins_to_require_grad_with_its_base(change: Callable[[Any, Any], object]) -> None:
    b, w = T.ones(4) * 1, T.full((4,), 3.0, requires_grad=True)
    v, u = b[2:], b.view(2, 2)[0]
    change(b, w)
    assert v.requires_grad and u.requires_grad and not v.is_leaf
    v.sum().backward()
    assert w.grad is not None and w.grad.tolist() == [0, 0, 1, 1]


def test_looking_for_views_is_not_done_where_nobody_else_has_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*args: object) -> list[object]:
        raise AssertionError("all objects were looked through")

    monkeypatch.setattr("gc.get_referrers", looked)
    for n in (4, 100_000):  # with and without a pooled block
        out, w = T.zeros(2, n), T.ones(n, requires_grad=True)
        out[0] = w * 2
        out.add_(1)
        same = out
        other, another, third = T.zeros(n), T.zeros(n), T.zeros(n)
        other.mul_(w)
        another[1:].exp_()
        another[1:].mul_(w[1:])
        third.copy_(w)
        assert same.requires_grad and other.requires_grad and another.requires_grad and third.requires_grad
        w.detach().clone().requires_grad_()
        w.detach().requires_grad_()


def test_a_leaf_that_is_a_view_may_not_be_changed() -> None:
    v = T.ones(4)[:2].requires_grad_()
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        v.mul_(2)


def test_a_view_of_a_leaf_made_without_recording_requires_grad_and_has_no_history() -> None:
    b = T.ones(4, requires_grad=True)
    with T.no_grad():
        v = b.view(2, 2)
    assert v.requires_grad and v.is_leaf and v.grad_fn is None
    (v * 2).sum().backward()
    assert v.grad is None and b.grad is None


def test_data_counts_its_changes_apart_and_setting_it_does_not_reset_the_count() -> None:
    x = T.ones(3, requires_grad=True)
    y = x * x
    x.data.mul_(2)
    assert x._version == 0 and x.tolist() == [2, 2, 2] and x.data.untyped_storage() is x.untyped_storage()
    y.sum().backward()
    z = T.ones(3)
    z.mul_(2)
    z.data = T.zeros(5)
    assert z._version == 1 and z.shape == (5,)
    d = z.detach()
    d.mul_(2)
    assert z._version == d._version == 2


def test_real_numbers_in_the_memory_of_complex_ones_changed_in_place() -> None:
    z = T.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    b = z * 1
    T.view_as_real(b).mul_(3)
    b.real.mul_(2)
    (b.real.sum() + b.imag.sum()).backward()
    assert z.grad is not None and z.grad.tolist() == [6 + 3j, 6 + 3j]


def test_complex_numbers_in_the_memory_of_real_ones_changed_in_place() -> None:
    x = T.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = x * 1
    T.view_as_complex(b).mul_(1j)
    (b * T.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[2, -1], [4, -3]]


def test_views_of_a_tensor_whose_shape_was_changed_in_place() -> None:
    x = T.ones(3, 2, requires_grad=True)
    b = x * 1
    row = b[0]
    b.transpose_(0, 1)
    b.mul_(T.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    row.sum().backward()
    assert b._version == 2 and x.grad is not None and x.grad.tolist() == [[1, 4], [0, 0], [0, 0]]


@pytest.mark.parametrize("change", [T.Tensor.exp_, T.Tensor.sigmoid_, T.Tensor.tanh_, T.Tensor.sqrt_])
def test_a_result_that_was_saved_and_is_changed_again_is_noticed(change: Callable[[Any], Any]) -> None:
    y = T.ones(3, requires_grad=True) * 1
    for t in (y[:2], y):
        change(t)
        t.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            t.sum().backward()
        y = T.ones(3, requires_grad=True) * 1


def test_second_derivatives_through_changed_views() -> None:
    x = T.tensor([0.5, 1.5, 2.0], dtype=T.float64, requires_grad=True)

    def f(x: Any) -> Any:
        b = x * x
        b[1:].mul_(b[:1].clone()).sin_()
        b[0] = b[2].clone() * x[1]
        return b

    assert T.autograd.gradcheck(f, (x,)) and T.autograd.gradgradcheck(f, (x,))


def test_a_changed_view_names_its_nodes_as_pytorch_does() -> None:
    b = T.ones(4, requires_grad=True) * 1
    v = b[:2]
    v.mul_(3)
    assert b.grad_fn is not None and v.grad_fn is not None and b.grad_fn.name() == "CopySlices" and v.grad_fn.name() == "AsStridedBackward0"
    assert [n.name() for n, _ in b.grad_fn.next_functions if n] == ["MulBackward0"]


@pytest.mark.parametrize("make", [
    lambda: T.complex(T.ones(2), T.ones(2)), lambda: T.polar(T.ones(2), T.ones(2)), lambda: T.ones(2).repeat(2), lambda: T.ones(2).tile(2),
    lambda: T.ones(4).roll(1), lambda: T.kron(T.ones(2), T.ones(2)), lambda: T.ones(2, 3).quantile(0.5, 1), lambda: T.ones(2, 3).t().flatten(),
    lambda: T.ones(4).view(T.int32), lambda: T.ones(2, 3).t().reshape(6),
])  # fmt: skip
def test_results_with_memory_of_their_own_are_no_views(make: Callable[[], Any]) -> None:
    assert not make()._is_view()


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_what_saved_nothing_of_the_users_can_run_backward_twice(mode: str) -> None:
    x = T.ones(1, 1, 4, 4, requires_grad=True)
    y = T.nn.functional.interpolate(x * 1, scale_factor=2, mode=mode).sum()
    y.backward()
    assert x.grad is not None
    once = x.grad.clone()
    y.backward()
    assert x.grad.tolist() == (once * 2).tolist()


def test_copies_of_expanded_tensors_lie_as_pytorchs() -> None:
    q = T.ones(2, 3)
    assert (q.expand(2, 2, 3).clone().stride(), q.t().expand(4, 3, 2).clone().stride()) == ((6, 3, 1), (6, 1, 3))


def test_how_a_view_was_made_is_not_copied() -> None:
    p = T.ones(4).split(2)[0]
    q = copy.copy(p)
    q.mul_(T.ones(2, requires_grad=True))
    assert q.requires_grad
