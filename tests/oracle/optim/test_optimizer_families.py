"""Every optimizer on an MLP beside PyTorch's: trajectories, states that go either way, resuming, printing and refusals."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import assert_arrays_close, both, refusals_of
from .training import model, ported, run

ROWS = [
    ("Adadelta", {}), ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}), ("Adadelta", {"maximize": True}),
    ("Adagrad", {}), ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 0.5}), ("Adagrad", {"maximize": True}),
    ("Adamax", {}), ("Adamax", {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1}), ("Adamax", {"maximize": True}),
    ("ASGD", {}), ("ASGD", {"lr": 0.05, "t0": 10, "lambd": 0.01, "weight_decay": 0.01}), ("ASGD", {"maximize": True}),
    ("NAdam", {}), ("NAdam", {"lr": 0.01, "weight_decay": 0.1, "momentum_decay": 0.01}), ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("NAdam", {"maximize": True}),
    ("RAdam", {}), ("RAdam", {"lr": 0.01, "weight_decay": 0.1}), ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}), ("RAdam", {"maximize": True}),
    ("RMSprop", {}), ("RMSprop", {"momentum": 0.9, "weight_decay": 0.01}), ("RMSprop", {"centered": True, "alpha": 0.9}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "maximize": True}),
    ("Rprop", {}), ("Rprop", {"lr": 0.005, "etas": (0.6, 1.1), "step_sizes": (1e-5, 0.1)}), ("Rprop", {"maximize": True}),
    ("Adafactor", {}), ("Adafactor", {"lr": 0.1, "weight_decay": 0.1, "d": 2.0, "eps": (1e-6, 1e-2)}), ("Adafactor", {"maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}), ("Adam", {"amsgrad": True}), ("AdamW", {"lr": 0.01}),
    ("LBFGS", {"lr": 0.5, "max_iter": 4}), ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 5}), ("LBFGS", {"history_size": 2, "max_iter": 3}),
]
IDS = [f"{name}-{','.join(options) or 'default'}" for name, options in ROWS]


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_fifty_steps_follow_pytorch(name: str, options: dict[str, Any]) -> None:
    """In float64, where what differs is the algorithm and not its rounding."""
    steps = 12 if name == "LBFGS" else 50

    def trained(T: Any) -> list[Any]:
        net = model(T, "float64")
        return run(T, net, getattr(T.optim, name)(net.parameters(), **options), steps, "float64")

    assert_arrays_close(*both(trained), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_resumes_from_a_state_dict_of_either_library(name: str, options: dict[str, Any]) -> None:
    """Ten steps here and there, then corelib goes on from PyTorch's state, and from its own copy of it."""
    net, optimizer = [], []
    for T in (corelib, torch):
        net.append(model(T, "float64"))
        optimizer.append(getattr(T.optim, name)(net[-1].parameters(), **options))
        run(T, net[-1], optimizer[-1], 5, "float64")
    mine, theirs = optimizer[0].state_dict(), optimizer[1].state_dict()
    assert mine["param_groups"] == theirs["param_groups"]
    assert list(mine["state"]) == list(theirs["state"])
    for key, state in theirs["state"].items():
        assert {k: type(v).__name__ for k, v in mine["state"][key].items() if k not in ("t", "H_diag")} == {
            k: type(v).__name__ for k, v in state.items() if k not in ("t", "H_diag")
        }

    for source in (ported(corelib, theirs), copy.deepcopy(mine)):
        resumed_net = model(corelib, "float64")
        resumed_net.load_state_dict(net[0].state_dict())
        resumed = getattr(corelib.optim, name)(resumed_net.parameters(), **options)
        resumed.load_state_dict(source)
        again = copy.deepcopy(net[1])
        other = getattr(torch.optim, name)(again.parameters(), **options)
        other.load_state_dict(copy.deepcopy(theirs))
        assert_arrays_close(run(corelib, resumed_net, resumed, 5, "float64"), run(torch, again, other, 5, "float64"), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_prints_as_pytorch(name: str, options: dict[str, Any]) -> None:
    mine, theirs = both(lambda T: repr(getattr(T.optim, name)(model(T).parameters(), **options)))
    assert mine == theirs


@pytest.mark.parametrize("options", [{}, {"nesterov": False, "lr": 0.02}, {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0}])
def test_muon_follows_pytorch(options: dict[str, Any]) -> None:
    """Its matrices are made orthogonal in bfloat16, so trajectories agree to bfloat16's digits."""

    def trained(T: Any) -> list[Any]:
        net = model(T)
        return run(T, net, T.optim.Muon([p for p in net.parameters() if p.ndim == 2], **options), 5)

    assert_arrays_close(*both(trained), rtol=2e-2, atol=1e-2)


REFUSED = [
    ("Adadelta", {"rho": 1.5}), ("Adadelta", {"eps": -1}), ("Adagrad", {"lr_decay": -1}), ("Adagrad", {"initial_accumulator_value": -1}),
    ("Adamax", {"betas": (1.0, 0.9)}), ("ASGD", {"weight_decay": -1}), ("NAdam", {"momentum_decay": -1}), ("RAdam", {"betas": (0.9, 1.0)}),
    ("RMSprop", {"momentum": -1}), ("RMSprop", {"alpha": -1}), ("Rprop", {"etas": (1.5, 2.0)}), ("Adafactor", {"d": 0.5}),
    ("Adafactor", {"beta2_decay": 0.5}), ("Muon", {"momentum": -1}), ("Muon", {}), ("LBFGS", {"lr": -1}),
    *[(name, {"lr": -0.1}) for name in ("Adadelta", "Adagrad", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "Adafactor")],
    ("Adagrad", {"fused": True, "foreach": True}), ("Adagrad", {"fused": True, "differentiable": True}),
]


@pytest.mark.parametrize(("name", "options"), REFUSED)
def test_refuses_what_pytorch_refuses(name: str, options: dict[str, Any]) -> None:
    mine, theirs = refusals_of(lambda T: getattr(T.optim, name)(model(T).parameters(), **options))
    assert mine.split(" (")[0].removeprefix(f"{name}(): ") == theirs


@pytest.mark.parametrize("name", ["Adadelta", "Adagrad", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop"])
def test_an_update_can_be_differentiated(name: str) -> None:
    """With differentiable=True the gradient of what comes after a step flows to the gradient it was taken with."""

    def gradient(T: Any) -> Any:
        g = T.tensor([0.5, -1.0], dtype=T.float64, requires_grad=True)
        p = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True).clone()
        p.retain_grad()
        p.grad = g * 2
        optimizer = getattr(T.optim, name)([T.zeros(1, requires_grad=True)], differentiable=True)
        optimizer.param_groups[0]["params"] = [p]
        optimizer.step()
        (p * p).sum().backward()
        return g.grad.numpy()

    np.testing.assert_allclose(*both(gradient), rtol=1e-6)
