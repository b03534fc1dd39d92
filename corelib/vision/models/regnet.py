"""RegNet X and Y: residual bottlenecks whose widths follow a line, by four numbers for a whole network; Y has squeeze and excitation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Linear, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, model_builder, weights_table, with_weights
from corelib.vision.models._utils import _make_divisible
from corelib.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "RegNet", "RegNet_X_16GF_Weights", "RegNet_X_1_6GF_Weights", "RegNet_X_32GF_Weights", "RegNet_X_3_2GF_Weights", "RegNet_X_400MF_Weights",
    "RegNet_X_800MF_Weights", "RegNet_X_8GF_Weights", "RegNet_Y_128GF_Weights", "RegNet_Y_16GF_Weights", "RegNet_Y_1_6GF_Weights",
    "RegNet_Y_32GF_Weights", "RegNet_Y_3_2GF_Weights", "RegNet_Y_400MF_Weights", "RegNet_Y_800MF_Weights", "RegNet_Y_8GF_Weights",
    "regnet_x_16gf", "regnet_x_1_6gf", "regnet_x_32gf", "regnet_x_3_2gf", "regnet_x_400mf", "regnet_x_800mf", "regnet_x_8gf", "regnet_y_128gf",
    "regnet_y_16gf", "regnet_y_1_6gf", "regnet_y_32gf", "regnet_y_3_2gf", "regnet_y_400mf", "regnet_y_800mf", "regnet_y_8gf",
]  # fmt: skip


class SimpleStemIN(Conv2dNormActivation):
    """The first layer: a 3 by 3 convolution at stride 2, norm and activation."""

    def __init__(self, width_in: int, width_out: int, norm_layer: MakeLayer, activation_layer: MakeLayer) -> None:
        super().__init__(width_in, width_out, kernel_size=3, stride=2, norm_layer=norm_layer, activation_layer=activation_layer)


class BottleneckTransform(Sequential):
    """1 by 1, 3 by 3 in groups, perhaps squeeze and excitation, 1 by 1."""

    def __init__(
        self, width_in: int, width_out: int, stride: int, norm_layer: MakeLayer, activation_layer: MakeLayer, group_width: int,
        bottleneck_multiplier: float, se_ratio: float | None,
    ) -> None:  # fmt: skip
        super().__init__()
        width = round(width_out * bottleneck_multiplier)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=activation_layer)
        self.add_module("a", conv(width_in, width, kernel_size=1, stride=1))
        self.add_module("b", conv(width, width, kernel_size=3, stride=stride, groups=width // group_width))
        if se_ratio:
            self.add_module("se", SqueezeExcitation(width, round(se_ratio * width_in), activation=activation_layer))
        self.add_module("c", conv(width, width_out, kernel_size=1, stride=1, activation_layer=None))


class ResBottleneckBlock(Module):
    """A bottleneck and the shortcut past it, which projects where the shape changes."""

    def __init__(
        self, width_in: int, width_out: int, stride: int, norm_layer: MakeLayer, activation_layer: MakeLayer, group_width: int = 1,
        bottleneck_multiplier: float = 1.0, se_ratio: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.proj = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(width_in, width_out, kernel_size=1, stride=stride, norm_layer=norm_layer, activation_layer=None)
        self.f = BottleneckTransform(width_in, width_out, stride, norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio)
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = (x if self.proj is None else self.proj(x)) + self.f(x)
        x = self.activation(x)
        return x


class AnyStage(Sequential):
    """Blocks of one output shape."""

    def __init__(
        self, width_in: int, width_out: int, stride: int, depth: int, block_constructor: MakeLayer, norm_layer: MakeLayer,
        activation_layer: MakeLayer, group_width: int, bottleneck_multiplier: float, se_ratio: float | None = None, stage_index: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        for i in range(depth):
            block = block_constructor(
                width_out if i else width_in, width_out, 1 if i else stride, norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio
            )
            self.add_module(f"block{stage_index}-{i}", block)


class BlockParams:
    """The sizes of all stages, a list each."""

    def __init__(
        self, depths: list[int], widths: list[int], group_widths: list[int], bottleneck_multipliers: list[float], strides: list[int],
        se_ratio: float | None = None,
    ) -> None:  # fmt: skip
        self.depths = depths
        self.widths = widths
        self.group_widths = group_widths
        self.bottleneck_multipliers = bottleneck_multipliers
        self.strides = strides
        self.se_ratio = se_ratio

    @classmethod
    def from_init_params(
        cls, depth: int, w_0: int, w_a: float, w_m: float, group_width: int, bottleneck_multiplier: float = 1.0, se_ratio: float | None = None,
        **kwargs: Any,
    ) -> BlockParams:  # fmt: skip
        """The stages of a network of `depth` blocks whose widths begin at w_0 and grow by w_a a block, quantized to powers of w_m.

        Equal widths are one stage. ValueError for a slope below 0, a first width that is no positive multiple of 8, and w_m up to 1.

        >>> from corelib.vision.models.regnet import BlockParams
        >>> params = BlockParams.from_init_params(depth=16, w_0=48, w_a=27.89, w_m=2.09, group_width=8)
        >>> params.widths, params.depths
        ([48, 104, 208, 440], [1, 3, 6, 6])
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8 != 0:
            raise ValueError(f"from_init_params(): needs w_a >= 0, w_m > 1 and w_0 a positive multiple of 8, got w_a={w_a}, w_m={w_m}, w_0={w_0}")
        single = np.float32  # the published sizes were rounded in single precision
        wanted = np.arange(depth, dtype=single) * single(w_a) + single(w_0)
        power = np.round(np.log(wanted / single(w_0)) / single(math.log(w_m)))
        blocks = np.round(single(w_0) * np.power(single(w_m), power) / single(8)).astype(int) * 8
        stages = [(int(width), len(list(same))) for width, same in groupby(blocks)]
        multipliers = [bottleneck_multiplier] * len(stages)
        widths, groups = cls._adjust_widths_groups_compatibilty([w for w, _ in stages], multipliers, [group_width] * len(stages))
        return cls([d for _, d in stages], widths, groups, multipliers, [2] * len(stages), se_ratio)

    def _get_expanded_params(self) -> Iterator[tuple[int, int, int, int, float]]:
        return zip(self.widths, self.strides, self.depths, self.group_widths, self.bottleneck_multipliers)

    @staticmethod
    def _adjust_widths_groups_compatibilty(
        stage_widths: list[int], bottleneck_ratios: list[float], group_widths: list[int]
    ) -> tuple[list[int], list[int]]:
        """Widths that are whole numbers of groups."""
        inner = [int(w * b) for w, b in zip(stage_widths, bottleneck_ratios)]
        groups = [min(g, w) for g, w in zip(group_widths, inner)]
        return [int(_make_divisible(w, g) / b) for w, g, b in zip(inner, groups, bottleneck_ratios)], groups


