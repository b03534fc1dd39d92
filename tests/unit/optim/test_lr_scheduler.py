"""The schedules: their rates, their state, and the warnings about the order of steps."""

import math

import pytest

import corelib as torch
from corelib.optim import lr_scheduler


def optimizer(lr=1.0, groups=1):
    return torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)], lr=lr)


def rates(make, epochs=8, lr=1.0):
    """The rate of each epoch of a schedule."""
    o = optimizer(lr)
    schedule = make(o)
    found = []
    for _ in range(epochs):
        found.append(o.param_groups[0]["lr"])
        o.step()
        schedule.step()
    return found


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5), lambda t: 0.5 ** (t // 3)),
        (lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
        (lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 5], gamma=0.5), lambda t: 0.5 ** ((t >= 2) + 2 * (t >= 5))),
        (lambda o: lr_scheduler.ConstantLR(o, 0.5, total_iters=4), lambda t: 0.5 if t < 4 else 1.0),
        (lambda o: lr_scheduler.LinearLR(o, 0.25, total_iters=4), lambda t: 0.25 + 0.75 * min(t, 4) / 4),
        (lambda o: lr_scheduler.ExponentialLR(o, 0.5), lambda t: 0.5**t),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 4), lambda t: (1 + math.cos(math.pi * t / 4)) / 2),
    ],
    ids=["step", "lambda", "multistep", "constant", "linear", "exponential", "cosine"],
)
def test_a_schedule_follows_its_formula(make, expected):
    assert rates(make) == pytest.approx([expected(t) for t in range(8)], abs=1e-12)


def test_each_group_has_its_own_function_and_initial_rate():
    o = optimizer(groups=2)
    o.param_groups[1]["lr"] = 0.5
    schedule = lr_scheduler.LambdaLR(o, [lambda t: 1.0, lambda t: 0.5**t])
    o.step()
    schedule.step()
    assert schedule.get_last_lr() == [1.0, 0.25]
    assert [g["initial_lr"] for g in o.param_groups] == [1.0, 0.5]


def test_a_rate_that_is_a_tensor_is_changed_in_place():
    rate = torch.tensor(1.0)
    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    schedule = lr_scheduler.StepLR(o, 1, gamma=0.5)
    o.step()
    schedule.step()
    assert o.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
    assert schedule.get_last_lr()[0] is not rate


def test_two_schedules_on_one_optimizer_multiply():
    o = optimizer()
    first, second = lr_scheduler.ExponentialLR(o, 0.5), lr_scheduler.StepLR(o, 1, gamma=0.5)
    o.step()
    first.step()
    second.step()
    assert o.param_groups[0]["lr"] == 0.25


def test_a_schedule_goes_on_from_its_state_dict():
    o = optimizer()
    schedule = lr_scheduler.StepLR(o, 2, gamma=0.5)
    for _ in range(3):
        o.step()
        schedule.step()
    state = schedule.state_dict()
    assert "optimizer" not in state
    assert state["last_epoch"] == 3
    p = optimizer()
    resumed = lr_scheduler.StepLR(p, 99)
    p.load_state_dict(o.state_dict())
    resumed.load_state_dict(state)
    p.step()
    resumed.step()
    assert resumed.get_last_lr() == [0.25]


def test_a_state_dict_has_the_attributes_of_callable_objects_and_no_functions():
    class Decay:
        def __init__(self, base):
            self.base = base

        def __call__(self, epoch):
            return self.base**epoch

    o = optimizer(groups=2)
    state = lr_scheduler.LambdaLR(o, [Decay(0.5), lambda t: 1.0]).state_dict()
    assert state["lr_lambdas"] == [{"base": 0.5}, None]
    other = lr_scheduler.LambdaLR(o, [Decay(0.9), lambda t: 1.0])
    other.load_state_dict(state)
    assert other.lr_lambdas[0].base == 0.5
    assert state["lr_lambdas"] == [{"base": 0.5}, None]


def test_stepping_the_schedule_before_the_optimizer_warns():
    schedule = lr_scheduler.StepLR(optimizer(), 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        schedule.step()


def test_an_optimizer_step_that_was_replaced_warns():
    o = optimizer()
    schedule = lr_scheduler.StepLR(o, 1)
    o.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden"):
        schedule.step()


def test_get_lr_outside_of_step_and_a_given_epoch_warn():
    o = optimizer()
    schedule = lr_scheduler.StepLR(o, 2, gamma=0.5)
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()
    o.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        schedule.step(4)
    assert schedule.get_last_lr() == [0.25]


def test_what_is_no_optimizer_is_refused():
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        lr_scheduler.StepLR(3, 1)


def test_resuming_needs_the_initial_rates():
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(optimizer(), 1, last_epoch=3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: lr_scheduler.LambdaLR(o, [lambda t: 1.0] * 2), "Expected 1 lr_lambdas, but got 2"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), "between 0 and 1. Got factor=1.5"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0.0), "Got start_factor=0.0"),
        (lambda o: lr_scheduler.LinearLR(o, end_factor=1.5), "Got end_factor=1.5"),
    ],
)
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(optimizer())
