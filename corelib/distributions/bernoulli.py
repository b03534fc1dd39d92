"""The Bernoulli distribution: 1 with a chance, else 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions._chances import PARAMETERS, Chances, counted
from corelib.distributions.distribution import Distribution
from corelib.distributions.exp_family import ExponentialFamily
from corelib.distributions.utils import broadcast_all, of_shape
from corelib.graph.grad_mode import no_grad
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.losses.losses import binary_cross_entropy_with_logits
from corelib.ops.random.random import bernoulli
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["Bernoulli"]


class Bernoulli(Chances, ExponentialFamily):
    """1 with the chance `probs`, whose log-odds are `logits`, else 0; one of the two is given.

    >>> import corelib as torch
    >>> torch.distributions.Bernoulli(torch.tensor([0.3])).mean
    tensor([0.3000])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(self, probs: Tensor | float | None = None, logits: Tensor | float | None = None, validate_args: bool | None = None) -> None:
        super().__init__(self._take(probs, logits), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(Bernoulli, batch_shape, _instance, PARAMETERS)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return where(self.probs == 0.5, float("nan"), (self.probs >= 0.5).to(self.probs))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return bernoulli(of_shape(self.probs, self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return counted(2, self._param, self._batch_shape, expand)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.probs.logit(),)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        return natural_params[0].exp().log1p()
