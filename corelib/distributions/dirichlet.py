"""The Dirichlet distribution, of chances that sum up to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from corelib.autograd.function import Function, once_differentiable
from corelib.distributions import constraints
from corelib.distributions.distribution import Distribution
from corelib.distributions.exp_family import ExponentialFamily
from corelib.ops.elementwise.where import select_where as where
from corelib.ops.neural.embedding import one_hot
from corelib.ops.random.gammas import dirichlet_grad_of, sample_dirichlet_of
from corelib.tensor.tensor import Tensor

__all__ = ["Dirichlet"]


class _Dirichlet(Function):
    """Numbers, and how they move with all concentrations."""

    @staticmethod
    def forward(ctx: Any, concentration: Tensor) -> Tensor:
        x: Tensor = sample_dirichlet_of(concentration, None)
        ctx.save_for_backward(x, concentration)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        x: Tensor
        concentration: Tensor
        x, concentration = ctx.saved_tensors
        grad: Tensor = dirichlet_grad_of(x, concentration, concentration.sum(-1, True).expand_as(concentration))
        return grad * (grad_output - (x * grad_output).sum(-1, True))


class Dirichlet(ExponentialFamily):
    """Chances along the last dimension that sum up to 1, in the mean in proportion to `concentration`, the closer to it the larger this is.

    >>> import corelib as torch
    >>> torch.distributions.Dirichlet(torch.tensor([1., 3.])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Distribution | None = None) -> Self:
        return self._expanded(Dirichlet, batch_shape, _instance, ("concentration",))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        made: Tensor = _Dirichlet.apply(self.concentration.expand(self._extended_shape(sample_shape)))
        return made

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return (a - 1.0).xlogy(value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        less = (self.concentration - 1).clamp(min=0.0)
        mode = less / less.sum(-1, True)
        corner = one_hot(mode.argmax(-1), less.shape[-1]).to(mode)  # where all are below 1, the density is largest there
        return where((self.concentration < 1).all(-1, True), corner, mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def entropy(self) -> Tensor:
        a, total = self.concentration, self.concentration.sum(-1)
        return a.lgamma().sum(-1) - total.lgamma() - (a.size(-1) - total) * total.digamma() - ((a - 1.0) * a.digamma()).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
