"""GoogLeNet, the first Inception: blocks of four branches, and two auxiliary classifiers while it trains."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from corelib.as_torch.warned import warn
from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Dropout, Linear, MaxPool2d, Module, Sequential, functional as F, init
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, model_builder, weights_table, with_weights
from corelib.vision.models.inception import BasicConv2d, from_published, start_values_wanted, to_half_range

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "GoogLeNet_Weights", "_GoogLeNetOutputs", "googlenet"]


class GoogLeNetOutputs(NamedTuple):
    """What a GoogLeNet gives while it trains."""

    logits: Tensor
    aux_logits2: Tensor | None
    aux_logits1: Tensor | None


_GoogLeNetOutputs = GoogLeNetOutputs

_BLOCKS: dict[str, tuple[int, int, int, int, int, int, int]] = {
    "3a": (192, 64, 96, 128, 16, 32, 32), "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64), "4b": (512, 160, 112, 224, 24, 64, 64), "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64), "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128), "5b": (832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip
"""The arguments of each Inception block."""


class GoogLeNet(Module):
    """GoogLeNet for images (N, 3, H, W) of at least 15 by 15: logits (N, num_classes), and GoogLeNetOutputs in training with aux_logits.

    transform_input: the images are normalized as for other models, and are brought to what this one was trained on. blocks: what makes
    convolutions, Inception blocks and auxiliary classifiers. Source: Szegedy et al., http://arxiv.org/abs/1409.4842.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: list[MakeLayer] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        init_weights = start_values_wanted("GoogLeNet", init_weights)
        if blocks is None:
            blocks = [BasicConv2d, Inception, InceptionAux]
        if len(blocks) != 3:
            raise ValueError(f"GoogLeNet(): blocks must be three, got {len(blocks)}")
        conv, inception, auxiliary = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = MaxPool2d(3, stride=2, ceil_mode=True)
        for name, sizes in _BLOCKS.items():
            setattr(self, f"inception{name}", inception(*sizes))
            if name == "3b":
                self.maxpool3 = MaxPool2d(3, stride=2, ceil_mode=True)
            if name == "4e":
                self.maxpool4 = MaxPool2d(2, stride=2, ceil_mode=True)
        self.aux1 = auxiliary(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = auxiliary(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.dropout = Dropout(p=dropout)
        self.fc = Linear(1024, num_classes)
        if init_weights:
            narrow = partial(init.trunc_normal_, mean=0.0, std=0.01, a=-2, b=2)
            initialize(self, narrow, narrow, zero_biases=False, norms=(BatchNorm2d,))

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        aux1 = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.maxpool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        x = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return x, aux2, aux1

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        outputs = self._forward(to_half_range(x) if self.transform_input else x)
        return GoogLeNetOutputs(*outputs) if self.training and self.aux_logits else outputs[0]


class Inception(Module):
    """Four branches side by side: 1 by 1; 1 by 1 and 3 by 3; the same again (where the paper has 5 by 5); a pooling and 1 by 1."""

    def __init__(
        self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int, pool_proj: int,
        conv_block: MakeLayer | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = Sequential(conv(in_channels, ch3x3red, kernel_size=1), conv(ch3x3red, ch3x3, kernel_size=3, padding=1))
        self.branch3 = Sequential(conv(in_channels, ch5x5red, kernel_size=1), conv(ch5x5red, ch5x5, kernel_size=3, padding=1))
        self.branch4 = Sequential(MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True), conv(in_channels, pool_proj, kernel_size=1))

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]

    def forward(self, x: Tensor) -> Tensor:
        return cat(self._forward(x), 1)


class InceptionAux(Module):
    """An auxiliary classifier: a mean to 4 by 4, a convolution, two linear layers."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: MakeLayer | None = None, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = Linear(2048, 1024)
        self.fc2 = Linear(1024, num_classes)
        self.dropout = Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4))).flatten(1)
        x = self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))
        return x


def _googlenet(weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> GoogLeNet:
    """with the arguments of GoogLeNet."""
    auxiliary = kwargs.get("aux_logits", False)
    model = with_weights(GoogLeNet, weights, progress, kwargs, **(from_published(kwargs) if weights else {}))
    if weights is not None:
        if auxiliary:
            warn("googlenet(): the auxiliary classifiers of the pretrained weights are not trained, so train them")
        else:
            model.aux_logits = False
            model.aux1 = model.aux2 = None
    return model


(GoogLeNet_Weights,) = weights_table(
    __name__,
    """
GoogLeNet  *V1  googlenet-1378be20  224  256  bilinear  15  6624904  69.778  89.53  1.498  49.731
""",
)

googlenet = model_builder(_googlenet, "googlenet", GoogLeNet_Weights)
