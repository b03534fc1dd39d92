"""AlexNet: five convolutions and three linear layers."""

from __future__ import annotations

from typing import Any

from corelib.nn import AdaptiveAvgPool2d, Conv2d, Dropout, Linear, MaxPool2d, Module, ReLU, Sequential
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import model_builder, weights_table, with_weights

__all__ = ["AlexNet", "AlexNet_Weights", "alexnet"]


class AlexNet(Module):
    """AlexNet for images (N, 3, H, W) of at least 63 by 63: logits (N, num_classes).

    Source: Krizhevsky, One weird trick for parallelizing convolutional neural networks, https://arxiv.org/abs/1404.5997.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        layers: list[Module] = []
        channels = 3
        for width, kernel, stride, padding, pooled in (
            (64, 11, 4, 2, True), (192, 5, 1, 2, True), (384, 3, 1, 1, False), (256, 3, 1, 1, False), (256, 3, 1, 1, True),
        ):  # fmt: skip
            layers += [Conv2d(channels, width, kernel_size=kernel, stride=stride, padding=padding), ReLU(inplace=True)]
            if pooled:
                layers.append(MaxPool2d(kernel_size=3, stride=2))
            channels = width
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d((6, 6))
        self.classifier = Sequential(
            Dropout(p=dropout), Linear(256 * 6 * 6, 4096), ReLU(inplace=True),
            Dropout(p=dropout), Linear(4096, 4096), ReLU(inplace=True),
            Linear(4096, num_classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return x


def _alexnet(weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> AlexNet:
    """with the arguments of AlexNet."""
    return with_weights(AlexNet, weights, progress, kwargs)


(AlexNet_Weights,) = weights_table(
    __name__,
    """
AlexNet  *V1  alexnet-owt-7be5be79  224  256  bilinear  63  61100840  56.522  79.066  0.714  233.087
""",
)
alexnet = model_builder(_alexnet, "alexnet", AlexNet_Weights)
