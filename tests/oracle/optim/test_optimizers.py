"""Optimizers and schedules against PyTorch's: trajectories, state dicts that go either way, errors, and repr."""

import itertools
import warnings

import numpy as np
import pytest
import torch

import corelib

from ..pairs import both, refusals_of
from .training import ported

STEPS = 12
SHAPES = [(4, 3), (3,), (), (0, 2), (70000,), (260, 300)]


def starts(dtype):
    random = np.random.default_rng(0)
    return [np.asarray(random.standard_normal(shape), dtype=dtype) for shape in SHAPES]


def gradients(dtype, step):
    """Gradients of ordinary sizes, each step others; one of them huge, one of them zero, one of them missing."""
    random = np.random.default_rng(100 + step)
    found = [np.asarray(random.standard_normal(shape), dtype=dtype) for shape in SHAPES]
    found[1] *= 1e4
    found[2].fill(0)
    return found[:-1] if step == 3 else found


def parameters(T, dtype):
    return [T.from_numpy(np.array(a)).requires_grad_() for a in starts(dtype)]


def give_gradients(T, params, dtype, step):
    for p, g in itertools.zip_longest(params, gradients(dtype, step)):
        p.grad = None if g is None else T.from_numpy(np.array(g))


def train(T, optimizer, params, dtype, steps):
    for step in steps:
        give_gradients(T, params, dtype, step)
        optimizer.step()


def assert_close(expected, got, dtype):
    tolerance = 2e-6 if dtype == np.float32 else 1e-13
    for e, g in zip(expected, got, strict=True):
        e, g = e.detach().numpy(), g.detach().numpy()
        assert e.shape == g.shape
        assert e.dtype == g.dtype
        assert np.all(np.abs(e - g) <= tolerance * np.maximum(1, np.abs(e)))


SGD = [
    {"momentum": m, "dampening": d, "nesterov": n, "weight_decay": w, "maximize": x}
    for (m, d, n), w, x in itertools.product(
        [(0, 0, False), (0.9, 0, False), (0.9, 0.1, False), (0.9, 0, True)], [0, 0.1], [False, True]
    )
]
ADAM = [
    {"amsgrad": a, "weight_decay": w, "maximize": x, "betas": b}
    for a, w, x, b in itertools.product([False, True], [0, 0.1], [False, True], [(0.9, 0.999), (0.5, 0.9)])
]
CASES = (
    [("SGD", o) for o in SGD]
    + [("Adam", o) for o in ADAM]
    + [("Adam", {**o, "decoupled_weight_decay": True}) for o in ADAM[:4]]
    + [("AdamW", o) for o in ADAM]
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_parameters_follow_the_same_trajectory(name, options, dtype):
    found = []
    for T in (torch, corelib):
        params = parameters(T, dtype)
        train(T, getattr(T.optim, name)(params, lr=0.01, **options), params, dtype, range(STEPS))
        found.append(params)
    assert_close(*found, dtype)


MAKERS = {
    "sgd": lambda T, p: T.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.1),
    "adam": lambda T, p: T.optim.Adam(p, lr=0.01, amsgrad=True),
    "adamw": lambda T, p: T.optim.AdamW([{"params": p[:2], "lr": 0.02}, {"params": p[2:], "weight_decay": 0.0}]),
    "named": lambda T, p: T.optim.Adam([(f"p{i}", q) for i, q in enumerate(p)], lr=0.01),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_dict_has_the_same_structure(name):
    dicts = []
    for T in (torch, corelib):
        params = parameters(T, np.float32)
        optimizer = MAKERS[name](T, params)
        train(T, optimizer, params, np.float32, range(2))
        dicts.append(optimizer.state_dict())
    theirs, ours = dicts
    assert list(theirs) == list(ours)
    assert theirs["param_groups"] == ours["param_groups"]
    assert [list(g) for g in theirs["param_groups"]] == [list(g) for g in ours["param_groups"]]
    assert list(theirs["state"]) == list(ours["state"])
    for number, state in theirs["state"].items():
        assert list(state) == list(ours["state"][number])
        for key, value in state.items():
            other = ours["state"][number][key]
            assert (tuple(value.shape), str(value.dtype)) == (tuple(other.shape), str(other.dtype))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("first", "second"), [(torch, corelib), (corelib, torch)], ids=["to_corelib", "to_torch"])
def test_training_begun_in_one_library_goes_on_in_the_other(name, first, second):
    params = parameters(first, np.float32)
    optimizer = MAKERS[name](first, params)
    train(first, optimizer, params, np.float32, range(4))
    others = [second.from_numpy(np.array(p.detach().numpy())).requires_grad_() for p in params]
    other = MAKERS[name](second, others)
    other.load_state_dict(ported(second, optimizer.state_dict()))
    train(first, optimizer, params, np.float32, range(4, 8))
    train(second, other, others, np.float32, range(4, 8))
    assert_close(params, others, np.float32)


@pytest.mark.parametrize("name", MAKERS)
def test_repr_is_the_same_text(name):
    mine, theirs = both(lambda T: repr(MAKERS[name](T, parameters(T, np.float32))))
    assert mine == theirs


