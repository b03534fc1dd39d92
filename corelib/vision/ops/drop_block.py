"""DropBlock: dropout of whole squares of a picture, whose pixels say much the same (Ghiasi et al., 2018)."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

from corelib.nn import functional as F
from corelib.nn.modules.module import Module
from corelib.ops.construction.creation import empty
from corelib.tensor.tensor import Tensor

__all__ = ["DropBlock2d", "DropBlock3d", "drop_block2d", "drop_block3d"]


def _dropped(input: Tensor, p: float, block_size: int, inplace: bool, eps: float, training: bool, sides: int) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if input.dim() != sides + 2:
        raise ValueError(f"input should be {sides + 2} dimensional. Got {input.dim()} dimensions.")
    if not training or p == 0.0:
        return input
    spatial = input.shape[2:]
    block_size = min(block_size, *spatial)
    if block_size % 2 == 0:
        raise ValueError(f"block size should be odd. Got {block_size} which is even.")
    starts = [side - block_size + 1 for side in spatial]
    gamma = (p * prod(spatial)) / (block_size**sides * prod(starts))
    noise = empty((*input.shape[:2], *starts), dtype=input.dtype, device=input.device).bernoulli_(gamma)
    noise = F.pad(noise, [block_size // 2] * (2 * sides), value=0)
    pool: Callable[..., Tensor] = F.max_pool2d if sides == 2 else F.max_pool3d
    kept = 1 - pool(noise, kernel_size=block_size, stride=1, padding=block_size // 2)
    scale = kept.numel() / (eps + kept.sum())
    return input.mul_(kept).mul_(scale) if inplace else input * kept * scale


def drop_block2d(input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06, training: bool = True) -> Tensor:
    """In training, sets squares of `block_size` in each channel of (n, c, h, w) to zero, about p of all pixels, and scales the others up.

    ValueError unless 0 <= p <= 1, for other shapes, and for an even block size (which is at most the smallest side).

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.drop_block2d(torch.ones(1, 1, 3, 3), p=1.0, block_size=3).sum()
    tensor(0.)
    """
    return _dropped(input, p, block_size, inplace, eps, training, 2)


def drop_block3d(input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06, training: bool = True) -> Tensor:
    """As `drop_block2d`, of cubes in (n, c, d, h, w)."""
    return _dropped(input, p, block_size, inplace, eps, training, 3)


class DropBlock2d(Module):
    """`drop_block2d` as a module."""

    _function: ClassVar[staticmethod[..., Tensor]] = staticmethod(drop_block2d)

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06) -> None:
        super().__init__()
        self.p, self.block_size, self.inplace, self.eps = p, block_size, inplace, eps

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(p={self.p}, block_size={self.block_size}, inplace={self.inplace})"


class DropBlock3d(DropBlock2d):
    """`drop_block3d` as a module."""

    _function = staticmethod(drop_block3d)
