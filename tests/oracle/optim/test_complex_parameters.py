"""Optimizers of complex parameters beside PyTorch's: trajectories with every option, states, resuming, and refusals."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import corelib

from ..pairs import LIBRARIES, assert_arrays_close, both, refusals_of
from .training import ported

OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "Adadelta": ({"lr": 0.5}, {"rho": 0.8, "weight_decay": 0.1}),
    "Adagrad": ({"lr": 0.1}, {"lr_decay": 0.1, "weight_decay": 0.1}, {"initial_accumulator_value": 0.5, "lr": 0.1}),
    "Adam": ({"lr": 0.1}, {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}, {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "AdamW": ({"lr": 0.1}, {"lr": 0.1, "amsgrad": True}),
    "Adamax": ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.1}),
    "ASGD": ({"lr": 0.1}, {"lr": 0.1, "lambd": 0.1, "t0": 2, "weight_decay": 0.1}),
    "NAdam": ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "RAdam": ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "RMSprop": ({"lr": 0.1}, {"lr": 0.1, "centered": True, "momentum": 0.5}, {"lr": 0.1, "weight_decay": 0.1}),
    "Rprop": ({"lr": 0.1}, {"lr": 0.05, "etas": (0.6, 1.1), "step_sizes": (1e-3, 0.1)}),
    "SGD": ({"lr": 0.1}, {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1}, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "LBFGS": ({"lr": 0.5}, {"lr": 0.5, "max_iter": 4}, {"line_search_fn": "strong_wolfe", "max_iter": 5}),
}
SWITCHES: tuple[dict[str, Any], ...] = ({}, {"foreach": False}, {"foreach": True}, {"maximize": True}, {"differentiable": True})
ROWS = [
    (name, options | switch) for name, rows in OPTIONS.items() for options in rows for switch in (SWITCHES if name != "LBFGS" else SWITCHES[:1])
]
IDS = [f"{name}-{','.join(options)}" for name, options in ROWS]
START = np.array([1 + 1j, -0.5 + 2j, 0.25 - 1j]), np.array([2.0, -1.0])


def trained(T: Any, name: str, options: dict[str, Any], steps: int = 6, state: Any = None) -> tuple[list[Any], Any]:
    """A complex and a real parameter after some steps, and the optimizer."""
    z, r = (T.from_numpy(n.copy()).requires_grad_() for n in START)
    target = T.from_numpy(np.array([0.5j, 1.0, 2 - 1j]))
    params = [z, r]
    if options.get("differentiable"):
        params = [p.clone() for p in params]
    optimizer = getattr(T.optim, name)(params, **options)
    if state is not None:
        optimizer.load_state_dict(state)

    def closure() -> Any:
        a, b = (p.detach().requires_grad_() for p in params) if options.get("differentiable") else params
        loss = ((a - target).abs() ** 2).sum() + (a.real**3).mean() + ((b - a.imag[:2]) ** 2).sum()
        grads = T.autograd.grad(loss, (a, b))
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        return loss

    if name == "LBFGS":
        for _ in range(steps):
            optimizer.step(closure)
    else:
        for _ in range(steps):
            closure()
            optimizer.step()
    return [p.detach().numpy().copy() for p in params], optimizer


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_complex_parameters_follow_pytorch(name: str, options: dict[str, Any]) -> None:
    (mine, my_optimizer), (theirs, their_optimizer) = both(lambda T: trained(T, name, options))
    # PyTorch's differentiable steps compute what depends on the count of steps in its float32; ASGD too, with foreach.
    rtol = 1e-4 if options.get("differentiable") else 1e-7
    assert_arrays_close(mine, theirs, rtol=rtol, atol=1e-12)
    ours, kept = my_optimizer.state_dict()["state"], their_optimizer.state_dict()["state"]
    for number, state in kept.items():
        for key, value in state.items():
            if name != "LBFGS" and hasattr(value, "dtype"):
                got = ours[number][key]
                assert str(got.dtype) == str(value.dtype), key
                assert_arrays_close([got.detach().numpy()], [value.detach().numpy()], rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in OPTIONS if n != "LBFGS"])
def test_a_state_of_complex_parameters_goes_on_from_pytorch(name: str) -> None:
    options = OPTIONS[name][0]
    state = trained(LIBRARIES[1], name, options)[1].state_dict()
    mine = trained(corelib, name, options, 3, ported(corelib, state))[0]
    assert_arrays_close(mine, trained(LIBRARIES[1], name, options, 3, copy.deepcopy(state))[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "options"), [("Adafactor", {}), ("Muon", {}), ("Adagrad", {"fused": True}), ("Adam", {"fused": True}), ("SGD", {"fused": True, "lr": 0.1})]
)
def test_refuses_complex_parameters_where_pytorch_does(name: str, options: dict[str, Any]) -> None:
    def step(T: Any) -> None:
        p = T.ones(2, 2, dtype=T.complex128, requires_grad=True)
        p.grad = T.ones(2, 2, dtype=T.complex128)
        getattr(T.optim, name)([p], **options).step()

    mine, _ = refusals_of(step)
    assert "complex" in mine
