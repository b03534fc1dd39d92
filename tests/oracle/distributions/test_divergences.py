"""Kullback-Leibler divergences of all pairs of families, and the table that is looked into for them."""

from __future__ import annotations

import warnings

import pytest
import torch

import corelib

from .both import DTYPES, compare, gradients, outcome, same, sides

# Two of each family that PyTorch's table has, the second of which may have more of a batch
PAIRS = {
    "Bernoulli": ("Bernoulli(t([0.2, 0.0, 1.0, 0.5]))", "Bernoulli(t([0.7, 0.5, 1.0, 0.0]))"),
    "Beta": ("Beta(t([0.5, 2.0]), t([1.0, 3.0]))", "Beta(t([[1.5], [2.0]]), t([4.0, 0.3]))"),
    "Binomial": ("Binomial(5, t([0.2, 0.9]))", "Binomial(T.tensor([5, 3]), t([0.7, 0.5]))"),
    "Categorical": ("Categorical(t([[0.2, 0.3, 0.5], [0.0, 0.5, 0.5]]))", "Categorical(logits=t([[0.1, 2.0, 0.0], [0.0, 0.0, 1.0]]))"),
    "Cauchy": ("Cauchy(t([0.0, 1.0]), t([1.0, 2.0]))", "Cauchy(t([[0.5], [3.0]]), t([0.3, 2.0]))"),
    "ContinuousBernoulli": ("ContinuousBernoulli(t([0.2, 0.5]))", "ContinuousBernoulli(t([0.7, 0.4999]))"),
    "Dirichlet": ("Dirichlet(t([0.5, 2.0, 3.0]))", "Dirichlet(t([[1.5, 0.3, 1.0], [1.0, 1.0, 1.0]]))"),
    "Exponential": ("Exponential(t([0.5, 2.0]))", "Exponential(t([[1.5], [0.1]]))"),
    "Gamma": ("Gamma(t([0.5, 2.0]), t([1.0, 3.0]))", "Gamma(t([[1.5], [0.1]]), t([0.3, 4.0]))"),
    "Geometric": ("Geometric(t([0.2, 0.9]))", "Geometric(t([[0.7], [0.4]]))"),
    "Gumbel": ("Gumbel(t([0.0, 1.0]), t([1.0, 2.0]))", "Gumbel(t([[0.5], [3.0]]), t([0.3, 2.0]))"),
    "HalfNormal": ("HalfNormal(t([0.5, 2.0]))", "HalfNormal(t([[1.5], [0.1]]))"),
    "Independent": ("Independent(Normal(t([0.0, 1.0]), t([1.0, 2.0])), 1)", "Independent(Normal(t([[0.5, 0.1], [3.0, 1.0]]), t([0.3, 2.0])), 1)"),
    "Laplace": ("Laplace(t([0.0, 1.0]), t([1.0, 2.0]))", "Laplace(t([[0.5], [3.0]]), t([0.3, 2.0]))"),
    "LowRankMultivariateNormal": (
        "LowRankMultivariateNormal(t([0.0, 1.0]), t([[1.0], [0.3]]), t([0.5, 1.0]))",
        "LowRankMultivariateNormal(t([[1.0, 1.0], [2.0, 0.0]]), t([[0.5], [2.0]]), t([1.5, 1.0]))",
    ),
    "MultivariateNormal": (
        "MultivariateNormal(t([0.0, 1.0]), t([[2.0, 0.5], [0.5, 1.0]]))",
        "MultivariateNormal(t([[1.0, 1.0], [2.0, 0.0]]), scale_tril=t([[1.0, 0.0], [0.5, 2.0]]))",
    ),
    "Normal": ("Normal(t([0.0, 1.0]), t([1.0, 2.0]))", "Normal(t([[0.5], [3.0]]), t([0.3, 2.0]))"),
    "OneHotCategorical": ("OneHotCategorical(t([0.2, 0.3, 0.5]))", "OneHotCategorical(logits=t([0.1, 2.0, 0.0]))"),
    "Pareto": ("Pareto(t([0.5, 1.0]), t([0.7, 3.0]))", "Pareto(t([[0.4], [2.0]]), t([1.0, 2.0]))"),
    "Poisson": ("Poisson(t([0.5, 3.0]))", "Poisson(t([[1.5], [0.1]]))"),
    "TransformedDistribution": (
        "TransformedDistribution(Normal(t([0.0]), t([1.0])), [ExpTransform(), AffineTransform(1.0, 2.0)])",
        "TransformedDistribution(Normal(t([1.0]), t([3.0])), [ExpTransform(), AffineTransform(1.0, 2.0)])",
    ),
    "Uniform": ("Uniform(t([0.2, 0.1]), t([0.5, 0.8]))", "Uniform(t([[0.1], [-1.0]]), t([0.6, 2.0]))"),
}  # fmt: skip
MORE = {  # families that an exponential one, or a transformed one, serves
    "Chi2": ("Chi2(t([0.5, 2.0]))", "Chi2(t([1.0, 3.0]))"),
    "LogNormal": ("LogNormal(t([0.0, 1.0]), t([1.0, 2.0]))", "LogNormal(t([0.5, 3.0]), t([0.3, 2.0]))"),
    "HalfCauchy": ("HalfCauchy(t([0.5, 2.0]))", "HalfCauchy(t([1.5, 0.1]))"),
    "Wishart": ("Wishart(t(4.0), t([[2.0, 0.5], [0.5, 1.0]]))", "Wishart(t(5.0), t([[1.0, 0.0], [0.0, 3.0]]))"),
    "StudentT": ("StudentT(t([2.0]))", "StudentT(t([3.0]))"),
    "Kumaraswamy": ("Kumaraswamy(t([2.0]), t([1.0]))", "Kumaraswamy(t([3.0]), t([1.0]))"),
    "VonMises": ("VonMises(t([2.0]), t([1.0]))", "VonMises(t([3.0]), t([1.0]))"),
}
ALL = {**PAIRS, **MORE}


