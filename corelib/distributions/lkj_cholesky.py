"""The LKJ distribution, of Cholesky factors of matrices of correlations (Lewandowski, Kurowicka, Joe, 2009)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions.beta import Beta
from corelib.distributions.distribution import Distribution
from corelib.distributions.utils import broadcast_all
from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.gamma import mvlgamma
from corelib.ops.random.random import randn
from corelib.ops.shape.joining import cat
from corelib.tensor.limits import finfo
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Lower Cholesky factors of `dim` x `dim` matrices M of correlations, with M's density in proportion to det(M)^(concentration - 1).

    Of concentration 1 all matrices are as likely. ValueError for a `dim` below 2.

    >>> import corelib as torch
    >>> torch.distributions.LKJCholesky(3, 0.5).sample().shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Tensor | float = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        like = self.concentration
        # the squared length of each row's part below the diagonal; that of the first is not used
        offset = arange(dim - 1, dtype=like.dtype, device=like.device)
        offset = cat([offset.new_zeros((1,)), offset])
        self._beta = Beta(offset + 0.5, (like + 0.5 * (dim - 2)).unsqueeze(-1) - 0.5 * offset)
        super().__init__(like.shape, (dim, dim), validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._expanded(LKJCholesky, batch_shape, _instance, ("concentration",), ("dim",))
        new._beta = self._beta.expand(Size(batch_shape) + (self.dim,))
        return new

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Factors of shape `sample_shape + batch_shape + (dim, dim)`, row by row: a direction, and a beta number for the squared length."""
        with no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            direction = randn(self._extended_shape(sample_shape), dtype=y.dtype, device=y.device).tril(-1)
            direction = direction / direction.norm(dim=-1, keepdim=True)
            direction[..., 0, :] = 0.0
            w = y.sqrt() * direction
            diagonal = (1 - (w**2).sum(-1)).clamp(min=finfo(w.dtype).tiny).sqrt()
            return w + diagonal.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        less = self.dim - 1
        alpha = self.concentration + 0.5 * less
        normalizer = 0.5 * less * math.log(math.pi) + mvlgamma(alpha - 0.5, less) - alpha.lgamma() * less
        return (order * diagonal.log()).sum(-1) - normalizer
