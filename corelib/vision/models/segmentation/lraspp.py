"""Lite R-ASPP: a small head that joins coarse and fine features of a MobileNet."""

from __future__ import annotations

from collections import OrderedDict

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Module, ReLU, Sequential, Sigmoid
from corelib.tensor.tensor import Tensor
from corelib.vision.models._utils import IntermediateLayerGetter
from corelib.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, MobileNetV3, mobilenet_v3_large
from corelib.vision.models.segmentation._utils import resized, segmentation_builder, stages_of, voc_weights

__all__ = ["LRASPP", "LRASPP_MobileNet_V3_Large_Weights", "lraspp_mobilenet_v3_large"]


class LRASPP(Module):
    """Lite R-ASPP of a backbone that gives "low" and "high" features: a dict with the scores "out".

    Source: Howard et al., Searching for MobileNetV3, https://arxiv.org/abs/1905.02244.
    """

    def __init__(self, backbone: Module, low_channels: int, high_channels: int, num_classes: int, inter_channels: int = 128) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        scores = self.classifier(self.backbone(input))
        return OrderedDict(out=resized(scores, input.shape[-2:]))


class LRASPPHead(Module):
    """The coarse features, scaled by channel, brought to the fine features' size, and the scores of both added."""

    def __init__(self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int) -> None:
        super().__init__()
        self.cbr = Sequential(Conv2d(high_channels, inter_channels, 1, bias=False), BatchNorm2d(inter_channels), ReLU(inplace=True))
        self.scale = Sequential(AdaptiveAvgPool2d(1), Conv2d(high_channels, inter_channels, 1, bias=False), Sigmoid())
        self.low_classifier = Conv2d(low_channels, num_classes, 1)
        self.high_classifier = Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        low, high = input["low"], input["high"]
        coarse = resized(self.cbr(high) * self.scale(high), low.shape[-2:])
        scores: Tensor = self.low_classifier(low) + self.high_classifier(coarse)
        return scores


def _lraspp_mobilenetv3(backbone: MobileNetV3, num_classes: int) -> LRASPP:
    """a Lite R-ASPP."""
    features, low, high, low_channels, high_channels = stages_of(backbone)
    return LRASPP(IntermediateLayerGetter(features, {str(low): "low", str(high): "high"}), low_channels, high_channels, num_classes)


(LRASPP_MobileNet_V3_Large_Weights,) = voc_weights(
    __name__,
    """
LRASPP_MobileNet_V3_Large  *V1  lraspp_mobilenet_v3_large-d234d4ea  -  520  bilinear  1  3221538  57.9  91.2  2.086  12.49
""",
)

lraspp_mobilenet_v3_large = segmentation_builder(
    "lraspp_mobilenet_v3_large", _lraspp_mobilenetv3, LRASPP_MobileNet_V3_Large_Weights, mobilenet_v3_large, MobileNet_V3_Large_Weights,
    {"dilated": True}, auxiliary=False,
)  # fmt: skip
