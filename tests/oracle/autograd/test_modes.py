"""Detaching, .data, grad mode, inference mode and anomaly mode."""

from __future__ import annotations

import warnings
from typing import Any

from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


@program
def detach_shares_memory_and_versions(T: Any) -> Any:
    x = leaf(T)
    y = x * 1
    d = y.detach()
    d.add_(1)
    return y, y._version, d._version, d.requires_grad


@program
def detach_inplace(T: Any) -> Any:
    y = leaf(T) * 2
    y.detach_()
    return y.requires_grad, y.is_leaf, y.grad_fn is None


@program
def detach_inplace_of_a_view_is_refused(T: Any) -> Any:
    (leaf(T) * 2)[:1].detach_()


@program
def data_escapes_the_graph(T: Any) -> Any:
    x = leaf(T)
    x.data.mul_(10)
    y = (x * x).sum()
    y.backward()
    return x, x.grad


@program
def modes_nest_and_come_back(T: Any) -> Any:
    seen = [T.is_grad_enabled()]
    with T.no_grad():
        seen.append(T.is_grad_enabled())
        with T.enable_grad():
            seen.append(T.is_grad_enabled())
            with T.set_grad_enabled(False):
                seen.append(T.is_grad_enabled())
        seen.append(T.is_grad_enabled())
    seen.append(T.is_grad_enabled())
    return seen


@program
def set_grad_enabled_as_a_function(T: Any) -> Any:
    T.set_grad_enabled(False)
    off = (leaf(T) * 2).requires_grad
    T.set_grad_enabled(True)
    return off, (leaf(T) * 2).requires_grad


@program
def modes_as_decorators(T: Any) -> Any:
    @T.no_grad()
    def off(x: Any) -> Any:
        return x * 2

    @T.no_grad
    def bare(x: Any) -> Any:
        return x * 2

    @T.enable_grad()
    def on(x: Any) -> Any:
        return x * 2

    @T.no_grad()
    def generate(x: Any) -> Any:
        for _ in range(2):
            yield x * 2, T.is_grad_enabled()

    x = leaf(T)
    with T.no_grad():
        inner = on(x).requires_grad
    produced = [(y.requires_grad, enabled, T.is_grad_enabled()) for y, enabled in generate(x)]
    return off(x).requires_grad, bare(x).requires_grad, inner, off.__name__, produced


@program
def grad_stays_off_in_inference_mode(T: Any) -> Any:
    x = leaf(T)
    with T.inference_mode():
        with T.enable_grad():
            inside = x * 2
        with T.set_grad_enabled(True):
            inside_too = x * 2
        with T.inference_mode(False):
            normal = x * 2
        after = x * 2
    return [(t.requires_grad, t.is_inference()) for t in (inside, inside_too, normal, after, x * 2)]


@program
def classes_are_decorated_with_a_warning(T: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        @T.no_grad()
        class Made:
            def __init__(self) -> None:
                self.enabled = T.is_grad_enabled()

    return Made().enabled, T.is_grad_enabled(), [(w.category.__name__, str(w.message)) for w in caught]


@program
def anomalies_show_the_users_line_last(T: Any) -> Any:
    x = T.tensor([-1.0], requires_grad=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with T.autograd.detect_anomaly():
            y = x.sqrt().sum()
            error = raises(y.backward)
    said = str(caught[-1].message).split(" (Triggered internally")[0].strip().splitlines()
    return error, said[0], said[-1].strip()


@program
def grad_mode_comes_back_after_an_exception(T: Any) -> Any:
    try:
        with T.no_grad():
            raise KeyError
    except KeyError:
        pass
    return T.is_grad_enabled()


@program
def views_made_without_grad_mode(T: Any) -> Any:
    x = leaf(T)
    y = x * 1
    with T.no_grad():
        v = y[1:]
    return v.requires_grad, v._is_view(), raises(lambda: v.mul_(2))


@program
def inference_mode_marks_what_is_made_in_it(T: Any) -> Any:
    x = leaf(T)
    with T.inference_mode():
        y, z = x * 2, T.zeros(2)
        made = [T.ones(2), T.tensor([1.0]), T.rand(2), T.arange(3), T.full((2,), 1.0), T.empty(1), T.zeros_like(x), x.clone(), T.randn(2)]
        flags = T.is_inference_mode_enabled(), T.is_grad_enabled()
    return flags, [(t.is_inference(), t.requires_grad) for t in (x, y, z, *made)], T.is_inference_mode_enabled()


@program
def inference_tensors_changed_outside_are_refused(T: Any) -> Any:
    with T.inference_mode():
        y = T.ones(3)
    y.add_(1)


@program
def inference_tensors_saved_for_backward_are_refused(T: Any) -> Any:
    with T.inference_mode():
        y = T.ones(3)
    return leaf(T) * y


@program
def inference_tensors_used_without_being_saved(T: Any) -> Any:
    with T.inference_mode():
        y = T.ones(3)
    x = leaf(T)
    (x + y).sum().backward()
    return x.grad, (y * 2).is_inference(), y.clone().is_inference(), y[1:].is_inference()


@program
def inference_mode_as_decorator_and_off(T: Any) -> Any:
    @T.inference_mode()
    def f(x: Any) -> Any:
        with T.inference_mode(False):
            inner = (x * 2).requires_grad
        return inner, (x * 2).is_inference()

    return f(leaf(T))


@program
def inference_tensor_made_to_require_grad_is_refused(T: Any) -> Any:
    with T.inference_mode():
        y = T.ones(3)
    y.requires_grad_()
    return (y * y).requires_grad


# Anomaly.


@program
def anomaly_mode_finds_nan_is_refused(T: Any) -> Any:
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.detect_anomaly():
        (x.sqrt() * 0).sum().backward()


@program
def anomaly_mode_can_leave_nan(T: Any) -> Any:
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.detect_anomaly(check_nan=False):
        (x.sqrt() * 0).sum().backward()
    with T.autograd.set_detect_anomaly(True):
        on = T.is_anomaly_enabled()
    return str(x.grad.tolist()), on, T.is_anomaly_enabled()
