"""nn.utils: clipping and parameters as one vector."""

import math

import numpy as np
import pytest

import corelib as torch
from corelib import nn


def with_gradients(*values):
    params = []
    for value in values:
        p = nn.Parameter(torch.zeros(len(value)))
        p.grad = torch.tensor(value)
        params.append(p)
    return params


def test_clip_grad_norm_scales_all_gradients_together_and_returns_the_norm():
    params = [*with_gradients([3.0], [4.0]), nn.Parameter(torch.ones(1))]
    assert nn.utils.clip_grad_norm_(params, 2.5).item() == pytest.approx(5.0)
    assert params[0].grad.item() == pytest.approx(1.5)
    assert params[1].grad.item() == pytest.approx(2.0)
    assert params[2].grad is None


def test_clip_grad_norm_leaves_small_gradients_alone():
    params = with_gradients([0.3], [0.4])
    nn.utils.clip_grad_norm_(params, 1.0)
    assert params[0].grad.item() == pytest.approx(0.3, rel=1e-6)


def test_clip_grad_norm_takes_infinity_for_the_largest_element():
    params = with_gradients([3.0, -8.0], [4.0])
    assert nn.utils.clip_grad_norm_(iter(params), 4.0, norm_type=math.inf).item() == pytest.approx(8.0)
    assert params[0].grad.tolist() == pytest.approx([1.5, -4.0])


def test_clip_grad_norm_without_gradients_is_zero_and_an_empty_generator_warns():
    assert nn.utils.clip_grad_norm_([nn.Parameter(torch.ones(1))], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="empty generator"):
        nn.utils.clip_grad_norm_((p for p in []), 1.0)


def test_clip_grad_norm_refuses_a_nonfinite_norm_if_asked():
    (p,) = with_gradients([math.inf])
    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.item() == math.inf


def test_clip_grad_value_cuts_each_element():
    params = with_gradients([3.0, -0.5], [-4.0])
    nn.utils.clip_grad_value_(params, 1)
    assert params[0].grad.tolist() == [1.0, -0.5] and params[1].grad.tolist() == [-1.0]


def test_parameters_go_to_a_vector_and_back():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (13,)
    nn.utils.vector_to_parameters(torch.arange(13.0), net.parameters())
    assert net[0].weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert net[1].bias.tolist() == [12.0] and net[1].bias.requires_grad
    with pytest.raises(TypeError, match=r"expected torch.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], net.parameters())


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (70, 70), (0,), (2, 3, 4)], ids=str)
def test_norms_of_few_and_many(shape):
    x = torch.randn(shape, dtype=torch.float64)
    for part in (x, x.float(), torch.stack((x, x), -1)[..., 0]):
        norm = part.norm()
        assert norm.shape == () and norm.dtype == part.dtype
        np.testing.assert_allclose(norm.item(), np.sqrt((x.numpy() ** 2).sum()), rtol=1e-6)
    assert torch.full((3,), 1e30).norm().item() == float("inf")
