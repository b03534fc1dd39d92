"""The small models whose steps are counted and captured here: the quickstart's network, a convolutional one and a GPT."""

from __future__ import annotations

import corelib as torch
from corelib.cli.quickstart import Network
from corelib.nn import functional as F

nn = torch.nn


class Block(nn.Module):
    """Attention and a feed-forward net, each behind a norm."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = (part.view(n, length, self.heads, -1).transpose(1, 2) for part in self.mixed(self.before(x)).split(width, -1))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, length, width)
        x = x + self.out(seen)
        return x + self.narrow(F.gelu(self.wide(self.after(x))))


class GPT(nn.Module):
    """Two blocks over tokens and their places."""

    def __init__(self, tokens=32, width=16, heads=2, length=8):
        super().__init__()
        self.token, self.place = nn.Embedding(tokens, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(Block(width, heads), Block(width, heads))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, tokens, bias=False)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.token(x) + self.place(torch.arange(x.shape[1], device=x.device)))))


def small_cnn():
    """Two convolutions."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(16, 10),
    )


def model_and_batch(name, seed=0):
    """(model, x, y, the loss of both) on cuda."""
    torch.manual_seed(seed)
    if name == "gpt":
        model = GPT().to("cuda")
        x, y = (torch.randint(0, 32, (2, 8)).to("cuda") for _ in "xy")
        return model, x, y, lambda x, y: F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    model = (Network() if name == "mlp" else small_cnn()).to("cuda")
    x = torch.randn(16, 64) if name == "mlp" else torch.randn(4, 1, 8, 8)
    y = torch.randint(0, 10, (len(x),)).to("cuda")
    return model, x.to("cuda"), y, lambda x, y: F.cross_entropy(model(x), y)
