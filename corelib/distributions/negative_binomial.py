"""The negative binomial distribution: how many trials succeed before a number of failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions._chances import PARAMETERS, Chances
from corelib.distributions.distribution import Distribution
from corelib.distributions.gamma import Gamma
from corelib.distributions.utils import lazy_property
from corelib.graph.grad_mode import no_grad
from corelib.ops.neural.activation import logsigmoid
from corelib.ops.random.counts import poisson
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Chances, Distribution):
    """How many trials succeed, with the chance `probs` whose log-odds are `logits`, before `total_count` fail; one of the two is given.

    `total_count` may be any number of 0 or more.

    >>> import corelib as torch
    >>> torch.distributions.NegativeBinomial(3., torch.tensor(0.5)).mean
    tensor(3.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0), "probs": constraints.half_open_interval(0.0, 1.0), "logits": constraints.real,
    }  # fmt: skip
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Tensor | float, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._take(probs, logits, total_count), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(NegativeBinomial, batch_shape, _instance, ("total_count", *PARAMETERS))

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self) -> Gamma:
        """What the rate of the Poisson numbers is, of which these are a mixture."""
        return Gamma(concentration=self.total_count, rate=(-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        unnormalized = n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        normalizer = -(n + value).lgamma() + (1.0 + value).lgamma() + n.lgamma()
        return unnormalized - normalizer.masked_fill(n + value == 0.0, 0.0)
