"""ResNets of videos: convolutions over time and space, over space alone, or over one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool3d, BatchNorm3d, Conv3d, Linear, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import kaiming, model_builder, with_weights
from corelib.vision.models.video._weights import kinetics_weights

__all__ = ["MC3_18_Weights", "R2Plus1D_18_Weights", "R3D_18_Weights", "VideoResNet", "mc3_18", "r2plus1d_18", "r3d_18"]


class Conv3DSimple(Conv3d):
    """3 by 3 by 3, over time and space."""

    def __init__(self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1) -> None:
        super().__init__(in_planes, out_planes, kernel_size=(3, 3, 3), stride=stride, padding=padding, bias=False)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The stride of what goes beside it."""
        return stride, stride, stride


class Conv2Plus1D(Sequential):
    """3 by 3 over space, then 3 over time."""

    def __init__(self, in_planes: int, out_planes: int, midplanes: int, stride: int = 1, padding: int = 1) -> None:
        super().__init__(
            Conv3d(in_planes, midplanes, kernel_size=(1, 3, 3), stride=(1, stride, stride), padding=(0, padding, padding), bias=False),
            BatchNorm3d(midplanes),
            ReLU(inplace=True),
            Conv3d(midplanes, out_planes, kernel_size=(3, 1, 1), stride=(stride, 1, 1), padding=(padding, 0, 0), bias=False),
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The stride of what goes beside it."""
        return stride, stride, stride


class Conv3DNoTemporal(Conv3d):
    """3 by 3 over space alone."""

    def __init__(self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1) -> None:
        super().__init__(in_planes, out_planes, kernel_size=(1, 3, 3), stride=(1, stride, stride), padding=(0, padding, padding), bias=False)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The stride of what goes beside it."""
        return 1, stride, stride


def _normalized(conv: Module, planes: int, active: bool = True) -> Sequential:
    return Sequential(conv, BatchNorm3d(planes), *([ReLU(inplace=True)] if active else []))


def _between(inplanes: int, planes: int) -> int:
    """How many channels between two convolutions have the weights of a whole one."""
    return (inplanes * planes * 3 * 3 * 3) // (inplanes * 3 * 3 + 3 * planes)


class BasicBlock(Module):
    """Two convolutions, and their input added."""

    expansion = 1

    def __init__(self, inplanes: int, planes: int, conv_builder: Callable[..., Module], stride: int = 1, downsample: Module | None = None) -> None:
        super().__init__()
        between = _between(inplanes, planes)
        self.conv1 = _normalized(conv_builder(inplanes, planes, between, stride), planes)
        self.conv2 = _normalized(conv_builder(planes, planes, between), planes, active=False)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv2(self.conv1(x))
        out += x if self.downsample is None else self.downsample(x)
        made: Tensor = self.relu(out)
        return made


class Bottleneck(Module):
    """A convolution between two of single pixels, and their input added."""

    expansion = 4

    def __init__(self, inplanes: int, planes: int, conv_builder: Callable[..., Module], stride: int = 1, downsample: Module | None = None) -> None:
        super().__init__()
        wide = planes * self.expansion
        self.conv1 = _normalized(Conv3d(inplanes, planes, kernel_size=1, bias=False), planes)
        self.conv2 = _normalized(conv_builder(planes, planes, _between(inplanes, planes), stride), planes)
        self.conv3 = _normalized(Conv3d(planes, wide, kernel_size=1, bias=False), wide, active=False)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv3(self.conv2(self.conv1(x)))
        out += x if self.downsample is None else self.downsample(x)
        made: Tensor = self.relu(out)
        return made


class BasicStem(Sequential):
    """The first convolution of three dimensions."""

    def __init__(self) -> None:
        super().__init__(
            Conv3d(3, 64, kernel_size=(3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False), BatchNorm3d(64), ReLU(inplace=True)
        )


class R2Plus1dStem(Sequential):
    """The first convolution over space, then over time."""

    def __init__(self) -> None:
        super().__init__(
            Conv3d(3, 45, kernel_size=(1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False), BatchNorm3d(45), ReLU(inplace=True),
            Conv3d(45, 64, kernel_size=(3, 1, 1), stride=(1, 1, 1), padding=(1, 0, 0), bias=False), BatchNorm3d(64), ReLU(inplace=True),
        )  # fmt: skip


class VideoResNet(Module):
    """A ResNet for videos (N, 3, T, H, W): logits (N, num_classes).

    conv_makers: the convolutions of each of the four stages, which have `layers` blocks. Source: Tran et al., A Closer Look at Spatiotemporal
    Convolutions for Action Recognition, https://arxiv.org/abs/1711.11248.
    """

    def __init__(
        self, block: Any, conv_makers: Sequence[Any], layers: list[int], stem: Callable[..., Module], num_classes: int = 400,
        zero_init_residual: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.inplanes = 64
        self.stem = stem()
        self.layer1 = self._make_layer(block, conv_makers[0], 64, layers[0])
        self.layer2 = self._make_layer(block, conv_makers[1], 128, layers[1], stride=2)
        self.layer3 = self._make_layer(block, conv_makers[2], 256, layers[2], stride=2)
        self.layer4 = self._make_layer(block, conv_makers[3], 512, layers[3], stride=2)
        self.avgpool = AdaptiveAvgPool3d((1, 1, 1))
        self.fc = Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, Conv3d):
                kaiming(module.weight)
        init.normal_(self.fc.weight, 0, 0.01)
        assert self.fc.bias is not None
        init.zeros_(self.fc.bias)
        for module in self.modules() if zero_init_residual else ():
            if isinstance(module, Bottleneck):
                last: Any = module.conv3[1]
                init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        out: Tensor = self.fc(self.avgpool(x).flatten(1))
        return out

    def _make_layer(self, block: Any, conv_builder: Any, planes: int, blocks: int, stride: int = 1) -> Sequential:
        wide = planes * block.expansion
        beside = None
        if stride != 1 or self.inplanes != wide:
            beside = _normalized(
                Conv3d(self.inplanes, wide, kernel_size=1, stride=conv_builder.get_downsample_stride(stride), bias=False), wide, active=False
            )
        first = block(self.inplanes, planes, conv_builder, stride, beside)
        self.inplanes = wide
        return Sequential(first, *[block(wide, planes, conv_builder) for _ in range(1, blocks)])


def _video_resnet(
    weights: WeightsEnum | None, progress: bool, conv_makers: Sequence[Any], stem: Callable[..., Module], **kwargs: Any
) -> VideoResNet:
    """with the arguments of VideoResNet after the first four."""
    return with_weights(partial(VideoResNet, BasicBlock, conv_makers, [2, 2, 2, 2], stem), weights, progress, kwargs)


R3D_18_Weights, MC3_18_Weights, R2Plus1D_18_Weights = kinetics_weights(
    __name__,
    """
R3D_18       *V1  r3d_18-b3b3357e       -  0  bilinear  1  33371472  63.200  83.479  40.697  127.359
MC3_18       *V1  mc3_18-a90a0ba3       -  0  bilinear  1  11695440  63.960  84.130  43.343  44.672
R2Plus1D_18  *V1  r2plus1d_18-91a641e6  -  0  bilinear  1  31505325  67.463  86.175  40.519  120.318
""",
    crop_size=(112, 112),
    resize_size=(128, 171),
)

r3d_18 = model_builder(_video_resnet, "r3d_18", R3D_18_Weights, [Conv3DSimple] * 4, BasicStem, legacy="KINETICS400_V1")
mc3_18 = model_builder(_video_resnet, "mc3_18", MC3_18_Weights, [Conv3DSimple, *[Conv3DNoTemporal] * 3], BasicStem, legacy="KINETICS400_V1")
r2plus1d_18 = model_builder(_video_resnet, "r2plus1d_18", R2Plus1D_18_Weights, [Conv2Plus1D] * 4, R2Plus1dStem, legacy="KINETICS400_V1")
