"""The families with parameters, values of their support, and values outside it."""

from __future__ import annotations

from typing import Any, NamedTuple

NAN, INF = float("nan"), float("inf")
REAL = [-3.0, -0.5, 0.0, 0.3, 4.0]
POSITIVE = [1e-3, 0.2, 1.0, 2.5, 30.0]
UNIT = [0.01, 0.3, 0.5, 0.77, 0.999]
COUNTS = [0.0, 1.0, 2.0, 5.0, 40.0]


class Case(NamedTuple):
    """An expression that makes a distribution, values that it can have (or that broadcast), and values that it cannot."""

    made: str
    values: list[Any]
    outside: list[Any] = []


def column(values: list[float]) -> list[list[float]]:
    """Values along a new first dimension, which broadcast with a batch."""
    return [[v] for v in values]


CASES = [
    Case("Bernoulli(t([0.2, 0.7]))", column([0.0, 1.0]), [[0.5], [2.0], [NAN]]),
    Case("Bernoulli(t([0.0, 1.0, 0.5]))", column([0.0, 1.0])),
    Case("Bernoulli(logits=t([[-2.0], [0.0], [30.0]]))", column([0.0, 1.0])),
    Case("Bernoulli(0.25)", [0.0, 1.0], [-1.0]),
    Case("Bernoulli(logits=2.0)", [0.0, 1.0]),
    Case("Beta(t([0.5, 2.0]), t([3.0, 0.1]))", column(UNIT), [[-0.1], [1.5], [NAN]]),
    Case("Beta(t([1.0, 1.0, 100.0]), t([1.0, 7.0, 300.0]))", column([0.0, 1.0, 0.5])),
    Case("Beta(2.0, 3.0)", UNIT),
    Case("Beta(t([[2.0]]), t([0.5, 0.7]))", [[[0.2, 0.3]]]),
    Case("Binomial(5, t([0.2, 0.9]))", column([0.0, 2.0, 5.0]), [[6.0], [-1.0], [1.5]]),
    Case("Binomial(T.tensor([3, 7]), logits=t([-40.0, 2.0]))", column([0.0, 1.0, 3.0])),
    Case("Binomial(T.tensor([3, 3]), t([0.0, 1.0]))", column([0.0, 3.0])),
    Case("Binomial(0, t(0.5))", [0.0]),
    Case("Categorical(t([0.1, 0.4, 0.5]))", [0.0, 1.0, 2.0], [3.0, -1.0, 0.5]),
    Case("Categorical(t([[1.0, 4.0], [2.0, 0.0]]))", [[0.0, 1.0], [1.0, 0.0]]),
    Case("Categorical(logits=t([[0.3, -1.0, 5.0], [0.0, 0.0, 0.0]]))", [[0.0, 2.0], [1.0, 1.0]], [[5.0, 0.0]]),
    Case("Cauchy(t([0.0, -1.0]), t([1.0, 0.3]))", column(REAL), [[NAN]]),
    Case("Cauchy(1.0, 2.0)", [*REAL, 1e20]),
    Case("Chi2(t([0.5, 3.0, 40.0]))", column(POSITIVE), [[-1.0]]),
    Case("Chi2(2.0)", POSITIVE),
    Case("ContinuousBernoulli(t([0.2, 0.5, 0.4999, 0.9]))", column([0.0, *UNIT, 1.0]), [[-0.1], [2.0]]),
    Case("ContinuousBernoulli(logits=t([-3.0, 0.0, 0.001]))", column(UNIT)),
    Case("ContinuousBernoulli(0.3)", UNIT),
    Case("ContinuousBernoulli(t([0.0, 1.0]), lims=(0.4, 0.6))", column(UNIT)),
    Case("Dirichlet(t([0.5, 2.0, 7.0]))", [[0.2, 0.3, 0.5], [0.98, 0.01, 0.01]], [[0.2, 0.2, 0.2], [-0.5, 0.5, 1.0]]),
    Case("Dirichlet(t([[0.1, 0.2], [3.0, 4.0]]))", [[[0.25, 0.75], [0.5, 0.5]]]),
    Case("Exponential(t([0.5, 2.0]))", column([0.0, *POSITIVE]), [[-1.0], [NAN]]),
    Case("Exponential(3.0)", POSITIVE),
    Case("FisherSnedecor(t([1.0, 3.0, 9.0]), t([2.0, 4.5, 5.0]))", column(POSITIVE), [[-1.0]]),
    Case("FisherSnedecor(3.0, 6.0)", POSITIVE),
    Case("Gamma(t([0.3, 1.0, 50.0]), t([2.0, 0.1, 7.0]))", column(POSITIVE), [[-1.0], [NAN]]),
    Case("Gamma(1.0, 2.0)", [0.0, *POSITIVE]),
    Case("Gamma(t([[0.5], [4.0]]), t([1.0, 2.0]))", [[[0.5, 0.6], [2.0, 3.0]]]),
    Case("Geometric(t([0.2, 0.99]))", column(COUNTS), [[-1.0], [0.5]]),
    Case("Geometric(t([1.0]))", column([0.0, 1.0])),
    Case("Geometric(logits=t([-1.0, 3.0]))", column(COUNTS)),
    Case("Geometric(0.4)", COUNTS),
    Case("Gumbel(t([0.0, 1.0]), t([1.0, 3.0]))", column(REAL), [[NAN]]),
    Case("Gumbel(2.0, 0.5)", REAL),
    Case("HalfCauchy(t([0.5, 2.0]))", column([0.0, *POSITIVE]), [[-1.0]]),
    Case("HalfCauchy(1.0)", POSITIVE),
    Case("HalfNormal(t([0.5, 2.0]))", column([0.0, *POSITIVE]), [[-1.0]]),
    Case("HalfNormal(1.0)", POSITIVE),
    Case("Independent(Normal(t([[0.0, 1.0], [2.0, 3.0]]), t([1.0, 2.0])), 1)", [[[0.1, 0.2], [0.3, 0.4]]], [[[NAN, 0.0], [0.0, 0.0]]]),
    Case("Independent(Gamma(t([1.0, 2.0, 3.0]), 1.0), 1)", [[0.5, 0.6, 0.7]]),
    Case("Independent(Bernoulli(t([0.3, 0.6])), 0)", column([0.0, 1.0])),
    Case("Independent(Bernoulli(t([0.3, 0.6])), 1)", [[0.0, 1.0]]),
    Case("InverseGamma(t([0.5, 1.5, 4.0]), t([1.0, 2.0, 0.3]))", column(POSITIVE), [[-1.0]]),
    Case("InverseGamma(3.0, 2.0)", POSITIVE),
    Case("Kumaraswamy(t([0.5, 2.0, 1.0]), t([3.0, 4.0, 0.6]))", column(UNIT), [[1.5]]),
    Case("Kumaraswamy(2.0, 3.0)", UNIT),
    Case("LKJCholesky(2, t([0.5, 1.0, 4.0]))", [[[[1.0, 0.0], [0.6, 0.8]]]], [[[[1.0, 0.5], [0.6, 0.8]]]]),
    Case("LKJCholesky(3, 2.0)", [[[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.6, 0.8]]]),
    Case("Laplace(t([0.0, -1.0]), t([1.0, 0.3]))", column(REAL), [[NAN]]),
    Case("Laplace(1.0, 2.0)", REAL),
    Case("LogNormal(t([0.0, -1.0]), t([1.0, 0.3]))", column(POSITIVE), [[-1.0]]),
    Case("LogNormal(1.0, 0.5)", POSITIVE),
    Case("LogisticNormal(t([0.0, 1.0]), t([1.0, 0.5]))", [[0.2, 0.3, 0.5]], [[0.2, 0.2, 0.2]]),
    Case("LogisticNormal(t([[0.0, 1.0], [2.0, 3.0]]), t(0.5))", [[[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]]),
    Case("LowRankMultivariateNormal(t([0.0, 1.0, 2.0]), t([[1.0, 0.2], [0.3, 0.5], [2.0, 1.0]]), t([0.5, 1.0, 2.0]))", [[0.1, 0.2, 0.3]], [[NAN, 0.0, 0.0]]),
    Case("LowRankMultivariateNormal(t([[0.0, 1.0], [3.0, 1.0]]), t([[1.0], [0.3]]), t([0.5, 1.0]))", [[[0.1, 0.2], [0.3, 0.4]]]),
    Case("MixtureSameFamily(Categorical(t([0.3, 0.7])), Normal(t([-1.0, 2.0]), t([1.0, 0.5])))", REAL, [NAN]),
    Case("MixtureSameFamily(Categorical(logits=t([[0.3, 0.7], [1.0, 0.0]])), Normal(t([[-1.0, 2.0], [0.0, 1.0]]), t(0.5)))", [[0.1, 0.2]]),
    Case("MixtureSameFamily(Categorical(t([0.3, 0.7])), Independent(Normal(t([[-1.0, 2.0], [0.0, 1.0]]), t(0.5)), 1))", [[0.1, 0.2]]),
    Case("Multinomial(4, t([0.1, 0.4, 0.5]))", [[4.0, 0.0, 0.0], [1.0, 1.0, 2.0]], [[5.0, 0.0, 0.0], [-1.0, 2.0, 3.0]]),
    Case("Multinomial(3, logits=t([[0.3, -1.0], [0.0, 0.0]]))", [[[1.0, 2.0], [3.0, 0.0]]]),
    Case("Multinomial(1, t([1.0, 0.0]))", [[1.0, 0.0], [0.0, 1.0]]),
    Case("MultivariateNormal(t([0.0, 1.0]), t([[2.0, 0.5], [0.5, 1.0]]))", [[0.1, 0.2], [5.0, -3.0]], [[NAN, 0.0]]),
    Case("MultivariateNormal(t([[0.0, 1.0], [3.0, 1.0]]), scale_tril=t([[1.0, 0.0], [0.5, 2.0]]))", [[[0.1, 0.2], [0.3, 0.4]]]),
    Case("MultivariateNormal(t([0.0, 1.0]), precision_matrix=t([[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 3.0]]]))", [[[0.1, 0.2], [0.3, 0.4]]]),
    Case("NegativeBinomial(t([3.0, 0.5]), t([0.3, 0.0]))", column(COUNTS), [[-1.0]]),
    Case("NegativeBinomial(5, logits=t([-1.0, 0.5]))", column(COUNTS)),
    Case("NegativeBinomial(t([0.0]), t([0.4]))", column([0.0, 1.0])),
    Case("Normal(t([0.0, -1.0]), t([1.0, 0.3]))", column(REAL), [[NAN]]),
    Case("Normal(1.0, 2.0)", [*REAL, INF]),
    Case("Normal(t([[0.0], [1.0]]), t([1.0, 2.0, 3.0]))", [[[0.5, 0.6, 0.7], [1.0, 2.0, 3.0]]]),
    Case("OneHotCategorical(t([0.1, 0.4, 0.5]))", [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[0.5, 0.5, 0.0], [1.0, 1.0, 0.0]]),
    Case("OneHotCategorical(logits=t([[0.3, -1.0], [0.0, 0.0]]))", [[[1.0, 0.0], [0.0, 1.0]]]),
    Case("OneHotCategoricalStraightThrough(t([0.1, 0.4, 0.5]))", [[0.0, 1.0, 0.0]]),
    Case("Pareto(t([0.5, 1.0]), t([0.5, 3.0]))", column([1.0, 2.5, 30.0]), [[0.1]]),
    Case("Pareto(1.0, 2.5)", [1.0, 2.0]),
    Case("Poisson(t([0.5, 20.0, 0.0]))", column(COUNTS), [[-1.0], [0.5]]),
    Case("Poisson(3.0)", COUNTS),
    Case("RelaxedBernoulli(t(0.7), t([0.2, 0.8]))", column(UNIT), [[1.5]]),
    Case("RelaxedBernoulli(t([2.0]), logits=t([-1.0, 0.0]))", column(UNIT)),
    Case("D.relaxed_bernoulli.LogitRelaxedBernoulli(t(0.7), t([0.2, 0.8]))", column(REAL)),
    Case("RelaxedOneHotCategorical(t(0.7), t([0.1, 0.4, 0.5]))", [[0.2, 0.3, 0.5]], [[0.2, 0.2, 0.2]]),
    Case("RelaxedOneHotCategorical(t(2.0), logits=t([[0.3, -1.0], [0.0, 0.0]]))", [[[0.2, 0.8], [0.5, 0.5]]]),
    Case("D.relaxed_categorical.ExpRelaxedCategorical(t(0.7), t([0.1, 0.4, 0.5]))", [[-1.0, -2.0, -0.5]]),
    Case("StudentT(t([0.5, 1.5, 7.0]), t([0.0, 1.0, 2.0]), t([1.0, 2.0, 0.3]))", column(REAL), [[NAN]]),
    Case("StudentT(3.0)", REAL),
    Case("TransformedDistribution(Normal(t([0.0, 1.0]), t(1.0)), [ExpTransform(), AffineTransform(1.0, 2.0)])", column([1.5, 3.0])),
    Case("TransformedDistribution(Uniform(t(0.0), t(1.0)), [SigmoidTransform().inv, AffineTransform(t([0.0, 2.0]), t([-1.0, 3.0]))])", column([0.3, 1.0])),
    Case("TransformedDistribution(Normal(t([0.0, 1.0]), t(1.0)), StickBreakingTransform())", [[0.2, 0.3, 0.5]]),
    Case("TransformedDistribution(Gamma(t([2.0, 3.0]), t(1.0)), [])", column([0.3, 1.0])),
    Case("Uniform(t([0.0, -1.0]), t([1.0, 3.0]))", column([0.0, 0.5, 0.9]), [[-2.0], [5.0], [NAN]]),
    Case("Uniform(-1.0, 1.0)", [-1.0, 0.0, 1.0]),
    Case("VonMises(t([0.0, 1.0]), t([0.5, 20.0]))", column([-3.0, 0.0, 1.0, 3.0])),
    Case("VonMises(0.5, 2.0)", [0.0, 1.0]),
    Case("Weibull(t([0.5, 2.0]), t([1.0, 3.0]))", column(POSITIVE), [[-1.0]]),
    Case("Weibull(1.0, 0.7)", POSITIVE),
    Case("Wishart(t([5.0, 2.5]), t([[2.0, 0.5], [0.5, 1.0]]))", [[[2.0, 0.5], [0.5, 1.0]]], [[[1.0, 2.0], [2.0, 1.0]]]),
    Case("Wishart(t(4.0), scale_tril=t([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.1, 0.2, 1.0]]).tril())", [[[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]]),
    Case("Wishart(3.0, precision_matrix=t([[2.0, 0.5], [0.5, 1.0]]))", [[[2.0, 0.5], [0.5, 1.0]]]),
]  # fmt: skip
# PyTorch refuses to compare float64 with float32 within, so only in single precision
SINGLE = [
    Case("GeneralizedPareto(t([0.0, 1.0, 0.0]), t([1.0, 2.0, 1.5]), t([0.3, -0.5, 0.0]))", column([1.0, 1.5, 2.0]), [[-1.0], [20.0]]),
    Case("GeneralizedPareto(0.0, 1.0, 0.7)", POSITIVE),
]
NAMES = sorted({case.made.partition("(")[0] for case in (*CASES, *SINGLE)})
