"""Convolution layers, over one, two or three dimensions, and their transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from corelib.nn import functional as F
from corelib.nn._arguments import DeviceLike, Sizes, per_dimension
from corelib.nn.modules._weights import new_parameter, start_uniform, weight_and_bias
from corelib.nn.modules.lazy import LazyLayer, without_inputs
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "LazyConv1d", "LazyConv2d",
    "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
]

_PADDING_STRINGS = ("same", "valid")

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError(f"{self._get_name()}: groups must be a positive integer, got {groups}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups != 0:
                raise ValueError(f"{self._get_name()}: {name} must be divisible by groups, got {channels} and {groups}")
        if isinstance(padding, str):
            if padding not in _PADDING_STRINGS:
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {_PADDING_STRINGS}")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(f"padding='same' is not supported for strided convolutions, got stride={stride}")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode='{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._padding_for_pad()
        self.weight = new_parameter(self._weight_shape(), device, dtype)
        self.register_parameter("bias", new_parameter(out_channels, device, dtype) if bias else None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        if self.transposed:
            return self.in_channels, self.out_channels // self.groups, *self.kernel_size
        return self.out_channels, self.in_channels // self.groups, *self.kernel_size

    def _padding_for_pad(self) -> list[int]:
        """The padding as F.pad takes it: before and after, the last dimension first."""
        padding = self.padding
        if padding == "valid":
            return [0, 0] * len(self.kernel_size)
        if isinstance(padding, str):
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [side for total in reversed(totals) for side in (total // 2, total - total // 2)]
        return [size for size in reversed(padding) for _ in range(2)]

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again: uniform in ±1/sqrt(in_channels / groups · kernel elements)."""
        start_uniform(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    _spatial: ClassVar[int]
    _function: ClassVar[staticmethod[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        n = self._spatial
        super().__init__(
            in_channels,
            out_channels,
            per_dimension(kernel_size, n),
            per_dimension(stride, n),
            padding if isinstance(padding, str) else per_dimension(padding, n),
            per_dimension(dilation, n),
            False,
            (0,) * n,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = (0,) * self._spatial
        return self._function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, *weight_and_bias(self))


class Conv1d(_Conv):
    """Cross-correlation along the last dimension: (N, in_channels, L) or (in_channels, L) to out_channels.

    ``padding`` is an int, "same" or "valid"; ``padding_mode`` one of zeros, reflect, replicate, circular.
    Raises ValueError where ``groups`` does not divide the channels.

    >>> import corelib as torch
    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 24])
    """

    _spatial = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Cross-correlation along the last two dimensions: (N, in_channels, H, W), or without N, to out_channels.

    ``padding`` is an int, one for each dimension, "same" or "valid"; ``padding_mode`` zeros, reflect, replicate or
    circular. Raises ValueError where ``groups`` does not divide the channels.

    >>> import corelib as torch
    >>> torch.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(torch.randn(2, 16, 50, 100)).shape
    torch.Size([2, 33, 28, 100])
    """

    _spatial = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Cross-correlation along the last three dimensions: (N, in_channels, D, H, W), or without N, to out_channels.

    ``padding`` is an int, one for each dimension, "same" or "valid"; ``padding_mode`` zeros, reflect, replicate or
    circular. Raises ValueError where ``groups`` does not divide the channels.

    >>> import corelib as torch
    >>> torch.nn.Conv3d(2, 3, 3, stride=2)(torch.randn(1, 2, 5, 7, 7)).shape
    torch.Size([1, 3, 2, 3, 3])
    """

    _spatial = 3
    _function = staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    _spatial: ClassVar[int]
    _function: ClassVar[staticmethod[..., Tensor]]
    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        n = self._spatial
        super().__init__(
            in_channels,
            out_channels,
            per_dimension(kernel_size, n),
            per_dimension(stride, n),
            per_dimension(padding, n),
            per_dimension(dilation, n),
            True,
            per_dimension(output_padding, n),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        if output_size is None:
            return self.output_padding
        n = self._spatial
        leading = input.dim() - n
        wanted = list(output_size)
        if len(wanted) == leading + n:
            wanted = wanted[leading:]
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or {leading + n} elements "
                f"(got {len(wanted)})"
            )
        smallest = [
            (input.shape[leading + i] - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + 1
            for i in range(n)
        ]
        largest = [size + self.stride[i] - 1 for i, size in enumerate(smallest)]
        if not all(low <= size <= high for low, size, high in zip(smallest, wanted, largest, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {smallest} to {largest} "
                f"(for an input of {input.shape[2:]})"
            )
        return tuple(size - low for size, low in zip(wanted, smallest, strict=True))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        padding = self._output_padding(input, output_size)
        weight, bias = weight_and_bias(self)
        return self._function(input, weight, bias, self.stride, self.padding, padding, self.groups, self.dilation)


class ConvTranspose1d(_ConvTransposeNd):
    """The gradient of Conv1d with respect to its input, as a layer: (N, in_channels, L) to out_channels, upsampled.

    ``output_padding`` adds to one side of the output; ``forward(input, output_size)`` finds it from the wanted size.
    Raises ValueError for a ``padding_mode`` but zeros and for an ``output_size`` that no padding gives.

    >>> import corelib as torch
    >>> torch.nn.ConvTranspose1d(16, 33, 3, stride=2)(torch.randn(2, 16, 5)).shape
    torch.Size([2, 33, 11])
    """

    _spatial = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The gradient of Conv2d with respect to its input, as a layer: (N, in_channels, H, W) to out_channels, upsampled.

    ``output_padding`` adds to one side of the output; ``forward(input, output_size)`` finds it from the wanted size.
    Raises ValueError for a ``padding_mode`` but zeros and for an ``output_size`` that no padding gives.

    >>> import corelib as torch
    >>> torch.nn.ConvTranspose2d(16, 33, 3, stride=2)(torch.randn(2, 16, 5, 5)).shape
    torch.Size([2, 33, 11, 11])
    """

    _spatial = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The gradient of Conv3d with respect to its input, as a layer: (N, in_channels, D, H, W) to out_channels, upsampled.

    ``output_padding`` adds to one side of the output; ``forward(input, output_size)`` finds it from the wanted size.
    Raises ValueError for a ``padding_mode`` but zeros and for an ``output_size`` that no padding gives.

    >>> import corelib as torch
    >>> torch.nn.ConvTranspose3d(4, 3, 2, stride=2)(torch.randn(2, 4, 3, 3, 3)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    _spatial = 3
    _function = staticmethod(F.conv_transpose3d)


class _LazyConvNd(LazyLayer, _ConvNd):
    _inputs = "in_channels"
    _spatial: ClassVar[int]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take ``in_channels`` from the input."""
        if self.has_uninitialized_params():
            n = self._spatial
            if input.dim() not in (n + 1, n + 2):
                raise RuntimeError(f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(self).__name__}, but got input of size: {input.shape}")
            self.in_channels = input.shape[input.dim() - n - 1]
            if self.in_channels % self.groups != 0:
                raise ValueError(f"in_channels must be divisible by groups, got {self.in_channels} and {self.groups}")
            self._materialize(weight=self._weight_shape(), bias=(self.out_channels,))


class _LazyConv(_LazyConvNd, _Conv):
    @without_inputs(_Conv.__init__)
    def __init__(self, out_channels: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, 0, *args, **kwargs)
        self.out_channels = out_channels
        self._uninitialize()


class _LazyConvTranspose(_LazyConvNd, _ConvTransposeNd):
    @without_inputs(_ConvTransposeNd.__init__)
    def __init__(self, out_channels: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, 0, *args, **kwargs)
        self.out_channels = out_channels
        self._uninitialize()


class LazyConv1d(_LazyConv, Conv1d):
    """Conv1d whose ``in_channels`` is that of the first input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """Conv2d whose ``in_channels`` is that of the first input.

    >>> import corelib as torch
    >>> conv = torch.nn.LazyConv2d(3, 2)
    >>> conv(torch.ones(1, 4, 5, 5)).shape, conv
    (torch.Size([1, 3, 4, 4]), Conv2d(4, 3, kernel_size=(2, 2), stride=(1, 1)))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """Conv3d whose ``in_channels`` is that of the first input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """ConvTranspose1d whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """ConvTranspose2d whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """ConvTranspose3d whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose3d
