"""DeepLab v3: convolutions of several dilations side by side, on a dilated ResNet or MobileNet."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Module, ModuleList, ReLU, Sequential
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, MobileNetV3, mobilenet_v3_large
from corelib.vision.models.resnet import ResNet, ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from corelib.vision.models.segmentation._utils import (
    _SimpleSegmentationModel, mobilenet_parts, resized, resnet_parts, segmentation_builder, voc_weights,
)
from corelib.vision.models.segmentation.fcn import FCNHead

__all__ = [
    "DeepLabV3", "DeepLabV3_MobileNet_V3_Large_Weights", "DeepLabV3_ResNet101_Weights", "DeepLabV3_ResNet50_Weights",
    "deeplabv3_mobilenet_v3_large", "deeplabv3_resnet101", "deeplabv3_resnet50",
]  # fmt: skip


class DeepLabV3(_SimpleSegmentationModel):
    """DeepLab v3 of a backbone, a classifier and perhaps an auxiliary one: a dict of scores. Source: Chen et al., https://arxiv.org/abs/1706.05587."""


def _conv(in_channels: int, out_channels: int) -> list[Module]:
    return [Conv2d(in_channels, out_channels, 1, bias=False), BatchNorm2d(out_channels), ReLU()]


class DeepLabHead(Sequential):
    """ASPP and two convolutions, to num_classes channels."""

    def __init__(self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates), Conv2d(256, 256, 3, padding=1, bias=False), BatchNorm2d(256), ReLU(), Conv2d(256, num_classes, 1)
        )


class ASPPConv(Sequential):
    """A dilated 3 by 3 convolution with batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        super().__init__(
            Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False), BatchNorm2d(out_channels), ReLU()
        )


class ASPPPooling(Sequential):
    """The mean of all places through a convolution, at every place."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(AdaptiveAvgPool2d(1), *_conv(in_channels, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        return resized(super().forward(x), size)


class ASPP(Module):
    """Convolutions of several dilations and the mean of all places side by side, then joined."""

    def __init__(self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        self.convs = ModuleList([Sequential(*_conv(in_channels, out_channels))])
        self.convs.extend([ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates])
        self.convs.append(ASPPPooling(in_channels, out_channels))
        self.project = Sequential(*_conv(len(self.convs) * out_channels, out_channels), Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(cat([conv(x) for conv in self.convs], dim=1))
        return x


def _deeplabv3_resnet(backbone: ResNet, num_classes: int, aux: bool | None) -> DeepLabV3:
    """a DeepLab v3 on a ResNet."""
    features, channels, before = resnet_parts(backbone, aux)
    auxiliary = FCNHead(before, num_classes) if aux else None
    return DeepLabV3(features, DeepLabHead(channels, num_classes), auxiliary)


def _deeplabv3_mobilenetv3(backbone: MobileNetV3, num_classes: int, aux: bool | None) -> DeepLabV3:
    """a DeepLab v3 on a MobileNet."""
    features, channels, before = mobilenet_parts(backbone, aux)
    auxiliary = FCNHead(before, num_classes) if aux else None
    return DeepLabV3(features, DeepLabHead(channels, num_classes), auxiliary)


DeepLabV3_ResNet50_Weights, DeepLabV3_ResNet101_Weights, DeepLabV3_MobileNet_V3_Large_Weights = voc_weights(
    __name__,
    """
DeepLabV3_ResNet50            *V1  deeplabv3_resnet50_coco-cd0a2569       -  520  bilinear  1  42004074  66.4  92.4  178.722  160.515
DeepLabV3_ResNet101           *V1  deeplabv3_resnet101_coco-586e9e4e      -  520  bilinear  1  60996202  67.4  92.4  258.743  233.217
DeepLabV3_MobileNet_V3_Large  *V1  deeplabv3_mobilenet_v3_large-fc3c493d  -  520  bilinear  1  11029328  60.3  91.2   10.452   42.301
""",
)

_DILATED = {"replace_stride_with_dilation": [False, True, True]}

deeplabv3_resnet50 = segmentation_builder(
    "deeplabv3_resnet50", _deeplabv3_resnet, DeepLabV3_ResNet50_Weights, resnet50, ResNet50_Weights, _DILATED
)
deeplabv3_resnet101 = segmentation_builder(
    "deeplabv3_resnet101", _deeplabv3_resnet, DeepLabV3_ResNet101_Weights, resnet101, ResNet101_Weights, _DILATED
)
deeplabv3_mobilenet_v3_large = segmentation_builder(
    "deeplabv3_mobilenet_v3_large", _deeplabv3_mobilenetv3, DeepLabV3_MobileNet_V3_Large_Weights, mobilenet_v3_large, MobileNet_V3_Large_Weights,
    {"dilated": True},
)  # fmt: skip
