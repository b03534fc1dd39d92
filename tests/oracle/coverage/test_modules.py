"""The methods of Module and Optimizer, one expression each, in both libraries."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import corelib

from .calls import compared
from .expressions import assert_same


def net(T: Any) -> Any:
    T.manual_seed(1)
    return T.nn.Sequential(T.nn.Linear(2, 3), T.nn.BatchNorm1d(3))


def sgd(T: Any) -> Any:
    return T.optim.SGD([T.nn.Parameter(T.ones(2))], lr=0.5)


MODULE = """
(net.add_module("more", T.nn.Tanh()), net)
(net.register_module("more", T.nn.Tanh()), net)
net.apply(lambda module: setattr(module, "seen", type(module).__name__))[0].seen
net.bfloat16().state_dict()
net.float()[0].weight
net.cpu()[0].weight
net.type(T.float64)[0].weight
[type(module).__name__ for module in net.children()]
T.nn.Module().extra_repr()
net.get_buffer("1.running_mean")
net.get_buffer("1.nothing")
net.get_parameter("0.weight")
net.get_submodule("1")
(net.set_submodule("1", T.nn.Tanh()), net)
(net.register_buffer("b", T.ones(2)), net.state_dict())
(net.register_buffer("b", T.ones(2), persistent=False), net.state_dict())
(net.register_parameter("p", T.nn.Parameter(T.ones(2))), net.state_dict())
[p.requires_grad for p in net.requires_grad_(False).parameters()]
net.to_empty(device="cpu")[0].weight.shape
net.train(False).training
[net(T.ones(2, 2)).sum().backward(), net.zero_grad(), net[0].weight.grad][1:]
[net.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update(extra=1)) is None, net.state_dict()]
[net.register_state_dict_pre_hook(lambda module, prefix, keep: module.add_module("late", T.nn.Linear(1, 1))) is None, list(net.state_dict())]
[net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear()) is None, net.load_state_dict({}).missing_keys]
[net.register_load_state_dict_pre_hook(lambda module, state, *rest: state.update(late=T.ones(1))) is None, net.load_state_dict({}, strict=False).unexpected_keys]
net[0].forward(T.ones(2, 2))
(net.call_super_init, net.dump_patches)
""".strip().splitlines()

OPTIMIZER = """
T.optim.Optimizer([T.nn.Parameter(x)], {"lr": 1.0})
T.optim.Optimizer([], {"lr": 1.0})
(sgd.add_param_group({"params": [T.nn.Parameter(x)], "lr": 2.0}), sgd)
[order for order in [[]] for _ in [sgd.register_step_pre_hook(lambda *a: order.append("before")), sgd.register_step_post_hook(lambda *a: order.append("after")), sgd.step()]][-1]
[sgd.register_state_dict_pre_hook(lambda o: o.param_groups[0].update(lr=3.0)) is None, sgd.state_dict()]
[sgd.register_state_dict_post_hook(lambda o, state: {"own": 1}) is None, sgd.state_dict()]
[sgd.register_load_state_dict_pre_hook(lambda o, state: state["param_groups"][0].update(lr=4.0)) is None, sgd.load_state_dict(sgd.state_dict()), sgd]
[sgd.register_load_state_dict_post_hook(lambda o: o.param_groups[0].update(lr=5.0)) is None, sgd.load_state_dict(sgd.state_dict()), sgd]
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("expression", [*MODULE, *OPTIMIZER])
def test_method_is_as_in_pytorch(expression: str) -> None:
    assert_same(expression, net=net, sgd=sgd)


@pytest.mark.parametrize(("path", "method", "arguments"), [
    ("nn.Module", "forward", "()"), ("nn.Module", "get_extra_state", "()"), ("nn.Module", "set_extra_state", "(1,)"), ("optim.Optimizer", "step", "()"),
])  # fmt: skip
def test_what_only_a_subclass_has(path: str, method: str, arguments: str) -> None:
    """PyTorch's own method raises too, and one that overrides it is called."""
    base = "T.nn.Module()" if path == "nn.Module" else 'T.optim.Optimizer([T.nn.Parameter(x)], {"lr": 1.0})'
    assert_same(f"{base}.{method}{arguments}")
    for T in (corelib, torch):
        own = type("Own", (getattr(getattr(T, path.split(".")[0]), path.split(".")[1]),), {method: lambda self, *given: ("own", given)})
        made = own() if path == "nn.Module" else own([T.nn.Parameter(T.ones(1))], {})
        assert getattr(made, method)(*eval(arguments)) == ("own", eval(arguments))
    compared(f"torch.{path}.{method}")


def test_a_schedule_of_ones_own() -> None:
    rates = []
    for T in (corelib, torch):

        class Halves(T.optim.lr_scheduler.LRScheduler):  # type: ignore[name-defined,misc]
            def get_lr(self) -> list[float]:
                return [base / 2**self.last_epoch for base in self.base_lrs]

        optimizer = sgd(T)
        schedule = Halves(optimizer)
        optimizer.step()
        schedule.step()
        rates.append((schedule.get_last_lr(), schedule.last_epoch))
    assert rates[0] == rates[1]
