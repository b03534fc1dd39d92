"""The normal distribution of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions.distribution import Distribution
from corelib.distributions.utils import lazy_property, standard_normal
from corelib.ops.construction.creation import eye
from corelib.ops.linalg.decompositions import linalg_cholesky
from corelib.ops.linalg.linear_systems import cholesky_inverse, linalg_solve_triangular
from corelib.ops.shape.combinations import broadcast_shapes
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["MultivariateNormal"]


def batch_mv(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrices times vectors, batches broadcast."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def batch_mahalanobis(lower: Tensor, x: Tensor) -> Tensor:
    """The squared Mahalanobis length x^T (L L^T)^-1 x of vectors, for Cholesky factors L whose batch broadcasts to theirs."""
    if lower.ndim == 2:  # one factor: all vectors are columns of one system
        columns = linalg_solve_triangular(lower, x.reshape((-1, x.shape[-1])).T, upper=False)
        return columns.pow(2).sum(0).reshape(x.shape[:-1])
    return linalg_solve_triangular(lower, x.unsqueeze(-1), upper=False).pow(2).sum((-2, -1))


def half_log_det(lower: Tensor) -> Tensor:
    """The logarithm of a Cholesky factor's determinant."""
    return lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def precision_to_scale_tril(precision: Tensor) -> Tensor:
    """The Cholesky factor of a matrix's inverse, without making that."""
    flipped = linalg_cholesky(precision.flip((-2, -1)))
    upper = flipped.flip((-2, -1)).transpose(-2, -1)
    identity = eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return linalg_solve_triangular(upper, identity, upper=False)


MATRICES = ("covariance_matrix", "precision_matrix", "scale_tril")


class FromCholesky:
    """What families have that are told a covariance matrix, its inverse or its Cholesky factor: each is made of that factor when asked for."""

    _unbroadcasted_scale_tril: Tensor
    _batch_shape: Size

    def _whole(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + matrix.shape[-2:])

    @staticmethod
    def _factor(name: str, matrix: Tensor) -> Tensor:
        if name == "scale_tril":
            return matrix
        return linalg_cholesky(matrix) if name == "covariance_matrix" else precision_to_scale_tril(matrix)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance matrix."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance matrix."""
        return self._whole(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        return self._whole(cholesky_inverse(self._unbroadcasted_scale_tril))


class MultivariateNormal(FromCholesky, Distribution):
    """Normal vectors with mean `loc`, and one of: their covariance matrix, its inverse (the precision), its Cholesky factor `scale_tril`.

    ValueError for none or several of these, and for too few dimensions. `scale_tril` is the quickest.

    >>> import corelib as torch
    >>> torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None, scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = [(n, m) for n, m in zip(MATRICES, (covariance_matrix, precision_matrix, scale_tril), strict=True) if m is not None]
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given
        if matrix.ndim < 2:
            raise ValueError(f"{name} matrix must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = self._factor(name, matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(MultivariateNormal, batch_shape, _instance, ("loc", *MATRICES), ("_unbroadcasted_scale_tril",))

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        drawn = standard_normal(self._extended_shape(sample_shape), self.loc.dtype, self.loc.device)
        return self.loc + batch_mv(self._unbroadcasted_scale_tril, drawn)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        length = batch_mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + length) - half_log_det(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        entropy = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half_log_det(self._unbroadcasted_scale_tril)
        return entropy.expand(self._batch_shape)
