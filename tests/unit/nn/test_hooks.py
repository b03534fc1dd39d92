"""Hooks of modules: order, replacement, removal, errors, and what a module without hooks costs."""

import copy
import pickle

import pytest

import corelib as torch
from corelib import nn
from corelib.nn import hooks


class Add(nn.Module):
    def forward(self, x, y=0):
        return x + y


def test_forward_hooks_run_around_forward_in_order_and_are_removed():
    m = Add()
    seen = []
    first = m.register_forward_pre_hook(lambda module, args: seen.append(("pre", args)))
    second = m.register_forward_hook(lambda module, args, out: seen.append(("post", args, out)))
    assert m(1, 2) == 3
    assert seen == [("pre", (1, 2)), ("post", (1, 2), 3)]
    first.remove()
    second.remove()
    second.remove()
    m(1, 2)
    assert len(seen) == 2


def test_a_handle_as_a_context_manager_removes_the_hook():
    m = Add()
    with m.register_forward_hook(lambda module, args, out: out * 10):
        assert m(1, 2) == 30
    assert m(1, 2) == 3


def test_hooks_replace_arguments_and_output():
    m = Add()
    m.register_forward_pre_hook(lambda module, args: (args[0] * 2, *args[1:]))
    m.register_forward_pre_hook(lambda module, args: args[0] + 1)
    m.register_forward_hook(lambda module, args, out: f"{args} {out}")
    assert m(5) == "(11,) 11"


def test_hooks_with_kwargs_see_and_replace_them():
    m = Add()
    m.register_forward_pre_hook(lambda module, args, kwargs: (args, {"y": kwargs["y"] + 1}), with_kwargs=True)
    m.register_forward_hook(lambda module, args, kwargs, out: (out, kwargs), with_kwargs=True)
    assert m(1, y=2) == (4, {"y": 3})


def test_a_pre_hook_with_kwargs_that_returns_something_else_is_refused():
    m = Add()
    m.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        m(1, y=2)


def test_a_module_without_hooks_left_calls_forward_directly(monkeypatch):
    m = Add()
    handles = [
        m.register_forward_pre_hook(lambda *_: None),
        m.register_forward_hook(lambda *_: None),
        m.register_full_backward_hook(lambda *_: None),
        m.register_full_backward_pre_hook(lambda *_: None),
        hooks.register_module_forward_hook(lambda *_: None),
    ]
    for handle in handles:
        handle.remove()
    monkeypatch.setattr(hooks, "call_with_hooks", lambda *_: pytest.fail("took the way of hooks"))
    assert m(1, y=2) == 3


def test_prepend_puts_a_hook_first():
    m = Add()
    seen = []
    m.register_forward_hook(lambda *_: seen.append("second"))
    m.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    m(1)
    assert seen == ["first", "second"]


def test_always_call_runs_after_an_error_and_its_own_error_is_a_warning():
    m = Add()
    seen = []
    m.register_forward_hook(lambda module, args, out: seen.append(out), always_call=True)
    m.register_forward_hook(lambda module, args, out: seen.append("never"))
    with pytest.raises(TypeError):
        m(1, "text")
    assert seen == [None]

    def broken(module, args, out):
        raise ValueError("mine")

    m.register_forward_hook(broken, always_call=True)
    with pytest.warns(UserWarning, match="silenced as another error.*mine"), pytest.raises(TypeError):
        m(1, "text")


def test_always_call_runs_once_when_a_later_hook_raises():
    m = Add()
    seen = []
    m.register_forward_hook(lambda module, args, out: seen.append(out), always_call=True)

    def broken(module, args, out):
        raise ValueError("mine")

    m.register_forward_hook(broken)
    with pytest.raises(ValueError, match="mine"):
        m(1, 2)
    assert seen == [3]


def test_backward_hooks_see_gradients_of_inputs_and_outputs():
    m = nn.Linear(2, 1, bias=False)
    seen = []
    m.register_full_backward_pre_hook(lambda module, grad_out: seen.append(("pre", len(grad_out))))
    m.register_full_backward_hook(
        lambda module, grad_in, grad_out: seen.append(("post", grad_in[0].shape, grad_out[0].tolist()))
    )
    x = torch.ones(3, 2, requires_grad=True)
    m(x).sum().backward()
    assert seen == [("pre", 1), ("post", (3, 2), [[1.0]] * 3)]


