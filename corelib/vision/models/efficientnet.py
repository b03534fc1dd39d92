"""EfficientNet and EfficientNet v2: inverted residual blocks with squeeze and excitation, scaled together in width, depth and image size."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Dropout, Linear, Module, Sequential, SiLU, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, kaiming, model_builder, settled, weights_table, with_weights
from corelib.vision.models._utils import _make_divisible
from corelib.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from corelib.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "EfficientNet", "EfficientNet_B0_Weights", "EfficientNet_B1_Weights", "EfficientNet_B2_Weights", "EfficientNet_B3_Weights",
    "EfficientNet_B4_Weights", "EfficientNet_B5_Weights", "EfficientNet_B6_Weights", "EfficientNet_B7_Weights", "EfficientNet_V2_L_Weights",
    "EfficientNet_V2_M_Weights", "EfficientNet_V2_S_Weights", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3",
    "efficientnet_b4", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_l", "efficientnet_v2_m", "efficientnet_v2_s",
]  # fmt: skip


@dataclass
class _MBConvConfig:
    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: MakeLayer

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        """Channels times a factor, as a multiple of 8."""
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A row of the first paper's table, whose channels and number of blocks are scaled."""

    def __init__(
        self, expand_ratio: float, kernel: int, stride: int, input_channels: int, out_channels: int, num_layers: int, width_mult: float = 1.0,
        depth_mult: float = 1.0, block: MakeLayer | None = None,
    ) -> None:  # fmt: skip
        channels, out = (self.adjust_channels(c, width_mult) for c in (input_channels, out_channels))
        super().__init__(expand_ratio, kernel, stride, channels, out, self.adjust_depth(num_layers, depth_mult), block or MBConv)

    @staticmethod
    def adjust_depth(num_layers: int, depth_mult: float) -> int:
        """A number of blocks times a factor, rounded up."""
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_MBConvConfig):
    """A row of the second paper's table whose blocks expand and filter in one convolution."""

    def __init__(
        self, expand_ratio: float, kernel: int, stride: int, input_channels: int, out_channels: int, num_layers: int, block: MakeLayer | None = None
    ) -> None:
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class _Residual(Module):
    """What the two kinds of block share: `block` with stochastic depth and a shortcut where the shapes allow it."""

    block: Sequential

    def __init__(self, cnf: _MBConvConfig) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError(f"{type(self).__name__}(): stride must be 1 or 2, got {cnf.stride}")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        result: Tensor = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


