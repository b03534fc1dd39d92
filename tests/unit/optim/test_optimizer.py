"""What all optimizers share: groups, names, hooks, state dicts, gradients to zero, and what they refuse."""

import copy
import gc
import pickle
import weakref

import pytest

import corelib as torch
from corelib.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook


def parameter(*values):
    return torch.tensor(list(values or (1.0, 2.0)), requires_grad=True)


def with_grad(*values):
    p = parameter(*values)
    p.grad = torch.ones_like(p)
    return p


def test_one_list_of_parameters_is_one_group_with_the_defaults():
    p = parameter()
    optimizer = torch.optim.SGD([p], lr=0.5, momentum=0.9)
    (group,) = optimizer.param_groups
    assert group["params"][0] is p
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.5, 0.9, False)


def test_a_group_keeps_its_own_options_and_gets_the_other_defaults():
    a, b = with_grad(1.0), with_grad(1.0)
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.25, "weight_decay": 1.0}], lr=0.5)
    optimizer.step()
    assert (a.item(), b.item()) == (0.5, 0.5)
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.25]


def test_named_parameters_give_their_names_to_the_group_and_the_state_dict():
    named = [("weight", parameter()), ("bias", parameter())]
    optimizer = torch.optim.SGD(iter(named), lr=0.1)
    assert all(p is q for p, (_, q) in zip(optimizer.param_groups[0]["params"], named, strict=True))
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (lambda: parameter(), TypeError, "iterable of Tensors or dicts"),
        (lambda: [], ValueError, "empty parameter list"),
        (lambda: [{"params": {parameter()}}], TypeError, "ordered collections"),
        (lambda: [1.5], TypeError, "can only optimize Tensors, but one of the params is float"),
        (lambda: [parameter() * 2], ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: [("a", parameter()), parameter()], ValueError, "Some param names are missing: 1 of 2"),
    ],
)
def test_what_is_no_list_of_leaves_is_refused(params, error, message):
    with pytest.raises(error, match=message):
        torch.optim.SGD(params(), lr=0.1)


def test_a_parameter_in_two_groups_is_refused():
    p = parameter()
    with pytest.raises(ValueError, match="more than one parameter group"):
        torch.optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1)


def test_groups_with_and_without_names_do_not_mix():
    optimizer = torch.optim.SGD([("a", parameter())], lr=0.1)
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [parameter()]})


def test_a_group_that_is_no_dict_is_refused():
    with pytest.raises(TypeError, match="param_group must be a dict"):
        torch.optim.SGD([parameter()], lr=0.1).add_param_group([parameter()])


def test_a_parameter_twice_in_one_group_warns():
    p = parameter()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        torch.optim.SGD([p, p], lr=0.1)


def test_zero_grad_forgets_gradients_or_fills_them_with_zeros():
    p = with_grad()
    grad = p.grad
    optimizer = torch.optim.SGD([p], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.filterwarnings("ignore:Using backward")
def test_zero_grad_detaches_a_gradient_that_has_a_graph():
    p = parameter()
    (p * p).sum().backward(create_graph=True)
    assert p.grad.grad_fn is not None
    torch.optim.SGD([p], lr=0.1).zero_grad(set_to_none=False)
    assert p.grad.grad_fn is None
    assert p.grad.tolist() == [0.0, 0.0]


def test_parameters_without_gradient_stay_and_get_no_state():
    p = parameter()
    optimizer = torch.optim.Adam([p], lr=0.5)
    optimizer.step()
    assert p.tolist() == [1.0, 2.0]
    assert not optimizer.state


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_a_group_without_parameters_is_stepped_over(kind):
    p = with_grad(1.0, 2.0)
    kind([{"params": []}, {"params": [p]}], lr=0.5).step()
    assert (p.detach() < torch.tensor([1.0, 2.0])).all()


def test_step_calls_the_closure_with_gradients_on_and_returns_its_loss():
    p = parameter(3.0)
    optimizer = torch.optim.SGD([p], lr=0.5)

    def closure():
        assert torch.is_grad_enabled()
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9.0
    assert p.item() == 0.0


def test_a_step_counts_as_an_in_place_change_for_autograd():
    p = parameter()
    loss = (p * p).sum()
    p.grad = torch.ones_like(p)
    torch.optim.SGD([p], lr=0.5).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_step_hooks_run_in_order_and_can_change_the_arguments():
    p = with_grad(1.0)
    optimizer = torch.optim.SGD([p], lr=0.5)
    seen = []
    handles = [
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all before")),
        optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "changed"), {})),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", len(args)))),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("all after")),
    ]
    assert optimizer.step() == "changed"
    assert seen == ["all before", ("after", 2), "all after"]
    for handle in handles:
        handle.remove()
    assert optimizer.step() is None
    assert len(seen) == 3


