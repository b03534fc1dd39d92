"""MobileNet v2: inverted residual blocks, which expand the channels, filter each, and project them back."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.nn import BatchNorm2d, Conv2d, Dropout, Linear, Module, ReLU6, Sequential, functional as F, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, kaiming, model_builder, weights_table, with_weights
from corelib.vision.models._utils import _make_divisible
from corelib.vision.ops.misc import Conv2dNormActivation

__all__ = ["MobileNetV2", "MobileNet_V2_Weights", "mobilenet_v2"]


class InvertedResidual(Module):
    """Expand the channels, filter each by itself, project to `oup`; with a shortcut where the shapes allow it. ValueError for a stride over 2."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: MakeLayer | None = None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"InvertedResidual(): stride must be 1 or 2, got {stride}")
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.out_channels = oup
        self._is_cn = stride > 1
        norm, width = norm_layer or BatchNorm2d, round(inp * expand_ratio)
        layers: list[Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, width, kernel_size=1, norm_layer=norm, activation_layer=ReLU6))
        layers.append(Conv2dNormActivation(width, width, stride=stride, groups=width, norm_layer=norm, activation_layer=ReLU6))
        self.conv = Sequential(*layers, Conv2d(width, oup, 1, 1, 0, bias=False), norm(oup))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return x + out if self.use_res_connect else out


class MobileNetV2(Module):
    """MobileNet v2 for images (N, 3, H, W): logits (N, num_classes).

    width_mult: factor of all channels, rounded to multiples of round_nearest. inverted_residual_setting: rows of expansion, channels,
    number of blocks and stride of the first; ValueError for anything else. Source: Sandler et al., https://arxiv.org/abs/1801.04381.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: list[list[int]] | None = None,
        round_nearest: int = 8,
        block: MakeLayer | None = None,
        norm_layer: MakeLayer | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        block, norm = block or InvertedResidual, norm_layer or BatchNorm2d
        rows = inverted_residual_setting
        if rows is None:
            rows = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]
        if len(rows) == 0 or len(rows[0]) != 4:
            raise ValueError(f"MobileNetV2(): inverted_residual_setting must have rows of four numbers, got {rows}")
        channels = _make_divisible(32 * width_mult, round_nearest)
        self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[Module] = [Conv2dNormActivation(3, channels, stride=2, norm_layer=norm, activation_layer=ReLU6)]
        for expansion, width, depth, stride in rows:
            width = _make_divisible(width * width_mult, round_nearest)
            for i in range(depth):
                features.append(block(channels, width, 1 if i else stride, expand_ratio=expansion, norm_layer=norm))
                channels = width
        features.append(Conv2dNormActivation(channels, self.last_channel, kernel_size=1, norm_layer=norm, activation_layer=ReLU6))
        self.features = Sequential(*features)
        self.classifier = Sequential(Dropout(p=dropout), Linear(self.last_channel, num_classes))
        initialize(self, kaiming, partial(init.normal_, mean=0.0, std=0.01))

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(x), (1, 1)).flatten(1)
        x = self.classifier(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _mobilenet_v2(weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> MobileNetV2:
    """with the arguments of MobileNetV2."""
    return with_weights(MobileNetV2, weights, progress, kwargs)


(MobileNet_V2_Weights,) = weights_table(
    __name__,
    """
MobileNet_V2  V1   mobilenet_v2-b0353104  224  256  bilinear  1  3504872  71.878  90.286  0.301  13.555
MobileNet_V2  *V2  mobilenet_v2-7ebf99e0  224  232  bilinear  1  3504872  72.154  90.822  0.301  13.598
""",
)

mobilenet_v2 = model_builder(_mobilenet_v2, "mobilenet_v2", MobileNet_V2_Weights)