class RegNet(Module):
    """RegNet of `BlockParams`, for images (N, 3, H, W): logits (N, num_classes). Source: Radosavovic et al., https://arxiv.org/abs/2003.13678."""

    def __init__(
        self,
        block_params: BlockParams,
        num_classes: int = 1000,
        stem_width: int = 32,
        stem_type: MakeLayer | None = None,
        block_type: MakeLayer | None = None,
        norm_layer: MakeLayer | None = None,
        activation: MakeLayer | None = None,
    ) -> None:
        super().__init__()
        norm, active = norm_layer or BatchNorm2d, activation or ReLU
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm, active)
        width = stem_width
        stages = Sequential()
        for i, (out, stride, depth, group_width, multiplier) in enumerate(block_params._get_expanded_params(), 1):
            stage = AnyStage(
                width, out, stride, depth, block_type or ResBottleneckBlock, norm, active, group_width, multiplier, block_params.se_ratio, stage_index=i
            )
            stages.add_module(f"block{i}", stage)
            width = out
        self.trunk_output = stages
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(in_features=width, out_features=num_classes)
        initialize(self, _by_outputs, partial(init.normal_, mean=0.0, std=0.01), zero_biases=False, norms=(BatchNorm2d,))
        assert self.fc.bias is not None
        init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.trunk_output(self.stem(x)))
        x = self.fc(x.flatten(start_dim=1))
        return x


def _by_outputs(weight: Tensor) -> None:
    """He's normal values, by the number of outputs without regard to groups."""
    init.normal_(weight, mean=0.0, std=math.sqrt(2.0 / (weight.shape[2] * weight.shape[3] * weight.shape[0])))


def _regnet(
    weights: WeightsEnum | None, progress: bool, depth: int, w_0: int, w_a: float, w_m: float, group_width: int, se_ratio: float | None, **kwargs: Any
) -> RegNet:
    """with the arguments of RegNet after the first."""
    params = BlockParams.from_init_params(depth=depth, w_0=w_0, w_a=w_a, w_m=w_m, group_width=group_width, se_ratio=se_ratio, **kwargs)
    kwargs.setdefault("norm_layer", partial(BatchNorm2d, eps=1e-05, momentum=0.1))
    return with_weights(partial(RegNet, params), weights, progress, kwargs)


