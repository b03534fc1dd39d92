"""Adam and AdamW: the update by a float64 reference, the step count, and what they refuse."""

import math

import numpy as np
import pytest

import corelib as torch


def reference(p, grads, lr, betas, eps, weight_decay, amsgrad, maximize, decoupled):
    """Adam as its paper and PyTorch's manual write it, in float64."""
    p = np.array(p, dtype=np.float64)
    m, v, largest = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        g = -g if maximize else g
        if decoupled:
            p = p * (1 - lr * weight_decay)
        else:
            g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        largest = np.maximum(largest, v)
        square = (largest if amsgrad else v) / (1 - betas[1] ** t)
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(square) + eps)
    return p


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(), (3,), (300, 401)])
def test_ten_steps_follow_the_formula(shape, weight_decay, maximize, amsgrad, decoupled):
    random = np.random.default_rng(0)
    start = random.standard_normal(shape)
    grads = [np.asarray(random.standard_normal(shape) * 0.5**i) for i in range(10)]
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    options = {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-8, "weight_decay": weight_decay}
    cls = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimizer = cls([p], amsgrad=amsgrad, maximize=maximize, **options)
    for g in grads:
        p.grad = torch.tensor(g)
        optimizer.step()
    expected = reference(start, grads, amsgrad=amsgrad, maximize=maximize, decoupled=decoupled, **options)
    assert np.abs(p.detach().numpy() - expected).max() < 1e-12


def test_the_step_count_is_a_float32_scalar_tensor_that_follows_each_step():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.ones(2)
    optimizer = torch.optim.Adam([p])
    optimizer.step()
    count = optimizer.state[p]["step"]
    assert (count.dtype, tuple(count.shape), count.item()) == (torch.float32, (), 1.0)
    optimizer.step()
    assert count.item() == 2.0
    assert optimizer.state_dict()["state"][0]["step"] is count


def test_a_step_count_that_the_user_sets_is_used():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    optimizer = torch.optim.Adam([p], lr=0.1, betas=(0.5, 0.5))
    optimizer.step()
    optimizer.state[p]["step"].fill_(9)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 10.0
    optimizer.state[p]["step"] = torch.tensor(4.0)
    before = p.item()
    optimizer.step()
    m, v = 0.875, 0.875
    assert optimizer.state[p]["step"].item() == 5.0
    assert math.isclose(before - p.item(), 0.1 * (m / (1 - 0.5**5)) / math.sqrt(v / (1 - 0.5**5)), rel_tol=1e-5)


def test_amsgrad_keeps_the_largest_square_in_the_state():
    p = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.Adam([p], amsgrad=True)
    for g in (2.0, 0.0):
        p.grad = torch.full((1,), g)
        optimizer.step()
    state = optimizer.state[p]
    assert sorted(state) == ["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step"]
    assert state["max_exp_avg_sq"].item() > state["exp_avg_sq"].item()


def test_adamw_stays_decoupled_when_it_loads_a_state_dict_of_adam():
    saved = torch.optim.Adam([torch.ones(1, requires_grad=True)]).state_dict()
    optimizer = torch.optim.AdamW([torch.ones(1, requires_grad=True)])
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


def test_a_step_count_saved_as_a_number_becomes_a_tensor():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    optimizer = torch.optim.Adam([p])
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = 7
    optimizer.load_state_dict(saved)
    assert optimizer.state[p]["step"].item() == 7.0


def test_half_precision_parameters_take_their_steps_in_their_own_dtype():
    p = torch.ones(8, dtype=torch.bfloat16, requires_grad=True)
    p.grad = torch.ones(8, dtype=torch.bfloat16)
    optimizer = torch.optim.AdamW([p], lr=0.5, weight_decay=0.0)
    optimizer.step()
    assert p.dtype is torch.bfloat16
    assert p.float().tolist() == pytest.approx([0.5] * 8, abs=0.01)  # eight bits of precision


def test_options_may_be_tensors():
    p, q = (torch.ones(2, requires_grad=True) for _ in range(2))
    plain = torch.optim.Adam([p], lr=0.1, betas=(0.5, 0.75))
    tensors = torch.optim.Adam([q], lr=torch.tensor(0.1), betas=(torch.tensor(0.5), torch.tensor([0.75])))
    for parameter, optimizer in ((p, plain), (q, tensors)):
        parameter.grad = torch.ones(2)
        optimizer.step()
    assert torch.allclose(p, q)


def test_differentiable_lets_gradients_flow_through_the_step():
    start = torch.ones(2, requires_grad=True)
    rate = torch.tensor(0.5, requires_grad=True)
    p = start.clone()
    p.grad = torch.tensor([1.0, 3.0])
    torch.optim.Adam([p], lr=rate, differentiable=True, eps=0.0).step()
    p.sum().backward()
    assert rate.grad.item() == pytest.approx(-2.0, rel=1e-4)
    assert start.grad.tolist() == [1.0, 1.0]


def test_capturable_is_refused_for_there_is_no_graph_to_capture():
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    with pytest.raises(AssertionError, match="capturable=False"):
        torch.optim.Adam([p], capturable=True).step()


@pytest.mark.parametrize("cls", [torch.optim.Adam, torch.optim.AdamW])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -0.1}, "Invalid learning rate: -0.1"),
        ({"eps": -1.0}, "Invalid epsilon value: -1.0"),
        ({"weight_decay": -1.0}, "Invalid weight_decay value: -1.0"),
        ({"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        ({"betas": (0.9, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
        ({"betas": (0, 0.9)}, "both floats or both Tensors"),
        ({"lr": float("nan")}, "Invalid learning rate: nan"),
    ],
)
def test_options_out_of_range_are_refused(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls([torch.ones(1, requires_grad=True)], **options)


def test_foreach_takes_no_tensor_for_a_learning_rate():
    with pytest.raises(ValueError, match="lr as a Tensor is not supported"):
        torch.optim.Adam([torch.ones(1, requires_grad=True)], lr=torch.tensor(0.1), foreach=True)


def test_fused_needs_floating_point_parameters():
    p = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        torch.optim.Adam([p], fused=True, foreach=True)
