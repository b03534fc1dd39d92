"""Small layers of which vision models are made: convolution with norm and activation, squeeze and excitation, MLP, frozen batch norm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from corelib.as_torch.warned import warn
from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, BatchNorm3d, Conv2d, Conv3d, Dropout, Linear, Module, ReLU, Sequential, Sigmoid
from corelib.nn.functional import interpolate as interpolate
from corelib.ops.construction.creation import ones, zeros
from corelib.tensor.tensor import Tensor

__all__ = [
    "MLP", "Conv2dNormActivation", "Conv3dNormActivation", "ConvNormActivation", "FrozenBatchNorm2d", "Permute", "SqueezeExcitation", "interpolate",
]  # fmt: skip

MakeLayer = Callable[..., Module]
T = TypeVar("T")


def _per_dimension(value: T | Iterable[T], n: int) -> tuple[T, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,) * n


class FrozenBatchNorm2d(Module):
    """Batch normalization of images (N, C, H, W) whose statistics and affine parameters are buffers, and stay what they are.

    >>> import corelib as torch
    >>> from corelib.vision.ops.misc import FrozenBatchNorm2d
    >>> FrozenBatchNorm2d(2, eps=0)(torch.ones(1, 2, 1, 1)).flatten()
    tensor([1., 1.])
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name, start in (("weight", ones), ("bias", zeros), ("running_mean", zeros), ("running_var", ones)):
            self.register_buffer(name, start(num_features))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        state_dict.pop(f"{prefix}num_batches_tracked", None)  # of a BatchNorm2d
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias, mean, var = (v.reshape(1, -1, 1, 1) for v in (self.weight, self.bias, self.running_mean, self.running_var))
        scale = weight * (var + self.eps).rsqrt()
        return x * scale + (bias - mean * scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"


class ConvNormActivation(Sequential):
    """A convolution, then a norm, then an activation; either of the latter may be None. Use its children for two and three dimensions.

    padding: None keeps the size at stride 1. bias: None means where there is no norm. inplace: of the activation; None for those without it.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...] = 3,
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str | None = None,
        groups: int = 1,
        norm_layer: MakeLayer | None = BatchNorm2d,
        activation_layer: MakeLayer | None = ReLU,
        dilation: int | tuple[int, ...] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
        conv_layer: MakeLayer = Conv2d,
    ) -> None:
        if padding is None:
            if isinstance(kernel_size, int) and isinstance(dilation, int):
                padding = (kernel_size - 1) // 2 * dilation
            else:
                n = len(kernel_size if isinstance(kernel_size, Sequence) else _per_dimension(dilation, 0))
                kernel_size, dilation = _per_dimension(kernel_size, n), _per_dimension(dilation, n)
                padding = tuple((k - 1) // 2 * d for k, d in zip(kernel_size, dilation))
        if bias is None:
            bias = norm_layer is None
        layers = [conv_layer(in_channels, out_channels, kernel_size, stride, padding, dilation=dilation, groups=groups, bias=bias)]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer() if inplace is None else activation_layer(inplace=inplace))
        super().__init__(*layers)
        self.out_channels = out_channels
        if type(self) is ConvNormActivation:
            warn("ConvNormActivation is a base class: use Conv2dNormActivation or Conv3dNormActivation")


class Conv2dNormActivation(ConvNormActivation):
    """A Conv2d, a norm and an activation in a row; padding None keeps the size at stride 1, bias None means where there is no norm.

    >>> from corelib.vision.ops.misc import Conv2dNormActivation
    >>> Conv2dNormActivation(3, 8, kernel_size=5)[0].padding
    (2, 2)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int] = 3,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str | None = None,
        groups: int = 1,
        norm_layer: MakeLayer | None = BatchNorm2d,
        activation_layer: MakeLayer | None = ReLU,
        dilation: int | tuple[int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, groups, norm_layer, activation_layer, dilation, inplace, bias, Conv2d
        )


class Conv3dNormActivation(ConvNormActivation):
    """A Conv3d, a norm and an activation in a row; otherwise as Conv2dNormActivation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int, int] = 3,
        stride: int | tuple[int, int, int] = 1,
        padding: int | tuple[int, int, int] | str | None = None,
        groups: int = 1,
        norm_layer: MakeLayer | None = BatchNorm3d,
        activation_layer: MakeLayer | None = ReLU,
        dilation: int | tuple[int, int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, groups, norm_layer, activation_layer, dilation, inplace, bias, Conv3d
        )


class SqueezeExcitation(Module):
    """Each channel of an image scaled by a number from 0 to 1 that two layers compute from the means of all channels.

    Source: Hu et al., Squeeze-and-Excitation Networks, https://arxiv.org/abs/1709.01507.
    """

    def __init__(
        self, input_channels: int, squeeze_channels: int, activation: MakeLayer = ReLU, scale_activation: MakeLayer = Sigmoid
    ) -> None:
        super().__init__()
        self.avgpool = AdaptiveAvgPool2d(1)
        self.fc1 = Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def _scale(self, input: Tensor) -> Tensor:
        scale: Tensor = self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(input)))))
        return scale

    def forward(self, input: Tensor) -> Tensor:
        return self._scale(input) * input


class MLP(Sequential):
    """Linear layers of the widths `hidden_channels`, with norm, activation and dropout between them and dropout at the end.

    >>> from corelib.vision.ops.misc import MLP
    >>> [type(layer).__name__ for layer in MLP(4, [8, 2])]
    ['Linear', 'ReLU', 'Dropout', 'Linear', 'Dropout']
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: list[int],
        norm_layer: MakeLayer | None = None,
        activation_layer: MakeLayer | None = ReLU,
        inplace: bool | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        in_place = {} if inplace is None else {"inplace": inplace}
        layers: list[Module] = []
        for i, width in enumerate(hidden_channels, 1):
            layers.append(Linear(in_channels, width, bias=bias))
            if i < len(hidden_channels):
                if norm_layer is not None:
                    layers.append(norm_layer(width))
                if activation_layer is None:
                    raise TypeError("MLP(): activation_layer must be callable where there are hidden layers, got None")
                layers.append(activation_layer(**in_place))
            layers.append(Dropout(dropout, **in_place))
            in_channels = width
        super().__init__(*layers)


class Permute(Module):
    """`x.permute(dims)` as a layer."""

    def __init__(self, dims: list[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)
