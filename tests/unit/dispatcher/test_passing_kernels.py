"""A kernel that returns NotImplemented passes: the body runs, or an error says what is missing."""

from __future__ import annotations

import corelib as torch
import pytest
from corelib.dispatcher.op import TABLE


@pytest.fixture
def passing(monkeypatch):
    key = torch.ones(1)._key

    def install(name):
        monkeypatch.setattr(TABLE[name], "chains", {})  # nor a kernel pack's
        monkeypatch.setitem(TABLE[name].kernels.setdefault(key, {}), torch.float32, lambda *args: NotImplemented)

    return install


def test_a_unary_op_runs_its_body(passing):
    expected = torch.tensor([0.5, 1.0]).sinh().tolist()
    passing("sinh")
    assert torch.tensor([0.5, 1.0]).sinh().tolist() == pytest.approx(expected, rel=1e-6)
    assert torch.tensor([0.5, 1.0]).sinh_().tolist() == pytest.approx(expected, rel=1e-6)


def test_a_binary_op_runs_its_body(passing):
    passing("ne")
    assert (torch.tensor([1.0, 2.0]) != torch.tensor([1.0, 3.0])).tolist() == [False, True]


def test_a_reduction_runs_its_body(passing):
    passing("mean")
    assert float(torch.tensor([1.0, 3.0]).mean()) == 2.0


def test_a_primitive_without_another_kernel_is_an_error(passing):
    passing("mul")
    with pytest.raises(NotImplementedError, match="mul"):
        torch.ones(2) * torch.ones(2)
    with pytest.raises(NotImplementedError, match="mul"):
        torch.ones(2).mul_(torch.ones(2))


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize(("name", "others"), [("sinh", ()), ("nextafter", (torch.zeros(2),))])
def test_the_gradient_is_the_ops_own_rule_and_not_that_of_its_body(passing, name, others, views):
    x = torch.tensor([[0.5, 9.0], [1.0, 9.0]])[:, 0] if views else torch.tensor([0.5, 1.0])
    x.requires_grad_()
    def found():
        y = getattr(torch, name)(x, *others)
        assert type(y.grad_fn) is TABLE[name].rule.node_class and y.requires_grad
        return torch.autograd.grad(y.sum(), x)[0].tolist()

    expected = found()
    passing(name)
    assert found() == pytest.approx(expected, rel=1e-6)
    with torch.no_grad():
        assert not getattr(torch, name)(x, *others).requires_grad
