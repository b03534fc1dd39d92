"""Vision transformers: images as sequences of patches, through a transformer's encoder."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

from corelib.nn import GELU, BatchNorm2d, Conv2d, Dropout, LayerNorm, Linear, Module, MultiheadAttention, Parameter, ReLU, Sequential, Tanh, init
from corelib.ops.construction.creation import empty, zeros
from corelib.ops.shape.joining import cat
from corelib.tensor.tensor import Tensor
from corelib.vision.models._api import WeightsEnum
from corelib.vision.models._families import MakeLayer, model_builder, settled, weights_table, with_weights
from corelib.vision.models._utils import _assert
from corelib.vision.ops.misc import MLP, Conv2dNormActivation, interpolate

__all__ = [
    "ViT_B_16_Weights", "ViT_B_32_Weights", "ViT_H_14_Weights", "ViT_L_16_Weights", "ViT_L_32_Weights", "VisionTransformer", "vit_b_16",
    "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32",
]  # fmt: skip

_LAYER_NORM: MakeLayer = partial(LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """One convolution of a stem that takes the place of the patches' projection."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: MakeLayer = BatchNorm2d
    activation_layer: MakeLayer = ReLU


class MLPBlock(MLP):
    """The MLP of an encoder's block; loads the state of torchvision 0.12 too, which had other names."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=GELU, inplace=None, dropout=dropout)
        for module in self.modules():
            if isinstance(module, Linear):
                init.xavier_uniform_(module.weight)
                assert module.bias is not None
                init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:
            for older, newer in (("linear_1", "0"), ("linear_2", "3")):
                for name in ("weight", "bias"):
                    if f"{prefix}{older}.{name}" in state_dict:
                        state_dict[f"{prefix}{newer}.{name}"] = state_dict.pop(f"{prefix}{older}.{name}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class EncoderBlock(Module):
    """Attention and an MLP, each after a layer norm and with the shortcut past it, over (batch, sequence, hidden_dim)."""

    def __init__(
        self, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float, attention_dropout: float, norm_layer: MakeLayer = _LAYER_NORM
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout, batch_first=True)
        self.dropout = Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        _assert(input.dim() == 3, f"EncoderBlock: expected (batch, sequence, hidden_dim), got {input.shape}")
        x: Tensor = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        x = x + self.mlp(self.ln_2(x))
        return x


class Encoder(Module):
    """A learned place for each element of the sequence, blocks, and a layer norm."""

    def __init__(
        self, seq_length: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float, attention_dropout: float,
        norm_layer: MakeLayer = _LAYER_NORM,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pos_embedding = Parameter(empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = Dropout(dropout)
        self.layers = Sequential()
        for i in range(num_layers):
            block = EncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer)
            self.layers.add_module(f"encoder_layer_{i}", block)
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        _assert(input.dim() == 3, f"Encoder: expected (batch, sequence, hidden_dim), got {input.shape}")
        out: Tensor = self.ln(self.layers(self.dropout(input + self.pos_embedding)))
        return out


class VisionTransformer(Module):
    """A vision transformer for images (N, 3, image_size, image_size): logits (N, num_classes).

    representation_size: of one more layer before the last. conv_stem_configs: convolutions in place of the patches' projection
    (https://arxiv.org/abs/2106.14881). AssertionError for an image_size that patch_size does not divide, and for images of another size.
    Source: Dosovitskiy et al., https://arxiv.org/abs/2010.11929.
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        norm_layer: MakeLayer = _LAYER_NORM,
        conv_stem_configs: list[ConvStemConfig] | None = None,
    ) -> None:
        super().__init__()
        _assert(image_size % patch_size == 0, f"VisionTransformer(): image_size {image_size} must be a multiple of patch_size {patch_size}")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj: Module
        if conv_stem_configs is None:
            last = self.conv_proj = Conv2d(3, hidden_dim, kernel_size=patch_size, stride=patch_size)
        else:
            channels, stem = 3, Sequential()
            for i, row in enumerate(conv_stem_configs):
                layer = Conv2dNormActivation(
                    channels, row.out_channels, row.kernel_size, row.stride, norm_layer=row.norm_layer, activation_layer=row.activation_layer
                )
                stem.add_module(f"conv_bn_relu_{i}", layer)
                channels = row.out_channels
            last = Conv2d(channels, hidden_dim, kernel_size=1)
            stem.add_module("conv_last", last)
            self.conv_proj = stem
        self.class_token = Parameter(zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer)
        self.heads = Sequential()
        if representation_size is not None:
            self.heads.add_module("pre_logits", Linear(hidden_dim, representation_size))
            self.heads.add_module("act", Tanh())
        self.heads.add_module("head", Linear(hidden_dim if representation_size is None else representation_size, num_classes))
        self._start(last, conv_stem_configs is None)

    def _start(self, projection: Conv2d, of_patches: bool) -> None:
        """Initial values of the first layer, and of those after the encoder."""
        if of_patches:
            fan_in = projection.in_channels * projection.kernel_size[0] * projection.kernel_size[1]
            init.trunc_normal_(projection.weight, std=math.sqrt(1 / fan_in))
        else:
            init.normal_(projection.weight, mean=0.0, std=math.sqrt(2.0 / projection.out_channels))
        assert projection.bias is not None
        init.zeros_(projection.bias)
        if self.representation_size is not None:
            init.trunc_normal_(self.heads.pre_logits.weight, std=math.sqrt(1 / self.hidden_dim))
            init.zeros_(self.heads.pre_logits.bias)
        init.zeros_(self.heads.head.weight)
        init.zeros_(self.heads.head.bias)

    def _process_input(self, x: Tensor) -> Tensor:
        """The patches of images as a sequence: (N, places, hidden_dim)."""
        n, _, height, width = x.shape
        _assert(height == self.image_size, f"VisionTransformer: expected images of height {self.image_size}, got {height}")
        _assert(width == self.image_size, f"VisionTransformer: expected images of width {self.image_size}, got {width}")
        rows, columns = height // self.patch_size, width // self.patch_size
        x = self.conv_proj(x)
        return x.reshape(n, self.hidden_dim, rows * columns).permute(0, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self._process_input(x)
        n = x.shape[0]
        x = self.encoder(cat([self.class_token.expand(n, -1, -1), x], dim=1))
        x = self.heads(x[:, 0])
        return x


def _vision_transformer(
    weights: WeightsEnum | None, progress: bool, patch_size: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int, **kwargs: Any
) -> VisionTransformer:
    """with the arguments of VisionTransformer after the first six, and image_size (224)."""
    make = settled(
        VisionTransformer, patch_size=patch_size, num_layers=num_layers, num_heads=num_heads, hidden_dim=hidden_dim, mlp_dim=mlp_dim
    )
    if weights is None:
        kwargs.setdefault("image_size", 224)
        return make(**kwargs)
    return with_weights(make, weights, progress, kwargs, image_size=weights.meta["min_size"][0])


ViT_B_16_Weights, ViT_B_32_Weights, ViT_L_16_Weights, ViT_L_32_Weights, ViT_H_14_Weights = weights_table(
    __name__,
    """
ViT_B_16  *V1             vit_b_16-c867db91          224  256  bilinear  224   86567656  81.072  95.318    17.564   330.285
ViT_B_16  SWAG_E2E_V1     vit_b_16_swag-9ac1b537     384  384   bicubic  384   86859496  85.304   97.65    55.484   331.398
ViT_B_16  SWAG_LINEAR_V1  vit_b_16_lc_swag-4e70ced5  224  224   bicubic  224   86567656  81.886   96.18    17.564   330.285
ViT_B_32  *V1             vit_b_32-d86f8d99          224  256  bilinear  224   88224232  75.912  92.466     4.409   336.604
ViT_L_16  *V1             vit_l_16-852ce7e3          224  242  bilinear  224  304326632  79.662  94.638    61.555  1161.023
ViT_L_16  SWAG_E2E_V1     vit_l_16_swag-4f3808c9     512  512   bicubic  512  305174504  88.064  98.512   361.986  1164.258
ViT_L_16  SWAG_LINEAR_V1  vit_l_16_lc_swag-4d563306  224  224   bicubic  224  304326632  85.146  97.422    61.555  1161.023
ViT_L_32  *V1             vit_l_32-c7638314          224  256  bilinear  224  306535400  76.972   93.07    15.378  1169.449
ViT_H_14  *SWAG_E2E_V1    vit_h_14_swag-80465313     518  518   bicubic  518  633470440  88.552  98.694  1016.717  2416.643
ViT_H_14  SWAG_LINEAR_V1  vit_h_14_lc_swag-c1eb923e  224  224   bicubic  224  632045800  85.708   97.73   167.295  2411.209
""",
)


def interpolate_embeddings(
    image_size: int, patch_size: int, model_state: dict[str, Tensor], interpolation_mode: str = "bicubic", reset_heads: bool = False
) -> dict[str, Tensor]:
    """A model's state for another image size: the places of the patches interpolated, in the state that was given.

    reset_heads: leave out the layers after the encoder. ValueError for places that are no square or of more than one sequence.
    """
    key = "encoder.pos_embedding"
    places = model_state[key]
    n, length, hidden = places.shape
    if n != 1:
        raise ValueError(f"interpolate_embeddings(): {key} must have the shape (1, length, hidden), got {tuple(places.shape)}")
    new_side = image_size // patch_size
    if new_side**2 + 1 == length:
        return model_state
    side = math.isqrt(length - 1)
    if side * side != length - 1:
        raise ValueError(f"interpolate_embeddings(): {key} must be of a square of patches and one token, got {length} places")
    patches = places[:, 1:].permute(0, 2, 1).reshape(1, hidden, side, side)
    patches = interpolate(patches, size=new_side, mode=interpolation_mode, align_corners=True)
    model_state[key] = cat([places[:, :1], patches.reshape(1, hidden, new_side**2).permute(0, 2, 1)], dim=1)
    if not reset_heads:
        return model_state
    return type(model_state)((name, value) for name, value in model_state.items() if not name.startswith("heads"))


vit_b_16 = model_builder(_vision_transformer, "vit_b_16", ViT_B_16_Weights, 16, 12, 12, 768, 3072)
vit_b_32 = model_builder(_vision_transformer, "vit_b_32", ViT_B_32_Weights, 32, 12, 12, 768, 3072)
vit_l_16 = model_builder(_vision_transformer, "vit_l_16", ViT_L_16_Weights, 16, 24, 16, 1024, 4096)
vit_l_32 = model_builder(_vision_transformer, "vit_l_32", ViT_L_32_Weights, 32, 24, 16, 1024, 4096)
vit_h_14 = model_builder(_vision_transformer, "vit_h_14", ViT_H_14_Weights, 14, 32, 16, 1280, 5120, legacy=None)
