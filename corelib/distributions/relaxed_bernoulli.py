"""Relaxations of the Bernoulli distribution, whose numbers are functions of the parameters (Maddison et al., 2017; Jang et al., 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions._chances import PARAMETERS, Chances
from corelib.distributions.distribution import Distribution
from corelib.distributions.transformed_distribution import TransformedDistribution
from corelib.distributions.transforms import SigmoidTransform
from corelib.distributions.utils import broadcast_all, clamp_probs
from corelib.ops.random.random import rand
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(Chances, Distribution):
    """The log-odds of `RelaxedBernoulli`.

    >>> import corelib as torch
    >>> from corelib.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
    >>> LogitRelaxedBernoulli(torch.tensor(2.), torch.tensor([0.5])).sample().shape
    torch.Size([1])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(
        self, temperature: Tensor, probs: Tensor | float | None = None, logits: Tensor | float | None = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(self._take(probs, logits), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(LogitRelaxedBernoulli, batch_shape, _instance, PARAMETERS, ("temperature",))

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        uniforms = clamp_probs(rand(shape, dtype=probs.dtype, device=probs.device))
        return (uniforms.log() - (-uniforms).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        away = logits - value.mul(self.temperature)
        return self.temperature.log() + away - 2 * away.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1), near 0 and 1 for a low `temperature`, about the chance `probs`, whose log-odds are `logits`; one of them is given.

    >>> import corelib as torch
    >>> torch.distributions.RelaxedBernoulli(torch.tensor(2.), torch.tensor([0.5])).sample().shape
    torch.Size([1])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: Tensor, probs: Tensor | float | None = None, logits: Tensor | float | None = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._get_checked_instance(RelaxedBernoulli, _instance)
        return super().expand(batch_shape, new)

    @property
    def temperature(self) -> Tensor:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The log-odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The chance."""
        return self.base_dist.probs
