"""The graph: hooks, in-place changes, versions, modes, custom functions, and that it is freed."""

from __future__ import annotations

import gc
import weakref

import corelib as torch
import pytest


def leaf(*values):
    return torch.tensor(list(values), requires_grad=True)


def test_gradients_accumulate_and_shared_ones_are_not_aliased():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    for n in (1, 2):
        (a + b).sum().backward()
        assert a.grad.tolist() == b.grad.tolist() == [n, n]
    a.grad.zero_()
    assert b.grad.tolist() == [2.0, 2.0]


def test_a_second_backward_needs_retain_graph():
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_derivatives_of_derivatives():
    x = leaf(3.0)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == [27.0] and h.tolist() == [18.0]


def test_unused_inputs_are_an_error_none_or_zeros():
    x, y = leaf(1.0), leaf(1.0)
    z = (x * 2).sum()
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(z, y, retain_graph=True)
    assert torch.autograd.grad(z, y, retain_graph=True, allow_unused=True) == (None,)
    assert torch.autograd.grad(z, y, materialize_grads=True)[0].tolist() == [0.0]


def test_hooks_see_and_replace_gradients_and_can_be_removed():
    x = leaf(1.0, 2.0)
    y = x * 3
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 10)
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    y.sum().backward(retain_graph=True)
    assert seen == [[1.0, 1.0], [30.0, 30.0]]
    handle.remove()
    y.sum().backward()
    assert seen[2:] == [[60.0, 60.0]]


def test_node_hooks_run_around_their_node():
    x = leaf(1.0)
    y = x * 2
    order = []
    y.grad_fn.register_prehook(lambda grads: order.append("before"))
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 5, *inputs[1:]))
    y.sum().backward()
    assert order == ["before"] and x.grad.tolist() == [10.0]


def test_retain_grad_keeps_a_non_leafs_gradient():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3.0] and y.retains_grad
    with pytest.warns(UserWarning, match="not a leaf"):
        assert (x * 2).grad is None


def test_a_saved_tensor_that_was_changed_in_place_is_an_error():
    x = leaf(1.0)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation.*version 1; expected version 0"):
        y.sum().backward()


def test_leaves_refuse_in_place_changes_outside_no_grad():
    x = leaf(1.0, 2.0)
    for change in (lambda: x.add_(1), lambda: x[0].mul_(2), lambda: x.zero_()):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            change()
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0] and x.is_leaf


def test_in_place_changes_of_views_reach_their_base_and_back():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    v.mul_(10)
    assert y.tolist() == [1.0, 20.0, 30.0] and y.grad_fn.name() == "CopySlices"
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 20.0, 30.0]


def test_a_view_sees_what_happened_to_its_base():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[0]
    y.mul_(3)
    v.backward()
    assert x.grad.tolist() == [3.0, 0.0]


def test_a_leaf_that_is_a_view_stays_a_leaf_when_its_base_changes():
    x = torch.ones(3)
    for v in (x[:2], (x * leaf(1.0, 1.0, 1.0)).detach()[:2]):
        v.requires_grad_()
        v._base.add_(1)
        (v * 2).sum().backward()
        assert v.grad.tolist() == [2.0, 2.0]


def test_writing_by_index_into_a_plain_tensor_joins_it_to_the_graph():
    x = leaf(2.0)
    t = torch.zeros(3)
    t[1] = x[0] * 4
    t[torch.tensor([0, 2])] = x * 5
    t.sum().backward()
    assert t.tolist() == [10.0, 8.0, 10.0] and x.grad.tolist() == [14.0]


def test_grad_modes_nest_decorate_and_belong_to_the_thread():
    x = leaf(1.0)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad

    @torch.no_grad()
    def silent():
        return x * 2

    assert not silent().requires_grad and torch.is_grad_enabled()
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled() and not (x * 2).requires_grad


def test_a_function_with_several_outputs_and_other_arguments():
    class SplitScale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            ctx.save_for_backward(x)
            return x * factor, x * x

        @staticmethod
        def backward(ctx, g, h):
            (x,) = ctx.saved_tensors
            return g * ctx.factor + h * 2 * x, None

    x = leaf(3.0)
    a, b = SplitScale.apply(x, 5.0)
    (a + b).sum().backward()
    assert x.grad.tolist() == [11.0] and a.grad_fn.name() == "SplitScaleBackward" and b.output_nr == 1


def test_a_function_that_returns_too_few_gradients_is_an_error():
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(RuntimeError, match=r"incorrect number of gradients \(expected 2, got 1\)"):
        Bad.apply(leaf(1.0), leaf(1.0)).sum().backward()


def test_gradcheck_accepts_right_and_rejects_wrong_derivatives():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2.1

    x = torch.tensor([0.3, 1.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(torch.tanh, x) and torch.autograd.gradgradcheck(torch.tanh, x)
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(Wrong.apply, x)
    assert not torch.autograd.gradcheck(Wrong.apply, x, raise_exception=False)


def test_anomaly_mode_shows_where_forward_ran():
    x = leaf(-1.0)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        mode = torch.autograd.detect_anomaly()
    with mode:
        y = x.sqrt().sum()
        with pytest.warns(UserWarning, match="(?s)Traceback of forward call.*test_graph"), pytest.raises(RuntimeError, match="nan values"):
            y.backward()


def test_graphs_are_freed_without_the_collector():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = (x.exp() * x).tanh()
        middle = weakref.ref(y.grad_fn)
        loss = y.sum()
        del y
        loss.backward()
        del loss
        assert middle() is None
        z = x.exp().sigmoid()  # saves its own output
        gone = weakref.ref(z)
        del z
        assert gone() is None
    finally:
        gc.enable()


def test_names_and_edges_are_pytorchs():
    x = leaf(1.0, 2.0)
    y = (x * 2 + 1).sum()
    names = []
    node = y.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    assert names == ["SumBackward0", "AddBackward0", "MulBackward0", "torch::autograd::AccumulateGrad"]
    assert y.grad_fn.next_functions[0][0].next_functions[1] == (None, 0)


def test_inference_mode_marks_what_is_made_inside():
    x = leaf(1.0, 2.0)
    with torch.inference_mode():
        y = x * 2
        inside = y.add_(1)
        view = x[:1]
    assert y.is_inference() and inside is y and not view.is_inference() and not (x * 2).is_inference()
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
        y.add_(1)
    with pytest.raises(RuntimeError, match="inference tensor"):
        y.requires_grad_()
    assert not y.clone().is_inference()