(
    RegNet_Y_400MF_Weights, RegNet_Y_800MF_Weights, RegNet_Y_1_6GF_Weights, RegNet_Y_3_2GF_Weights, RegNet_Y_8GF_Weights, RegNet_Y_16GF_Weights,
    RegNet_Y_32GF_Weights, RegNet_Y_128GF_Weights, RegNet_X_400MF_Weights, RegNet_X_800MF_Weights, RegNet_X_1_6GF_Weights,
    RegNet_X_3_2GF_Weights, RegNet_X_8GF_Weights, RegNet_X_16GF_Weights, RegNet_X_32GF_Weights,
) = weights_table(
    __name__,
    """
RegNet_Y_400MF  V1              regnet_y_400mf-c65dace8          224  256  bilinear  1    4344144  74.046  91.716    0.402    16.806
RegNet_Y_400MF  *V2             regnet_y_400mf-e6988f5f          224  232  bilinear  1    4344144  75.804  92.742    0.402    16.806
RegNet_Y_800MF  V1              regnet_y_800mf-1b27b58c          224  256  bilinear  1    6432512   76.42  93.136    0.834    24.774
RegNet_Y_800MF  *V2             regnet_y_800mf-58fc7688          224  232  bilinear  1    6432512  78.828  94.502    0.834    24.774
RegNet_Y_1_6GF  V1              regnet_y_1_6gf-b11a554e          224  256  bilinear  1   11202430   77.95  93.966    1.612    43.152
RegNet_Y_1_6GF  *V2             regnet_y_1_6gf-0d7bc02a          224  232  bilinear  1   11202430  80.876  95.444    1.612    43.152
RegNet_Y_3_2GF  V1              regnet_y_3_2gf-b5a9779c          224  256  bilinear  1   19436338  78.948  94.576    3.176    74.567
RegNet_Y_3_2GF  *V2             regnet_y_3_2gf-9180c971          224  232  bilinear  1   19436338  81.982  95.972    3.176    74.567
RegNet_Y_8GF    V1              regnet_y_8gf-d0d0e4a8            224  256  bilinear  1   39381472  80.032  95.048    8.473   150.701
RegNet_Y_8GF    *V2             regnet_y_8gf-dc2b1b54            224  232  bilinear  1   39381472  82.828   96.33    8.473   150.701
RegNet_Y_16GF   V1              regnet_y_16gf-9e6ed7dd           224  256  bilinear  1   83590140  80.424   95.24   15.912    319.49
RegNet_Y_16GF   *V2             regnet_y_16gf-3e4a00f9           224  232  bilinear  1   83590140  82.886  96.328   15.912    319.49
RegNet_Y_16GF   SWAG_E2E_V1     regnet_y_16gf_swag-43afe44d      384  384   bicubic  1   83590140  86.012  98.054   46.735    319.49
RegNet_Y_16GF   SWAG_LINEAR_V1  regnet_y_16gf_lc_swag-f3ec0043   224  224   bicubic  1   83590140  83.976  97.244   15.912    319.49
RegNet_Y_32GF   V1              regnet_y_32gf-4dee3f7a           224  256  bilinear  1  145046770  80.878   95.34    32.28   554.076
RegNet_Y_32GF   *V2             regnet_y_32gf-8db6d4b5           224  232  bilinear  1  145046770  83.368  96.498    32.28   554.076
RegNet_Y_32GF   SWAG_E2E_V1     regnet_y_32gf_swag-04fdfa75      384  384   bicubic  1  145046770  86.838  98.362   94.826   554.076
RegNet_Y_32GF   SWAG_LINEAR_V1  regnet_y_32gf_lc_swag-e1583746   224  224   bicubic  1  145046770  84.622   97.48    32.28   554.076
RegNet_Y_128GF  *SWAG_E2E_V1    regnet_y_128gf_swag-c8ce3e52     384  384   bicubic  1  644812894  88.228  98.682   374.57  2461.564
RegNet_Y_128GF  SWAG_LINEAR_V1  regnet_y_128gf_lc_swag-cbe8ce12  224  224   bicubic  1  644812894  86.068  97.844  127.518  2461.564
RegNet_X_400MF  V1              regnet_x_400mf-adf1edd5          224  256  bilinear  1    5495976  72.834   90.95    0.414    21.258
RegNet_X_400MF  *V2             regnet_x_400mf-62229a5f          224  232  bilinear  1    5495976  74.864  92.322    0.414    21.257
RegNet_X_800MF  V1              regnet_x_800mf-ad17e45c          224  256  bilinear  1    7259656  75.212  92.348      0.8    27.945
RegNet_X_800MF  *V2             regnet_x_800mf-94a99ebd          224  232  bilinear  1    7259656  77.522  93.826      0.8    27.945
RegNet_X_1_6GF  V1              regnet_x_1_6gf-e3633e7f          224  256  bilinear  1    9190136   77.04   93.44    1.603    35.339
RegNet_X_1_6GF  *V2             regnet_x_1_6gf-a12f2b72          224  232  bilinear  1    9190136  79.668  94.922    1.603    35.339
RegNet_X_3_2GF  V1              regnet_x_3_2gf-f342aeae          224  256  bilinear  1   15296552  78.364  93.992    3.177    58.756
RegNet_X_3_2GF  *V2             regnet_x_3_2gf-7071aa85          224  232  bilinear  1   15296552  81.196   95.43    3.177    58.756
RegNet_X_8GF    V1              regnet_x_8gf-03ceed89            224  256  bilinear  1   39572648  79.344  94.686    7.995   151.456
RegNet_X_8GF    *V2             regnet_x_8gf-2b70d774            224  232  bilinear  1   39572648  81.682  95.678    7.995   151.456
RegNet_X_16GF   V1              regnet_x_16gf-2007eb11           224  256  bilinear  1   54278536  80.058  94.944   15.941   207.627
RegNet_X_16GF   *V2             regnet_x_16gf-ba3796d7           224  232  bilinear  1   54278536  82.716  96.196   15.941   207.627
RegNet_X_32GF   V1              regnet_x_32gf-9d47f8d0           224  256  bilinear  1  107811560  80.622  95.248   31.736   412.039
RegNet_X_32GF   *V2             regnet_x_32gf-6eb8fdc6           224  232  bilinear  1  107811560  83.014  96.288   31.736   412.039
""",
)  # fmt: skip

