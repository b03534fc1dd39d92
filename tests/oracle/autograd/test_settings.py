"""Variable, the settings of a thread, and where gradients get their strides."""

from __future__ import annotations

import warnings
from typing import Any

from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


@program
def variables_are_tensors(T: Any) -> Any:
    V = T.autograd.Variable
    x = T.ones(2)
    v = V(x, requires_grad=True)
    (v * 3).sum().backward()
    x.mul_(2)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        V(x, volatile=True)
    return v, v.grad, v is x, V().shape, type(v) is T.Tensor, isinstance(x, V), isinstance(3, V), isinstance(T.nn.Parameter(x), V), raises(lambda: V(3)), raises(lambda: V(x, other=1)), len(seen)


@program
def the_old_path_of_variable(T: Any) -> Any:
    import importlib

    module = importlib.import_module(f"{T.__name__}.autograd.variable")
    return isinstance(T.ones(1), module.Variable), module.Variable is T.autograd.Variable


@program
def threads_of_backward(T: Any) -> Any:
    A, seen = T.autograd, [T.autograd.is_multithreading_enabled()]
    with A.set_multithreading_enabled(False):
        x = leaf(T)
        (x * x).sum().backward()
        seen += [x.grad, A.is_multithreading_enabled()]
    seen.append(A.is_multithreading_enabled())
    A.set_multithreading_enabled(False)
    seen.append(A.is_multithreading_enabled())
    A.set_multithreading_enabled(True)

    @A.set_multithreading_enabled(False)
    def inside() -> Any:
        return A.is_multithreading_enabled()

    A.set_multithreading_enabled(True)
    return seen, inside(), A.is_multithreading_enabled()


@program
def views_are_found_again(T: Any) -> Any:
    A, seen = T.autograd, []
    for mode in (True, False):
        with A.grad_mode._force_original_view_tracking(mode):
            x = leaf(T)
            y = x * 1
            v = y.view(3, 1)[1:]
            y.mul_(3)
            v.sum().backward()
            seen += [x.grad, A.is_view_replay_enabled()]
    return seen, A.is_view_replay_enabled()


@program
def strides_of_gradients(T: Any) -> Any:
    seen = []
    for enabled in (True, False):
        for make in (lambda p: (p * 2).sum(), lambda p: (p * T.ones(2, 3)).sum(), lambda p: (p.t() * T.ones(3, 2)).sum()):
            p = T.ones(3, 2).t().requires_grad_()
            with T.autograd.enforce_grad_layout_policy(enabled):
                make(p).backward()
            seen.append([p.grad, p.grad.stride() if enabled else None])
    return seen
