"""A mixture of distributions of one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from corelib.distributions import constraints
from corelib.distributions.categorical import Categorical
from corelib.distributions.constraints import Constraint, MixtureSameFamilyConstraint
from corelib.distributions.distribution import Distribution
from corelib.graph.grad_mode import no_grad
from corelib.ops.neural.torch_forms import log_softmax
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """Numbers of one of the distributions along the last batch dimension of `component_distribution`, which `mixture_distribution` chooses.

    ValueError unless that is a `Categorical` of as many, and of a batch that fits.

    >>> import corelib as torch
    >>> D = torch.distributions
    >>> D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.tensor([0., 4.]), torch.ones(2))).mean
    tensor(2.)
    """

    arg_constraints: dict[str, Constraint] = {}
    has_rsample = False

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                f" The Mixture distribution needs to be an  instance of torch.distributions.Categorical, got {type(mixture_distribution).__name__}"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                f"The Component distribution needs to be an instance of torch.distributions.Distribution, got {type(component_distribution).__name__}"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        mixed, parts = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        if any(m != 1 and p != 1 and m != p for m, p in zip(reversed(mixed), reversed(parts), strict=False)):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({mixed}) is not compatible with `component_distribution.batch_shape`({parts})"
            )
        chosen_from, many = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if chosen_from != many:
            raise ValueError(f"`mixture_distribution component` ({chosen_from}) does not equal `component_distribution.batch_shape[-1]` ({many})")
        self._num_component = many
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(parts, component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        new: Self = self._expanded(MixtureSameFamily, batch_shape, _instance, ("_mixture_distribution",), ("_num_component", "_event_ndims"))
        new._component_distribution = self._component_distribution.expand(Size(batch_shape) + (self._num_component,))
        return new

    @constraints.dependent_property
    def support(self) -> Constraint:
        support = self._component_distribution.support
        assert support is not None
        return MixtureSameFamilyConstraint(support)

    @property
    def mixture_distribution(self) -> Categorical:
        """What chooses."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """What is chosen from."""
        return self._component_distribution

    @property
    def mean(self) -> Tensor:
        return (self._weights() * self.component_distribution.mean).sum(-1 - self._event_ndims)

    @property
    def variance(self) -> Tensor:
        weights, parts = self._weights(), self.component_distribution
        within = (weights * parts.variance).sum(-1 - self._event_ndims)
        between = (weights * (parts.mean - self._pad(self.mean)).pow(2.0)).sum(-1 - self._event_ndims)
        return within + between

    def cdf(self, x: Tensor) -> Tensor:
        return (self.component_distribution.cdf(self._pad(x)) * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(x)
        log_prob = self.component_distribution.log_prob(self._pad(x))
        return (log_prob + log_softmax(self.mixture_distribution.logits, -1)).logsumexp(dim=-1)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            dim = len(sample_shape) + len(self.batch_shape)
            chosen = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            event = self.event_shape
            index = chosen.reshape(chosen.shape + (1,) * (len(event) + 1)).repeat((1,) * len(chosen.shape) + (1,) + event)
            return drawn.gather(dim, index).squeeze(dim)

    def _pad(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1 - self._event_ndims)

    def _weights(self) -> Tensor:
        """The chances, with the dimensions of the components."""
        x = self.mixture_distribution.probs
        batch, own = len(self.batch_shape), len(self.mixture_distribution.batch_shape)
        more = 0 if own == 1 else batch - own
        return x.reshape(x.shape[:-1] + (1,) * more + x.shape[-1:] + (1,) * self._event_ndims)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
