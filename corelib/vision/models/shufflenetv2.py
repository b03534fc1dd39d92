"""ShuffleNet v2: half of the channels pass a block unchanged, and the halves are shuffled after it."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.nn import BatchNorm2d, Conv2d, Linear, MaxPool2d, Module, ReLU, Sequential
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, model_builder, weights_table, with_weights

__all__ = [
    "ShuffleNetV2", "ShuffleNet_V2_X0_5_Weights", "ShuffleNet_V2_X1_0_Weights", "ShuffleNet_V2_X1_5_Weights", "ShuffleNet_V2_X2_0_Weights",
    "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
]  # fmt: skip


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """The channels of (N, C, H, W) in another order: the first of each group, then the second of each, …."""
    n, channels, height, width = x.size()
    return x.view(n, groups, channels // groups, height, width).transpose(1, 2).contiguous().view(n, channels, height, width)


def _pointwise(channels: int, out: int) -> list[Module]:
    return [Conv2d(channels, out, kernel_size=1, stride=1, padding=0, bias=False), BatchNorm2d(out), ReLU(inplace=True)]


class InvertedResidual(Module):
    """At stride 1 one half of the channels is filtered; at another all are, by two branches. ValueError for sizes that do not fit."""

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError(f"InvertedResidual(): stride must be 1, 2 or 3, got {stride}")
        half = oup // 2
        if stride == 1 and inp != half << 1:
            raise ValueError(f"InvertedResidual(): at stride 1 inp must be twice oup // 2, got inp={inp} and oup={oup}")
        self.stride = stride
        filtered = partial(self.depthwise_conv, kernel_size=3, stride=stride, padding=1)
        self.branch1 = Sequential(*([filtered(inp, inp), BatchNorm2d(inp), *_pointwise(inp, half)] if stride > 1 else []))
        self.branch2 = Sequential(*_pointwise(inp if stride > 1 else half, half), filtered(half, half), BatchNorm2d(half), *_pointwise(half, half))

    @staticmethod
    def depthwise_conv(i: int, o: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = False) -> Conv2d:
        """A convolution of each channel by itself."""
        return Conv2d(i, o, kernel_size, stride, padding, bias=bias, groups=i)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, x = x.chunk(2, dim=1)
        else:
            kept = self.branch1(x)
        return channel_shuffle(cat([kept, self.branch2(x)], dim=1), 2)


class ShuffleNetV2(Module):
    """ShuffleNet v2 for images (N, 3, H, W): logits (N, num_classes).

    stages_repeats: blocks of the three stages. stages_out_channels: of the first convolution, the stages, and the last convolution.
    ValueError for lists of other lengths. Source: Ma et al., https://arxiv.org/abs/1807.11164.
    """

    def __init__(
        self, stages_repeats: list[int], stages_out_channels: list[int], num_classes: int = 1000, inverted_residual: MakeLayer = InvertedResidual
    ) -> None:
        super().__init__()
        for name, given, wanted in (("stages_repeats", stages_repeats, 3), ("stages_out_channels", stages_out_channels, 5)):
            if len(given) != wanted:
                raise ValueError(f"ShuffleNetV2(): {name} must be a list of {wanted} positive ints, got {given}")
        self._stage_out_channels = stages_out_channels
        channels, *widths, last = stages_out_channels
        self.conv1 = Sequential(Conv2d(3, channels, 3, 2, 1, bias=False), BatchNorm2d(channels), ReLU(inplace=True))
        self.maxpool = MaxPool2d(kernel_size=3, stride=2, padding=1)
        for i, (repeats, width) in enumerate(zip(stages_repeats, widths), 2):
            blocks = [inverted_residual(channels, width, 2), *(inverted_residual(width, width, 1) for _ in range(repeats - 1))]
            setattr(self, f"stage{i}", Sequential(*blocks))
            channels = width
        self.conv5 = Sequential(*_pointwise(channels, last))
        self.fc = Linear(last, num_classes)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(x)))))
        x = self.fc(self.conv5(x).mean([2, 3]))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _shufflenetv2(weights: WeightsEnum | None, progress: bool, stages_out_channels: list[int], **kwargs: Any) -> ShuffleNetV2:
    """with the arguments of ShuffleNetV2 after the first two."""
    return with_weights(partial(ShuffleNetV2, [4, 8, 4], stages_out_channels), weights, progress, kwargs)


ShuffleNet_V2_X0_5_Weights, ShuffleNet_V2_X1_0_Weights, ShuffleNet_V2_X1_5_Weights, ShuffleNet_V2_X2_0_Weights = weights_table(
    __name__,
    """
ShuffleNet_V2_X0_5  *V1  shufflenetv2_x0.5-f707e7126e  224  256  bilinear  1  1366792  60.552  81.746   0.04   5.282
ShuffleNet_V2_X1_0  *V1  shufflenetv2_x1-5666bf0f80    224  256  bilinear  1  2278604  69.362  88.316  0.145   8.791
ShuffleNet_V2_X1_5  *V1  shufflenetv2_x1_5-3c479a10    224  232  bilinear  1  3503624  72.996  91.086  0.296  13.557
ShuffleNet_V2_X2_0  *V1  shufflenetv2_x2_0-8be3c8ee    224  232  bilinear  1  7393996   76.23  93.006  0.583  28.433
""",
)

shufflenet_v2_x0_5 = model_builder(_shufflenetv2, "shufflenet_v2_x0_5", ShuffleNet_V2_X0_5_Weights, [24, 48, 96, 192, 1024])
shufflenet_v2_x1_0 = model_builder(_shufflenetv2, "shufflenet_v2_x1_0", ShuffleNet_V2_X1_0_Weights, [24, 116, 232, 464, 1024])
shufflenet_v2_x1_5 = model_builder(_shufflenetv2, "shufflenet_v2_x1_5", ShuffleNet_V2_X1_5_Weights, [24, 176, 352, 704, 1024])
shufflenet_v2_x2_0 = model_builder(_shufflenetv2, "shufflenet_v2_x2_0", ShuffleNet_V2_X2_0_Weights, [24, 244, 488, 976, 2048])
