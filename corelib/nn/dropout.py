"""Dropout."""

from __future__ import annotations

from corelib import Tensor
from corelib.nn import functional as F
from corelib.nn.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, sets each element to zero with probability ``p`` and divides the others by 1 - p.

    In evaluation it returns its input. Raises ValueError unless 0 <= p <= 1. Hinton et al., "Improving neural
    networks by preventing co-adaptation of feature detectors", 2012.

    >>> import corelib as torch
    >>> torch.nn.Dropout(0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