def test_backward_hooks_replace_gradients():
    m = nn.ReLU()
    m.register_full_backward_pre_hook(lambda module, grad_out: (grad_out[0] * 10,))
    m.register_full_backward_hook(lambda module, grad_in, grad_out: (grad_in[0] + 1,))
    x = torch.ones(2, requires_grad=True)
    m(x).sum().backward()
    assert x.grad.tolist() == [11.0, 11.0]


def test_backward_hooks_have_none_for_arguments_that_are_no_tensors():
    class Scale(nn.Module):
        def forward(self, x, factor, y):
            return x * factor, "text", y

    m = Scale()
    seen = []
    m.register_full_backward_hook(lambda module, grad_in, grad_out: seen.append((grad_in, grad_out)))
    x = torch.ones(1, requires_grad=True)
    out, text, _ = m(x, 3.0, torch.ones(1))
    assert text == "text"
    out.sum().backward()
    (grad_in, grad_out), = seen
    assert grad_in[0].item() == 3.0 and grad_in[1] is None
    # A tensor that needs no gradient gets zeros, as in PyTorch.
    assert grad_in[2].item() == 0.0
    assert grad_out[0].item() == 1.0 and grad_out[1] is None
    assert x.grad.item() == 3.0


@pytest.mark.parametrize("kind", ["register_full_backward_hook", "register_full_backward_pre_hook"])
def test_a_backward_hook_that_returns_too_many_gradients_is_refused(kind):
    m = nn.ReLU()
    getattr(m, kind)(lambda *_: (None, None, None))
    with pytest.raises(RuntimeError, match="invalid number of grad_(in|out)put, got 3, but expected 1"):
        m(torch.ones(2, requires_grad=True)).sum().backward()


def test_backward_hooks_do_nothing_without_grad():
    m = nn.ReLU()
    m.register_full_backward_hook(lambda *_: pytest.fail("called"))
    with torch.no_grad():
        assert m(torch.ones(2, requires_grad=True)).grad_fn is None


def test_backward_hooks_warn_of_an_output_that_holds_no_tensor():
    class Text(nn.Module):
        def forward(self, x):
            return "text"

    m = Text()
    m.register_full_backward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple of Tensors"):
        assert m(torch.ones(1)) == "text"


def test_global_hooks_run_for_every_module_before_its_own():
    seen = []
    net = nn.Sequential(nn.ReLU(), nn.Tanh())
    net[0].register_forward_hook(lambda *_: seen.append("own"))
    handle = hooks.register_module_forward_hook(lambda module, args, out: seen.append(type(module).__name__))
    try:
        net(torch.ones(1))
    finally:
        handle.remove()
    assert seen == ["ReLU", "own", "Tanh", "Sequential"]
    net(torch.ones(1))
    assert seen[4:] == ["own"]


def test_registration_hooks_may_replace_what_is_registered():
    replacement = nn.Parameter(torch.zeros(1))
    with hooks.register_module_parameter_registration_hook(lambda module, name, param: replacement):
        m = nn.Module()
        m.x = nn.Parameter(torch.ones(1))
    assert m.x is replacement
    with hooks.register_module_buffer_registration_hook(lambda module, name, b: b + 1):
        m.register_buffer("b", torch.ones(1))
    assert m.b.item() == 2.0
    with hooks.register_module_module_registration_hook(lambda module, name, child: nn.Tanh()):
        m.act = nn.ReLU()
    assert isinstance(m.act, nn.Tanh)


def double(module, args, out):
    return out * 2


def test_copied_and_pickled_modules_keep_their_hooks():
    m = nn.ReLU()
    handle = m.register_forward_hook(double)
    for other in (copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
        assert other(torch.ones(1)).item() == 2.0
    handle.remove()
    assert m(torch.ones(1)).item() == 1.0


def test_a_pickled_handle_removes_its_hook_from_the_module_pickled_with_it():
    m = nn.ReLU()
    handle = m.register_forward_hook(double)
    m2, handle2 = pickle.loads(pickle.dumps((m, handle)))
    handle2.remove()
    assert m2(torch.ones(1)).item() == 1.0
    assert m(torch.ones(1)).item() == 2.0
