"""MaxVit: each layer an inverted residual block, then attention within windows, then attention over a grid of the whole image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from corelib.nn import (
    GELU, AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Dropout, Flatten, Identity, LayerNorm, Linear, Module, ModuleList, Parameter,
    Sequential, SiLU, Tanh, functional as F, init,
)
from corelib.ops.construction.creation import empty
from corelib.ops.products.einsum import einsum
from corelib.tensor.dtype import float32
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, initialize, model_builder, settled, weights_table, with_weights
from corelib.vision.models.swin_transformer import relative_position_index
from corelib.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from corelib.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["MaxVit", "MaxVit_T_Weights", "maxvit_t"]

Size = tuple[int, int]


def _get_conv_output_shape(input_size: Size, kernel_size: int, stride: int, padding: int) -> Size:
    """The size of what a convolution gives."""
    height, width = ((size - kernel_size + 2 * padding) // stride + 1 for size in input_size)
    return height, width


def _make_block_input_shapes(input_size: Size, n_blocks: int) -> list[Size]:
    """The sizes of what the blocks see, each half the one before it."""
    size, sizes = _get_conv_output_shape(input_size, 3, 2, 1), []
    for _ in range(n_blocks):
        size = _get_conv_output_shape(size, 3, 2, 1)
        sizes.append(size)
    return sizes


def _get_relative_position_index(height: int, width: int) -> Tensor:
    return relative_position_index(height, width)


class MBConv(Module):
    """An inverted residual block that is normalized first, with the shortcut past it."""

    def __init__(
        self, in_channels: int, out_channels: int, expansion_ratio: float, squeeze_ratio: float, stride: int, activation_layer: MakeLayer,
        norm_layer: MakeLayer, p_stochastic_dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.proj: Module = Identity()
        if stride != 1 or in_channels != out_channels:
            smaller = [AvgPool2d(kernel_size=3, stride=stride, padding=1)] if stride == 2 else []
            self.proj = Sequential(*smaller, Conv2d(in_channels, out_channels, kernel_size=1, stride=1, bias=True))
        self.stochastic_depth: Module = StochasticDepth(p_stochastic_dropout, mode="row") if p_stochastic_dropout else Identity()
        width = int(out_channels * expansion_ratio)
        conv = partial(Conv2dNormActivation, activation_layer=activation_layer, norm_layer=norm_layer, inplace=None)
        layers = Sequential()
        layers.add_module("pre_norm", norm_layer(in_channels))
        layers.add_module("conv_a", conv(in_channels, width, kernel_size=1, stride=1, padding=0))
        layers.add_module("conv_b", conv(width, width, kernel_size=3, stride=stride, padding=1, groups=width))
        layers.add_module("squeeze_excitation", SqueezeExcitation(width, int(out_channels * squeeze_ratio), activation=SiLU))
        layers.add_module("conv_c", Conv2d(width, out_channels, kernel_size=1, bias=True))
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        x = self.proj(x) + self.stochastic_depth(self.layers(x))
        return x


class RelativePositionalMultiHeadAttention(Module):
    """Attention within groups of places, (batch, groups, places, features), with a number for each relative position of a square of places."""

    relative_position_index: Tensor

    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim != 0:
            raise ValueError(f"RelativePositionalMultiHeadAttention(): feat_dim must be a multiple of head_dim, got {feat_dim} and {head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = int(math.sqrt(max_seq_len))
        self.max_seq_len = max_seq_len
        self.to_qkv = Linear(feat_dim, self.n_heads * self.head_dim * 3)
        self.scale_factor = feat_dim**-0.5
        self.merge = Linear(self.head_dim * self.n_heads, feat_dim)
        self.relative_position_bias_table = Parameter(empty((2 * self.size - 1) ** 2, self.n_heads, dtype=float32))
        self.register_buffer("relative_position_index", _get_relative_position_index(self.size, self.size))
        init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def get_relative_positional_bias(self) -> Tensor:
        """What is added to the attention: (1, heads, places, places)."""
        bias: Tensor = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        return bias.view(self.max_seq_len, self.max_seq_len, -1).permute(2, 0, 1).contiguous().unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        batch, groups, places, features = x.shape
        split = (batch, groups, places, self.n_heads, self.head_dim)
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        q, k, v = [part.reshape(split).permute(0, 1, 3, 2, 4) for part in (q, k, v)]
        scores = einsum("bghid,bghjd->bghij", q, k * self.scale_factor)
        attention = F.softmax(scores + self.get_relative_positional_bias(), dim=-1)
        out = einsum("bghij,bghjd->bghid", attention, v)
        x = self.merge(out.permute(0, 1, 3, 2, 4).reshape(batch, groups, places, features))
        return x


class SwapAxes(Module):
    """`x.swapaxes(a, b)` as a layer."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        return x.swapaxes(self.a, self.b)


