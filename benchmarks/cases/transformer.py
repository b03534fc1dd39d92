"""A training step of a small GPT: four blocks of width 128 over 4 sequences of 64 tokens."""

from __future__ import annotations

from typing import Any

from benchmarks.cases.training import training_step
from benchmarks.registry import case, indices, set_weights

LAYERS, WIDTH, HEADS, VOCABULARY, BATCH, LENGTH = 4, 128, 4, 96, 4, 64


def gpt(T: Any) -> Any:
    """Embeddings, pre-norm blocks of causal attention and GELU layers, and a head over the vocabulary."""
    nn, F = T.nn, T.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.project = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            heads = self.qkv(self.norm1(x)).view(batch, length, 3, HEADS, WIDTH // HEADS)
            q, k, v = (heads[:, :, i].transpose(1, 2) for i in range(3))
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.project(attended.transpose(1, 2).reshape(batch, length, WIDTH))
            return x + self.narrow(F.gelu(self.widen(self.norm2(x))))

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.positions(T.arange(tokens.shape[1]))
            return self.head(self.norm(self.blocks(x))).flatten(0, 1)

    return set_weights(T, GPT())


@case("training", "GPT of 4 blocks, width 128, batch 4 x 64, AdamW")
def gpt_step(T: Any) -> Any:
    model = gpt(T)
    tokens, following = indices(T, VOCABULARY, BATCH, LENGTH), indices(T, VOCABULARY, BATCH * LENGTH, seed=1)
    return training_step(T, model, T.optim.AdamW(model.parameters(), lr=1e-4), tokens, following)
