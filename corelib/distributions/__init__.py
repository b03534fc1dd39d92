"""torch.distributions: probability distributions, their samples with gradients, densities and divergences; a family a file, as in PyTorch.

>>> import corelib as torch
>>> m = torch.distributions.Normal(torch.tensor([0.]), torch.tensor([1.]))
>>> m.log_prob(torch.tensor([0.]))
tensor([-0.9189])
"""

from corelib.distributions import constraints as constraints, transforms as transforms, utils as utils
from corelib.distributions.bernoulli import Bernoulli as Bernoulli
from corelib.distributions.beta import Beta as Beta
from corelib.distributions.binomial import Binomial as Binomial
from corelib.distributions.categorical import Categorical as Categorical
from corelib.distributions.cauchy import Cauchy as Cauchy
from corelib.distributions.chi2 import Chi2 as Chi2
from corelib.distributions.constraint_registry import biject_to as biject_to, transform_to as transform_to
from corelib.distributions.continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from corelib.distributions.dirichlet import Dirichlet as Dirichlet
from corelib.distributions.distribution import Distribution as Distribution
from corelib.distributions.exp_family import ExponentialFamily as ExponentialFamily
from corelib.distributions.exponential import Exponential as Exponential
from corelib.distributions.fishersnedecor import FisherSnedecor as FisherSnedecor
from corelib.distributions.gamma import Gamma as Gamma
from corelib.distributions.generalized_pareto import GeneralizedPareto as GeneralizedPareto
from corelib.distributions.geometric import Geometric as Geometric
from corelib.distributions.gumbel import Gumbel as Gumbel
from corelib.distributions.half_cauchy import HalfCauchy as HalfCauchy
from corelib.distributions.half_normal import HalfNormal as HalfNormal
from corelib.distributions.independent import Independent as Independent
from corelib.distributions.inverse_gamma import InverseGamma as InverseGamma
from corelib.distributions.kl import kl_divergence as kl_divergence, register_kl as register_kl
from corelib.distributions.kumaraswamy import Kumaraswamy as Kumaraswamy
from corelib.distributions.laplace import Laplace as Laplace
from corelib.distributions.lkj_cholesky import LKJCholesky as LKJCholesky
from corelib.distributions.log_normal import LogNormal as LogNormal
from corelib.distributions.logistic_normal import LogisticNormal as LogisticNormal
from corelib.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal as LowRankMultivariateNormal
from corelib.distributions.mixture_same_family import MixtureSameFamily as MixtureSameFamily
from corelib.distributions.multinomial import Multinomial as Multinomial
from corelib.distributions.multivariate_normal import MultivariateNormal as MultivariateNormal
from corelib.distributions.negative_binomial import NegativeBinomial as NegativeBinomial
from corelib.distributions.normal import Normal as Normal
from corelib.distributions.one_hot_categorical import OneHotCategorical as OneHotCategorical, OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough
from corelib.distributions.pareto import Pareto as Pareto
from corelib.distributions.poisson import Poisson as Poisson
from corelib.distributions.relaxed_bernoulli import RelaxedBernoulli as RelaxedBernoulli
from corelib.distributions.relaxed_categorical import RelaxedOneHotCategorical as RelaxedOneHotCategorical
from corelib.distributions.studentT import StudentT as StudentT
from corelib.distributions.transformed_distribution import TransformedDistribution as TransformedDistribution
from corelib.distributions.transforms import (
    AbsTransform as AbsTransform, AffineTransform as AffineTransform, CatTransform as CatTransform,
    ComposeTransform as ComposeTransform, CorrCholeskyTransform as CorrCholeskyTransform,
    CumulativeDistributionTransform as CumulativeDistributionTransform, ExpTransform as ExpTransform,
    IndependentTransform as IndependentTransform, LowerCholeskyTransform as LowerCholeskyTransform,
    PositiveDefiniteTransform as PositiveDefiniteTransform, PowerTransform as PowerTransform, ReshapeTransform as ReshapeTransform,
    SigmoidTransform as SigmoidTransform, SoftmaxTransform as SoftmaxTransform, SoftplusTransform as SoftplusTransform,
    StackTransform as StackTransform, StickBreakingTransform as StickBreakingTransform, TanhTransform as TanhTransform,
    Transform as Transform, identity_transform as identity_transform,
)
from corelib.distributions.uniform import Uniform as Uniform
from corelib.distributions.von_mises import VonMises as VonMises
from corelib.distributions.weibull import Weibull as Weibull
from corelib.distributions.wishart import Wishart as Wishart

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "CatTransform", "Categorical", "Cauchy", "Chi2",
    "ComposeTransform", "ContinuousBernoulli", "CorrCholeskyTransform", "CumulativeDistributionTransform", "Dirichlet",
    "Distribution", "ExpTransform", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma", "GeneralizedPareto", "Geometric",
    "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "IndependentTransform", "InverseGamma", "Kumaraswamy", "LKJCholesky",
    "Laplace", "LogNormal", "LogisticNormal", "LowRankMultivariateNormal", "LowerCholeskyTransform", "MixtureSameFamily",
    "Multinomial", "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
    "Pareto", "Poisson", "PositiveDefiniteTransform", "PowerTransform", "RelaxedBernoulli", "RelaxedOneHotCategorical",
    "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform", "StackTransform", "StickBreakingTransform",
    "StudentT", "TanhTransform", "Transform", "TransformedDistribution", "Uniform", "VonMises", "Weibull", "Wishart", "biject_to",
    "identity_transform", "kl_divergence", "register_kl", "transform_to",
]  # fmt: skip
