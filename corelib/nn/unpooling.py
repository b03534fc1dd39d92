"""Layers that undo max pooling, and max pooling over windows laid at random."""

from __future__ import annotations

from typing import Any

from corelib import Tensor
from corelib.nn import functional as F
from corelib.nn.module import Module
from corelib.nn.sizes import per_dimension

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpool(Module):
    _spatial: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        n = self._spatial
        self.kernel_size = per_dimension(kernel_size, n)
        self.stride = per_dimension(stride if stride is not None else kernel_size, n)
        self.padding = per_dimension(padding, n)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        unpool = getattr(F, f"max_unpool{self._spatial}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Puts what MaxPool1d found back at the places it gave; zeros elsewhere. ``output_size`` picks one of the sizes that pool alike.

    >>> import corelib as torch
    >>> pooled, places = torch.nn.MaxPool1d(2, return_indices=True)(torch.tensor([[[1.0, 3.0, 2.0, 0.0]]]))
    >>> torch.nn.MaxUnpool1d(2)(pooled, places)
    tensor([[[0., 3., 2., 0.]]])
    """

    _spatial = 1


class MaxUnpool2d(_MaxUnpool):
    """Puts what MaxPool2d found back at the places it gave; as MaxUnpool1d otherwise."""

    _spatial = 2


class MaxUnpool3d(_MaxUnpool):
    """Puts what MaxPool3d found back at the places it gave; as MaxUnpool1d otherwise."""

    _spatial = 3


class _FractionalMaxPool(Module):
    _spatial: int

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        n, name = self._spatial, type(self).__name__
        self.kernel_size = (kernel_size,) * n if isinstance(kernel_size, int) else tuple(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = (output_size,) * n if isinstance(output_size, int) else output_size
        self.output_ratio = (output_ratio,) * n if isinstance(output_ratio, (int, float)) else output_ratio
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")
        if min(self.kernel_size) <= 0:
            raise ValueError(f"kernel_size must be greater than zero in all dimensions, got {self.kernel_size}")

    def forward(self, input: Tensor) -> Any:
        pool = getattr(F, f"fractional_max_pool{self._spatial}d")
        return pool(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest element of windows laid at random over (N, C, H, W) or (C, H, W), for any ``output_size`` or ``output_ratio``.

    ValueError unless one of the two is given. Graham, "Fractional max-pooling", 2014.

    >>> import corelib as torch
    >>> torch.nn.FractionalMaxPool2d(2, output_size=5)(torch.rand(1, 2, 8, 8)).shape
    torch.Size([1, 2, 5, 5])
    """

    _spatial = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest element of windows laid at random over (N, C, D, H, W) or (C, D, H, W); as FractionalMaxPool2d otherwise."""

    _spatial = 3
