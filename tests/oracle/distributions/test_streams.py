"""Numbers that are drawn one after the other by rejection are PyTorch's, and leave the generator where PyTorch's is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import corelib

from .both import DTYPES, outcome

RNG = np.random.default_rng(0)
SHAPES = {
    "mixed": RNG.gamma(1.0, 3.0, 2000) + 1e-3, "small": RNG.uniform(0, 1, 2000), "one": np.ones(999), "equal": np.full(2001, 2.5), "large": np.full(500, 1e10),
    "edges": np.array([0.0, 1e-30, 1.0, 2.0, 1e10] * 20), "few": np.array([0.5]), "none": np.array([]), "alike": np.full((4, 5), 1.25), "above": RNG.gamma(1.0, 3.0, 30011) + 1.0, "some low": np.concatenate([RNG.uniform(1, 2, 90), RNG.gamma(1.0, 3.0, 30001) + 2.0]), "ones": np.ones(3000), "matrix": RNG.gamma(1.0, 3.0, (30, 5)),
}  # fmt: skip


def both(array, dtype):
    return [(T, T.tensor(array.tolist(), dtype=getattr(T, dtype)).reshape(array.shape)) for T in (corelib, torch)]


def drawn(T, draw):
    """What is drawn after other numbers, so that a normal one waits, and the generator's words after it."""
    T.manual_seed(3)
    T.randn(1)
    made = draw(T)
    follow = T.randn(3)
    return made.numpy(), T.get_rng_state().numpy().tobytes()[:5016], follow.numpy()


def assert_same(draws, rtol=0.0):
    (mine, state, follow), (theirs, their_state, their_follow) = draws
    assert mine.dtype == theirs.dtype and mine.shape == theirs.shape
    assert np.allclose(mine, theirs, rtol=rtol, atol=0, equal_nan=True), (mine, theirs)
    assert state == their_state
    assert np.allclose(follow, their_follow, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", SHAPES)
def test_gamma_numbers_are_the_same(shapes, dtype):
    assert_same([drawn(T, lambda T: T._standard_gamma(x)) for T, x in both(SHAPES[shapes], dtype)], 1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", [name for name, x in SHAPES.items() if x.size and name != "few"])
def test_dirichlet_numbers_are_the_same(shapes, dtype):
    array = SHAPES[shapes].reshape(-1, 3 if SHAPES[shapes].size % 3 == 0 else 5) if SHAPES[shapes].size % 15 in (0, 3, 5, 6, 9, 10, 12) else SHAPES[shapes]
    assert_same([drawn(T, lambda T: T._sample_dirichlet(x)) for T, x in both(array, dtype)], 1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("dtype", [*DTYPES, "float16", "bfloat16"])
def test_poisson_counts_are_the_same(dtype):
    rates = np.concatenate([RNG.uniform(0, 9, 1000), RNG.uniform(10, 300, 1000), np.zeros(5), np.full(5, 1e6)])
    if dtype == "float16":
        rates = rates[:-5]
    draws = [drawn(T, lambda T: T.poisson(x).double()) for T, x in both(rates, dtype)]
    assert_same(draws)


@pytest.mark.parametrize("dtype", DTYPES)
def test_binomial_counts_are_the_same(dtype):
    counts = np.concatenate([RNG.integers(0, 200, 3000), np.full(9, 100000)]).astype(float)
    chances = np.concatenate([RNG.uniform(0, 1, 2990), np.zeros(5), np.ones(5), np.linspace(0, 1, 9)])
    draws = [drawn(T, lambda T: T.binomial(n, p)) for (T, n), (_, p) in zip(both(counts, dtype), both(chances, dtype))]
    assert_same(draws)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_strided_and_expanded_tensors_stand_in_the_order_of_elements(dtype):
    for make in (lambda x: x.t(), lambda x: x[::2], lambda x: x[:1].expand(7, 5), lambda x: x.flip(0)):
        assert_same([drawn(T, lambda T: T._standard_gamma(make(x))) for T, x in both(SHAPES["matrix"], dtype)], 1e-13)
        assert_same([drawn(T, lambda T: T.poisson(make(x))) for T, x in both(SHAPES["matrix"], dtype)])


@pytest.mark.parametrize("dtype", DTYPES)
def test_how_they_move_with_their_shapes_is_the_same(dtype):
    alpha, beta = RNG.gamma(1.0, 5.0, (2, 5000)) + 1e-2
    x = RNG.gamma(alpha) + 1e-6
    mine, theirs = (T._standard_gamma_grad(a, b).numpy() for (T, a), (_, b) in zip(both(alpha, dtype), both(x, dtype)))
    assert mine.dtype == theirs.dtype
    assert np.allclose(mine, theirs, rtol=1e-6 if dtype == "float32" else 1e-11)
    x = np.clip(RNG.beta(alpha, beta), 1e-4, 1 - 1e-3)
    mine, theirs = (T._dirichlet_grad(a, b, c).numpy() for (T, a), (_, b), (_, c) in zip(*(both(v, dtype) for v in (x, alpha, alpha + beta))))
    assert np.allclose(mine, theirs, rtol=2e-3 if dtype == "float32" else 1e-9)  # PyTorch computes these in single precision


def test_what_cannot_be_drawn_from_is_refused_alike():
    for call in (lambda T: T._standard_gamma(T.ones(2, dtype=T.int64)), lambda T: T._sample_dirichlet(T.ones(2, dtype=T.bool)),
                 lambda T: T.poisson(T.tensor([-1.0])), lambda T: T.binomial(T.ones(1), T.tensor([2.0])), lambda T: T.binomial(T.ones(1), T.ones(1).double())):  # fmt: skip
        mine, theirs = (outcome(lambda: call(T)) for T in (corelib, torch))
        assert isinstance(mine, Exception) and (type(mine) is type(theirs) or not isinstance(theirs, Exception))


def test_second_derivatives_of_samples_are_refused_alike():
    def run(T):
        a = T.tensor([2.0, 3.0], requires_grad=True)
        told = []
        for draw in (lambda: T.distributions.Dirichlet(a).rsample()[0], lambda: T.distributions.Gamma(a, 1.0).rsample().sum()):
            (g,) = T.autograd.grad(draw(), a, create_graph=True)
            told.append(type(outcome(lambda: g.sum().backward())))
        return told

    assert run(corelib) == run(torch)
