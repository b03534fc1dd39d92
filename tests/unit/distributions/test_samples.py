"""Samples have the moments that their distributions say, from either algorithm; sizes and refusals need no other library."""

import pytest

import corelib as torch
from corelib import distributions as D

MADE = {
    "Normal": lambda: D.Normal(1.0, 2.0), "Gamma": lambda: D.Gamma(torch.tensor([0.4, 1.0, 2.5, 30.0]), 2.0), "Beta": lambda: D.Beta(2.0, 0.5),
    "Dirichlet": lambda: D.Dirichlet(torch.tensor([0.5, 2.0, 4.0])), "Poisson": lambda: D.Poisson(torch.tensor([0.5, 30.0])),
    "Binomial": lambda: D.Binomial(40, torch.tensor([0.1, 0.6])), "StudentT": lambda: D.StudentT(9.0), "NegativeBinomial": lambda: D.NegativeBinomial(3, torch.tensor(0.4)),
    "Laplace": lambda: D.Laplace(0.0, 1.0), "Gumbel": lambda: D.Gumbel(0.0, 1.0), "Weibull": lambda: D.Weibull(1.0, 2.0), "Chi2": lambda: D.Chi2(3.0),
    "Exponential": lambda: D.Exponential(2.0), "Geometric": lambda: D.Geometric(torch.tensor(0.3)), "Uniform": lambda: D.Uniform(-1.0, 3.0),
    "Kumaraswamy": lambda: D.Kumaraswamy(2.0, 3.0), "HalfNormal": lambda: D.HalfNormal(2.0), "Multinomial": lambda: D.Multinomial(5, torch.tensor([0.2, 0.8])),
    "ContinuousBernoulli": lambda: D.ContinuousBernoulli(torch.tensor(0.3)), "InverseGamma": lambda: D.InverseGamma(9.0, 2.0),
    "MultivariateNormal": lambda: D.MultivariateNormal(torch.zeros(2), torch.tensor([[2.0, 0.5], [0.5, 1.0]])),
    "Wishart": lambda: D.Wishart(torch.tensor(5.0), torch.eye(2)), "GeneralizedPareto": lambda: D.GeneralizedPareto(0.0, 1.0, 0.1),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("algorithm", ["mt19937", "philox"])
def test_means_of_samples_are_the_mean(name, algorithm):
    n = 3000
    with torch.random.fork_rng():
        torch.manual_seed(5, algorithm=algorithm)
        d = MADE[name]()
        drawn = d.sample((n,))
    assert drawn.shape == (n, *d.batch_shape, *d.event_shape)
    away = (drawn.mean(0) - d.mean).abs() / (d.stddev / n**0.5 + 1e-6)
    assert bool((away < 5).all()), (drawn.mean(0), d.mean)


def test_a_parameter_stays_a_leaf():
    loc = torch.zeros(2, requires_grad=True)
    d = D.Normal(loc, torch.ones(2))
    assert d.loc is loc
    d.rsample((3,)).sum().backward()
    assert loc.grad.tolist() == [3.0, 3.0]
