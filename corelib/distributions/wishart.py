"""Wishart's distribution, of the sum of squares of normal vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.as_torch.warned import warn
from corelib.distributions import constraints
from corelib.distributions.chi2 import Chi2
from corelib.distributions.constraints import Constraint
from corelib.distributions.distribution import Distribution
from corelib.distributions.exp_family import ExponentialFamily
from corelib.distributions.multivariate_normal import MATRICES, FromCholesky, half_log_det
from corelib.distributions.utils import NUMBER
from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.gamma import mvlgamma
from corelib.ops.linalg.linear_systems import cholesky_solve, linalg_slogdet
from corelib.ops.random.random import randn
from corelib.ops.shape.combinations import broadcast_shapes
from corelib.ops.shape.diagonals import tril_indices
from corelib.ops.elementwise.where import select_where as where
from corelib.tensor.limits import finfo
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["Wishart"]

_LOG_2 = math.log(2)


def _mvdigamma(x: Tensor, p: int) -> Tensor:
    """The derivative of mvlgamma."""
    assert bool(x.gt((p - 1) / 2).all())
    return (x.unsqueeze(-1) - arange(p, dtype=x.dtype, device=x.device).div(2)).digamma().sum(-1)


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1)


class Wishart(FromCholesky, ExponentialFamily):
    """Positive definite matrices: sums of x x^T of `df` normal vectors x, of which one is given: their covariance matrix, its inverse (the
    precision), or its Cholesky factor `scale_tril`.

    `df` is any number above their length less 1, ValueError otherwise; below the length, samples that are singular are likely, and a
    UserWarning says so.

    >>> import corelib as torch
    >>> torch.distributions.Wishart(torch.tensor(3.), torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, df: Tensor | float, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = [(n, m) for n, m in zip(MATRICES, (covariance_matrix, precision_matrix, scale_tril), strict=True) if m is not None]
        if len(given) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given
        if matrix.ndim < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        if isinstance(df, NUMBER):
            batch_shape = matrix.shape[:-2]
            self.df = tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = broadcast_shapes(matrix.shape[:-2], df.shape)
            self.df = df.expand(batch_shape)
        event_shape = matrix.shape[-2:]
        if bool(self.df.le(event_shape[-1] - 1).any()):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {event_shape[-1] - 1}.")
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        if bool(self.df.lt(event_shape[-1]).any()):
            warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.")
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        self._unbroadcasted_scale_tril = self._factor(name, matrix)
        self._prepare()

    def _prepare(self) -> None:
        """What Bartlett's decomposition draws its diagonal from."""
        self._batch_dims = [-(i + 1) for i in range(len(self._batch_shape))]
        p, like = self._event_shape[-1], self._unbroadcasted_scale_tril
        self._dist_chi2 = Chi2((self.df.unsqueeze(-1) - arange(p, dtype=like.dtype, device=like.device)).expand((*self._batch_shape, p)))

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._expanded(Wishart, batch_shape, _instance, MATRICES)
        new.df = self.df.expand(batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(Size(batch_shape) + self._event_shape)
        new._prepare()
        return new

    @property
    def arg_constraints(self) -> dict[str, Constraint]:
        return {
            "covariance_matrix": constraints.positive_definite, "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky, "df": constraints.greater_than(self.event_shape[-1] - 1),
        }  # fmt: skip

    def _of_matrices(self, numbers: Tensor) -> Tensor:
        return numbers.expand(self._batch_shape).reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Tensor:
        return self._of_matrices(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        return self._of_matrices(where(factor <= 0, math.nan, factor)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self._of_matrices(self.df) * (v.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _bartlett_sampling(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """A A^T of A = L T, T triangular of chi and normal numbers (Bartlett, 1933)."""
        p = self._event_shape[-1]
        chi = self._dist_chi2.rsample(sample_shape).sqrt()
        noise = chi.clamp(min=finfo(chi.dtype).eps).diag_embed(dim1=-2, dim2=-1)
        i, j = tril_indices(p, p, offset=-1)
        shape = Size(sample_shape) + self._batch_shape + (p * (p - 1) // 2,)
        noise[..., i, j] = randn(shape, dtype=noise.dtype, device=noise.device)
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def _singular(self, sample: Tensor) -> Tensor:
        """Which samples are not positive definite, in any of the batch."""
        singular = ~self.support.check(sample)
        return singular.amax(self._batch_dims) if self._batch_shape else singular

    def rsample(self, sample_shape: Sequence[int] = Size(), max_try_correction: int | None = None) -> Tensor:
        """Matrices of shape `sample_shape + batch_shape + event_shape`; a singular one is drawn anew up to `max_try_correction` (10) times.

        PyTorch draws each sample twice that is not singular at first, so these do too: after a seed they are the same.
        """
        sample = self._bartlett_sampling(sample_shape)
        sound = self.support.check(sample)
        sound = sound.amax(self._batch_dims) if self._batch_shape else sound
        if bool(sound.any()):
            sample[sound] = self._bartlett_sampling(sound[sound].shape)
        for _ in range(10 if max_try_correction is None else max_try_correction):
            singular = self._singular(sample)
            if not bool(singular.any()):
                break
            warn("Singular sample detected.")
            sample[singular] = self._bartlett_sampling(singular[singular].shape)
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        nu, p, lower = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        return (
            -nu * (p * _LOG_2 / 2 + half_log_det(lower))
            - mvlgamma(nu / 2, p)
            + (nu - p - 1) / 2 * linalg_slogdet(value).logabsdet
            - _trace(cholesky_solve(value, lower)) / 2
        )

    def entropy(self) -> Tensor:
        nu, p = self.df, self._event_shape[-1]
        determinant = (p + 1) * (p * _LOG_2 / 2 + half_log_det(self._unbroadcasted_scale_tril))
        return determinant + mvlgamma(nu / 2, p) - (nu - p - 1) / 2 * _mvdigamma(nu / 2, p) + nu * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        x, y = natural_params
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (-linalg_slogdet(-2 * x).logabsdet + _LOG_2 * p) + mvlgamma(half, p)
