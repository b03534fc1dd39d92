"""Every learning-rate schedule beside PyTorch's: sixty steps, resumed in the middle, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import both, refusals_of
from .training import adam, flat, rates, sgd


# How a schedule S of an optimizer o is made, and which optimizer.
ROWS = [
    ("S.LambdaLR(o, lambda e: 0.9**e)", sgd), ("S.MultiplicativeLR(o, lambda e: 0.95)", sgd),
    ("S.MultiplicativeLR(o, [lambda e: 0.9, lambda e: 1 / (e + 1)])", sgd), ("S.StepLR(o, 7, 0.5)", sgd), ("S.MultiStepLR(o, [5, 20, 20, 41], 0.3)", sgd),
    ("S.ConstantLR(o, 0.25, 9)", sgd), ("S.LinearLR(o, 0.1, 0.9, 30)", sgd), ("S.ExponentialLR(o, 0.93)", sgd), ("S.PolynomialLR(o, 30, 2.0)", sgd),
    ("S.PolynomialLR(o)", adam), ("S.CosineAnnealingLR(o, 25, 0.01)", sgd), ("S.CosineAnnealingWarmRestarts(o, 7, 2, 0.01)", sgd),
    ("S.CosineAnnealingWarmRestarts(o, 10)", adam),
    ("S.CyclicLR(o, 0.01, 0.2, step_size_up=8)", sgd), ("S.CyclicLR(o, [0.01, 0.02], [0.2, 0.3], 6, 9, mode='triangular2')", sgd),
    ("S.CyclicLR(o, 0.01, 0.2, 10, mode='exp_range', gamma=0.98, cycle_momentum=False)", sgd),
    ("S.CyclicLR(o, 0.01, 0.2, 10, scale_fn=lambda x: 0.9**x, scale_mode='iterations')", adam),
    ("S.OneCycleLR(o, 0.5, total_steps=60)", sgd), ("S.OneCycleLR(o, [0.5, 0.7], epochs=6, steps_per_epoch=10, anneal_strategy='linear')", sgd),
    ("S.OneCycleLR(o, 0.1, total_steps=61, three_phase=True, pct_start=0.25)", adam),
    ("S.SequentialLR(o, [S.ConstantLR(o, 0.1, 4), S.ExponentialLR(o, 0.9)], [10])", sgd),
    ("S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 10), S.CosineAnnealingLR(o, 20), S.StepLR(o, 5)], [10, 30])", sgd),
    ("S.ChainedScheduler([S.ConstantLR(o, 0.1, 5), S.ExponentialLR(o, 0.95)])", sgd),
]


def made(T: Any, text: str, optimizer: Any) -> Any:
    o = optimizer(T)
    return o, eval(text, {"S": T.optim.lr_scheduler, "o": o, "T": T})


@pytest.mark.parametrize(("text", "optimizer"), ROWS, ids=[text for text, _ in ROWS])
def test_sixty_steps_follow_pytorch(text: str, optimizer: Any) -> None:
    found = both(lambda T: flat(rates(T, *made(T, text, optimizer), 59)))
    np.testing.assert_allclose(*found, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(("text", "optimizer"), ROWS, ids=[text for text, _ in ROWS])
def test_resumes_in_the_middle(text: str, optimizer: Any) -> None:
    o, schedule = made(corelib, text, optimizer)
    rates(corelib, o, schedule, 23)
    saved, options = schedule.state_dict(), o.state_dict()
    theirs_o, theirs = made(torch, text, optimizer)
    rates(torch, theirs_o, theirs, 23)
    assert sorted(k for k in saved if k != "_is_initial") == sorted(k for k in theirs.state_dict() if k not in ("_is_initial", "_scale_fn_ref"))
    again_o, again = made(corelib, text, optimizer)
    again_o.load_state_dict(options)
    again.load_state_dict(saved)
    np.testing.assert_allclose(flat(rates(corelib, again_o, again, 30)), flat(rates(torch, theirs_o, theirs, 30)), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {}, {"mode": "max", "patience": 2}, {"factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs", "cooldown": 2},
        {"mode": "max", "threshold": 0.2, "threshold_mode": "abs", "patience": 0}, {"min_lr": [0.05, 0.2], "patience": 0, "factor": 0.3},
        {"mode": "max", "threshold": 0.05, "patience": 1},
    ],
)
def test_plateaus_are_pytorchs(options: dict[str, Any]) -> None:
    metrics = np.random.default_rng(3).standard_normal(60).cumsum() * 0.1 + 2

    def followed(T: Any) -> list[float]:
        o = sgd(T)
        schedule = T.optim.lr_scheduler.ReduceLROnPlateau(o, **options)
        for m in metrics[:30]:
            schedule.step(T.tensor(m))
        state = schedule.state_dict()
        schedule = T.optim.lr_scheduler.ReduceLROnPlateau(o, **options)
        schedule.load_state_dict(state)
        seen = []
        for m in metrics[30:]:
            schedule.step(m)
            seen.append([schedule.get_last_lr(), schedule.best, schedule.num_bad_epochs, schedule.in_cooldown])
        return flat(seen)

    np.testing.assert_allclose(*both(followed))


def test_warm_restarts_take_fractions_of_epochs() -> None:
    def followed(T: Any) -> list[float]:
        o = sgd(T)
        schedule = T.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2)
        seen = []
        for i in range(90):
            schedule.step(i / 7)
            seen.append([schedule.get_last_lr(), schedule.T_i, schedule.T_cur])
        return flat(seen)

    np.testing.assert_allclose(*both(followed))


REFUSED = [
    "S.MultiplicativeLR(o, [lambda e: 1.0])", "S.MultiplicativeLR(o, 3)", "S.CosineAnnealingWarmRestarts(o, 0)", "S.CosineAnnealingWarmRestarts(o, 2, 0)",
    "S.CosineAnnealingWarmRestarts(o, 2, 1, 'x')", "S.CosineAnnealingWarmRestarts(o, 2).step(-1)", "S.CyclicLR(o, 0.1, 1, mode='odd')",
    "S.CyclicLR(o, [0.1], 1)", "S.CyclicLR(3, 0.1, 1)", "S.CyclicLR(T.optim.Adagrad([T.zeros(1, requires_grad=True)]), 0.1, 1)",
    "S.OneCycleLR(o, 0.1)", "S.OneCycleLR(o, 0.1, total_steps=0)", "S.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=2)",
    "S.OneCycleLR(o, 0.1, total_steps=5, pct_start=2)", "S.OneCycleLR(o, 0.1, total_steps=5, anneal_strategy='x')",
    "[s.step() for s in [S.OneCycleLR(o, 0.1, total_steps=2)] * 4]", "S.SequentialLR(o, [], [])", "S.SequentialLR(o, [S.StepLR(o, 2)], [3])",
    "S.SequentialLR(o, [S.ReduceLROnPlateau(o)], [])", "S.ChainedScheduler([])", "S.ChainedScheduler([S.ReduceLROnPlateau(o)])",
    "S.ReduceLROnPlateau(o, factor=1.0)", "S.ReduceLROnPlateau(o, mode='x')", "S.ReduceLROnPlateau(o, threshold_mode='x')",
    "S.ReduceLROnPlateau(o, min_lr=[1])", "S.ReduceLROnPlateau(3)",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_what_pytorch_refuses(text: str) -> None:
    mine, theirs = refusals_of(lambda T: made(T, text, sgd))
    assert mine == theirs
