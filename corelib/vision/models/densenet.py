"""DenseNet: layers that see the outputs of all layers before them in their block."""

from __future__ import annotations

import re
from typing import Any

from corelib.nn import AvgPool2d, BatchNorm2d, Conv2d, Linear, MaxPool2d, Module, ModuleDict, ReLU, Sequential, functional as F, init
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.utils.checkpoint import checkpoint
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import initialize, model_builder, weights_table
from corelib.vision.models._utils import _ovewrite_named_param

__all__ = [
    "DenseNet", "DenseNet121_Weights", "DenseNet161_Weights", "DenseNet169_Weights", "DenseNet201_Weights", "densenet121", "densenet161",
    "densenet169", "densenet201",
]  # fmt: skip


class _DenseLayer(Module):
    def __init__(self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool = False) -> None:
        super().__init__()
        width = bn_size * growth_rate
        self.norm1 = BatchNorm2d(num_input_features)
        self.relu1 = ReLU(inplace=True)
        self.conv1 = Conv2d(num_input_features, width, kernel_size=1, stride=1, bias=False)
        self.norm2 = BatchNorm2d(width)
        self.relu2 = ReLU(inplace=True)
        self.conv2 = Conv2d(width, growth_rate, kernel_size=3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs: list[Tensor]) -> Tensor:
        """What the layer's first half makes of all outputs before it."""
        out: Tensor = self.conv1(self.relu1(self.norm1(cat(inputs, 1))))
        return out

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        inputs = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(t.requires_grad for t in inputs):
            out: Tensor = checkpoint(lambda *seen: self.bn_function(list(seen)), *inputs, use_reentrant=False)
        else:
            out = self.bn_function(inputs)
        out = self.conv2(self.relu2(self.norm2(out)))
        return F.dropout(out, p=self.drop_rate, training=self.training) if self.drop_rate > 0 else out


class _DenseBlock(ModuleDict):
    _version = 2

    def __init__(
        self, num_layers: int, num_input_features: int, bn_size: int, growth_rate: int, drop_rate: float, memory_efficient: bool = False
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            layer = _DenseLayer(num_input_features + i * growth_rate, growth_rate, bn_size, drop_rate, memory_efficient)
            self.add_module(f"denselayer{i + 1}", layer)

    def forward(self, init_features: Tensor) -> Tensor:
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return cat(features, 1)


class _Transition(Sequential):
    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(num_input_features)
        self.relu = ReLU(inplace=True)
        self.conv = Conv2d(num_input_features, num_output_features, kernel_size=1, stride=1, bias=False)
        self.pool = AvgPool2d(kernel_size=2, stride=2)


class DenseNet(Module):
    """DenseNet-BC for images (N, 3, H, W) of at least 29 by 29: logits (N, num_classes).

    growth_rate: channels that each layer adds. block_config: layers of each block. bn_size: channels of the bottleneck over growth_rate.
    memory_efficient: compute bottlenecks again in backward rather than keep them. Source: Huang et al., https://arxiv.org/abs/1608.06993.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, int, int, int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        features = self.features = Sequential()
        features.add_module("conv0", Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False))
        features.add_module("norm0", BatchNorm2d(num_init_features))
        features.add_module("relu0", ReLU(inplace=True))
        features.add_module("pool0", MaxPool2d(kernel_size=3, stride=2, padding=1))
        channels = num_init_features
        for i, depth in enumerate(block_config, 1):
            features.add_module(f"denseblock{i}", _DenseBlock(depth, channels, bn_size, growth_rate, drop_rate, memory_efficient))
            channels += depth * growth_rate
            if i != len(block_config):
                features.add_module(f"transition{i}", _Transition(channels, channels // 2))
                channels //= 2
        features.add_module("norm5", BatchNorm2d(channels))
        self.classifier = Linear(channels, num_classes)
        initialize(self, init.kaiming_normal_, lambda weight: None, norms=(BatchNorm2d,))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.features(x), inplace=True)
        x = self.classifier(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))
        return x


def _densenet(
    weights: WeightsEnum | None, progress: bool, growth_rate: int, block_config: tuple[int, int, int, int], num_init_features: int, **kwargs: Any
) -> DenseNet:
    """with the arguments of DenseNet after the first three."""
    if weights is not None:
        _ovewrite_named_param(kwargs, "num_classes", len(weights.meta["categories"]))
    model = DenseNet(growth_rate, block_config, num_init_features, **kwargs)
    if weights is not None:
        published = weights.get_state_dict(progress=progress, check_hash=True)
        for key in list(published):  # keys of a time when names had points: norm.1 is norm1
            published[re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", key)] = published.pop(key)
        model.load_state_dict(published)
    return model


DenseNet121_Weights, DenseNet161_Weights, DenseNet169_Weights, DenseNet201_Weights = weights_table(
    __name__,
    """
DenseNet121  *V1  densenet121-a639ec97  224  256  bilinear  29   7978856  74.434  91.972  2.834   30.845
DenseNet161  *V1  densenet161-8d451a50  224  256  bilinear  29  28681000  77.138   93.56  7.728  110.369
DenseNet169  *V1  densenet169-b2777c0a  224  256  bilinear  29  14149480    75.6  92.806   3.36   54.708
DenseNet201  *V1  densenet201-c1103571  224  256  bilinear  29  20013928  76.896   93.37  4.291   77.373
""",
)

densenet121 = model_builder(_densenet, "densenet121", DenseNet121_Weights, 32, (6, 12, 24, 16), 64)
densenet161 = model_builder(_densenet, "densenet161", DenseNet161_Weights, 48, (6, 12, 36, 24), 96)
densenet169 = model_builder(_densenet, "densenet169", DenseNet169_Weights, 32, (6, 12, 32, 32), 64)
densenet201 = model_builder(_densenet, "densenet201", DenseNet201_Weights, 32, (6, 12, 48, 32), 64)
