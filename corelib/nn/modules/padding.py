"""Padding layers: constant, zero, reflection, replication and circular, over the last dimensions."""

from __future__ import annotations

from typing import ClassVar

from corelib.nn import functional as F
from corelib.nn._arguments import Sizes, per_dimension
from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]


class _ConstantPadNd(Module):
    padding: tuple[int, ...]
    value: float
    _sides: ClassVar[int]

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__()
        self.padding = per_dimension(padding, self._sides)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPadNd):
    """Puts ``value`` around the last dimension; ``padding`` is an int or (left, right), negative to crop.

    >>> import corelib as torch
    >>> torch.nn.ConstantPad1d(1, 3.5)(torch.ones(1, 2))
    tensor([[3.5000, 1.0000, 1.0000, 3.5000]])
    """

    _sides = 2


class ConstantPad2d(_ConstantPadNd):
    """Puts ``value`` around the last two dimensions; ``padding`` is an int or (left, right, top, bottom).

    >>> import corelib as torch
    >>> torch.nn.ConstantPad2d((1, 0, 0, 1), 2.0)(torch.ones(1, 1, 2))
    tensor([[[2., 1., 1.],
             [2., 2., 2.]]])
    """

    _sides = 4


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Puts zeros around the last dimension; ``padding`` is an int or (left, right).

    >>> import corelib as torch
    >>> torch.nn.ZeroPad1d((0, 1))(torch.ones(1, 2))
    tensor([[1., 1., 0.]])
    """


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Puts zeros around the last two dimensions; ``padding`` is an int or (left, right, top, bottom).

    >>> import corelib as torch
    >>> torch.nn.ZeroPad2d(1)(torch.ones(1, 1, 1))
    tensor([[[0., 0., 0.],
             [0., 1., 0.],
             [0., 0., 0.]]])
    """


class _PadByMode(Module):
    padding: tuple[int, ...]
    _mode: ClassVar[str]
    _sides: ClassVar[int]

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = per_dimension(padding, self._sides)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPadNd(_PadByMode):
    _mode = "reflect"


class _ReplicationPadNd(_PadByMode):
    _mode = "replicate"


class ReflectionPad1d(_ReflectionPadNd):
    """Continues the last dimension by its reflection at each end; ``padding`` is an int or (left, right).

    >>> import corelib as torch
    >>> torch.nn.ReflectionPad1d(2)(torch.tensor([[0.0, 1.0, 2.0]]))
    tensor([[2., 1., 0., 1., 2., 1., 0.]])
    """

    _sides = 2


class ReflectionPad2d(_ReflectionPadNd):
    """Continues the last two dimensions by their reflections; ``padding`` is an int or (left, right, top, bottom).

    >>> import corelib as torch
    >>> torch.nn.ReflectionPad2d((1, 0, 0, 0))(torch.tensor([[[0.0, 1.0], [2.0, 3.0]]]))
    tensor([[[1., 0., 1.],
             [3., 2., 3.]]])
    """

    _sides = 4


class ReplicationPad1d(_ReplicationPadNd):
    """Repeats the first and the last element of the last dimension; ``padding`` is an int or (left, right).

    >>> import corelib as torch
    >>> torch.nn.ReplicationPad1d((2, 1))(torch.tensor([[0.0, 1.0]]))
    tensor([[0., 0., 0., 1., 1.]])
    """

    _sides = 2


class ReplicationPad2d(_ReplicationPadNd):
    """Repeats the edges of the last two dimensions; ``padding`` is an int or (left, right, top, bottom).

    >>> import corelib as torch
    >>> torch.nn.ReplicationPad2d((1, 0, 0, 1))(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[0., 0., 1.],
             [0., 0., 1.]]])
    """

    _sides = 4


class _CircularPadNd(_PadByMode):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        spatial = self._sides // 2
        if input.dim() not in (spatial + 1, spatial + 2):
            raise ValueError(f"expected {spatial + 1}D or {spatial + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Continues the last dimension by its other end; ``padding`` is an int or (left, right).

    Raises ValueError for an input that has neither 2 nor 3 dimensions.

    >>> import corelib as torch
    >>> torch.nn.CircularPad1d((1, 2))(torch.tensor([[0.0, 1.0, 2.0]]))
    tensor([[2., 0., 1., 2., 0., 1.]])
    """

    _sides = 2


class CircularPad2d(_CircularPadNd):
    """Continues the last two dimensions by their other ends; ``padding`` is an int or (left, right, top, bottom).

    Raises ValueError for an input that has neither 3 nor 4 dimensions.

    >>> import corelib as torch
    >>> torch.nn.CircularPad2d((1, 0, 0, 0))(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[1., 0., 1.]]])
    """

    _sides = 4


class ConstantPad3d(_ConstantPadNd):
    """Puts ``value`` around the last three dimensions; ``padding`` is an int or six ints, from the last dimension's left on."""

    _sides = 6


class ReflectionPad3d(_ReflectionPadNd):
    """Continues the last three dimensions by their reflections; ``padding`` is an int or six ints."""

    _sides = 6


class ReplicationPad3d(_ReplicationPadNd):
    """Repeats the edges of the last three dimensions; ``padding`` is an int or six ints."""

    _sides = 6


class CircularPad3d(_CircularPadNd):
    """Continues the last three dimensions by their other ends; ``padding`` is an int or six ints. ValueError for another input than 4D or 5D."""

    _sides = 6


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Puts zeros around the last three dimensions; ``padding`` is an int or six ints."""
