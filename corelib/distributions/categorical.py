"""The categorical distribution: one of several things."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

from corelib.distributions import constraints
from corelib.distributions._chances import counted, one_of
from corelib.distributions.constraints import Constraint
from corelib.distributions.distribution import Distribution
from corelib.distributions.utils import lazy_property, logits_to_probs, probs_to_logits
from corelib.ops.construction.creation import full
from corelib.ops.random.choosing import multinomial
from corelib.ops.shape.shapes import broadcast_tensors
from corelib.tensor.dtype import int64
from corelib.tensor.limits import finfo
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["Categorical"]


class Categorical(Distribution):
    """The index of one of several things, with the chances along the last dimension of `probs`, or with their logarithms `logits`.

    One of the two is given, and normalized. ValueError where it has no dimension.

    >>> import corelib as torch
    >>> torch.distributions.Categorical(torch.tensor([1., 3.])).probs
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _param: Tensor

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None) -> None:
        name, value = one_of(probs, logits)
        if value.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if name == "probs":
            self.probs = self._param = value / value.sum(-1, keepdim=True)
        else:
            self.logits = self._param = value - value.logsumexp(dim=-1, keepdim=True)
        self._num_events = self._param.shape[-1]
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(Categorical, batch_shape, _instance, ("probs", "logits", "_param"), ("_num_events",))

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the chances."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The chances."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of `probs` and of `logits`."""
        return self._param.shape

    @property
    def mean(self) -> Tensor:
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype, device=self.probs.device)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype, device=self.probs.device)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        rows = self.probs.reshape((-1, self._num_events))
        return multinomial(rows, Size(sample_shape).numel(), True).T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value, logits = broadcast_tensors(value.to(int64).unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        return -(self.logits.clamp(min=finfo(self.logits.dtype).min) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return counted(self._num_events, self._param, self._batch_shape, expand, dtype=int64)
