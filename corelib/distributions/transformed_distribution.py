"""A distribution of what transforms make of another's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from corelib.distributions import constraints
from corelib.distributions.constraints import Constraint
from corelib.distributions.distribution import Distribution
from corelib.distributions.independent import Independent
from corelib.distributions.transforms import ComposeTransform, Transform
from corelib.distributions.utils import sum_rightmost
from corelib.graph.grad_mode import no_grad
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """What `transforms`, one or a list of them, make of the numbers of `base_distribution`.

    ValueError where these are no transforms, or where they need more dimensions than the distribution has.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> m = D.TransformedDistribution(D.Normal(0., 1.), [D.ExpTransform(), D.AffineTransform(1., 2.)])
    >>> m.cdf(torch.tensor(3.))
    tensor(0.5000)
    """

    arg_constraints: dict[str, Constraint] = {}
    base_dist: Any

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | list[Transform], validate_args: bool | None = None
    ) -> None:
        if isinstance(transforms, Transform):
            self.transforms = [transforms]
        elif not isinstance(transforms, list):
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        elif not all(isinstance(t, Transform) for t in transforms):
            raise ValueError("transforms must be a Transform or a list of Transforms")
        else:
            self.transforms = transforms
        transform = ComposeTransform(self.transforms)
        domain, codomain = transform.domain.event_dim, transform.codomain.event_dim
        event_dim = len(base_distribution.event_shape)
        base_shape = base_distribution.batch_shape + base_distribution.event_shape
        if len(base_shape) < domain:
            raise ValueError(f"base_distribution needs to have shape with size at least {domain}, but got {base_shape}.")
        shape = transform.forward_shape(base_shape)
        needed = transform.inverse_shape(shape)
        if base_shape != needed:  # parameters of the transforms have more of a batch
            base_distribution = base_distribution.expand(needed[: len(needed) - event_dim])
        if domain > event_dim:
            base_distribution = Independent(base_distribution, domain - event_dim)
        self.base_dist = base_distribution
        cut = len(shape) - max(codomain, event_dim + codomain - domain)
        assert cut >= 0
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._expanded(TransformedDistribution, batch_shape, _instance, (), ("transforms",))
        shape = ComposeTransform(self.transforms).inverse_shape(Size(batch_shape) + self.event_shape)
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return new

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Constraint | None:
        if not self.transforms:
            found: Constraint | None = self.base_dist.support
            return found
        support = self.transforms[-1].codomain
        more = len(self.event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    @property
    def has_rsample(self) -> bool:
        return bool(self.base_dist.has_rsample)

    def _transformed(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        event_dim = len(self.event_shape)
        log_prob: Tensor | float = 0.0
        y = value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            log_prob = log_prob - sum_rightmost(transform.log_abs_det_jacobian(x, y), event_dim - transform.domain.event_dim)
            y = x
        return log_prob + sum_rightmost(self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape))

    def _monotonize_cdf(self, value: Tensor) -> Tensor:
        """1 - value where the transforms decrease."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int) and sign == 1:
            return value
        made: Tensor = sign * (value - 0.5) + 0.5
        return made

    def cdf(self, value: Tensor) -> Tensor:
        for transform in self.transforms[::-1]:
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonize_cdf(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._transformed(self.base_dist.icdf(self._monotonize_cdf(value)))
