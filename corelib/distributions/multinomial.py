"""The multinomial distribution: how often each of several things is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

from corelib.distributions import constraints
from corelib.distributions.binomial import Binomial
from corelib.distributions.categorical import Categorical
from corelib.distributions.constraints import Constraint
from corelib.distributions.distribution import Distribution
from corelib.distributions.utils import broadcast_all
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.construction.creation import ones_like
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each of several things is drawn in `total_count` draws with the chances `probs`, or with their logarithms `logits`.

    NotImplementedError where `total_count` is no int.

    >>> import corelib as torch
    >>> torch.distributions.Multinomial(8, torch.tensor([1., 3.])).mean
    tensor([2., 6.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported: it must be an int")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._expanded(Multinomial, batch_shape, _instance, ("_categorical",), ("total_count",))
        new._binomial = self._binomial.expand(new._batch_shape + new._event_shape)
        return new

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._categorical._new(*args, **kwargs)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Constraint:
        return constraints.multinomial(self.total_count)

    @property
    def probs(self) -> Tensor:
        """The chances."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the chances."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of `probs` and of `logits`."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        drawn = self._categorical.sample(Size((self.total_count,)) + Size(sample_shape))
        drawn = drawn.permute([*range(1, drawn.ndim), 0])
        counts = drawn.new_zeros(self._extended_shape(sample_shape))
        return counts.scatter_add(-1, drawn, ones_like(drawn)).type_as(self.probs)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        logits = where((value == 0) & (logits == -math.inf), 0.0, logits)  # what has no chance and is not drawn
        return (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1) + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        counts = self._binomial.enumerate_support(expand=False)[1:]
        chances = self._binomial.log_prob(counts).exp()
        rest = (chances * (counts + 1).lgamma()).sum([0, -1])
        factorial = math.lgamma(self.total_count + 1)
        return self.total_count * self._categorical.entropy() - factorial + rest
