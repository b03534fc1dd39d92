"""ConvNeXt: residual blocks of a large depthwise convolution and an MLP, with layer norm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from corelib.nn import GELU, AdaptiveAvgPool2d, Conv2d, Flatten, LayerNorm, Linear, Module, Parameter, Sequential, functional as F, init
from corelib.ops.construction.creation import ones
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, model_builder, weights_table, with_weights
from corelib.vision.ops.misc import Conv2dNormActivation, Permute
from corelib.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "ConvNeXt", "ConvNeXt_Base_Weights", "ConvNeXt_Large_Weights", "ConvNeXt_Small_Weights", "ConvNeXt_Tiny_Weights", "convnext_base",
    "convnext_large", "convnext_small", "convnext_tiny",
]  # fmt: skip


class LayerNorm2d(LayerNorm):
    """Layer norm over the channels of images (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class CNBlock(Module):
    """A 7 by 7 convolution of each channel, layer norm and an MLP, scaled for each channel, and the shortcut past them."""

    def __init__(self, dim: int, layer_scale: float, stochastic_depth_prob: float, norm_layer: MakeLayer | None = None) -> None:
        super().__init__()
        self.block = Sequential(
            Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            (norm_layer or partial(LayerNorm, eps=1e-6))(dim),
            Linear(in_features=dim, out_features=4 * dim, bias=True),
            GELU(),
            Linear(in_features=4 * dim, out_features=dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = Parameter(ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        result: Tensor = self.stochastic_depth(self.layer_scale * self.block(input))
        result += input
        return result


class CNBlockConfig:
    """One stage: its channels, those after it (None for the last), and how many blocks it has."""

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


class ConvNeXt(Module):
    """ConvNeXt of stages, for images (N, 3, H, W) of at least 32 by 32: logits (N, num_classes).

    stochastic_depth_prob: of the last block, growing from 0. layer_scale: where the blocks' scales start. ValueError without stages,
    TypeError for what is no list of CNBlockConfig. Source: Liu et al., A ConvNet for the 2020s, https://arxiv.org/abs/2201.03545.
    """

    def __init__(
        self,
        block_setting: list[CNBlockConfig],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
        block: MakeLayer | None = None,
        norm_layer: MakeLayer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("ConvNeXt(): block_setting must not be empty")
        if not (isinstance(block_setting, Sequence) and all(isinstance(s, CNBlockConfig) for s in block_setting)):
            raise TypeError(f"ConvNeXt(): block_setting must be a list of CNBlockConfig, got {block_setting}")
        norm = norm_layer or partial(LayerNorm2d, eps=1e-6)
        first = block_setting[0].input_channels
        layers: list[Module] = [
            Conv2dNormActivation(3, first, kernel_size=4, stride=4, padding=0, norm_layer=norm, activation_layer=None, bias=True)
        ]
        total, made = sum(stage.num_layers for stage in block_setting), 0
        for stage in block_setting:
            channels, after = stage.input_channels, stage.out_channels
            blocks = []
            for _ in range(stage.num_layers):
                blocks.append((block or CNBlock)(channels, layer_scale, stochastic_depth_prob * made / (total - 1.0)))
                made += 1
            layers.append(Sequential(*blocks))
            if after is not None:
                layers.append(Sequential(norm(channels), Conv2d(channels, after, kernel_size=2, stride=2)))
        last = after if after is not None else channels
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d(1)
        self.classifier = Sequential(norm(last), Flatten(1), Linear(last, num_classes))
        narrow = partial(init.trunc_normal_, std=0.02)
        initialize(self, narrow, narrow, norms=())

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.classifier(self.avgpool(self.features(x)))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _convnext(
    weights: WeightsEnum | None, progress: bool, widths: Sequence[int], depths: Sequence[int], stochastic_depth_prob: float, /, **kwargs: Any
) -> ConvNeXt:
    """with the arguments of ConvNeXt after the first."""
    kwargs.setdefault("stochastic_depth_prob", stochastic_depth_prob)
    stages = [CNBlockConfig(width, after, depth) for width, after, depth in zip(widths, (*widths[1:], None), depths)]
    return with_weights(partial(ConvNeXt, stages), weights, progress, kwargs)


ConvNeXt_Tiny_Weights, ConvNeXt_Small_Weights, ConvNeXt_Base_Weights, ConvNeXt_Large_Weights = weights_table(
    __name__,
    """
ConvNeXt_Tiny   *V1  convnext_tiny-983f1562   224  236  bilinear  32   28589128   82.52  96.146   4.456  109.119
ConvNeXt_Small  *V1  convnext_small-0c510722  224  230  bilinear  32   50223688  83.616   96.65   8.684  191.703
ConvNeXt_Base   *V1  convnext_base-6075fbad   224  232  bilinear  32   88591464  84.062   96.87  15.355  338.064
ConvNeXt_Large  *V1  convnext_large-ea097f82  224  232  bilinear  32  197767336  84.414  96.976  34.361  754.537
""",
)

convnext_tiny = model_builder(_convnext, "convnext_tiny", ConvNeXt_Tiny_Weights, (96, 192, 384, 768), (3, 3, 9, 3), 0.1)
convnext_small = model_builder(_convnext, "convnext_small", ConvNeXt_Small_Weights, (96, 192, 384, 768), (3, 3, 27, 3), 0.4)
convnext_base = model_builder(_convnext, "convnext_base", ConvNeXt_Base_Weights, (128, 256, 512, 1024), (3, 3, 27, 3), 0.5)
convnext_large = model_builder(_convnext, "convnext_large", ConvNeXt_Large_Weights, (192, 384, 768, 1536), (3, 3, 27, 3), 0.5)
