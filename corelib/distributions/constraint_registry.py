"""Which transform leads from all real numbers into a constraint: `biject_to`, one to one, and `transform_to`, as simple as may be.

>>> import corelib as torch
>>> D = torch.distributions
>>> D.transform_to(D.constraints.positive)(torch.zeros(1))
tensor([1.])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from corelib.distributions import constraints, transforms
from corelib.distributions.constraints import Constraint
from corelib.distributions.transforms import Transform
from corelib.distributions.utils import NUMBER

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]

Factory: TypeAlias = Callable[[Any], Transform]


class ConstraintRegistry:
    """A table from classes of constraints to what makes the transform for one. NotImplementedError for a class that is not in it.

    >>> import corelib as torch
    >>> torch.distributions.biject_to(torch.distributions.constraints.unit_interval)
    SigmoidTransform()
    """

    def __init__(self) -> None:
        self._registry: dict[type[Constraint], Factory] = {}
        super().__init__()

    def register(self, constraint: type[Constraint] | Constraint, factory: Factory | None = None) -> Any:
        """Enter what makes the transforms for a class of constraints, or for that of a constraint; without `factory`, a decorator.

        TypeError for what is no constraint.
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, Constraint):
            raise TypeError(f"register(): Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _to_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, NUMBER) and low == 0 and isinstance(high, NUMBER) and high == 1:
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


def _exp_then(loc: Any, scale: int) -> Transform:
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(loc, scale)])


def _fill(registry: ConstraintRegistry) -> None:
    """What both tables have."""
    table: tuple[tuple[tuple[Any, ...], Factory], ...] = (
        ((constraints.real,), lambda c: transforms.identity_transform),
        ((constraints.independent,), lambda c: transforms.IndependentTransform(registry(c.base_constraint), c.reinterpreted_batch_ndims)),
        ((constraints.positive, constraints.nonnegative), lambda c: transforms.ExpTransform()),
        ((constraints.greater_than, constraints.greater_than_eq), lambda c: _exp_then(c.lower_bound, 1)),
        ((constraints.less_than,), lambda c: _exp_then(c.upper_bound, -1)),
        ((constraints.interval, constraints.half_open_interval), _to_interval),
        ((constraints.corr_cholesky,), lambda c: transforms.CorrCholeskyTransform()),
        ((constraints.cat,), lambda c: transforms.CatTransform([registry(each) for each in c.cseq], c.dim, c.lengths)),
        ((constraints.stack,), lambda c: transforms.StackTransform([registry(each) for each in c.cseq], c.dim)),
    )
    for kinds, factory in table:
        for kind in kinds:
            registry.register(kind, factory)


_fill(biject_to)
_fill(transform_to)
biject_to.register(constraints.simplex, lambda c: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda c: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda c: transforms.LowerCholeskyTransform())
for _definite in (constraints.positive_definite, constraints.positive_semidefinite):
    transform_to.register(_definite, lambda c: transforms.PositiveDefiniteTransform())