class WindowPartition(Module):
    """Images (N, C, H, W) as windows of p by p places: (N, windows, p * p, C)."""

    def forward(self, x: Tensor, p: int) -> Tensor:
        n, channels, height, width = x.shape
        x = x.reshape(n, channels, height // p, p, width // p, p).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(n, (height // p) * (width // p), p * p, channels)


class WindowDepartition(Module):
    """Windows of p by p places as images again: (N, C, h_partitions * p, w_partitions * p)."""

    def forward(self, x: Tensor, p: int, h_partitions: int, w_partitions: int) -> Tensor:
        n, _, _, channels = x.shape
        x = x.reshape(n, h_partitions, w_partitions, p, p, channels).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(n, channels, h_partitions * p, w_partitions * p)


class PartitionAttentionLayer(Module):
    """Attention and an MLP within parts of images: windows of neighbours ("window"), or places spread over the image ("grid").

    ValueError for another partition_type; AssertionError, when called, for a grid that the parts do not divide.
    """

    def __init__(
        self, in_channels: int, head_dim: int, partition_size: int, partition_type: str, grid_size: Size, mlp_ratio: int,
        activation_layer: MakeLayer, norm_layer: MakeLayer, attention_dropout: float, mlp_dropout: float, p_stochastic_dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.n_heads = in_channels // head_dim
        self.head_dim = head_dim
        self.n_partitions = grid_size[0] // partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        if partition_type not in ("grid", "window"):
            raise ValueError(f"PartitionAttentionLayer(): partition_type must be 'grid' or 'window', got {partition_type!r}")
        over_grid = partition_type == "grid"
        self.p, self.g = (self.n_partitions, partition_size) if over_grid else (partition_size, self.n_partitions)
        self.partition_op = WindowPartition()
        self.departition_op = WindowDepartition()
        self.partition_swap = SwapAxes(-2, -3) if over_grid else Identity()
        self.departition_swap = SwapAxes(-2, -3) if over_grid else Identity()
        self.attn_layer = Sequential(
            norm_layer(in_channels), RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size**2), Dropout(attention_dropout)
        )
        self.mlp_layer = Sequential(
            LayerNorm(in_channels), Linear(in_channels, in_channels * mlp_ratio), activation_layer(), Linear(in_channels * mlp_ratio, in_channels),
            Dropout(mlp_dropout),
        )  # fmt: skip
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = (size // self.p for size in self.grid_size)
        if any(size % self.p for size in self.grid_size):
            raise AssertionError(f"PartitionAttentionLayer: the grid {self.grid_size} must be divisible by {self.p}")
        x = self.partition_swap(self.partition_op(x, self.p))
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        x = self.departition_op(self.departition_swap(x), self.p, rows, columns)
        return x


class MaxVitLayer(Module):
    """An inverted residual block, attention within windows, attention over the grid."""

    def __init__(
        self, in_channels: int, out_channels: int, squeeze_ratio: float, expansion_ratio: float, stride: int, norm_layer: MakeLayer,
        activation_layer: MakeLayer, head_dim: int, mlp_ratio: int, mlp_dropout: float, attention_dropout: float, p_stochastic_dropout: float,
        partition_size: int, grid_size: Size,
    ) -> None:  # fmt: skip
        super().__init__()
        attention = partial(
            PartitionAttentionLayer, in_channels=out_channels, head_dim=head_dim, partition_size=partition_size, grid_size=grid_size,
            mlp_ratio=mlp_ratio, activation_layer=activation_layer, norm_layer=LayerNorm, attention_dropout=attention_dropout,
            mlp_dropout=mlp_dropout, p_stochastic_dropout=p_stochastic_dropout,
        )  # fmt: skip
        self.layers = Sequential()
        conv = MBConv(in_channels, out_channels, expansion_ratio, squeeze_ratio, stride, activation_layer, norm_layer, p_stochastic_dropout)
        self.layers.add_module("MBconv", conv)
        self.layers.add_module("window_attention", attention(partition_type="window"))
        self.layers.add_module("grid_attention", attention(partition_type="grid"))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        return x


class MaxVitBlock(Module):
    """Layers of one size, of which the first halves it. ValueError unless p_stochastic has a number for each layer."""

    def __init__(
        self, in_channels: int, out_channels: int, squeeze_ratio: float, expansion_ratio: float, norm_layer: MakeLayer, activation_layer: MakeLayer,
        head_dim: int, mlp_ratio: int, mlp_dropout: float, attention_dropout: float, partition_size: int, input_grid_size: Size, n_layers: int,
        p_stochastic: list[float],
    ) -> None:  # fmt: skip
        super().__init__()
        if len(p_stochastic) != n_layers:
            raise ValueError(f"MaxVitBlock(): p_stochastic must have n_layers={n_layers} numbers, got {p_stochastic}")
        self.layers = ModuleList()
        self.grid_size = _get_conv_output_shape(input_grid_size, kernel_size=3, stride=2, padding=1)
        for i, p in enumerate(p_stochastic):
            layer = MaxVitLayer(
                out_channels if i else in_channels, out_channels, squeeze_ratio, expansion_ratio, 1 if i else 2, norm_layer, activation_layer,
                head_dim, mlp_ratio, mlp_dropout, attention_dropout, p, partition_size, self.grid_size,
            )  # fmt: skip
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(Module):
    """MaxVit for images (N, 3, *input_size): logits (N, num_classes).

    block_channels, block_layers: of each block. stochastic_depth_prob: of the last layer, growing from 0. ValueError for an input_size
    whose halves partition_size does not divide. Source: Tu et al., MaxViT: Multi-Axis Vision Transformer, https://arxiv.org/abs/2204.01697.
    """

    def __init__(
        self,
        input_size: Size,
        stem_channels: int,
        partition_size: int,
        block_channels: list[int],
        block_layers: list[int],
        head_dim: int,
        stochastic_depth_prob: float,
        norm_layer: MakeLayer | None = None,
        activation_layer: MakeLayer = GELU,
        squeeze_ratio: float = 0.25,
        expansion_ratio: float = 4,
        mlp_ratio: int = 4,
        mlp_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        norm = norm_layer or partial(BatchNorm2d, eps=0.001, momentum=0.01)
        sizes = _make_block_input_shapes(input_size, len(block_channels))
        for i, size in enumerate(sizes):
            if any(side % partition_size for side in size):
                raise ValueError(f"MaxVit(): the size {size} of block {i} must be divisible by partition_size {partition_size}; all sizes: {sizes}")
        self.stem = Sequential(
            Conv2dNormActivation(3, stem_channels, 3, stride=2, norm_layer=norm, activation_layer=activation_layer, bias=False, inplace=None),
            Conv2dNormActivation(stem_channels, stem_channels, 3, stride=1, norm_layer=None, activation_layer=None, bias=True),
        )
        self.partition_size = partition_size
        self.blocks = ModuleList()
        probabilities: list[float] = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        size, channels = _get_conv_output_shape(input_size, kernel_size=3, stride=2, padding=1), stem_channels
        for out, depth in zip(block_channels, block_layers):
            block = MaxVitBlock(
                channels, out, squeeze_ratio, expansion_ratio, norm, activation_layer, head_dim, mlp_ratio, mlp_dropout, attention_dropout,
                partition_size, size, depth, probabilities[:depth],
            )  # fmt: skip
            self.blocks.append(block)
            del probabilities[:depth]
            size, channels = block.grid_size, out
        self.classifier = Sequential(
            AdaptiveAvgPool2d(1), Flatten(), LayerNorm(channels), Linear(channels, channels), Tanh(), Linear(channels, num_classes, bias=False)
        )
        self._init_weights()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = self.classifier(x)
        return x

    def _init_weights(self) -> None:
        narrow = partial(init.normal_, std=0.02)
        initialize(self, narrow, narrow, norms=(BatchNorm2d,))


def _maxvit(
    weights: WeightsEnum | None, progress: bool, stem_channels: int, block_channels: Sequence[int], block_layers: Sequence[int], **kwargs: Any
) -> MaxVit:
    """with the arguments of MaxVit but for its sizes, and input_size (224, 224)."""
    make = settled(MaxVit, stem_channels=stem_channels, block_channels=list(block_channels), block_layers=list(block_layers))
    if weights is None:
        kwargs.setdefault("input_size", (224, 224))
        return make(**kwargs)
    return with_weights(make, weights, progress, kwargs, input_size=weights.meta["min_size"])


(MaxVit_T_Weights,) = weights_table(
    __name__,
    """
MaxVit_T  *V1  maxvit_t-bc5ab103  224  224  bicubic  224  30919624  83.7  96.722  5.558  118.769
""",
)

maxvit_t = model_builder(
    _maxvit, "maxvit_t", MaxVit_T_Weights, 64, [64, 128, 256, 512], [2, 2, 5, 2], head_dim=32, stochastic_depth_prob=0.2, partition_size=7
)
