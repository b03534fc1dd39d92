"""The half-normal distribution, of the absolute value of a normal number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions._half import Half
from corelib.distributions.distribution import Distribution
from corelib.distributions.normal import Normal
from corelib.distributions.transforms import AbsTransform
from corelib.tensor.tensor import Tensor

__all__ = ["HalfNormal"]


class HalfNormal(Half):
    """|x| of normal numbers x with mean 0 and standard deviation `scale`.

    >>> import corelib as torch
    >>> torch.distributions.HalfNormal(1.).icdf(torch.tensor(0.))
    tensor(0.)
    """

    base_dist: Normal

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._get_checked_instance(HalfNormal, _instance)
        return super().expand(batch_shape, new)

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)
