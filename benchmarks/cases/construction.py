"""Building models as their libraries initialize them: a vision transformer as timm does, a GPT-2 as Hugging Face does.

Each layer starts as PyTorch's does, and is drawn again by the model's own rule, as there. They are measured by
benchmarks/processes.py, each library alone in its process.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def vit_tiny(T: Any) -> Any:
    """timm's vit_tiny_patch16_224: 12 blocks of width 192, 3 heads, 1000 classes; weights truncated normal by the inverse error function."""
    nn, width, depth, classes = T.nn, 192, 12, 1000

    def trunc_normal_(tensor: Any, std: float) -> None:
        low, high = (math.erf(bound / std / math.sqrt(2)) for bound in (-2.0, 2.0))
        with T.no_grad():
            tensor.uniform_(low, high)
            tensor.erfinv_()
            tensor.mul_(std * math.sqrt(2.0))
            tensor.add_(0.0)
            tensor.clamp_(min=-2.0, max=2.0)

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.q_norm, self.k_norm = nn.Identity(), nn.Identity()
            self.attn_drop, self.proj_drop = nn.Dropout(0.0), nn.Dropout(0.0)

    class Mlp(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.act, self.drop1 = nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.0)
            self.norm, self.fc2, self.drop2 = nn.Identity(), nn.Linear(4 * width, width), nn.Dropout(0.0)

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attn = nn.LayerNorm(width, eps=1e-6), Attention()
            self.ls1, self.drop_path1 = nn.Identity(), nn.Identity()
            self.norm2, self.mlp = nn.LayerNorm(width, eps=1e-6), Mlp()
            self.ls2, self.drop_path2 = nn.Identity(), nn.Identity()

    class VisionTransformer(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.patch_embed = nn.Conv2d(3, width, 16, 16)
            self.cls_token = nn.Parameter(T.zeros(1, 1, width))
            self.pos_embed = nn.Parameter(T.randn(1, 197, width) * 0.02)
            self.pos_drop, self.patch_drop, self.norm_pre = nn.Dropout(0.0), nn.Identity(), nn.Identity()
            self.blocks = nn.Sequential(*[Block() for _ in range(depth)])
            self.norm, self.head_drop = nn.LayerNorm(width, eps=1e-6), nn.Dropout(0.0)
            self.head = nn.Linear(width, classes)
            trunc_normal_(self.pos_embed, 0.02)
            nn.init.normal_(self.cls_token, std=1e-6)
            self.apply(self.start)

        @staticmethod
        def start(module: Any) -> None:
            if isinstance(module, nn.Linear):
                trunc_normal_(module.weight, 0.02)
                nn.init.zeros_(module.bias)

    return VisionTransformer()


def gpt2(T: Any) -> Any:
    """Hugging Face's GPT-2 in its layers and their rules, at a third of its depth and an eighth of its vocabulary: 34 million parameters."""
    nn, width, depth, vocabulary, length = T.nn, 768, 4, 6282, 1024

    class Conv1D(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, outputs: int, inputs: int) -> None:
            super().__init__()
            self.weight, self.bias = nn.Parameter(T.empty(inputs, outputs)), nn.Parameter(T.zeros(outputs))
            nn.init.normal_(self.weight, std=0.02)

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("bias", T.tril(T.ones((length, length), dtype=T.bool)).view(1, 1, length, length), persistent=False)
            self.c_attn, self.c_proj = Conv1D(3 * width, width), Conv1D(width, width)
            self.attn_dropout, self.resid_dropout = nn.Dropout(0.1), nn.Dropout(0.1)

    class Mlp(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.c_fc, self.c_proj = Conv1D(4 * width, width), Conv1D(width, 4 * width)
            self.act, self.dropout = nn.GELU(approximate="tanh"), nn.Dropout(0.1)

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln_1, self.attn = nn.LayerNorm(width, eps=1e-5), Attention()
            self.ln_2, self.mlp = nn.LayerNorm(width, eps=1e-5), Mlp()

    class GPT2(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
            self.drop, self.h = nn.Dropout(0.1), nn.ModuleList([Block() for _ in range(depth)])
            self.ln_f, self.lm_head = nn.LayerNorm(width, eps=1e-5), nn.Linear(width, vocabulary, bias=False)
            self.apply(self.start)
            for name, p in self.named_parameters():
                if name.endswith("c_proj.weight"):
                    nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2 * depth))
            self.lm_head.weight = self.wte.weight

        @staticmethod
        def start(module: Any) -> None:
            if isinstance(module, (nn.Linear, Conv1D, nn.Embedding)):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)
                if getattr(module, "bias", None) is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)

    return GPT2()


def small_layers(T: Any) -> Any:
    """A thousand layers that are hardly more than the objects they are made of."""
    return T.nn.Sequential(*[T.nn.Linear(4, 4) for _ in range(1000)])


def building(T: Any, model: Callable[[Any], Any]) -> Callable[[], Any]:
    """Build a model from one seed."""

    def run() -> Any:
        T.manual_seed(0)
        return model(T)

    return run


def build_vit_tiny(T: Any) -> Any:
    return building(T, vit_tiny)


def build_gpt2(T: Any) -> Any:
    return building(T, gpt2)


def build_small_layers(T: Any) -> Any:
    return building(T, small_layers)
