"""MNASNet (B1): inverted residual blocks found by a search for fast networks."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.as_torch.warned import warn
from corelib.nn import BatchNorm2d, Conv2d, Dropout, Linear, Module, ReLU, Sequential, init
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import initialize, kaiming, model_builder, weights_table, with_weights

__all__ = [
    "MNASNet", "MNASNet0_5_Weights", "MNASNet0_75_Weights", "MNASNet1_0_Weights", "MNASNet1_3_Weights", "mnasnet0_5", "mnasnet0_75",
    "mnasnet1_0", "mnasnet1_3",
]  # fmt: skip

_BN_MOMENTUM = 1 - 0.9997
"""The paper's 0.9997 is TensorFlow's, of the past; ours is of the new."""


class _InvertedResidual(Module):
    def __init__(self, in_ch: int, out_ch: int, kernel_size: int, stride: int, expansion_factor: int, bn_momentum: float = 0.1) -> None:
        super().__init__()
        for name, given, accepted in (("stride", stride, (1, 2)), ("kernel_size", kernel_size, (3, 5))):
            if given not in accepted:
                raise ValueError(f"_InvertedResidual(): {name} must be {accepted[0]} or {accepted[1]}, got {given}")
        self.apply_residual = in_ch == out_ch and stride == 1
        width, norm = in_ch * expansion_factor, partial(BatchNorm2d, momentum=bn_momentum)
        self.layers = Sequential(
            Conv2d(in_ch, width, 1, bias=False), norm(width), ReLU(inplace=True),
            Conv2d(width, width, kernel_size, padding=kernel_size // 2, stride=stride, groups=width, bias=False), norm(width), ReLU(inplace=True),
            Conv2d(width, out_ch, 1, bias=False), norm(out_ch),
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        out: Tensor = self.layers(input)
        return out + input if self.apply_residual else out


def _stack(in_ch: int, out_ch: int, kernel_size: int, stride: int, exp_factor: int, repeats: int, bn_momentum: float) -> Sequential:
    """Blocks in a row, of which the first changes channels and size."""
    if repeats < 1:
        raise ValueError(f"_stack(): repeats must be 1 or more, got {repeats}")
    first = _InvertedResidual(in_ch, out_ch, kernel_size, stride, exp_factor, bn_momentum)
    return Sequential(first, *(_InvertedResidual(out_ch, out_ch, kernel_size, 1, exp_factor, bn_momentum) for _ in range(1, repeats)))


def _round_to_multiple_of(val: float, divisor: int, round_up_bias: float = 0.9) -> int:
    """The multiple of `divisor` nearest to `val`, and not below `round_up_bias` times it."""
    if not 0.0 < round_up_bias < 1.0:
        raise ValueError(f"_round_to_multiple_of(): round_up_bias must be between 0 and 1, got {round_up_bias}")
    nearest = max(divisor, int(val + divisor / 2) // divisor * divisor)
    return nearest if nearest >= round_up_bias * val else nearest + divisor


def _get_depths(alpha: float) -> list[int]:
    """The channels of the stages for a factor."""
    return [_round_to_multiple_of(depth * alpha, 8) for depth in (32, 16, 24, 40, 80, 96, 192, 320)]


def _stem(first: int, second: int) -> list[Module]:
    norm = partial(BatchNorm2d, momentum=_BN_MOMENTUM)
    return [
        Conv2d(3, first, 3, padding=1, stride=2, bias=False), norm(first), ReLU(inplace=True),
        Conv2d(first, first, 3, padding=1, stride=1, groups=first, bias=False), norm(first), ReLU(inplace=True),
        Conv2d(first, second, 1, padding=0, stride=1, bias=False), norm(second),
    ]  # fmt: skip


class MNASNet(Module):
    """MNASNet B1 for images (N, 3, H, W): logits (N, num_classes).

    alpha: factor of the channels; ValueError unless above 0. State of version 1, whose first layers did not scale, loads with a warning
    and changes the model to that. Source: Tan et al., https://arxiv.org/abs/1807.11626.
    """

    _version = 2

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"MNASNet(): alpha must be above 0, got {alpha}")
        self.alpha = alpha
        self.num_classes = num_classes
        widths = _get_depths(alpha)
        layers = _stem(widths[0], widths[1])
        for i, shape in enumerate(((3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1)), 1):
            layers.append(_stack(widths[i], widths[i + 1], *shape, _BN_MOMENTUM))
        layers += [
            Conv2d(widths[7], 1280, 1, padding=0, stride=1, bias=False), BatchNorm2d(1280, momentum=_BN_MOMENTUM), ReLU(inplace=True)
        ]  # fmt: skip
        self.layers = Sequential(*layers)
        self.classifier = Sequential(Dropout(p=dropout, inplace=True), Linear(1280, num_classes))
        initialize(self, kaiming, partial(init.kaiming_uniform_, mode="fan_out", nonlinearity="sigmoid"), norms=(BatchNorm2d,))

    def forward(self, x: Tensor) -> Tensor:
        x = self.classifier(self.layers(x).mean([2, 3]))
        return x

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any) -> None:
        version = local_metadata.get("version")
        if version not in (1, 2):
            raise ValueError(f"MNASNet: the version of a state must be 1 or 2, got {version}")
        if version == 1 and self.alpha != 1.0:
            for i, layer in enumerate([*_stem(32, 16), _stack(16, _get_depths(self.alpha)[2], 3, 2, 3, 3, _BN_MOMENTUM)]):
                self.layers[i] = layer
            self._version = 1  # and is saved as such
            warn("MNASNet: the state is of version 1, whose first layers have 32 and 16 channels for every alpha; the model is now of that version")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


def _mnasnet(weights: WeightsEnum | None, progress: bool, alpha: float, **kwargs: Any) -> MNASNet:
    """with the arguments of MNASNet after the first."""
    return with_weights(partial(MNASNet, alpha), weights, progress, kwargs)


MNASNet0_5_Weights, MNASNet0_75_Weights, MNASNet1_0_Weights, MNASNet1_3_Weights = weights_table(
    __name__,
    """
MNASNet0_5   *V1  mnasnet0.5_top1_67.823-3ffadce67e  224  256  bilinear  1  2218512  67.734   87.49  0.104   8.591
MNASNet0_75  *V1  mnasnet0_75-7090bc5f               224  232  bilinear  1  3170208   71.18  90.496  0.215  12.303
MNASNet1_0   *V1  mnasnet1.0_top1_73.512-f206786ef8  224  256  bilinear  1  4383312  73.456   91.51  0.314  16.915
MNASNet1_3   *V1  mnasnet1_3-a4c69d6f                224  232  bilinear  1  6282256  76.506  93.522  0.526  24.246
""",
)

mnasnet0_5 = model_builder(_mnasnet, "mnasnet0_5", MNASNet0_5_Weights, 0.5)
mnasnet0_75 = model_builder(_mnasnet, "mnasnet0_75", MNASNet0_75_Weights, 0.75)
mnasnet1_0 = model_builder(_mnasnet, "mnasnet1_0", MNASNet1_0_Weights, 1.0)
mnasnet1_3 = model_builder(_mnasnet, "mnasnet1_3", MNASNet1_3_Weights, 1.3)
