"""ResNet, ResNeXt and wide ResNet: residual blocks of two or three convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Linear, MaxPool2d, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, kaiming, model_builder, weights_table, with_weights
from corelib.vision.models._utils import _ovewrite_named_param

__all__ = [
    "ResNeXt101_32X8D_Weights", "ResNeXt101_64X4D_Weights", "ResNeXt50_32X4D_Weights", "ResNet", "ResNet101_Weights", "ResNet152_Weights",
    "ResNet18_Weights", "ResNet34_Weights", "ResNet50_Weights", "Wide_ResNet101_2_Weights", "Wide_ResNet50_2_Weights", "resnet101", "resnet152",
    "resnet18", "resnet34", "resnet50", "resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d", "wide_resnet101_2", "wide_resnet50_2",
]  # fmt: skip


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Conv2d:
    """A 3 by 3 convolution without bias that keeps the size at stride 1."""
    return Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=dilation, groups=groups, bias=False, dilation=dilation)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Conv2d:
    """A 1 by 1 convolution without bias."""
    return Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(Module):
    """Two 3 by 3 convolutions and the shortcut past them. ValueError for groups or a width, NotImplementedError for a dilation."""

    expansion: int = 1

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Module | None = None, groups: int = 1, base_width: int = 64,
        dilation: int = 1, norm_layer: MakeLayer | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm = norm_layer or BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError(f"BasicBlock(): groups must be 1 and base_width 64, got {groups} and {base_width}")
        if dilation > 1:
            raise NotImplementedError(f"BasicBlock(): dilation must be 1, got {dilation}")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        out = self.relu(out)
        return out


class Bottleneck(Module):
    """Convolutions of 1 by 1, 3 by 3 (which has the stride) and 1 by 1, and the shortcut past them: four times `planes` channels."""

    expansion: int = 4

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Module | None = None, groups: int = 1, base_width: int = 64,
        dilation: int = 1, norm_layer: MakeLayer | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm = norm_layer or BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        out = self.relu(out)
        return out


class ResNet(Module):
    """Four stages of residual blocks, for images (N, 3, H, W): logits (N, num_classes).

    layers: how many blocks each stage has. zero_init_residual: each block starts as its shortcut. replace_stride_with_dilation: for each of
    the last three stages, whether it keeps the size. Sources: He et al., https://arxiv.org/abs/1512.03385; Xie et al. (ResNeXt),
    https://arxiv.org/abs/1611.05431; Zagoruyko and Komodakis (wide), https://arxiv.org/abs/1605.07146.

    >>> import corelib as torch
    >>> from corelib.vision.models import resnet18
    >>> resnet18(num_classes=10).eval()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self, block: type[BasicBlock | Bottleneck], layers: list[int], num_classes: int = 1000, zero_init_residual: bool = False, groups: int = 1,
        width_per_group: int = 64, replace_stride_with_dilation: Sequence[bool] | None = None, norm_layer: MakeLayer | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        dilate = (False, False, False) if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(f"ResNet(): replace_stride_with_dilation must be None or three bools, got {dilate}")
        self._norm_layer = norm_layer or BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(512 * block.expansion, num_classes)
        initialize(self, kaiming)
        if zero_init_residual:
            for module in self.modules():
                last = module.bn3 if isinstance(module, Bottleneck) else module.bn2 if isinstance(module, BasicBlock) else None
                if last is not None and last.weight is not None:
                    init.zeros_(last.weight)

    def _make_layer(self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1, dilate: bool = False) -> Sequential:
        norm, first_dilation, width = self._norm_layer, self.dilation, planes * block.expansion
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != width:
            downsample = Sequential(conv1x1(self.inplanes, width, stride), norm(width))
        made = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, first_dilation, norm)]
        self.inplanes = width
        made += [
            block(width, planes, groups=self.groups, base_width=self.base_width, dilation=self.dilation, norm_layer=norm) for _ in range(1, blocks)
        ]
        return Sequential(*made)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = self.fc(self.avgpool(x).flatten(1))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _resnet(
    weights: WeightsEnum | None, progress: bool, block: type[BasicBlock | Bottleneck], layers: list[int], widths: dict[str, int], **kwargs: Any
) -> ResNet:
    """with the arguments of ResNet after the first two."""
    for name, value in widths.items():
        _ovewrite_named_param(kwargs, name, value)
    return with_weights(partial(ResNet, block, layers), weights, progress, kwargs)


