"""What the half-normal and the half-Cauchy distribution share: the upper half of a distribution that is symmetric around 0."""

from __future__ import annotations

import math

from corelib.distributions import constraints
from corelib.distributions.cauchy import Cauchy
from corelib.distributions.normal import Normal
from corelib.distributions.transformed_distribution import TransformedDistribution
from corelib.ops.construction.creation import zeros_like
from corelib.ops.elementwise.where import select_where as where
from corelib.tensor.tensor import Tensor


class Half(TransformedDistribution):
    """|x| of numbers x of `base_dist`."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Normal | Cauchy

    @property
    def scale(self) -> Tensor:
        """The scale of both halves."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
