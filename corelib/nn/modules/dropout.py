"""Dropout, of elements and of whole channels."""

from __future__ import annotations

from typing import ClassVar

from corelib.nn import functional as F
from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    _function: ClassVar[staticmethod[..., Tensor]]
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, sets each element to zero with probability ``p`` and divides the others by 1 - p.

    In evaluation it returns its input. Raises ValueError unless 0 <= p <= 1. Hinton et al., "Improving neural
    networks by preventing co-adaptation of feature detectors", 2012.

    >>> import corelib as torch
    >>> torch.nn.Dropout(0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    _function = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Dropout of whole channels of (N, C, L) or (C, L): all of a channel's elements or none.

    Tompson et al., "Efficient object localization using convolutional networks", 2015.

    >>> import corelib as torch
    >>> torch.nn.Dropout1d(1.0)(torch.ones(1, 2, 3)).sum()
    tensor(0.)
    """

    _function = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Dropout of whole channels of (N, C, H, W) or (C, H, W): all of a channel's elements or none.

    Tompson et al., "Efficient object localization using convolutional networks", 2015.

    >>> import corelib as torch
    >>> torch.nn.Dropout2d(1.0)(torch.ones(1, 2, 3, 3)).sum()
    tensor(0.)
    """

    _function = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W): all of a channel's elements or none.

    Tompson et al., "Efficient object localization using convolutional networks", 2015.

    >>> import corelib as torch
    >>> torch.nn.Dropout3d(1.0)(torch.ones(1, 2, 3, 3, 3)).sum()
    tensor(0.)
    """

    _function = staticmethod(F.dropout3d)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean and variance of what SELU gives; ``inplace`` is accepted and not used, as in PyTorch.

    Klambauer et al., "Self-normalizing neural networks", 2017.

    >>> import corelib as torch
    >>> torch.nn.AlphaDropout(0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels, dimension 1: all of a channel's elements or none; ``inplace`` is accepted and not used, as in PyTorch.

    Klambauer et al., "Self-normalizing neural networks", 2017.

    >>> import corelib as torch
    >>> torch.nn.FeatureAlphaDropout(0.2).eval()(torch.ones(1, 3))
    tensor([[1., 1., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
