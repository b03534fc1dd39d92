"""Averages of parameters, batch norms recomputed, and their schedule, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.optim.swa_utils  # noqa: F401  (which PyTorch loads when it is asked for)


from ..pairs import as_array, assert_arrays_close, both, refusals_of, tensors
from .training import flat, model, rates, sgd


def averaged(T: Any, make: Any, use_buffers: bool = False, steps: int = 4) -> list[np.ndarray]:
    T.manual_seed(3)
    net = T.nn.Sequential(model(T), T.nn.BatchNorm1d(3))
    swa = T.optim.swa_utils.AveragedModel(net, use_buffers=use_buffers, **make(T.optim.swa_utils))
    optimizer = T.optim.SGD(net.parameters(), lr=0.1)
    (x,) = tensors(T, (5, 6), grad=False)
    for _ in range(steps):
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        optimizer.step()
        swa.update_parameters(net)
    T.optim.swa_utils.update_bn([x, (x * 2, 1)], swa)
    return [as_array(t) for t in swa.state_dict().values()]


MAKERS: dict[str, Any] = {
    "default": lambda S: {}, "mean": lambda S: {"avg_fn": S.get_swa_avg_fn()}, "moving": lambda S: {"avg_fn": S.get_ema_avg_fn(0.9)},
    "means": lambda S: {"multi_avg_fn": S.get_swa_multi_avg_fn()}, "movings": lambda S: {"multi_avg_fn": S.get_ema_multi_avg_fn(0.9)},
}  # fmt: skip
# PyTorch's means of lists fail on integer buffers.
CASES = [(name, buffers) for name in MAKERS for buffers in (False, True) if (name, buffers) != ("means", True)]


@pytest.mark.parametrize(("name", "use_buffers"), CASES)
def test_averages_are_pytorchs(name: str, use_buffers: bool) -> None:
    assert_arrays_close(*both(lambda T: averaged(T, MAKERS[name], use_buffers)), rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"anneal_strategy": "linear", "anneal_epochs": 5}, {"anneal_epochs": 0}])
def test_the_schedule_is_pytorchs(options: dict[str, Any]) -> None:
    def followed(T: Any) -> list[float]:
        o = sgd(T)
        schedule = T.optim.swa_utils.SWALR(o, [0.02, 0.05], **options)
        seen = rates(T, o, schedule, 7)
        state = schedule.state_dict()
        again = T.optim.swa_utils.SWALR(o, [0.02, 0.05], **options)
        again.load_state_dict(state)
        return flat([seen, rates(T, o, again, 8)])

    np.testing.assert_allclose(*both(followed), rtol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "S.SWALR(o, 0.1, anneal_strategy='x')", "S.SWALR(o, 0.1, anneal_epochs=-1)", "S.SWALR(o, [0.1])", "S.get_ema_avg_fn(2)", "S.get_ema_multi_avg_fn(-1)",
        "S.AveragedModel(m, avg_fn=S.get_swa_avg_fn(), multi_avg_fn=S.get_swa_multi_avg_fn())",
    ],
)
def test_refuses_what_pytorch_refuses(text: str) -> None:
    mine, theirs = refusals_of(lambda T: eval(text, {"S": T.optim.swa_utils, "o": sgd(T), "m": model(T)}))
    assert mine == theirs
