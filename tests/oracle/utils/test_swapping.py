"""swap_tensors, set_module, hooks' helpers, and what torch has of symbolic numbers, as PyTorch's."""

from __future__ import annotations

import pickle
import warnings
import weakref
from typing import Any

import corelib
import pytest
import torch


@pytest.mark.parametrize("T", [corelib, torch], ids=["corelib", "pytorch"])
class TestSwap:
    def test_all_who_hold_one_see_the_other(self, T: Any) -> None:
        layer = T.nn.Linear(2, 2)
        weight, other = layer.weight, T.nn.Parameter(T.zeros(3, 3), requires_grad=False)
        other.tag = 5
        T.utils.swap_tensors(weight, other)
        assert layer.weight is weight and weight.shape == (3, 3) and weight.tag == 5 and not weight.requires_grad
        assert other.shape == (2, 2) and other.requires_grad and not hasattr(other, "tag")
        (other * 2).sum().backward()
        assert other.grad.tolist() == [[2, 2], [2, 2]] and weight.grad is None

    def test_classes_go_along(self, T: Any) -> None:
        plain, parameter = T.ones(2), T.nn.Parameter(T.zeros(1))
        T.utils.swap_tensors(plain, parameter)
        assert type(plain) is T.nn.Parameter and type(parameter) is T.Tensor and plain.is_leaf and parameter.tolist() == [1, 1]

    def test_views_and_storage_stay(self, T: Any) -> None:
        base = T.arange(4.0)
        view, other = base[1:3], T.zeros(2)
        T.utils.swap_tensors(view, other)
        other.fill_(9)
        assert base.tolist() == [0, 9, 9, 3] and view.tolist() == [0, 0]

    def test_what_is_referred_to_weakly_is_refused(self, T: Any) -> None:
        a, b = T.ones(1), T.zeros(1)
        held = weakref.ref(a)
        with pytest.raises(RuntimeError, match="weakref"):
            T.utils.swap_tensors(a, b)
        assert held() is a and a.tolist() == [1]

    def test_a_tensor_in_a_graph_is_refused(self, T: Any) -> None:
        a = T.ones(1, requires_grad=True)
        made = a * 2
        with pytest.raises(RuntimeError):
            T.utils.swap_tensors(made, T.zeros(1))
            made.backward()
            raise RuntimeError("taken")  # PyTorch takes the result of an op that nothing else holds

    def test_set_module(self, T: Any) -> None:
        def f():
            pass

        T.utils.set_module(f, "there")
        assert f.__module__ == "there"
        with pytest.raises(TypeError):
            T.utils.set_module(f, 3)


@pytest.mark.parametrize("T", [corelib, torch], ids=["corelib", "pytorch"])
def test_hooks_that_are_not_saved(T: Any) -> None:
    t = T.ones(1, requires_grad=True)
    t.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="will not be serialized"):
        T.utils.hooks.warn_if_has_hooks(t)
    marked = T.ones(1, requires_grad=True)
    handle = marked.register_hook(T.utils.hooks.unserializable_hook(lambda g: g))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        T.utils.hooks.warn_if_has_hooks(marked)
        T.utils.hooks.warn_if_has_hooks(T.ones(1))
    assert isinstance(handle, T.utils.hooks.RemovableHandle)


CALLS = """
T.sym_int(2.7)
T.sym_int(-2.7)
T.sym_int(True)
T.sym_float(3)
T.sym_not(0)
T.sym_max(1, 2.0)
T.sym_max(3, 2)
T.sym_min(1, 2.0)
T.sym_min(3, 2)
T.sym_sqrt(2)
T.sym_sum([1, 2, 3])
T.sym_ite(True, 1, 2)
T.sym_ite(False, 1, 2)
T.sym_constrain_range(3, min=1, max=4)
T.sym_constrain_range(3)
T.sym_constrain_range_for_size(3, min=0, max=5)
T.cond(True, lambda x: x + 1, lambda x: x - 1, (T.ones(2),)).tolist()
T.cond(T.tensor(False), lambda x: x + 1, lambda x: x - 1, (T.ones(2),)).tolist()
T.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (T.tensor(0), T.ones(2)))[1].tolist()
T.is_anomaly_check_nan_enabled()
[T.set_anomaly_enabled(True, False), T.is_anomaly_enabled(), T.is_anomaly_check_nan_enabled(), T.set_anomaly_enabled(False), T.is_anomaly_enabled()]
T.thread_safe_generator()
isinstance(3, T.SymInt), isinstance(3.0, T.SymFloat), isinstance(True, T.SymBool)
T.from_dlpack(T.to_dlpack(T.arange(3))).tolist()
T.nn.parameter.is_lazy(T.nn.LazyLinear(2).weight), isinstance(T.nn.LazyLinear(2).weight, T.nn.parameter.UninitializedTensorMixin)
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", CALLS)
def test_calls(expression: str) -> None:
    assert eval(expression, {"T": corelib}) == eval(expression, {"T": torch})


REFUSED = """
T.sym_max('a', 2)
T.sym_constrain_range(3, min=4)
T.sym_constrain_range(3, min=4, max=2)
T.sym_constrain_range_for_size(-1)
T.sym_ite(3, 1, 2)
T.cond(T.ones(2), lambda: 1, lambda: 2)
T.cond('x', lambda: 1, lambda: 2)
T.cond(True, 3, lambda: 2)
T.while_loop(3, lambda: 1, ())
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", REFUSED)
def test_refused(expression: str) -> None:
    for T in (corelib, torch):
        with pytest.raises((RuntimeError, TypeError, AssertionError, ValueError, AttributeError)):
            eval(expression, {"T": T})


def test_tensors_pickle_after_a_swap() -> None:
    a, b = corelib.ones(2), corelib.zeros(3)
    corelib.utils.swap_tensors(a, b)
    assert pickle.loads(pickle.dumps(a)).tolist() == [0, 0, 0]