SCHEDULES = {
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.3),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 0.95**t),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9]),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.4, 6),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.2, 0.8, 7),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 5, eta_min=0.01),
}


@pytest.mark.parametrize("tensor", [False, True], ids=["number", "tensor"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_the_same_rates_and_state(name, tensor):
    rates, states = [], []
    for T in (torch, corelib):
        lr = T.tensor(0.5) if tensor else 0.5
        optimizer = T.optim.SGD([T.zeros(1, requires_grad=True)], lr=lr)
        schedule = SCHEDULES[name](T.optim.lr_scheduler, optimizer)
        found = []
        for _ in range(14):
            found.append(float(schedule.get_last_lr()[0]))
            optimizer.step()
            schedule.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the deprecated form, whose warning the unit tests check
            schedule.step(4)
        found.append(float(schedule.get_last_lr()[0]))
        rates.append(found)
        states.append({k: v for k, v in schedule.state_dict().items() if k not in ("base_lrs", "_last_lr")})
    assert rates[1] == pytest.approx(rates[0], rel=1e-6 if tensor else 1e-14)
    assert states[1] == states[0]


def leaf(T):
    return T.ones(2, requires_grad=True)


ILL_FORMED = {
    "a bare tensor": lambda T: T.optim.SGD(leaf(T), lr=0.1),
    "no parameters": lambda T: T.optim.SGD([], lr=0.1),
    "a set": lambda T: T.optim.SGD([{"params": {leaf(T)}}], lr=0.1),
    "a number": lambda T: T.optim.Adam([3], lr=0.1),
    "a string": lambda T: T.optim.Adam(["weight"], lr=0.1),
    "a result": lambda T: T.optim.SGD([leaf(T) * 2], lr=0.1),
    "some names": lambda T: T.optim.SGD([("a", leaf(T)), leaf(T)], lr=0.1),
    "no params key": lambda T: T.optim.SGD([{"lr": 0.1}], lr=0.1),
    "negative lr": lambda T: T.optim.SGD([leaf(T)], lr=-1),
    "lr of two": lambda T: T.optim.SGD([leaf(T)], lr=T.ones(2)),
    "lr a string": lambda T: T.optim.SGD([leaf(T)], lr="fast"),
    "lr None": lambda T: T.optim.Adam([leaf(T)], lr=None),
    "negative momentum": lambda T: T.optim.SGD([leaf(T)], momentum=-0.1),
    "negative decay": lambda T: T.optim.SGD([leaf(T)], weight_decay=-0.1),
    "nesterov alone": lambda T: T.optim.SGD([leaf(T)], nesterov=True),
    "positional maximize": lambda T: T.optim.SGD([leaf(T)], 0.1, 0, 0, 0, False, True),
    "unknown option": lambda T: T.optim.SGD([leaf(T)], learning_rate=0.1),
    "beta of one": lambda T: T.optim.Adam([leaf(T)], betas=(1.0, 0.9)),
    "one beta": lambda T: T.optim.Adam([leaf(T)], betas=(0.9,)),
    "integer beta": lambda T: T.optim.Adam([leaf(T)], betas=(0, 0.9)),
    "negative eps": lambda T: T.optim.Adam([leaf(T)], eps=-1e-8),
    "fused and foreach": lambda T: T.optim.Adam([leaf(T)], fused=True, foreach=True),
    "fused and differentiable": lambda T: T.optim.SGD([leaf(T)], fused=True, differentiable=True),
    "decoupled AdamW": lambda T: T.optim.AdamW([leaf(T)], decoupled_weight_decay=True),
    "group no dict": lambda T: T.optim.SGD([leaf(T)], lr=0.1).add_param_group([leaf(T)]),
    "state of one group more": lambda T: T.optim.SGD([leaf(T)], lr=0.1).load_state_dict(
        T.optim.SGD([{"params": [leaf(T)]}, {"params": [leaf(T)]}], lr=0.1).state_dict()
    ),
    "state without groups": lambda T: T.optim.SGD([leaf(T)], lr=0.1).load_state_dict({"state": {}}),
    "a schedule of nothing": lambda T: T.optim.lr_scheduler.StepLR(None, 2),
    "a schedule resumed": lambda T: T.optim.lr_scheduler.StepLR(T.optim.SGD([leaf(T)], lr=0.1), 2, last_epoch=2),
    "functions for other groups": lambda T: T.optim.lr_scheduler.LambdaLR(T.optim.SGD([leaf(T)], lr=0.1), [abs] * 3),
    "a step size of zero": lambda T: _step_twice(T, 0),
}


def _step_twice(T, step_size):
    optimizer = T.optim.SGD([leaf(T)], lr=0.1)
    schedule = T.optim.lr_scheduler.StepLR(optimizer, step_size)
    optimizer.step()
    schedule.step()


@pytest.mark.parametrize("name", ILL_FORMED)
def test_an_ill_formed_call_raises_the_same_type(name):
    mine, _ = refusals_of(ILL_FORMED[name])
    assert mine
