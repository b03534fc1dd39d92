"""SqueezeNet: fire modules, which squeeze the channels and expand them again."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool2d, Conv2d, Dropout, MaxPool2d, Module, ReLU, Sequential, init
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import initialize, model_builder, weights_table, with_weights

__all__ = ["SqueezeNet", "SqueezeNet1_0_Weights", "SqueezeNet1_1_Weights", "squeezenet1_0", "squeezenet1_1"]


class Fire(Module):
    """A 1 by 1 convolution to few channels, then 1 by 1 and 3 by 3 convolutions side by side."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = ReLU(inplace=True)
        self.expand1x1 = Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = ReLU(inplace=True)
        self.expand3x3 = Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


_VERSIONS: dict[str, tuple[int, int, list[int]]] = {
    "1_0": (96, 7, [16, 16, 32, 0, 32, 48, 48, 64, 0, 64]),
    "1_1": (64, 3, [16, 16, 0, 32, 32, 0, 48, 48, 64, 64]),
}
"""The first convolution's channels and size, then what each fire module squeezes to, with 0 for a pooling."""


class SqueezeNet(Module):
    """SqueezeNet of a version, "1_0" or "1_1" (ValueError otherwise), for images (N, 3, H, W): logits (N, num_classes).

    Source: Iandola et al., SqueezeNet, https://arxiv.org/abs/1602.07360.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        if version not in _VERSIONS:
            raise ValueError(f"SqueezeNet(): version must be '1_0' or '1_1', got {version!r}")
        channels, kernel, fires = _VERSIONS[version]
        layers: list[Module] = [Conv2d(3, channels, kernel_size=kernel, stride=2), ReLU(inplace=True)]
        for squeezed in (0, *fires):
            if squeezed:
                layers.append(Fire(channels, squeezed, 4 * squeezed, 4 * squeezed))
                channels = 8 * squeezed
            else:
                layers.append(MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
        self.features = Sequential(*layers)
        last = Conv2d(512, num_classes, kernel_size=1)
        self.classifier = Sequential(Dropout(p=dropout), last, ReLU(inplace=True), AdaptiveAvgPool2d((1, 1)))
        initialize(self.features, init.kaiming_uniform_)
        initialize(self.classifier, partial(init.normal_, mean=0.0, std=0.01))

    def forward(self, x: Tensor) -> Tensor:
        x = self.classifier(self.features(x))
        return x.flatten(1)


def _squeezenet(weights: WeightsEnum | None, progress: bool, version: str, **kwargs: Any) -> SqueezeNet:
    """with the arguments of SqueezeNet after the first."""
    return with_weights(partial(SqueezeNet, version), weights, progress, kwargs)


SqueezeNet1_0_Weights, SqueezeNet1_1_Weights = weights_table(
    __name__,
    """
SqueezeNet1_0  *V1  squeezenet1_0-b66bff10  224  256  bilinear  21  1248424  58.092   80.42  0.819  4.778
SqueezeNet1_1  *V1  squeezenet1_1-b8a52dc0  224  256  bilinear  17  1235496  58.178  80.624  0.349  4.729
""",
)

squeezenet1_0 = model_builder(_squeezenet, "squeezenet1_0", SqueezeNet1_0_Weights, "1_0")
squeezenet1_1 = model_builder(_squeezenet, "squeezenet1_1", SqueezeNet1_1_Weights, "1_1")