class MBConv(_Residual):
    """Expand the channels, filter each by itself, squeeze and excite, and project."""

    def __init__(
        self, cnf: MBConvConfig, stochastic_depth_prob: float, norm_layer: MakeLayer, se_layer: MakeLayer = SqueezeExcitation
    ) -> None:
        super().__init__(cnf)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=SiLU)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        layers: list[Module] = []
        if width != cnf.input_channels:
            layers.append(conv(cnf.input_channels, width, kernel_size=1))
        layers.append(conv(width, width, kernel_size=cnf.kernel, stride=cnf.stride, groups=width))
        layers.append(se_layer(width, max(1, cnf.input_channels // 4), activation=partial(SiLU, inplace=True)))
        layers.append(conv(width, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")


class FusedMBConv(_Residual):
    """Expand the channels and filter in one convolution, and project."""

    def __init__(self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: MakeLayer) -> None:
        super().__init__(cnf)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=SiLU)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        expands = width != cnf.input_channels
        layers = [conv(cnf.input_channels, width if expands else cnf.out_channels, kernel_size=cnf.kernel, stride=cnf.stride)]
        if expands:
            layers.append(conv(width, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")


class EfficientNet(Module):
    """EfficientNet of rows, for images (N, 3, H, W): logits (N, num_classes).

    stochastic_depth_prob: of the last block, growing from 0. last_channel: of the last convolution (four times the last row's).
    ValueError without rows, TypeError for what is no list of rows. Sources: Tan and Le, https://arxiv.org/abs/1905.11946 and
    https://arxiv.org/abs/2104.00298.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig | FusedMBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: MakeLayer | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        rows = inverted_residual_setting
        if not rows:
            raise ValueError("EfficientNet(): inverted_residual_setting must not be empty")
        if not (isinstance(rows, Sequence) and all(isinstance(row, _MBConvConfig) for row in rows)):
            raise TypeError(f"EfficientNet(): inverted_residual_setting must be a list of MBConvConfig, got {rows}")
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer or BatchNorm2d, activation_layer=SiLU)
        layers: list[Module] = [conv(3, rows[0].input_channels, kernel_size=3, stride=2)]
        total, made = sum(row.num_layers for row in rows), 0
        for row in rows:
            stage: list[Module] = []
            for i in range(row.num_layers):
                block = copy.copy(row)
                if i:
                    block.input_channels, block.stride = block.out_channels, 1
                stage.append(block.block(block, stochastic_depth_prob * float(made) / total, norm_layer or BatchNorm2d))
                made += 1
            layers.append(Sequential(*stage))
        channels = rows[-1].out_channels
        last = last_channel if last_channel is not None else 4 * channels
        layers.append(conv(channels, last, kernel_size=1))
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d(1)
        self.classifier = Sequential(Dropout(p=dropout, inplace=True), Linear(last, num_classes))
        initialize(self, kaiming, _by_outputs)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _by_outputs(weight: Tensor) -> None:
    bound = 1.0 / math.sqrt(weight.shape[0])
    init.uniform_(weight, -bound, bound)


_B = [
    (1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3), (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
]  # fmt: skip
_V2 = {
    "efficientnet_v2_s": [
        (1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4), (4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15),
    ],
    "efficientnet_v2_m": [
        (1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5), (4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18),
        (6, 3, 1, 304, 512, 5),
    ],
    "efficientnet_v2_l": [
        (1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7), (4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25),
        (6, 3, 1, 384, 640, 7),
    ],
}  # fmt: skip
"""Rows of expansion, kernel, stride, input and output channels and number of blocks; in v2 the first three are fused."""


def _efficientnet_conf(arch: str, **kwargs: Any) -> tuple[list[MBConvConfig | FusedMBConvConfig], int | None]:
    """The rows of an architecture (b0 to b7 by width_mult and depth_mult) and its last layer's channels. ValueError for an unknown one."""
    if arch.startswith("efficientnet_b"):
        return [MBConvConfig(*row, width_mult=kwargs["width_mult"], depth_mult=kwargs["depth_mult"]) for row in _B], None
    for name, rows in _V2.items():
        if arch.startswith(name):
            return [FusedMBConvConfig(*row) if i < 3 else MBConvConfig(*row) for i, row in enumerate(rows)], 1280
    raise ValueError(f"efficientnet: the architectures are efficientnet_b and {', '.join(_V2)}, got {arch!r}")


def _efficientnet(
    weights: WeightsEnum | None, progress: bool, arch: str, dropout: float, scale: dict[str, float], norm: dict[str, Any] | None = None,
    /, **kwargs: Any,
) -> EfficientNet:  # fmt: skip
    """with the arguments of EfficientNet after the first."""
    rows, last = _efficientnet_conf(arch, **scale)
    dropout = kwargs.pop("dropout", dropout)
    fixed: dict[str, Any] = {"norm_layer": partial(BatchNorm2d, **norm)} if norm else {}
    return with_weights(settled(EfficientNet, rows, dropout, last_channel=last, **fixed), weights, progress, kwargs)


(
    EfficientNet_B0_Weights, EfficientNet_B1_Weights, EfficientNet_B2_Weights, EfficientNet_B3_Weights, EfficientNet_B4_Weights,
    EfficientNet_B5_Weights, EfficientNet_B6_Weights, EfficientNet_B7_Weights, EfficientNet_V2_S_Weights, EfficientNet_V2_M_Weights,
    EfficientNet_V2_L_Weights,
) = weights_table(
    __name__,
    """
EfficientNet_B0    *V1  efficientnet_b0_rwightman-7f5810bc  224  256   bicubic   1    5288548  77.692  93.532   0.386   20.451
EfficientNet_B1    V1   efficientnet_b1_rwightman-bac287d4  240  256   bicubic   1    7794184  78.642  94.186   0.687   30.134
EfficientNet_B1    *V2  efficientnet_b1-c27df63c            240  255  bilinear   1    7794184  79.838  94.934   0.687   30.136
EfficientNet_B2    *V1  efficientnet_b2_rwightman-c35c1473  288  288   bicubic   1    9109994  80.608   95.31   1.088   35.174
EfficientNet_B3    *V1  efficientnet_b3_rwightman-b3899882  300  320   bicubic   1   12233232  82.008  96.054   1.827   47.184
EfficientNet_B4    *V1  efficientnet_b4_rwightman-23ab8bcd  380  384   bicubic   1   19341616  83.384  96.594   4.394   74.489
EfficientNet_B5    *V1  efficientnet_b5_lukemelas-1a07897c  456  456   bicubic   1   30389784  83.444  96.628  10.266  116.864
EfficientNet_B6    *V1  efficientnet_b6_lukemelas-24a108a5  528  528   bicubic   1   43040704  84.008  96.916  19.068  165.362
EfficientNet_B7    *V1  efficientnet_b7_lukemelas-c5b4e57e  600  600   bicubic   1   66347960  84.122  96.908  37.746  254.675
EfficientNet_V2_S  *V1  efficientnet_v2_s-dd5fe13b          384  384  bilinear  33   21458488  84.228  96.878   8.366   82.704
EfficientNet_V2_M  *V1  efficientnet_v2_m-dc08266a          480  480  bilinear  33   54139356  85.112  97.156  24.582   208.01
EfficientNet_V2_L  *V1  efficientnet_v2_l-59c71312          480  480   bicubic  33  118515272  85.808  97.788   56.08  454.573
""",
    presets={"efficientnet_v2_l-59c71312": {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}},
)  # fmt: skip

_TF = {"eps": 0.001, "momentum": 0.01}


def _scale(width: float, depth: float) -> dict[str, float]:
    return {"width_mult": width, "depth_mult": depth}


efficientnet_b0 = model_builder(_efficientnet, "efficientnet_b0", EfficientNet_B0_Weights, "efficientnet_b0", 0.2, _scale(1.0, 1.0))
efficientnet_b1 = model_builder(_efficientnet, "efficientnet_b1", EfficientNet_B1_Weights, "efficientnet_b1", 0.2, _scale(1.0, 1.1))
efficientnet_b2 = model_builder(_efficientnet, "efficientnet_b2", EfficientNet_B2_Weights, "efficientnet_b2", 0.3, _scale(1.1, 1.2))
efficientnet_b3 = model_builder(_efficientnet, "efficientnet_b3", EfficientNet_B3_Weights, "efficientnet_b3", 0.3, _scale(1.2, 1.4))
efficientnet_b4 = model_builder(_efficientnet, "efficientnet_b4", EfficientNet_B4_Weights, "efficientnet_b4", 0.4, _scale(1.4, 1.8))
efficientnet_b5 = model_builder(_efficientnet, "efficientnet_b5", EfficientNet_B5_Weights, "efficientnet_b5", 0.4, _scale(1.6, 2.2), _TF)
efficientnet_b6 = model_builder(_efficientnet, "efficientnet_b6", EfficientNet_B6_Weights, "efficientnet_b6", 0.5, _scale(1.8, 2.6), _TF)
efficientnet_b7 = model_builder(_efficientnet, "efficientnet_b7", EfficientNet_B7_Weights, "efficientnet_b7", 0.5, _scale(2.0, 3.1), _TF)
efficientnet_v2_s = model_builder(_efficientnet, "efficientnet_v2_s", EfficientNet_V2_S_Weights, "efficientnet_v2_s", 0.2, {}, {"eps": 0.001})
efficientnet_v2_m = model_builder(_efficientnet, "efficientnet_v2_m", EfficientNet_V2_M_Weights, "efficientnet_v2_m", 0.3, {}, {"eps": 0.001})
efficientnet_v2_l = model_builder(_efficientnet, "efficientnet_v2_l", EfficientNet_V2_L_Weights, "efficientnet_v2_l", 0.4, {}, {"eps": 0.001})
