"""MobileNet v3: inverted residual blocks with squeeze and excitation and hard activations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Dropout, Hardsigmoid, Hardswish, Linear, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, kaiming, model_builder, weights_table, with_weights
from corelib.vision.models._utils import _make_divisible
from corelib.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = ["MobileNetV3", "MobileNet_V3_Large_Weights", "MobileNet_V3_Small_Weights", "mobilenet_v3_large", "mobilenet_v3_small"]


class InvertedResidualConfig:
    """One row of the paper's tables: sizes of a block, whether it has squeeze and excitation, "RE" or "HS" for its activation, its stride."""

    def __init__(
        self, input_channels: int, kernel: int, expanded_channels: int, out_channels: int, use_se: bool, activation: str, stride: int,
        dilation: int, width_mult: float,
    ) -> None:  # fmt: skip
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """Channels times a factor, as a multiple of 8."""
        return _make_divisible(channels * width_mult, 8)


class InvertedResidual(Module):
    """The block of a row; ValueError for a stride that is neither 1 nor 2."""

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: MakeLayer,
        se_layer: MakeLayer = partial(SqueezeExcitation, scale_activation=Hardsigmoid),
    ) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError(f"InvertedResidual(): stride must be 1 or 2, got {cnf.stride}")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=Hardswish if cnf.use_hs else ReLU)
        width = cnf.expanded_channels
        layers: list[Module] = []
        if width != cnf.input_channels:
            layers.append(conv(cnf.input_channels, width, kernel_size=1))
        stride = 1 if cnf.dilation > 1 else cnf.stride
        layers.append(conv(width, width, kernel_size=cnf.kernel, stride=stride, dilation=cnf.dilation, groups=width))
        if cnf.use_se:
            layers.append(se_layer(width, _make_divisible(width // 4, 8)))
        layers.append(conv(width, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = Sequential(*layers)

    def forward(self, input: Tensor) -> Tensor:
        result: Tensor = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(Module):
    """MobileNet v3 of rows, for images (N, 3, H, W): logits (N, num_classes).

    ValueError without rows, TypeError for what is no list of InvertedResidualConfig. Source: Howard et al., https://arxiv.org/abs/1905.02244.
    """

    def __init__(
        self,
        inverted_residual_setting: list[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: MakeLayer | None = None,
        norm_layer: MakeLayer | None = None,
        dropout: float = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        rows = inverted_residual_setting
        if not rows:
            raise ValueError("MobileNetV3(): inverted_residual_setting must not be empty")
        if not (isinstance(rows, Sequence) and all(isinstance(row, InvertedResidualConfig) for row in rows)):
            raise TypeError(f"MobileNetV3(): inverted_residual_setting must be a list of InvertedResidualConfig, got {rows}")
        norm = norm_layer or partial(BatchNorm2d, eps=0.001, momentum=0.01)
        first, last = rows[0].input_channels, rows[-1].out_channels
        layers: list[Module] = [Conv2dNormActivation(3, first, kernel_size=3, stride=2, norm_layer=norm, activation_layer=Hardswish)]
        layers += [(block or InvertedResidual)(row, norm) for row in rows]
        layers.append(Conv2dNormActivation(last, 6 * last, kernel_size=1, norm_layer=norm, activation_layer=Hardswish))
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d(1)
        self.classifier = Sequential(
            Linear(6 * last, last_channel), Hardswish(inplace=True), Dropout(p=dropout, inplace=True), Linear(last_channel, num_classes)
        )
        initialize(self, kaiming, partial(init.normal_, mean=0.0, std=0.01))

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


_ROWS: dict[str, tuple[int, list[tuple[int, int, int, int, bool, str, int]]]] = {
    "mobilenet_v3_large": (1280, [
        (16, 3, 16, 16, False, "RE", 1), (16, 3, 64, 24, False, "RE", 2), (24, 3, 72, 24, False, "RE", 1), (24, 5, 72, 40, True, "RE", 2),
        (40, 5, 120, 40, True, "RE", 1), (40, 5, 120, 40, True, "RE", 1), (40, 3, 240, 80, False, "HS", 2), (80, 3, 200, 80, False, "HS", 1),
        (80, 3, 184, 80, False, "HS", 1), (80, 3, 184, 80, False, "HS", 1), (80, 3, 480, 112, True, "HS", 1), (112, 3, 672, 112, True, "HS", 1),
        (112, 5, 672, 160, True, "HS", 2), (160, 5, 960, 160, True, "HS", 1), (160, 5, 960, 160, True, "HS", 1),
    ]),
    "mobilenet_v3_small": (1024, [
        (16, 3, 16, 16, True, "RE", 2), (16, 3, 72, 24, False, "RE", 2), (24, 3, 88, 24, False, "RE", 1), (24, 5, 96, 40, True, "HS", 2),
        (40, 5, 240, 40, True, "HS", 1), (40, 5, 240, 40, True, "HS", 1), (40, 5, 120, 48, True, "HS", 1), (48, 5, 144, 48, True, "HS", 1),
        (48, 5, 288, 96, True, "HS", 2), (96, 5, 576, 96, True, "HS", 1), (96, 5, 576, 96, True, "HS", 1),
    ]),
}  # fmt: skip
"""The last layer's channels, and the rows: input, kernel, expanded and output channels, squeeze and excitation, activation, stride."""


def _mobilenet_v3_conf(
    arch: str, width_mult: float = 1.0, reduced_tail: bool = False, dilated: bool = False, **kwargs: Any
) -> tuple[list[InvertedResidualConfig], int]:
    """The rows of an architecture and its last layer's channels. reduced_tail: half the channels from the third last row's output on."""
    if arch not in _ROWS:
        raise ValueError(f"mobilenet_v3: the architectures are {', '.join(_ROWS)}, got {arch!r}")
    last, rows = _ROWS[arch]
    part = 2 if reduced_tail else 1
    made = []
    for i, (channels, kernel, expanded, out, se, activation, stride) in enumerate(rows, 3 - len(rows)):
        if i >= 0:  # the last three rows but one part of the first of them
            out //= part
        if i > 0:
            channels, expanded = channels // part, expanded // part
        dilation = 2 if dilated and i >= 0 else 1
        made.append(InvertedResidualConfig(channels, kernel, expanded, out, se, activation, stride, dilation, width_mult))
    return made, InvertedResidualConfig.adjust_channels(last // part, width_mult)


def _mobilenet_v3(weights: WeightsEnum | None, progress: bool, arch: str, **kwargs: Any) -> MobileNetV3:
    """with the arguments of MobileNetV3 after the first two, width_mult, reduced_tail (half the channels at the end) and dilated."""
    rows, last = _mobilenet_v3_conf(arch, **kwargs)
    return with_weights(partial(MobileNetV3, rows, last), weights, progress, kwargs)


MobileNet_V3_Large_Weights, MobileNet_V3_Small_Weights = weights_table(
    __name__,
    """
MobileNet_V3_Large  V1   mobilenet_v3_large-8738ca79  224  256  bilinear  1  5483032  74.042   91.34  0.217  21.114
MobileNet_V3_Large  *V2  mobilenet_v3_large-5c1a4163  224  232  bilinear  1  5483032  75.274  92.566  0.217  21.107
MobileNet_V3_Small  *V1  mobilenet_v3_small-047dcff4  224  256  bilinear  1  2542856  67.668  87.402  0.057   9.829
""",
)

mobilenet_v3_large = model_builder(_mobilenet_v3, "mobilenet_v3_large", MobileNet_V3_Large_Weights, "mobilenet_v3_large")
mobilenet_v3_small = model_builder(_mobilenet_v3, "mobilenet_v3_small", MobileNet_V3_Small_Weights, "mobilenet_v3_small")
