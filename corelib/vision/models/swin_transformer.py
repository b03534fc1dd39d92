"""Swin transformers, first and second: attention within windows that shift from block to block."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from corelib.nn import (
    GELU, AdaptiveAvgPool2d, Conv2d, Flatten, LayerNorm, Linear, Module, Parameter, ReLU, Sequential, functional as F, init,
)
from corelib.ops.construction.creation import arange, ones, zeros
from corelib.ops.shape.combinations import meshgrid
from corelib.ops.shape.joining import cat, roll, stack
from corelib.tensor.dtype import float32
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, model_builder, settled, weights_table, with_weights
from corelib.vision.ops.misc import MLP, Permute
from corelib.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "SwinTransformer", "Swin_B_Weights", "Swin_S_Weights", "Swin_T_Weights", "Swin_V2_B_Weights", "Swin_V2_S_Weights", "Swin_V2_T_Weights",
    "swin_b", "swin_s", "swin_t", "swin_v2_b", "swin_v2_s", "swin_v2_t",
]  # fmt: skip


def _patch_merging_pad(x: Tensor) -> Tensor:
    """The four neighbours of each 2 by 2 square of (..., H, W, C) beside one another, odd sizes padded: (..., H/2, W/2, 4 C)."""
    height, width, _ = x.shape[-3:]
    x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
    return cat([x[..., i::2, j::2, :] for j in (0, 1) for i in (0, 1)], -1)


def relative_position_index(height: int, width: int) -> Tensor:
    """For each two places of a window, the row of the table of relative positions: (height * width, height * width)."""
    places = stack(list(meshgrid(arange(height), arange(width), indexing="ij"))).flatten(1)
    down, right = places.unsqueeze(2) - places.unsqueeze(1)
    return (down + (height - 1)) * (2 * width - 1) + (right + (width - 1))


def _get_relative_position_bias(relative_position_bias_table: Tensor, relative_position_index: Tensor, window_size: list[int]) -> Tensor:
    """What is added to the attention between the places of a window: (1, heads, places, places)."""
    n = window_size[0] * window_size[1]
    return relative_position_bias_table[relative_position_index].view(n, n, -1).permute(2, 0, 1).contiguous().unsqueeze(0)


class PatchMerging(Module):
    """Half the size and twice the channels, the norm before the projection: (..., H, W, C) to (..., H/2, W/2, 2 C)."""

    def __init__(self, dim: int, norm_layer: MakeLayer = LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduction(self.norm(_patch_merging_pad(x)))
        return x


class PatchMergingV2(Module):
    """Half the size and twice the channels, the norm after the projection."""

    def __init__(self, dim: int, norm_layer: MakeLayer = LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.reduction(_patch_merging_pad(x)))
        return x


def _apart(height: int, width: int, window: list[int], shift: list[int], like: Tensor) -> Tensor:
    """-100 between places that only the shift brought into one window, else 0: (windows, places, places)."""
    down, right = (
        ((at := arange(size, device=like.device)) >= size - w).int() + (at >= size - s).int()
        for size, w, s in zip((height, width), window, shift)
    )
    region = (down.unsqueeze(1) * 3 + right).view(height // window[0], window[0], width // window[1], window[1])
    region = region.permute(0, 2, 1, 3).reshape(-1, window[0] * window[1])
    return (region.unsqueeze(1) != region.unsqueeze(2)).to(like.dtype) * -100.0


def shifted_window_attention(
    input: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    relative_position_bias: Tensor,
    window_size: list[int],
    num_heads: int,
    shift_size: list[int],
    attention_dropout: float = 0.0,
    dropout: float = 0.0,
    qkv_bias: Tensor | None = None,
    proj_bias: Tensor | None = None,
    logit_scale: Tensor | None = None,
    training: bool = True,
) -> Tensor:
    """Attention of many heads within windows of (N, H, W, C), which are shifted by shift_size and padded where they do not fit.

    logit_scale: of attention by cosines, as the second Swin has it; the keys then have no bias.
    """
    n, height, width, channels = input.shape
    down, right = window_size
    x = F.pad(input, (0, 0, 0, -width % right, 0, -height % down))
    high, wide = x.shape[1:3]
    shift = [0 if w >= size else s for w, s, size in zip(window_size, shift_size, (high, wide))]
    if sum(shift) > 0:
        x = roll(x, shifts=(-shift[0], -shift[1]), dims=(1, 2))
    rows, columns, places = high // down, wide // right, down * right
    x = x.view(n, rows, down, columns, right, channels).permute(0, 1, 3, 2, 4, 5).reshape(n * rows * columns, places, channels)

    if logit_scale is not None and qkv_bias is not None:
        third = qkv_bias.numel() // 3
        qkv_bias = cat([qkv_bias[:third], qkv_bias.new_zeros(third), qkv_bias[2 * third :]])
    qkv = F.linear(x, qkv_weight, qkv_bias).reshape(-1, places, 3, num_heads, channels // num_heads).permute(2, 0, 3, 1, 4)
    q, k, v = qkv[0], qkv[1], qkv[2]
    if logit_scale is not None:
        attention = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        attention = attention * logit_scale.clamp(max=math.log(100.0)).exp()
    else:
        attention = (q * (channels // num_heads) ** -0.5) @ k.transpose(-2, -1)
    attention = attention + relative_position_bias
    if sum(shift) > 0:
        mask = _apart(high, wide, window_size, shift, x).unsqueeze(1).unsqueeze(0)
        attention = (attention.view(n, rows * columns, num_heads, places, places) + mask).view(-1, num_heads, places, places)
    attention = F.dropout(F.softmax(attention, dim=-1), p=attention_dropout, training=training)

    x = (attention @ v).transpose(1, 2).reshape(-1, places, channels)
    x = F.dropout(F.linear(x, proj_weight, proj_bias), p=dropout, training=training)
    x = x.view(n, rows, columns, down, right, channels).permute(0, 1, 3, 2, 4, 5).reshape(n, high, wide, channels)
    if sum(shift) > 0:
        x = roll(x, shifts=(shift[0], shift[1]), dims=(1, 2))
    return x[:, :height, :width, :].contiguous()


class ShiftedWindowAttention(Module):
    """`shifted_window_attention` with its weights and a table of a number for each relative position. ValueError for sizes that are not two."""

    relative_position_index: Tensor

    def __init__(
        self, dim: int, window_size: list[int], shift_size: list[int], num_heads: int, qkv_bias: bool = True, proj_bias: bool = True,
        attention_dropout: float = 0.0, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError(f"ShiftedWindowAttention(): window_size and shift_size must be two numbers each, got {window_size} and {shift_size}")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self) -> None:
        """The table, one row for each relative position, one column for each head."""
        down, right = self.window_size
        self.relative_position_bias_table = Parameter(zeros((2 * down - 1) * (2 * right - 1), self.num_heads))
        init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """Which row is for which two places."""
        self.register_buffer("relative_position_index", relative_position_index(*self.window_size).flatten())

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the attention: (1, heads, places, places)."""
        return _get_relative_position_bias(self.relative_position_bias_table, self.relative_position_index, self.window_size)

    def _logit_scale(self) -> Tensor | None:
        return None

    def forward(self, x: Tensor) -> Tensor:
        bias = self.get_relative_position_bias()
        return shifted_window_attention(
            x, self.qkv.weight, self.proj.weight, bias, self.window_size, self.num_heads, shift_size=self.shift_size,
            attention_dropout=self.attention_dropout, dropout=self.dropout, qkv_bias=self.qkv.bias, proj_bias=self.proj.bias,
            logit_scale=self._logit_scale(), training=self.training,
        )  # fmt: skip


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """Attention by cosines, with a small network that computes the table from the relative positions' logarithms."""

    relative_coords_table: Tensor

    def __init__(
        self, dim: int, window_size: list[int], shift_size: list[int], num_heads: int, qkv_bias: bool = True, proj_bias: bool = True,
        attention_dropout: float = 0.0, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(dim, window_size, shift_size, num_heads, qkv_bias, proj_bias, attention_dropout, dropout)
        self.logit_scale = Parameter((10 * ones(num_heads, 1, 1)).log())
        self.cpb_mlp = Sequential(Linear(2, 512, bias=True), ReLU(inplace=True), Linear(512, num_heads, bias=False))
        if self.qkv.bias is not None:
            third = self.qkv.bias.numel() // 3
            self.qkv.bias.data[third : 2 * third].zero_()

    def define_relative_position_bias_table(self) -> None:
        """The network's inputs: relative positions from -8 to 8, of which it sees logarithms."""
        sides = [arange(-(size - 1), size, dtype=float32) / (size - 1) * 8 for size in self.window_size]
        table = stack(list(meshgrid(*sides, indexing="ij"))).permute(1, 2, 0).contiguous().unsqueeze(0)
        self.register_buffer("relative_coords_table", table.sign() * (table.abs() + 1.0).log2() / 3.0)

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the attention: (1, heads, places, places), up to 16."""
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        return 16 * _get_relative_position_bias(table, self.relative_position_index, self.window_size).sigmoid()

    def _logit_scale(self) -> Tensor | None:
        return self.logit_scale


class SwinTransformerBlock(Module):
    """Attention and an MLP over (N, H, W, C), each after its norm and with the shortcut past it."""

    def __init__(
        self, dim: int, num_heads: int, window_size: list[int], shift_size: list[int], mlp_ratio: float = 4.0, dropout: float = 0.0,
        attention_dropout: float = 0.0, stochastic_depth_prob: float = 0.0, norm_layer: MakeLayer = LayerNorm,
        attn_layer: MakeLayer = ShiftedWindowAttention,
    ) -> None:  # fmt: skip
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(dim, window_size, shift_size, num_heads, attention_dropout=attention_dropout, dropout=dropout)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=GELU, inplace=None, dropout=dropout)
        for module in self.mlp.modules():
            if isinstance(module, Linear):
                init.xavier_uniform_(module.weight)
                assert module.bias is not None
                init.normal_(module.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        x = x + self.stochastic_depth(self.mlp(self.norm2(x)))
        return x


class SwinTransformerBlockV2(SwinTransformerBlock):
    """The block of the second Swin: each norm after what it is for."""

    def __init__(
        self, dim: int, num_heads: int, window_size: list[int], shift_size: list[int], mlp_ratio: float = 4.0, dropout: float = 0.0,
        attention_dropout: float = 0.0, stochastic_depth_prob: float = 0.0, norm_layer: MakeLayer = LayerNorm,
        attn_layer: MakeLayer = ShiftedWindowAttentionV2,
    ) -> None:  # fmt: skip
        super().__init__(
            dim, num_heads, window_size, shift_size, mlp_ratio, dropout, attention_dropout, stochastic_depth_prob, norm_layer, attn_layer
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        x = x + self.stochastic_depth(self.norm2(self.mlp(x)))
        return x


class SwinTransformer(Module):
    """A Swin transformer for images (N, 3, H, W): logits (N, num_classes).

    depths, num_heads: blocks and heads of each stage. stochastic_depth_prob: of the last block, growing from 0. Sources: Liu et al.,
    https://arxiv.org/abs/2103.14030 and https://arxiv.org/abs/2111.09883.
    """

    def __init__(
        self,
        patch_size: list[int],
        embed_dim: int,
        depths: list[int],
        num_heads: list[int],
        window_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
        norm_layer: MakeLayer | None = None,
        block: MakeLayer | None = None,
        downsample_layer: MakeLayer = PatchMerging,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        norm = norm_layer or partial(LayerNorm, eps=1e-5)
        patch = (patch_size[0], patch_size[1])
        layers: list[Module] = [
            Sequential(Conv2d(3, embed_dim, kernel_size=patch, stride=patch), Permute([0, 2, 3, 1]), norm(embed_dim))
        ]
        width, made = embed_dim, 0
        for i, (depth, heads) in enumerate(zip(depths, num_heads)):
            if i:
                layers.append(downsample_layer(width, norm))
                width *= 2
            stage = []
            for j in range(depth):
                probability = stochastic_depth_prob * float(made) / (sum(depths) - 1)
                stage.append(
                    (block or SwinTransformerBlock)(
                        width, heads, window_size=window_size, shift_size=[w // 2 if j % 2 else 0 for w in window_size], mlp_ratio=mlp_ratio,
                        dropout=dropout, attention_dropout=attention_dropout, stochastic_depth_prob=probability, norm_layer=norm,
                    )
                )  # fmt: skip
                made += 1
            layers.append(Sequential(*stage))
        self.features = Sequential(*layers)
        self.norm = norm(width)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = AdaptiveAvgPool2d(1)
        self.flatten = Flatten(1)
        self.head = Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, Linear):
                init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.permute(self.norm(self.features(x)))
        x = self.head(self.flatten(self.avgpool(x)))
        return x


def _swin(
    weights: WeightsEnum | None, progress: bool, embed_dim: int, depths: list[int], num_heads: list[int], stochastic_depth_prob: float, **kwargs: Any
) -> SwinTransformer:
    """with the arguments of SwinTransformer after the first five, but for stochastic_depth_prob."""
    make = settled(
        SwinTransformer, patch_size=[4, 4], embed_dim=embed_dim, depths=list(depths), num_heads=list(num_heads),
        stochastic_depth_prob=stochastic_depth_prob,
    )  # fmt: skip
    return with_weights(make, weights, progress, kwargs)


(Swin_T_Weights, Swin_S_Weights, Swin_B_Weights, Swin_V2_T_Weights, Swin_V2_S_Weights, Swin_V2_B_Weights) = weights_table(
    __name__,
    """
Swin_T     *V1  swin_t-704ceda3     224  232  bicubic  224  28288354  81.474  95.776   4.491   108.19
Swin_S     *V1  swin_s-5e29d889     224  246  bicubic  224  49606258  83.196   96.36   8.741  189.786
Swin_B     *V1  swin_b-68c6b09e     224  238  bicubic  224  87768224  83.582   96.64  15.431  335.364
Swin_V2_T  *V1  swin_v2_t-b137f0e2  256  260  bicubic  256  28351570  82.072  96.132    5.94  108.626
Swin_V2_S  *V1  swin_v2_s-637d8ceb  256  260  bicubic  256  49737442  83.712  96.816  11.546  190.675
Swin_V2_B  *V1  swin_v2_b-781e5279  256  272  bicubic  256  87930848  84.112  96.864  20.325  336.372
""",
)

_T, _B = [3, 6, 12, 24], [4, 8, 16, 32]
_V1: dict[str, Any] = {"window_size": [7, 7]}
_V2: dict[str, Any] = {"window_size": [8, 8], "block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}

swin_t = model_builder(_swin, "swin_t", Swin_T_Weights, 96, [2, 2, 6, 2], _T, 0.2, **_V1)
swin_s = model_builder(_swin, "swin_s", Swin_S_Weights, 96, [2, 2, 18, 2], _T, 0.3, **_V1)
swin_b = model_builder(_swin, "swin_b", Swin_B_Weights, 128, [2, 2, 18, 2], _B, 0.5, **_V1)
swin_v2_t = model_builder(_swin, "swin_v2_t", Swin_V2_T_Weights, 96, [2, 2, 6, 2], _T, 0.2, **_V2)
swin_v2_s = model_builder(_swin, "swin_v2_s", Swin_V2_S_Weights, 96, [2, 2, 18, 2], _T, 0.3, **_V2)
swin_v2_b = model_builder(_swin, "swin_v2_b", Swin_V2_B_Weights, 128, [2, 2, 18, 2], _B, 0.5, **_V2)
