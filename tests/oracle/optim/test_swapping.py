"""An optimizer's steps on other parameters and another state, and hooks around a step."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import corelib

MAKERS = {
    "SGD": lambda T, p: T.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Adam": lambda T, p: T.optim.Adam(p, lr=0.01),
    "AdamW": lambda T, p: T.optim.AdamW([{"params": p[:1], "lr": 0.02}, {"params": p[1:]}], lr=0.01),
    "RMSprop": lambda T, p: T.optim.RMSprop(p, lr=0.01, momentum=0.5),
}


def parameters(T: Any, start: float) -> list[Any]:
    made = [T.full((2,), start).requires_grad_(), T.full((3,), start + 1).requires_grad_()]
    for i, p in enumerate(made):
        p.grad = T.full_like(p, 0.5 + i)
    return made


@pytest.mark.parametrize("name", MAKERS)
def test_steps_inside_are_of_the_other_parameters(name: str) -> None:
    def run(T: Any) -> Any:
        own, other = parameters(T, 1.0), parameters(T, 5.0)
        optimizer = MAKERS[name](T, own)
        optimizer.step()
        kept = optimizer.param_groups[0]["params"]
        state = copy.deepcopy(optimizer.state_dict())
        state["param_groups"][0]["lr"] = 0.3
        with T.optim.swap_in_optimizer_params_and_state(optimizer, {"a": other[0], "b": other[1]}, state):
            rate, inside = optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["params"][0] is other[0]
            optimizer.step()
        numbers = [round(x, 5) for p in (*own, *other) for x in p.tolist()]
        optimizer.step()
        return rate, inside, optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["params"] is kept, numbers, [round(x, 5) for p in own for x in p.tolist()]

    assert run(corelib) == run(torch)


BROKEN = {
    "no state": lambda T, o, p, s: (MAKERS["Adam"](T, p), s),
    "no dict": lambda T, o, p, s: (o, [s]),
    "no groups": lambda T, o, p, s: (o, {"state": {}}),
    "more groups": lambda T, o, p, s: (o, {**s, "param_groups": s["param_groups"] * 2}),
    "another option": lambda T, o, p, s: (o, {**s, "param_groups": [{**s["param_groups"][0], "more": 1}]}),
    "fewer parameters": lambda T, o, p, s: (o, {**s, "param_groups": [{**s["param_groups"][0], "params": [0]}]}),
    "names for numbers": lambda T, o, p, s: (o, {**s, "param_groups": [{**s["param_groups"][0], "params": ["a", "b"]}]}),
    "another key": lambda T, o, p, s: (o, {**s, "state": {7: {}}}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_state_that_does_not_fit_is_refused(name: str) -> None:
    for T in (corelib, torch):
        own = parameters(T, 1.0)
        optimizer = MAKERS["Adam"](T, own)
        optimizer.step()
        optimizer, state = BROKEN[name](T, optimizer, own, optimizer.state_dict())
        with pytest.raises(RuntimeError), T.optim.swap_in_optimizer_params_and_state(optimizer, {"a": own[0], "b": own[1]}, state):
            pass


def test_a_step_with_hooks() -> None:
    def run(T: Any) -> Any:
        said: list[str] = []
        optimizer = T.optim.SGD(parameters(T, 1.0), lr=0.1)
        optimizer.register_step_pre_hook(lambda o, args, kwargs: said.append("before"))
        optimizer.register_step_post_hook(lambda o, args, kwargs: said.append("after"))

        def step(self: Any, n: int) -> int:
            said.append(f"step {n}")
            return n + 1

        return T.optim.Optimizer.profile_hook_step(step)(optimizer, 2), said

    assert run(corelib) == run(torch)
