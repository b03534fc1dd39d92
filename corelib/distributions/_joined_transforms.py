"""Transforms of the parts of a tensor along a dimension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corelib.distributions import constraints
from corelib.distributions._transform import Transform
from corelib.distributions.constraints import Constraint
from corelib.distributions.utils import lazy_property, sum_rightmost
from corelib.ops.shape.joining import cat, stack
from corelib.tensor.tensor import Tensor


class _Joined(Transform):
    """Several transforms, each for a part."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(t, Transform) for t in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        if cache_size:
            tseq = [t.with_cache(cache_size) for t in tseq]
        super().__init__(cache_size=cache_size)
        self.transforms = list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> bool:
        return all(t.bijective for t in self.transforms)

    def _check(self, what: str, x: Tensor, length: int) -> None:
        if not -x.ndim <= self.dim < x.ndim:
            raise AssertionError(f"dim {self.dim} out of range for {what} with {x.dim()} dimensions")
        if x.size(self.dim) != length:
            raise AssertionError(f"x.size({self.dim}) = {x.size(self.dim)} must equal {length}, the length of all parts")


class CatTransform(_Joined):
    """Transforms of the parts, `lengths` long along `dim` (1 each by default), of which a tensor is the concatenation.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> D.CatTransform([D.ExpTransform(), D.AffineTransform(1., 2.)], lengths=[1, 2])(torch.zeros(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @lazy_property
    def event_dim(self) -> int:
        return max(t.event_dim for t in self.transforms)

    @lazy_property
    def length(self) -> int:
        """The length of all parts together."""
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _parts(self, *tensors: Tensor) -> Iterator[tuple[Transform, list[Tensor]]]:
        for t in tensors:
            self._check("tensor", t, self.length)
        start = 0
        for transform, length in zip(self.transforms, self.lengths, strict=True):
            yield transform, [t.narrow(self.dim, start, length) for t in tensors]
            start += length

    def _call(self, x: Tensor) -> Tensor:
        return cat([t(part) for t, (part,) in self._parts(x)], dim=self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return cat([t.inv(part) for t, (part,) in self._parts(y)], dim=self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        terms = []
        for t, (start, end) in self._parts(x, y):
            term = t.log_abs_det_jacobian(start, end)
            terms.append(sum_rightmost(term, self.event_dim - t.event_dim) if t.event_dim < self.event_dim else term)
        dim = (self.dim - x.ndim if self.dim >= 0 else self.dim) + self.event_dim
        if dim < 0:
            return cat(terms, dim=dim)
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    @constraints.dependent_property
    def domain(self) -> Constraint:
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self) -> Constraint:
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_Joined):
    """A transform for each slice of a tensor along `dim`.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> D.StackTransform([D.ExpTransform(), D.identity_transform], dim=1)(torch.zeros(1, 2))
    tensor([[1., 0.]])
    """

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    def _slices(self, *tensors: Tensor) -> Iterator[tuple[Transform, list[Tensor]]]:
        for t in tensors:
            self._check("tensor", t, len(self.transforms))
        for i, transform in enumerate(self.transforms):
            yield transform, [t.select(self.dim, i) for t in tensors]

    def _call(self, x: Tensor) -> Tensor:
        return stack([t(part) for t, (part,) in self._slices(x)], dim=self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return stack([t.inv(part) for t, (part,) in self._slices(y)], dim=self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return stack([t.log_abs_det_jacobian(start, end) for t, (start, end) in self._slices(x, y)], dim=self.dim)

    @constraints.dependent_property
    def domain(self) -> Constraint:
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self) -> Constraint:
        return constraints.stack([t.codomain for t in self.transforms], self.dim)