def test_the_tables_have_the_same_pairs():
    from torch.distributions.kl import _KL_REGISTRY as theirs

    from corelib.distributions.kl import _KL_REGISTRY as ours

    mine, want = ({(p.__name__, q.__name__) for p, q in table} for table in (ours, theirs))
    assert want <= mine
    assert {p for p, _ in want} - {"ExponentialFamily"} == set(PAIRS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("second", ALL)
@pytest.mark.parametrize("first", ALL)
def test_the_divergence_and_its_gradients_are_the_same(first, second, dtype):
    # PyTorch takes the elements where Pareto's mean is infinite for rows, so that no two batches may meet there
    other = ALL[second][0 if first == "Pareto" and second in ("Exponential", "Gamma", "Normal") else 1]

    def compute(side, p):
        found = side.D.kl_divergence(p, side.make(other))
        return found, gradients(side, found)

    compare(dtype, ALL[first][0], compute, f"from {second}", 20)

    def back(side, q):
        return side.D.kl_divergence(q, side.make(ALL[second][0]))

    compare(dtype, ALL[first][1], back, f"from the other {second}", 20)


@pytest.mark.parametrize(("first", "second"), [
    ("Uniform(t([0.2]), t([0.5]))", "Beta(t([2.0]), t([3.0]))"), ("Uniform(t([0.2]), t([0.5]))", "ContinuousBernoulli(t([0.3]))"),
    ("Uniform(t([-0.2]), t([0.5]))", "ContinuousBernoulli(t([0.3]))"), ("Uniform(t([-0.2]), t([0.5]))", "Gamma(t([0.3]), t([2.0]))"),
    ("Uniform(t([2.0]), t([3.0]))", "Pareto(t([1.0]), t([2.0]))"), ("Beta(t([2.0]), t([3.0]))", "Uniform(t([-1.0]), t([2.0]))"),
    ("ContinuousBernoulli(t([0.3]))", "Uniform(t([-1.0]), t([2.0]))"), ("ContinuousBernoulli(t([0.3]))", "Uniform(t([0.1]), t([2.0]))"),
    ("Pareto(t([2.0]), t([3.0]))", "Pareto(t([1.0]), t([2.0]))"),
    *((f"Pareto(t([2.0, 1.0]), t([3.0, {alpha}]))", q) for alpha in (0.5, 1.5, 2.5) for q in ("Exponential(t(1.5))", "Gamma(t(1.5), t(0.3))", "Normal(t(0.5), t(2.0))")), ("Binomial(7, t([0.3]))", "Binomial(5, t([0.3]))"),
    ("Independent(Normal(t([[0.0]]), 1.0), 1)", "Independent(Normal(t([[0.0]]), 1.0), 2)"),
    ("MultivariateNormal(t([0.0]), t([[1.0]]))", "MultivariateNormal(t([0.0, 1.0]), t([[1.0, 0.0], [0.0, 1.0]]))"),
    ("LogNormal(t([0.0]), 1.0)", "TransformedDistribution(Normal(t([0.0]), 1.0), [ExpTransform(), ExpTransform()])"),
    ("Normal(t([0.0]), 1.0)", "Bernoulli(t([0.2]))"), ("Gamma(t([2.0]), 1.0)", "Chi2(t([3.0]))"),
])  # fmt: skip
@pytest.mark.parametrize("dtype", DTYPES)
def test_where_supports_end_it_is_infinite_or_refused_alike(first, second, dtype):
    compare(dtype, first, lambda side, p: side.D.kl_divergence(p, side.make(second)), f"from {second}", 20)


def test_what_is_registered_is_found_by_class_the_first_counting_first():
    def run(T):
        D = T.distributions

        class P(D.Normal):
            pass

        class Q(P):
            pass

        told = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            D.register_kl(P, D.Normal)(lambda p, q: T.tensor(1.0))
            D.register_kl(D.Normal, P)(lambda p, q: T.tensor(2.0))
            for p in (P, Q, D.Normal):
                for q in (P, Q, D.Normal):
                    told.append(float(D.kl_divergence(p(0.0, 1.0), q(1.0, 1.0))))
            told.append([w.category.__name__ for w in caught])
        told.append(type(outcome(lambda: D.register_kl(3, P)(None))))
        told.append(type(outcome(lambda: D.kl_divergence(D.Normal(0.0, 1.0), 3))))
        return told

    assert run(corelib) == run(torch)


def test_the_entropy_of_an_exponential_family_is_its_own():
    for case in ("Normal(t([0.0, 1.0]), t([1.0, 2.0]))", "Gamma(t([0.5, 2.0]), t([1.0, 3.0]))", "Bernoulli(t([0.2, 0.7]))", "Dirichlet(t([1.0, 2.0]))",
                 "Beta(t([1.0]), t([2.0]))", "Exponential(t([2.0]))", "ContinuousBernoulli(t([0.2, 0.5]))", "Poisson(t([2.0]))"):  # fmt: skip
        mine, theirs = (outcome(lambda: side.D.ExponentialFamily.entropy(side.make(case))) for side in sides("float64"))
        same(mine, theirs, case, 100)


def test_an_exponential_family_that_says_nothing_of_itself_has_no_entropy():
    def run(T):
        made = T.distributions.ExponentialFamily((2,), (3,), validate_args=False)
        asked = ("entropy", "mean", "support", "arg_constraints", "enumerate_support", "log_prob", "cdf", "icdf", "rsample", "expand", "_natural_params")
        return [made.batch_shape, made.event_shape, made.has_rsample, *(type(outcome(lambda: ask(made, name))) for name in asked)]

    def ask(made, name):
        found = getattr(made, name)
        return found(3) if name in ("log_prob", "cdf", "icdf") else found((2,)) if name in ("rsample", "expand") else found()

    assert run(corelib) == run(torch)


def test_checks_of_arguments_are_turned_off_and_on():
    def run(T):
        D = T.distributions
        D.Distribution.set_default_validate_args(True)  # whatever other tests have left
        told = [type(outcome(lambda: D.Normal(0.0, -1.0))), type(outcome(lambda: D.Distribution.set_default_validate_args(3)))]
        D.Distribution.set_default_validate_args(False)
        try:
            told.append(repr(D.Normal(0.0, -1.0)))
            told.append(type(outcome(lambda: D.Normal(0.0, -1.0, validate_args=True))))
        finally:
            D.Distribution.set_default_validate_args(True)
        return [*told, str(outcome(lambda: D.Normal(T.zeros(2), T.tensor([1.0, -1.0]))))]

    assert run(corelib) == run(torch)