def test_a_step_hook_that_returns_something_else_is_an_error():
    optimizer = torch.optim.SGD([with_grad()], lr=0.5)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        optimizer.step()


def test_state_dict_hooks_run_around_saving_and_loading():
    optimizer = torch.optim.SGD([with_grad()], lr=0.5)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("save"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "extra": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, d: seen.append("load") or None)
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("first"), prepend=True)
    saved = optimizer.state_dict()
    assert saved["extra"] == 1
    optimizer.load_state_dict(saved)
    assert seen == ["save", "load", "first", "loaded"]


def test_state_dict_numbers_parameters_through_all_groups():
    optimizer = torch.optim.SGD([{"params": [with_grad(), with_grad()]}, {"params": [with_grad()]}], lr=1, momentum=0.5)
    optimizer.step()
    saved = optimizer.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0, 1], [2]]
    assert sorted(saved["state"]) == [0, 1, 2]
    assert saved["state"][2]["momentum_buffer"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("make", [lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: torch.optim.Adam(p)])
def test_training_goes_on_from_a_loaded_state_dict_as_if_never_stopped(make):
    a = with_grad()
    first = make([a])
    first.step()
    b = a.detach().clone().requires_grad_()
    b.grad = torch.ones_like(b)
    second = make([b])
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for _ in range(3):
        first.step()
        second.step()
    assert torch.equal(a, b)


def test_loaded_state_is_cast_to_its_parameter_but_the_step_count_is_not():
    p = with_grad()
    optimizer = torch.optim.Adam([p], lr=0.1)
    optimizer.step()
    half = torch.ones(2, dtype=torch.float64, requires_grad=True)
    other = torch.optim.Adam([half], lr=0.1)
    other.load_state_dict(optimizer.state_dict())
    state = other.state[half]
    assert state["exp_avg"].dtype is torch.float64
    assert state["step"].dtype is torch.float32


def test_a_state_dict_of_another_shape_is_refused():
    saved = torch.optim.SGD([parameter()], lr=0.1).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups: 1, the optimizer has 2"):
        torch.optim.SGD([{"params": parameter()}, {"params": parameter()}], lr=0.1).load_state_dict(saved)
    with pytest.raises(ValueError, match="group 0 has 1 parameters, the optimizer's has 2"):
        torch.optim.SGD([parameter(), parameter()], lr=0.1).load_state_dict(saved)


def test_loading_keeps_names_that_the_state_dict_does_not_have():
    saved = torch.optim.SGD([parameter()], lr=0.25).state_dict()
    optimizer = torch.optim.SGD([("w", parameter())], lr=0.1)
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["param_names"] == ["w"]
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_an_optimizer_can_be_pickled_and_goes_on():
    optimizer = torch.optim.Adam([with_grad()], lr=0.1)
    optimizer.step()
    again = pickle.loads(pickle.dumps(optimizer))
    (p,) = again.param_groups[0]["params"]
    p.grad = torch.ones_like(p)
    again.step()
    assert again.state[p]["step"].item() == 2.0


def test_repr_lists_the_options_of_each_group_by_name():
    optimizer = torch.optim.SGD([parameter()], lr=0.1)
    assert repr(optimizer).splitlines() == [
        "SGD (",
        "Parameter Group 0",
        "    dampening: 0",
        "    differentiable: False",
        "    foreach: None",
        "    fused: None",
        "    lr: 0.1",
        "    maximize: False",
        "    momentum: 0",
        "    nesterov: False",
        "    weight_decay: 0",
        ")",
    ]


def test_a_subclass_needs_only_defaults_and_a_step():
    class Halve(Optimizer):
        def __init__(self, params):
            super().__init__(params, {"factor": 0.5})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.mul_(group["factor"])

    p = parameter()
    optimizer = Halve([p])
    seen = []
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("hook"))
    optimizer.step()
    assert p.tolist() == [0.5, 1.0]
    assert seen == ["hook"]


def test_the_base_class_has_no_step_of_its_own():
    with pytest.raises(NotImplementedError, match="has no step"):
        Optimizer([parameter()], {}).step()


def test_an_optimizer_and_its_schedule_leave_no_cycle_behind():
    optimizer = torch.optim.SGD([with_grad()], lr=0.1)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    gone = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert gone() is None
    finally:
        gc.enable()
