"""The half-Cauchy distribution, of the absolute value of a Cauchy number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions._half import Half
from corelib.distributions.cauchy import Cauchy
from corelib.distributions.distribution import Distribution
from corelib.distributions.transforms import AbsTransform
from corelib.ops.construction.construct import as_tensor
from corelib.ops.construction.creation import full
from corelib.ops.elementwise.where import select_where as where
from corelib.tensor.tensor import Tensor

__all__ = ["HalfCauchy"]


class HalfCauchy(Half):
    """|x| of Cauchy numbers x with median 0, half of them within `scale` of it; mean and variance are infinite.

    >>> import corelib as torch
    >>> torch.distributions.HalfCauchy(1.).cdf(torch.tensor(1.))
    tensor(0.5000)
    """

    base_dist: Cauchy

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._get_checked_instance(HalfCauchy, _instance)
        return super().expand(batch_shape, new)

    @property
    def mean(self) -> Tensor:
        return full(self._extended_shape(), math.inf, dtype=self.scale.dtype, device=self.scale.device)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value = as_tensor(value, dtype=self.scale.dtype, device=self.scale.device)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)