regnet_y_400mf = model_builder(_regnet, "regnet_y_400mf", RegNet_Y_400MF_Weights, 16, 48, 27.89, 2.09, 8, 0.25)
regnet_y_800mf = model_builder(_regnet, "regnet_y_800mf", RegNet_Y_800MF_Weights, 14, 56, 38.84, 2.4, 16, 0.25)
regnet_y_1_6gf = model_builder(_regnet, "regnet_y_1_6gf", RegNet_Y_1_6GF_Weights, 27, 48, 20.71, 2.65, 24, 0.25)
regnet_y_3_2gf = model_builder(_regnet, "regnet_y_3_2gf", RegNet_Y_3_2GF_Weights, 21, 80, 42.63, 2.66, 24, 0.25)
regnet_y_8gf = model_builder(_regnet, "regnet_y_8gf", RegNet_Y_8GF_Weights, 17, 192, 76.82, 2.19, 56, 0.25)
regnet_y_16gf = model_builder(_regnet, "regnet_y_16gf", RegNet_Y_16GF_Weights, 18, 200, 106.23, 2.48, 112, 0.25)
regnet_y_32gf = model_builder(_regnet, "regnet_y_32gf", RegNet_Y_32GF_Weights, 20, 232, 115.89, 2.53, 232, 0.25)
regnet_y_128gf = model_builder(_regnet, "regnet_y_128gf", RegNet_Y_128GF_Weights, 27, 456, 160.83, 2.52, 264, 0.25, legacy=None)
regnet_x_400mf = model_builder(_regnet, "regnet_x_400mf", RegNet_X_400MF_Weights, 22, 24, 24.48, 2.54, 16, None)
regnet_x_800mf = model_builder(_regnet, "regnet_x_800mf", RegNet_X_800MF_Weights, 16, 56, 35.73, 2.28, 16, None)
regnet_x_1_6gf = model_builder(_regnet, "regnet_x_1_6gf", RegNet_X_1_6GF_Weights, 18, 80, 34.01, 2.25, 24, None)
regnet_x_3_2gf = model_builder(_regnet, "regnet_x_3_2gf", RegNet_X_3_2GF_Weights, 25, 88, 26.31, 2.25, 48, None)
regnet_x_8gf = model_builder(_regnet, "regnet_x_8gf", RegNet_X_8GF_Weights, 23, 80, 49.56, 2.88, 120, None)
regnet_x_16gf = model_builder(_regnet, "regnet_x_16gf", RegNet_X_16GF_Weights, 22, 216, 55.59, 2.1, 128, None)
regnet_x_32gf = model_builder(_regnet, "regnet_x_32gf", RegNet_X_32GF_Weights, 23, 320, 69.86, 2.0, 168, None)
