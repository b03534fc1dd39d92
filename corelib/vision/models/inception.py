"""Inception v3: blocks of branches whose large convolutions are factored into small ones, and an auxiliary classifier while it trains."""

from __future__ import annotations

from typing import Any, NamedTuple

from corelib.as_torch.warned import warn
from corelib.nn import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Linear, MaxPool2d, Module, functional as F, init
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, model_builder, weights_table, with_weights

__all__ = ["Inception3", "InceptionOutputs", "Inception_V3_Weights", "_InceptionOutputs", "inception_v3"]


class InceptionOutputs(NamedTuple):
    """What an Inception v3 gives while it trains."""

    logits: Tensor
    aux_logits: Tensor | None


_InceptionOutputs = InceptionOutputs


def start_values_wanted(model: str, init_weights: bool | None) -> bool:
    """Whether to draw start values: as was said, else yes with a warning."""
    if init_weights is None:
        warn(f"{model}(): init_weights will be False by default in torchvision; say init_weights=True to keep the values of today", FutureWarning)
        return True
    return init_weights


def to_half_range(x: Tensor) -> Tensor:
    """Images (N, 3, H, W) normalized by ImageNet's means and deviations, brought to 0.5 and 0.5 for each channel."""
    channels = []
    for i, (mean, std) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))):
        channels.append(x[:, i].unsqueeze(1) * (std / 0.5) + (mean - 0.5) / 0.5)
    return cat(channels, 1)


def from_published(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that pretrained weights of an Inception decide."""
    kwargs.setdefault("transform_input", True)
    return {"aux_logits": True, "init_weights": False}


class BasicConv2d(Module):
    """A convolution without bias, batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception3(Module):
    """Inception v3 for images (N, 3, H, W) of at least 75 by 75: logits (N, num_classes), and InceptionOutputs in training with aux_logits.

    transform_input: the images are normalized as for other models, and are brought to what this one was trained on. inception_blocks: what
    makes convolutions, the blocks A to E and the auxiliary classifier. Source: Szegedy et al., http://arxiv.org/abs/1512.00567.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: list[MakeLayer] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if inception_blocks is None:
            inception_blocks = [BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE, InceptionAux]
        init_weights = start_values_wanted("Inception3", init_weights)
        if len(inception_blocks) != 7:
            raise ValueError(f"Inception3(): inception_blocks must be seven, got {len(inception_blocks)}")
        conv, a, b, c, d, e, auxiliary = inception_blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = a(192, pool_features=32)
        self.Mixed_5c = a(256, pool_features=64)
        self.Mixed_5d = a(288, pool_features=64)
        self.Mixed_6a = b(288)
        self.Mixed_6b = c(768, channels_7x7=128)
        self.Mixed_6c = c(768, channels_7x7=160)
        self.Mixed_6d = c(768, channels_7x7=160)
        self.Mixed_6e = c(768, channels_7x7=192)
        self.AuxLogits = auxiliary(768, num_classes) if aux_logits else None
        self.Mixed_7a = d(768)
        self.Mixed_7b = e(1280)
        self.Mixed_7c = e(2048)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.dropout = Dropout(p=dropout)
        self.fc = Linear(2048, num_classes)
        if init_weights:
            for module in self.modules():
                if isinstance(module, (Conv2d, Linear)):
                    init.trunc_normal_(module.weight, mean=0.0, std=float(getattr(module, "stddev", 0.1)), a=-2, b=2)
                elif isinstance(module, BatchNorm2d):
                    assert module.weight is not None and module.bias is not None
                    init.ones_(module.weight)
                    init.zeros_(module.bias)

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        aux = self.AuxLogits(x) if self.AuxLogits is not None and self.training else None
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        x = self.fc(self.dropout(self.avgpool(x)).flatten(1))
        return x, aux

    def forward(self, x: Tensor) -> Tensor | InceptionOutputs:
        logits, aux = self._forward(to_half_range(x) if self.transform_input else x)
        return InceptionOutputs(logits, aux) if self.training and self.aux_logits else logits


class _Branches(Module):
    """A block whose branches' outputs are joined along the channels."""

    def _forward(self, x: Tensor) -> list[Tensor]:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return cat(self._forward(x), 1)


def _mean(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(_Branches):
    """1 by 1, 5 by 5, twice 3 by 3, and a mean, at one size."""

    def __init__(self, in_channels: int, pool_features: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch1x1(x),
            self.branch5x5_2(self.branch5x5_1(x)),
            self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
            self.branch_pool(_mean(x)),
        ]


class InceptionB(_Branches):
    """3 by 3, twice 3 by 3, and a maximum, at half the size."""

    def __init__(self, in_channels: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch3x3(x),
            self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]


class InceptionC(_Branches):
    """1 by 1, 7 by 7, twice 7 by 7, each as 1 by 7 and 7 by 1, and a mean, at one size."""

    def __init__(self, in_channels: int, channels_7x7: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv, width = conv_block or BasicConv2d, channels_7x7
        wide, high = {"kernel_size": (1, 7), "padding": (0, 3)}, {"kernel_size": (7, 1), "padding": (3, 0)}
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, width, kernel_size=1)
        self.branch7x7_2 = conv(width, width, **wide)
        self.branch7x7_3 = conv(width, 192, **high)
        self.branch7x7dbl_1 = conv(in_channels, width, kernel_size=1)
        self.branch7x7dbl_2 = conv(width, width, **high)
        self.branch7x7dbl_3 = conv(width, width, **wide)
        self.branch7x7dbl_4 = conv(width, width, **high)
        self.branch7x7dbl_5 = conv(width, 192, **wide)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch1x1(x),
            self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x))),
            self.branch7x7dbl_5(self.branch7x7dbl_4(self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x))))),
            self.branch_pool(_mean(x)),
        ]


class InceptionD(_Branches):
    """3 by 3, 7 by 7 and 3 by 3, and a maximum, at half the size."""

    def __init__(self, in_channels: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = conv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch3x3_2(self.branch3x3_1(x)),
            self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]


class InceptionE(_Branches):
    """1 by 1, 3 by 3, twice 3 by 3, the last of each as 1 by 3 beside 3 by 1, and a mean, at one size."""

    def __init__(self, in_channels: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        wide, high = {"kernel_size": (1, 3), "padding": (0, 1)}, {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = conv(384, 384, **wide)
        self.branch3x3_2b = conv(384, 384, **high)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = conv(384, 384, **wide)
        self.branch3x3dbl_3b = conv(384, 384, **high)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        first, single = self.branch1x1(x), self.branch3x3_1(x)
        single = cat([self.branch3x3_2a(single), self.branch3x3_2b(single)], 1)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        double = cat([self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)], 1)
        return [first, single, double, self.branch_pool(_mean(x))]


class InceptionAux(Module):
    """The auxiliary classifier: a mean, two convolutions, a mean of all, one linear layer."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: MakeLayer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01
        self.fc = Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
        x = self.fc(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))
        return x


def _inception_v3(weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> Inception3:
    """with the arguments of Inception3."""
    auxiliary = kwargs.get("aux_logits", True)
    model = with_weights(Inception3, weights, progress, kwargs, **(from_published(kwargs) if weights else {}))
    if weights is not None and not auxiliary:
        model.aux_logits = False
        model.AuxLogits = None
    return model


(Inception_V3_Weights,) = weights_table(
    __name__,
    """
Inception_V3  *V1  inception_v3_google-0cc3c7bd  299  342  bilinear  75  27161264  77.294  93.45  5.713  103.903
""",
)

inception_v3 = model_builder(_inception_v3, "inception_v3", Inception_V3_Weights)
