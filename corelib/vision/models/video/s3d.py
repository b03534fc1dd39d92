"""S3D: inception blocks whose convolutions go over space, then over time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from corelib.nn import AvgPool3d, BatchNorm3d, Conv3d, Dropout, MaxPool3d, Module, Sequential
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import model_builder, with_weights
from corelib.vision.models.video._weights import kinetics_weights
from corelib.vision.ops.misc import Conv3dNormActivation

__all__ = ["S3D", "S3D_Weights", "s3d"]

Norm = Callable[..., Module]


class TemporalSeparableConv(Sequential):
    """A convolution over space, and one over time."""

    def __init__(self, in_planes: int, out_planes: int, kernel_size: int, stride: int, padding: int, norm_layer: Norm) -> None:
        k, s, p = kernel_size, stride, padding
        super().__init__(
            Conv3dNormActivation(in_planes, out_planes, (1, k, k), (1, s, s), (0, p, p), bias=False, norm_layer=norm_layer),
            Conv3dNormActivation(out_planes, out_planes, (k, 1, 1), (s, 1, 1), (p, 0, 0), bias=False, norm_layer=norm_layer),
        )


class SepInceptionBlock3D(Module):
    """Four branches side by side: single pixels, two of convolutions, and a pooling."""

    def __init__(
        self, in_planes: int, b0_out: int, b1_mid: int, b1_out: int, b2_mid: int, b2_out: int, b3_out: int, norm_layer: Norm
    ) -> None:
        super().__init__()
        pointwise = partial(Conv3dNormActivation, in_planes, kernel_size=1, stride=1, norm_layer=norm_layer)
        self.branch0 = pointwise(b0_out)
        self.branch1 = Sequential(pointwise(b1_mid), TemporalSeparableConv(b1_mid, b1_out, 3, 1, 1, norm_layer))
        self.branch2 = Sequential(pointwise(b2_mid), TemporalSeparableConv(b2_mid, b2_out, 3, 1, 1, norm_layer))
        self.branch3 = Sequential(MaxPool3d(kernel_size=(3, 3, 3), stride=1, padding=1), pointwise(b3_out))

    def forward(self, x: Tensor) -> Tensor:
        return cat([self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)], 1)


_BLOCKS = [
    (192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64), None, (480, 192, 96, 208, 16, 48, 64), (512, 160, 112, 224, 24, 64, 64),
    (512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64), (528, 256, 160, 320, 32, 128, 128), None,
    (832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128),
]  # fmt: skip
"""The channels of the inception blocks, with None for a pooling."""


class S3D(Module):
    """Separable convolutions for videos (N, 3, T, H, W), T at least 14 and H and W at least 224: logits (N, num_classes).

    norm_layer: BatchNorm3d with eps and momentum of 0.001 by default. Source: Xie et al., Rethinking Spatiotemporal Feature Learning,
    https://arxiv.org/abs/1712.04851.
    """

    def __init__(self, num_classes: int = 400, dropout: float = 0.2, norm_layer: Norm | None = None) -> None:
        super().__init__()
        norm: Norm = partial(BatchNorm3d, eps=0.001, momentum=0.001) if norm_layer is None else norm_layer
        pools = iter([
            MaxPool3d(kernel_size=(3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)), MaxPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0)),
        ])  # fmt: skip
        self.features = Sequential(
            TemporalSeparableConv(3, 64, 7, 2, 3, norm),
            MaxPool3d(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            Conv3dNormActivation(64, 64, kernel_size=1, stride=1, norm_layer=norm),
            TemporalSeparableConv(64, 192, 3, 1, 1, norm),
            MaxPool3d(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            *[next(pools) if channels is None else SepInceptionBlock3D(*channels, norm) for channels in _BLOCKS],
        )
        self.avgpool = AvgPool3d(kernel_size=(2, 7, 7), stride=1)
        self.classifier = Sequential(Dropout(p=dropout), Conv3d(1024, num_classes, kernel_size=1, stride=1, bias=True))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.classifier(self.avgpool(self.features(x)))
        return scores.mean(dim=(2, 3, 4))


def _s3d(weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> S3D:
    """with the arguments of S3D."""
    return with_weights(S3D, weights, progress, kwargs)


(S3D_Weights,) = kinetics_weights(
    __name__,
    """
S3D  *V1  s3d-d76dad2f  -  0  bilinear  224  8320048  68.368  88.050  17.979  31.972
""",
    crop_size=(224, 224),
    resize_size=(256, 256),
    min_temporal_size=14,
)

s3d = model_builder(_s3d, "s3d", S3D_Weights, legacy="KINETICS400_V1")