(
    ResNet18_Weights, ResNet34_Weights, ResNet50_Weights, ResNet101_Weights, ResNet152_Weights, ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights, ResNeXt101_64X4D_Weights, Wide_ResNet50_2_Weights, Wide_ResNet101_2_Weights,
) = weights_table(
    __name__,
    """
ResNet18          *V1  resnet18-f37072fd          224  256  bilinear  1   11689512  69.758  89.078   1.814   44.661
ResNet34          *V1  resnet34-b627a593          224  256  bilinear  1   21797672  73.314   91.42   3.664   83.275
ResNet50          V1   resnet50-0676ba61          224  256  bilinear  1   25557032   76.13  92.862   4.089   97.781
ResNet50          *V2  resnet50-11ad3fa6          224  232  bilinear  1   25557032  80.858  95.434   4.089    97.79
ResNet101         V1   resnet101-63fe2227         224  256  bilinear  1   44549160  77.374  93.546   7.801  170.511
ResNet101         *V2  resnet101-cd907fc2         224  232  bilinear  1   44549160  81.886   95.78   7.801   170.53
ResNet152         V1   resnet152-394f9c45         224  256  bilinear  1   60192808  78.312  94.046  11.514  230.434
ResNet152         *V2  resnet152-f82ba261         224  232  bilinear  1   60192808  82.284  96.002  11.514  230.474
ResNeXt50_32X4D   V1   resnext50_32x4d-7cdf4587   224  256  bilinear  1   25028904  77.618  93.698    4.23   95.789
ResNeXt50_32X4D   *V2  resnext50_32x4d-1a0047aa   224  232  bilinear  1   25028904  81.198   95.34    4.23   95.833
ResNeXt101_32X8D  V1   resnext101_32x8d-8ba56ff5  224  256  bilinear  1   88791336  79.312  94.526  16.414  339.586
ResNeXt101_32X8D  *V2  resnext101_32x8d-110c445d  224  232  bilinear  1   88791336  82.834  96.228  16.414  339.673
ResNeXt101_64X4D  *V1  resnext101_64x4d-173b62eb  224  232  bilinear  1   83455272  83.246  96.454   15.46  319.318
Wide_ResNet50_2   V1   wide_resnet50_2-95faca4d   224  256  bilinear  1   68883240  78.468  94.086  11.398   131.82
Wide_ResNet50_2   *V2  wide_resnet50_2-9ba9bcbe   224  232  bilinear  1   68883240  81.602  95.758  11.398  263.124
Wide_ResNet101_2  V1   wide_resnet101_2-32ee1156  224  256  bilinear  1  126886696  78.848  94.284  22.753  242.896
Wide_ResNet101_2  *V2  wide_resnet101_2-d733dc28  224  232  bilinear  1  126886696   82.51   96.02  22.753  484.747
""",
)  # fmt: skip

_50, _101 = [3, 4, 6, 3], [3, 4, 23, 3]
_WIDE = {"width_per_group": 128}

resnet18 = model_builder(_resnet, "resnet18", ResNet18_Weights, BasicBlock, [2, 2, 2, 2], {})
resnet34 = model_builder(_resnet, "resnet34", ResNet34_Weights, BasicBlock, _50, {})
resnet50 = model_builder(_resnet, "resnet50", ResNet50_Weights, Bottleneck, _50, {})
resnet101 = model_builder(_resnet, "resnet101", ResNet101_Weights, Bottleneck, _101, {})
resnet152 = model_builder(_resnet, "resnet152", ResNet152_Weights, Bottleneck, [3, 8, 36, 3], {})
resnext50_32x4d = model_builder(_resnet, "resnext50_32x4d", ResNeXt50_32X4D_Weights, Bottleneck, _50, {"groups": 32, "width_per_group": 4})
resnext101_32x8d = model_builder(_resnet, "resnext101_32x8d", ResNeXt101_32X8D_Weights, Bottleneck, _101, {"groups": 32, "width_per_group": 8})
resnext101_64x4d = model_builder(_resnet, "resnext101_64x4d", ResNeXt101_64X4D_Weights, Bottleneck, _101, {"groups": 64, "width_per_group": 4})
wide_resnet50_2 = model_builder(_resnet, "wide_resnet50_2", Wide_ResNet50_2_Weights, Bottleneck, _50, _WIDE)
wide_resnet101_2 = model_builder(_resnet, "wide_resnet101_2", Wide_ResNet101_2_Weights, Bottleneck, _101, _WIDE)
