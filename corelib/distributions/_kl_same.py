"""Divergences between distributions of one family."""

from __future__ import annotations

import math

from corelib.distributions._kl_registry import kl_divergence, register_kl
from corelib.distributions.bernoulli import Bernoulli
from corelib.distributions.beta import Beta
from corelib.distributions.binomial import Binomial
from corelib.distributions.categorical import Categorical
from corelib.distributions.cauchy import Cauchy
from corelib.distributions.continuous_bernoulli import ContinuousBernoulli
from corelib.distributions.dirichlet import Dirichlet
from corelib.distributions.exp_family import ExponentialFamily
from corelib.distributions.exponential import Exponential
from corelib.distributions.gamma import Gamma
from corelib.distributions.geometric import Geometric
from corelib.distributions.gumbel import Gumbel
from corelib.distributions.half_normal import HalfNormal
from corelib.distributions.independent import Independent
from corelib.distributions.laplace import Laplace
from corelib.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal, lowrank_logdet, lowrank_mahalanobis
from corelib.distributions.multivariate_normal import MultivariateNormal, batch_mahalanobis, half_log_det
from corelib.distributions.normal import Normal
from corelib.distributions.one_hot_categorical import OneHotCategorical
from corelib.distributions.pareto import Pareto
from corelib.distributions.poisson import Poisson
from corelib.distributions.transformed_distribution import TransformedDistribution
from corelib.distributions.uniform import Uniform
from corelib.distributions.utils import euler_constant, sum_rightmost
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.linalg.linear_systems import linalg_solve_triangular
from corelib.ops.neural.activation import softplus
from corelib.tensor.tensor import Tensor

_INFINITY = math.inf


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    yes = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    yes = where(p.probs == 0, 0.0, where(q.probs == 0, _INFINITY, yes))
    no = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    no = where(p.probs == 1, 0.0, where(q.probs == 1, _INFINITY, no))
    return yes + no


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    p1, p0, q1, q0 = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    normalizers = q1.lgamma() + q0.lgamma() + (p1 + p0).lgamma() - (p1.lgamma() + p0.lgamma() + (q1 + q0).lgamma())
    return normalizers + (p1 - q1) * p1.digamma() + (p0 - q0) * p0.digamma() + (q1 + q0 - (p1 + p0)) * (p1 + p0).digamma()


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return where(p.total_count > q.total_count, _INFINITY, kl)


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    return where(p.probs == 0, 0.0, where(q.probs == 0, _INFINITY, terms)).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categorical(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    normalizers = p._cont_bern_log_norm() + (-p.probs).log1p() - q._cont_bern_log_norm() - (-q.probs).log1p()
    return p.mean * (p.logits - q.logits) + normalizers


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    normalizers = a.sum(-1).lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return normalizers + ((a - b) * (a.digamma() - a.sum(-1).digamma().unsqueeze(-1))).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """Bregman's divergence of the log normalizer (Nielsen, Nock, 2010)."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman divergences"
        )
    own, normalizer, slopes = p._normalizer_and_slopes()
    other = q._natural_params
    result = q._log_normalizer(*other) - normalizer
    for mine, theirs, slope in zip(own, other, slopes, strict=True):
        result = result - sum_rightmost((theirs - mine) * slope, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    return b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma() + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio, there, here = p.scale / q.scale, q.loc / q.scale, p.loc / q.scale
    moment = (there + (1 + ratio).lgamma() - here).exp()
    return -ratio.log() - there + here + ratio * euler_constant + moment - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * (-away / p.scale).exp() - 1


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return where(p.scale < q.scale, _INFINITY, result)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return where((q.low > p.low) | (q.high < p.high), _INFINITY, result)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms:
        raise NotImplementedError("kl_divergence(): transformed distributions are compared only where their transforms are equal")
    if p.event_shape != q.event_shape:
        raise NotImplementedError(f"kl_divergence(): the event shapes differ: {p.event_shape} and {q.event_shape}")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independent(p: Independent[Normal], q: Independent[Normal]) -> Tensor:
    dims = p.reinterpreted_batch_ndims
    if dims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(f"kl_divergence(): reinterpreted_batch_ndims differ: {dims} and {q.reinterpreted_batch_ndims}")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), dims)


def _trace_square(matrix: Tensor) -> Tensor:
    """The trace of X X^T."""
    return matrix.pow(2).sum((-2, -1))


def _same_event(p: MultivariateNormal | LowRankMultivariateNormal, q: MultivariateNormal | LowRankMultivariateNormal) -> int:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed: "
            f"{p.event_shape} and {q.event_shape}"
        )
    return p.event_shape[0]


def _woodbury(q: LowRankMultivariateNormal) -> Tensor:
    """A, of which the inverse of q's covariance matrix is D^-1 - A^T A."""
    factor, diagonal, capacitance = q._parts()
    return linalg_solve_triangular(capacitance, factor.mT / diagonal.unsqueeze(-2), upper=False)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _lowrank(p: LowRankMultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    n = _same_event(p, q)
    determinants = lowrank_logdet(*q._parts()) - lowrank_logdet(*p._parts())
    factor, diagonal, capacitance = q._parts()
    length = lowrank_mahalanobis(factor, diagonal, q.loc - p.loc, capacitance)
    a, (own, own_diagonal, _) = _woodbury(q), p._parts()
    trace = (own_diagonal / diagonal).sum(-1) + _trace_square(own * diagonal.rsqrt().unsqueeze(-1))
    trace = trace - _trace_square(a * own_diagonal.sqrt().unsqueeze(-2)) - _trace_square(a @ own)
    return 0.5 * (determinants + trace + length - n)


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _multivariate_lowrank(p: MultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    n = _same_event(p, q)
    factor, diagonal, capacitance = q._parts()
    lower = p._unbroadcasted_scale_tril
    length = lowrank_mahalanobis(factor, diagonal, q.loc - p.loc, capacitance)
    trace = _trace_square(lower * diagonal.rsqrt().unsqueeze(-1)) - _trace_square(_woodbury(q) @ lower)
    return 0.5 * (lowrank_logdet(*q._parts()) - 2 * half_log_det(lower) + trace + length - n)


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _lowrank_multivariate(p: LowRankMultivariateNormal, q: MultivariateNormal) -> Tensor:
    n = _same_event(p, q)
    lower, (factor, diagonal, _) = q._unbroadcasted_scale_tril, p._parts()
    length = batch_mahalanobis(lower, q.loc - p.loc)
    trace = _trace_square(linalg_solve_triangular(lower, factor, upper=False))
    trace = trace + _trace_square(linalg_solve_triangular(lower, diagonal.sqrt().diag_embed(), upper=False))
    return 0.5 * (2 * half_log_det(lower) - lowrank_logdet(*p._parts()) + trace + length - n)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    n = _same_event(p, q)
    mine, lower = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    trace = _trace_square(linalg_solve_triangular(lower, mine, upper=False))
    length = batch_mahalanobis(lower, q.loc - p.loc)
    return half_log_det(lower) - half_log_det(mine) + 0.5 * (trace + length - n)
