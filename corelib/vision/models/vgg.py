"""VGG: stacks of 3 by 3 convolutions between poolings, with or without batch norm."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Linear, MaxPool2d, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import initialize, kaiming, model_builder, weights_table, with_weights

__all__ = [
    "VGG", "VGG11_BN_Weights", "VGG11_Weights", "VGG13_BN_Weights", "VGG13_Weights", "VGG16_BN_Weights", "VGG16_Weights", "VGG19_BN_Weights",
    "VGG19_Weights", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
]  # fmt: skip


class VGG(Module):
    """Convolutions, a mean to 7 by 7, and three linear layers, for images (N, 3, H, W) of at least 32 by 32: logits (N, num_classes).

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, https://arxiv.org/abs/1409.1556.
    """

    def __init__(self, features: Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = features
        self.avgpool = AdaptiveAvgPool2d((7, 7))
        self.classifier = Sequential(
            Linear(512 * 7 * 7, 4096), ReLU(True), Dropout(p=dropout),
            Linear(4096, 4096), ReLU(True), Dropout(p=dropout),
            Linear(4096, num_classes),
        )  # fmt: skip
        if init_weights:
            initialize(self, kaiming, partial(init.normal_, mean=0.0, std=0.01), norms=(BatchNorm2d,))

    def forward(self, x: Tensor) -> Tensor:
        x = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return x


def make_layers(cfg: list[str | int], batch_norm: bool = False) -> Sequential:
    """Convolutions of the numbers of channels in the list, each with ReLU; "M" is a pooling that halves the size."""
    layers: list[Module] = []
    channels = 3
    for width in cfg:
        if isinstance(width, str):
            layers.append(MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(Conv2d(channels, width, kernel_size=3, padding=1))
        layers += [BatchNorm2d(width), ReLU(inplace=True)] if batch_norm else [ReLU(inplace=True)]
        channels = width
    return Sequential(*layers)


def _stacks(*depths: int) -> list[str | int]:
    cfg: list[str | int] = []
    for width, depth in zip((64, 128, 256, 512, 512), depths):
        cfg += [*[width] * depth, "M"]
    return cfg


cfgs = {"A": _stacks(1, 1, 2, 2, 2), "B": _stacks(2, 2, 2, 2, 2), "D": _stacks(2, 2, 3, 3, 3), "E": _stacks(2, 2, 4, 4, 4)}


def _vgg(weights: WeightsEnum | None, progress: bool, cfg: str, batch_norm: bool, **kwargs: Any) -> VGG:
    """with the arguments of VGG after the first."""
    make = partial(VGG, make_layers(cfgs[cfg], batch_norm=batch_norm))
    if weights is None:
        return make(**kwargs)
    kwargs["init_weights"] = False
    if weights.meta["categories"] is not None:
        return with_weights(make, weights, progress, kwargs)
    model = make(**kwargs)  # weights without classes
    model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model


(
    VGG11_Weights, VGG11_BN_Weights, VGG13_Weights, VGG13_BN_Weights, VGG16_Weights, VGG16_BN_Weights, VGG19_Weights, VGG19_BN_Weights,
) = weights_table(
    __name__,
    """
VGG11     *V1       vgg11-8a719046                     224  256  bilinear  32  132863336   69.02  88.628   7.609   506.84
VGG11_BN  *V1       vgg11_bn-6002323d                  224  256  bilinear  32  132868840   70.37   89.81   7.609  506.881
VGG13     *V1       vgg13-19584684                     224  256  bilinear  32  133047848  69.928  89.246  11.308  507.545
VGG13_BN  *V1       vgg13_bn-abd245e5                  224  256  bilinear  32  133053736  71.586  90.374  11.308   507.59
VGG16     *V1       vgg16-397923af                     224  256  bilinear  32  138357544  71.592  90.382   15.47  527.796
VGG16     FEATURES  vgg16_features-amdegroot-88682ab5  224  256  bilinear  32  138357544     nan     nan   15.47  527.802
VGG16_BN  *V1       vgg16_bn-6c64b313                  224  256  bilinear  32  138365992   73.36  91.516   15.47  527.866
VGG19     *V1       vgg19-dcbb9e9d                     224  256  bilinear  32  143667240  72.376  90.876  19.632  548.051
VGG19_BN  *V1       vgg19_bn-c79401a0                  224  256  bilinear  32  143678248  74.218  91.842  19.632  548.143
""",
    presets={"vgg16_features-amdegroot-88682ab5": {"mean": (0.48235, 0.45882, 0.40784), "std": (1.0 / 255.0,) * 3}},
    metas={"vgg16_features-amdegroot-88682ab5": {"categories": None}},
)  # fmt: skip

vgg11 = model_builder(_vgg, "vgg11", VGG11_Weights, "A", False)
vgg11_bn = model_builder(_vgg, "vgg11_bn", VGG11_BN_Weights, "A", True)
vgg13 = model_builder(_vgg, "vgg13", VGG13_Weights, "B", False)
vgg13_bn = model_builder(_vgg, "vgg13_bn", VGG13_BN_Weights, "B", True)
vgg16 = model_builder(_vgg, "vgg16", VGG16_Weights, "D", False)
vgg16_bn = model_builder(_vgg, "vgg16_bn", VGG16_BN_Weights, "D", True)
vgg19 = model_builder(_vgg, "vgg19", VGG19_Weights, "E", False)
vgg19_bn = model_builder(_vgg, "vgg19_bn", VGG19_BN_Weights, "E", True)
