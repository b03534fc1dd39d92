"""The continuous Bernoulli distribution (Loaiza-Ganem, Cunningham, 2019): on [0, 1], with the density in proportion to p^x (1 - p)^(1 - x)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions._chances import PARAMETERS, Chances
from corelib.distributions.distribution import Distribution
from corelib.distributions.exp_family import ExponentialFamily
from corelib.distributions.utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs
from corelib.graph.grad_mode import no_grad
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.losses.losses import binary_cross_entropy_with_logits
from corelib.ops.random.random import rand
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Chances, ExponentialFamily):
    """Numbers in [0, 1] with the parameter `probs`, kept within (0, 1), whose log-odds are `logits`; one of the two is given.

    Between the two `lims`, where the formulas lose their digits, Taylor series about 1/2 take their place.

    >>> import corelib as torch
    >>> torch.distributions.ContinuousBernoulli(torch.tensor([0.5])).mean
    tensor([0.5000])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    _mean_carrier_measure = 0
    has_rsample = True

    def __init__(
        self, probs: Tensor | float | None = None, logits: Tensor | float | None = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        shape = self._take(probs, logits)
        if probs is not None:
            if validate_args is not None and not bool(self.arg_constraints["probs"].check(self._param).all()):
                raise ValueError(f"The parameter probs has invalid values, which are to be within [0, 1]: {self._param}")
            self.probs = self._param = clamp_probs(self._param)
        self._lims = lims
        super().__init__(shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(ContinuousBernoulli, batch_shape, _instance, PARAMETERS, ("_lims",))

    @lazy_property
    def probs(self) -> Tensor:
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _outside_unstable_region(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Tensor:
        return where(self._outside_unstable_region(), self.probs, self._lims[0])

    def _stable(self, formula: Tensor, series: Tensor) -> Tensor:
        return where(self._outside_unstable_region(), formula, series)

    def _cont_bern_log_norm(self) -> Tensor:
        """The logarithm of what the density is normalized with."""
        cut = self._cut_probs()
        below, above = where(cut <= 0.5, cut, 0.0), where(cut >= 0.5, cut, 1.0)
        norm = ((-cut).log1p() - cut.log()).abs().log() - where(cut <= 0.5, (-2.0 * below).log1p(), (2.0 * above - 1.0).log())
        x = (self.probs - 0.5) ** 2
        return self._stable(norm, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Tensor:
        cut = self._cut_probs()
        x = self.probs - 0.5
        return self._stable(cut / (2.0 * cut - 1.0) + 1.0 / ((-cut).log1p() - cut.log()), 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x**2) * x)

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    @property
    def variance(self) -> Tensor:
        cut = self._cut_probs()
        x = (self.probs - 0.5) ** 2
        formula = cut * (cut - 1.0) / (1.0 - 2.0 * cut) ** 2 + 1.0 / ((-cut).log1p() - cut.log()) ** 2
        return self._stable(formula, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._cont_bern_log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        cut = self._cut_probs()
        formula = (cut**value * (1.0 - cut) ** (1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        return where(value <= 0.0, 0.0, where(value >= 1.0, 1.0, self._stable(formula, value)))

    def icdf(self, value: Tensor) -> Tensor:
        cut = self._cut_probs()
        formula = ((-cut + value * (2.0 * cut - 1.0)).log1p() - (-cut).log1p()) / (cut.log() - (-cut).log1p())
        return self._stable(formula, value)

    def entropy(self) -> Tensor:
        no, yes = (-self.probs).log1p(), self.probs.log()
        return self.mean * (no - yes) - self._cont_bern_log_norm() - no

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        low, high = self._lims[0] - 0.5, self._lims[1] - 0.5
        outside = (x <= low) | (x > high)
        cut = where(outside, x, low)
        return where(outside, cut.expm1().abs().log() - cut.abs().log(), 0.5 * x + x**2 / 24.0 - x**4 / 2880.0)
