"""Exponential families: densities exp(<t(x), theta> - F(theta) + k(x)) of natural parameters theta."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.autograd.engine import grad
from corelib.distributions.distribution import Distribution
from corelib.tensor.tensor import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """A distribution of an exponential family, whose entropy and divergences follow from its log normalizer F by derivatives (Bregman).

    A family says its `_natural_params`, `_log_normalizer(*natural_params)` and `_mean_carrier_measure`, the mean of k(x).

    >>> import corelib as torch
    >>> issubclass(torch.distributions.Normal, torch.distributions.ExponentialFamily)
    True
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """The natural parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no _natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        """F of the natural parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no _log_normalizer()")

    @property
    def _mean_carrier_measure(self) -> float:
        """The mean of k(x)."""
        raise NotImplementedError(f"{type(self).__name__} has no _mean_carrier_measure")

    def _normalizer_and_slopes(self) -> tuple[Sequence[Tensor], Tensor, tuple[Tensor, ...]]:
        """The natural parameters as leaves, F of them, and its gradients by each."""
        parameters = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*parameters)
        return parameters, normalizer, grad(normalizer.sum(), parameters, create_graph=True)

    def entropy(self) -> Tensor:
        """The entropy, by the gradient of the log normalizer."""
        parameters, normalizer, slopes = self._normalizer_and_slopes()
        result = normalizer - self._mean_carrier_measure
        for parameter, slope in zip(parameters, slopes, strict=True):
            result = result - (parameter * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return result
