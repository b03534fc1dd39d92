"""Parameter and Buffer."""

import copy
import pickle

import pytest

import corelib as torch
from corelib import nn


def test_parameter_shares_memory_with_its_data_and_requires_grad():
    data = torch.zeros(3)
    p = nn.Parameter(data)
    assert p.requires_grad and p.is_leaf and not data.requires_grad
    assert p.data_ptr() == data.data_ptr()
    data[0] = 5.0
    assert p[0].item() == 5.0


def test_parameter_is_a_tensor_and_what_is_computed_from_it_is_a_plain_tensor():
    p = nn.Parameter(torch.ones(2))
    assert isinstance(p, torch.Tensor)
    assert type(p * 2) is torch.Tensor
    assert type(p.detach()) is torch.Tensor
    assert type(p.data) is torch.Tensor


def test_parameter_of_a_computed_tensor_is_a_leaf():
    x = torch.ones(2, requires_grad=True)
    p = nn.Parameter(x * 2)
    assert p.is_leaf and p.grad_fn is None
    (p * p).sum().backward()
    assert p.grad.tolist() == [4.0, 4.0]
    assert x.grad is None


def test_parameter_of_a_parameter_is_another_leaf_over_the_same_memory():
    p = nn.Parameter(torch.ones(2))
    q = nn.Parameter(p, requires_grad=False)
    assert q is not p and q.data_ptr() == p.data_ptr()
    assert p.requires_grad and not q.requires_grad


def test_parameter_may_be_changed_in_place_without_grad_and_not_with_it():
    p = nn.Parameter(torch.ones(2))
    with torch.no_grad():
        p.add_(1)
    assert p.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="leaf"):
        p.add_(1)


def test_parameter_of_something_else_says_what_is_right():
    with pytest.raises(TypeError, match="must be a Tensor, got list"):
        nn.Parameter([1.0, 2.0])
    with pytest.raises(TypeError, match="must be a Tensor, got float"):
        nn.Buffer(1.0)


def test_parameter_of_integers_cannot_require_grad():
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(torch.arange(3))
    assert not nn.Parameter(torch.arange(3), requires_grad=False).requires_grad


def test_deepcopy_of_a_parameter_has_its_own_memory_and_keeps_requires_grad():
    p = nn.Parameter(torch.ones(2), requires_grad=False)
    q = copy.deepcopy(p)
    assert type(q) is nn.Parameter and not q.requires_grad
    assert q.data_ptr() != p.data_ptr() and q.tolist() == p.tolist()


def test_deepcopy_keeps_one_parameter_one():
    p = nn.Parameter(torch.ones(2))
    a, b = copy.deepcopy([p, p])
    assert a is b


def test_pickled_parameter_comes_back_without_its_gradient():
    p = nn.Parameter(torch.ones(2))
    (p * 3).sum().backward()
    p.decay = False
    q = pickle.loads(pickle.dumps(p))
    assert type(q) is nn.Parameter and q.requires_grad
    assert q.tolist() == [1.0, 1.0] and q.grad is None
    assert q.decay is False


def test_pickled_and_copied_buffers_keep_whether_they_persist():
    b = nn.Buffer(torch.ones(2), persistent=False)
    for other in (pickle.loads(pickle.dumps(b)), copy.deepcopy(b)):
        assert type(other) is nn.Buffer
        assert other.persistent is False and other.tolist() == [1.0, 1.0]


def test_parameter_takes_new_data_and_stays_the_same_object():
    p = nn.Parameter(torch.ones(2))
    p.data = torch.zeros(3)
    assert p.shape == (3,) and p.requires_grad and type(p) is nn.Parameter
