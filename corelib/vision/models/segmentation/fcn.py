"""Fully convolutional networks: two convolutions on a dilated ResNet."""

from __future__ import annotations

from corelib.nn import BatchNorm2d, Conv2d, Dropout, ReLU, Sequential
from corelib.vision.models.resnet import ResNet, ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from corelib.vision.models.segmentation._utils import _SimpleSegmentationModel, resnet_parts, segmentation_builder, voc_weights

__all__ = ["FCN", "FCN_ResNet101_Weights", "FCN_ResNet50_Weights", "fcn_resnet101", "fcn_resnet50"]


class FCN(_SimpleSegmentationModel):
    """A fully convolutional network of a backbone, a classifier and perhaps an auxiliary one: a dict of scores.

    Source: Long et al., https://arxiv.org/abs/1411.4038.
    """


class FCNHead(Sequential):
    """A 3 by 3 convolution to a quarter of the channels, and a 1 by 1 convolution to `channels`."""

    def __init__(self, in_channels: int, channels: int) -> None:
        inner = in_channels // 4
        super().__init__(
            Conv2d(in_channels, inner, 3, padding=1, bias=False), BatchNorm2d(inner), ReLU(), Dropout(0.1), Conv2d(inner, channels, 1)
        )


def _fcn_resnet(backbone: ResNet, num_classes: int, aux: bool | None) -> FCN:
    """a fully convolutional network."""
    features, channels, before = resnet_parts(backbone, aux)
    auxiliary = FCNHead(before, num_classes) if aux else None
    return FCN(features, FCNHead(channels, num_classes), auxiliary)


FCN_ResNet50_Weights, FCN_ResNet101_Weights = voc_weights(
    __name__,
    """
FCN_ResNet50   *V1  fcn_resnet50_coco-1167a1af   -  520  bilinear  1  35322218  60.5  91.4  152.717  135.009
FCN_ResNet101  *V1  fcn_resnet101_coco-7ecb50ca  -  520  bilinear  1  54314346  63.7  91.9  232.738  207.711
""",
)

_DILATED = {"replace_stride_with_dilation": [False, True, True]}

fcn_resnet50 = segmentation_builder("fcn_resnet50", _fcn_resnet, FCN_ResNet50_Weights, resnet50, ResNet50_Weights, _DILATED)
fcn_resnet101 = segmentation_builder("fcn_resnet101", _fcn_resnet, FCN_ResNet101_Weights, resnet101, ResNet101_Weights, _DILATED)
