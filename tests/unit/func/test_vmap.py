"""What vmap and the other transforms do here beyond what PyTorch does, or refuse in words of their own."""

from __future__ import annotations

import pytest

import corelib as torch


def test_what_depends_on_values_runs_sample_by_sample() -> None:
    made = torch.vmap(lambda x: x * 2 if x.sum() > 0 else x * x.item())(torch.tensor([1.0, -3.0]))
    assert made.tolist() == [2, 9]


def test_random_numbers_are_put_back_when_they_are_refused() -> None:
    torch.manual_seed(0)
    with pytest.raises(RuntimeError, match="randomness error mode"):
        torch.vmap(lambda x: x + torch.rand(1))(torch.zeros(3))
    got = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(got, torch.rand(1))


def test_no_samples() -> None:
    a, b = torch.vmap(lambda x: (x.sum(), x * 2), out_dims=(0, 1))(torch.zeros(0, 3))
    assert a.shape == (0,) and b.shape == (3, 0)


def test_gradients_that_nobody_follows_keep_no_graph() -> None:
    parameter = torch.ones(2, requires_grad=True)
    assert not torch.func.grad(lambda x: x.pow(3).sum())(parameter.detach()).requires_grad
    assert torch.func.grad(lambda x: (x.pow(3) * parameter).sum())(torch.ones(2)).requires_grad
    assert parameter.grad is None


@pytest.mark.parametrize(("pattern", "sizes", "words"), [
    ("a b", {}, "needs one '->'"), ("a b -> (a b", {}, "not closed"), ("a a -> a", {}, "stands twice"), ("a -> a", {}, "has 1 dimensions"), ("a [b] -> a b", {}, "neither a name"),
    ("a (b c) -> a b c", {}, "cannot be told"), ("a (b c) -> a b c", {"b": 2}, "does not fit"), ("a b -> a b", {"c": 2}, "not in the pattern"), ("a b -> a", {}, "both sides"),
])  # fmt: skip
def test_patterns_that_are_refused(pattern: str, sizes: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        torch.func.rearrange(torch.zeros(2, 3), pattern, **sizes)
