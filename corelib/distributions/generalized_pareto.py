"""The generalized Pareto distribution, of how far numbers exceed a high threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions.constraints import Constraint
from corelib.distributions.distribution import Distribution
from corelib.distributions.utils import broadcast_all
from corelib.ops.construction.creation import zeros_like
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.random.random import rand
from corelib.ops.reduction.closeness import isclose
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """Numbers from `loc` on, of width `scale`, with a tail that falls by a power (`concentration` above 0), exponentially (0) or ends (below 0).

    >>> import corelib as torch
    >>> torch.distributions.GeneralizedPareto(0., 1., 0.5).mean
    tensor(2.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(GeneralizedPareto, batch_shape, _instance, ("loc", "scale", "concentration"))

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device))

    def _zero_or_safe(self) -> tuple[Tensor, Tensor]:
        """Where the concentration is about 0, and a concentration that is 1 there."""
        zero = isclose(self.concentration, zeros_like(self.concentration))
        return zero, where(zero, 1.0, self.concentration)

    def _checked(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return (value - self.loc) / self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        z = self._checked(value)
        zero, safe = self._zero_or_safe()
        y = 1 / safe + z.new_ones(z.shape)
        return -self.scale.log() - where(zero, z, where(y == 0, y, y * (safe * z).log1p()))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the chance of a number above `value`."""
        z = self._checked(value)
        zero, safe = self._zero_or_safe()
        return where(zero, -z, -(safe * z).log1p() / safe)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of `cdf`."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        zero, safe = self._zero_or_safe()
        logarithm = (-value).log1p()
        return where(zero, self.loc - self.scale * logarithm, self.loc + self.scale / safe * (-safe * logarithm).expm1())

    @property
    def mean(self) -> Tensor:
        valid = self.concentration < 1
        return where(valid, self.loc + self.scale / (1 - where(valid, self.concentration, 0.5)), math.nan)

    @property
    def variance(self) -> Tensor:
        valid = self.concentration < 0.5
        safe = where(valid, self.concentration, 0.25)
        return where(valid, self.scale**2 / ((1 - safe) ** 2 * (1 - 2 * safe)), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def entropy(self) -> Tensor:
        return (self.scale.log() + self.concentration + 1).broadcast_to(self._batch_shape)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        return constraints.interval(self.loc, where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf))
