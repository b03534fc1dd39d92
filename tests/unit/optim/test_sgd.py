"""SGD's update written out by hand, and what it refuses."""

import pytest

import corelib as torch


def run(steps, **options):
    """The parameter, 1.0 at first, after `steps` steps whose gradients are 1, 2, 3, ..."""
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.5, **options)
    for i in range(steps):
        p.grad = torch.full((1,), float(i + 1))
        optimizer.step()
    return p.item()


def test_a_step_goes_against_the_gradient():
    assert run(1) == 0.5
    assert run(2) == -0.5


def test_maximize_goes_along_the_gradient():
    assert run(2, maximize=True) == 2.5


def test_the_first_momentum_buffer_is_the_gradient_and_then_decays():
    # buffers 1 and 0.5 * 1 + 2
    assert run(2, momentum=0.5) == 1 - 0.5 * (1 + 2.5)


def test_dampening_begins_with_the_second_step():
    # buffers 1 and 0.5 * 1 + 0.75 * 2
    assert run(2, momentum=0.5, dampening=0.25) == 1 - 0.5 * (1 + 2)


def test_nesterov_looks_one_buffer_ahead():
    # buffers 1 and 2.5, steps 1 + 0.5 * 1 and 2 + 0.5 * 2.5
    assert run(2, momentum=0.5, nesterov=True) == 1 - 0.5 * (1.5 + 3.25)


def test_weight_decay_adds_a_part_of_the_parameter_to_the_gradient():
    assert run(1, weight_decay=0.5) == 1 - 0.5 * 1.5
    assert run(1, weight_decay=0.5, maximize=True) == 1 - 0.5 * (-1 + 0.5)


def test_the_gradient_is_left_as_it_is():
    p = torch.ones(3, requires_grad=True)
    p.grad = grad = torch.ones(3)
    torch.optim.SGD([p], lr=0.5, momentum=0.9, weight_decay=0.5, maximize=True).step()
    assert grad.tolist() == [1.0, 1.0, 1.0]


def test_a_learning_rate_may_be_a_tensor_that_changes():
    rate = torch.tensor(0.5)
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=rate)
    p.grad = torch.ones(1)
    optimizer.step()
    rate.fill_(0.25)
    optimizer.step()
    assert p.item() == 0.25


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_parameters_of_every_floating_dtype_keep_their_dtype(dtype):
    p = torch.ones(4, dtype=dtype, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.5, momentum=0.5)
    p.grad = torch.ones(4, dtype=dtype)
    optimizer.step()
    assert p.dtype is dtype
    assert p.tolist() == [0.5] * 4
    assert optimizer.state[p]["momentum_buffer"].dtype is dtype


def test_a_parameter_that_is_a_transposed_view_is_updated_in_its_own_memory():
    base = torch.zeros(2, 3)
    p = base.t().requires_grad_()
    p.grad = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    torch.optim.SGD([p], lr=1.0).step()
    assert base.tolist() == [[-1.0, -3.0, -5.0], [-2.0, -4.0, -6.0]]


def test_differentiable_lets_gradients_flow_through_the_step_to_the_learning_rate():
    start = torch.ones(2, requires_grad=True)
    rate = torch.tensor(0.5, requires_grad=True)
    p = start.clone()
    p.grad = torch.tensor([1.0, 3.0])
    torch.optim.SGD([p], lr=rate, differentiable=True).step()
    p.sum().backward()
    assert rate.grad.item() == -4.0
    assert start.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1.0}, r"Invalid learning rate: -1.0 \(SGD: 'lr' must be >= 0\)"),
        ({"momentum": -0.5}, "Invalid momentum value: -0.5"),
        ({"weight_decay": -0.1}, "Invalid weight_decay value: -0.1"),
        ({"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening, got momentum=0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening=0.1"),
        ({"lr": [0.1, 0.2]}, "Tensor lr must be 1-element"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    if isinstance(options.get("lr"), list):
        options = {"lr": torch.tensor(options["lr"])}
    with pytest.raises(ValueError, match=message):
        torch.optim.SGD([torch.ones(1, requires_grad=True)], **options)


@pytest.mark.parametrize("other", ["foreach", "differentiable"])
def test_fused_does_not_go_with_the_other_implementations(other):
    with pytest.raises(RuntimeError, match=f"`{other}`"):
        torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1, fused=True, **{other: True})


def test_fused_and_foreach_change_nothing_in_the_result():
    assert run(2, momentum=0.5, fused=True) == run(2, momentum=0.5, foreach=True) == run(2, momentum=0.5)
