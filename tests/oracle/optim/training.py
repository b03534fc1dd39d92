"""What the tests of optimizers, schedules and averages train: small models and groups, the same in both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import corelib


def model(T: Any, dtype: str = "float32") -> Any:
    rng = np.random.default_rng(0)
    net = T.nn.Sequential(T.nn.Linear(6, 8), T.nn.Tanh(), T.nn.Linear(8, 3))
    with T.no_grad():
        for p in net.parameters():
            p.copy_(T.from_numpy(rng.standard_normal(tuple(p.shape)).astype("float32") * 0.5))
    return net.to(getattr(T, dtype))


def data(T: Any, dtype: str = "float32") -> Any:
    rng = np.random.default_rng(1)
    return T.from_numpy(rng.standard_normal((16, 6)).astype(dtype)), T.from_numpy(rng.integers(0, 3, 16))


def run(T: Any, net: Any, optimizer: Any, steps: int, dtype: str = "float32") -> list[Any]:
    """The losses of some steps, and the parameters after them."""
    x, y = data(T, dtype)
    losses = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = T.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(float(optimizer.step(closure).detach()))
    return [np.array(losses), *[p.detach().numpy().copy() for p in net.parameters()]]


def ported(T: Any, value: Any) -> Any:
    """A state dict with its tensors in the library T's."""
    if isinstance(value, (torch.Tensor, corelib.Tensor)):
        return T.from_numpy(np.array(value.detach().numpy()))
    if isinstance(value, dict):
        return {k: ported(T, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(ported(T, v) for v in value)
    return value


def sgd(T: Any, **options: Any) -> Any:
    groups = [{"params": [T.zeros(2, requires_grad=True)]}, {"params": [T.zeros(3, requires_grad=True)], "lr": 0.3}]
    return T.optim.SGD(groups, lr=0.1, momentum=0.9, **options)


def adam(T: Any) -> Any:
    return T.optim.Adam([T.zeros(2, requires_grad=True)], lr=0.01)


def rates(T: Any, o: Any, schedule: Any, steps: int) -> list[Any]:
    """What a schedule has set in every group of the optimizer o after each step."""
    found = []
    for _ in range(steps):
        for group in o.param_groups:
            for p in group["params"]:
                p.grad = T.zeros_like(p)
        o.step()
        schedule.step()
        found.append([[g["lr"], g.get("momentum", 0), g.get("betas", 0)] for g in o.param_groups] + [schedule.get_last_lr()])
    return found


def flat(nest: Any) -> list[float]:
    return [x for item in nest for x in flat(item)] if isinstance(nest, (list, tuple)) else [float(nest)]
