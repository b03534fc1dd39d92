"""A small GPT: a decoder of two layers learns the sentences of a file by character and then writes its own.

Masked self-attention by `scaled_dot_product_attention`, positions that are learned, AdamW with a warm-up. It ends with a loss of at most 0.3 a
character, which is the chance that is in the text, and most of the words that it writes are words of the file.
"""

import corelib as torch
from corelib import nn
from corelib.nn import functional as F
from gallery_data import text
from gallery_plots import curves

LENGTH, WIDTH, HEADS = 64, 96, 4


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.into, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = (part.view(n, t, HEADS, -1).transpose(1, 2) for part in self.into(self.first(x)).split(WIDTH, 2))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, t, WIDTH))
        return x + self.mlp(self.second(x))


class GPT(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.embed, self.place = nn.Embedding(characters, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(Block(), Block(), nn.LayerNorm(WIDTH))
        self.say = nn.Linear(WIDTH, characters, bias=False)

    def forward(self, tokens):
        return self.say(self.blocks(self.embed(tokens) + self.place(torch.arange(tokens.shape[1]))))

    @torch.no_grad()
    def write(self, tokens, n):
        for _ in range(n):
            chances = self(tokens[:, -LENGTH:])[:, -1].softmax(-1)
            tokens = torch.cat([tokens, torch.multinomial(chances, 1)], 1)
        return tokens


torch.manual_seed(0)
content = text().read_text()
characters = sorted(set(content))
data = torch.tensor([characters.index(c) for c in content])
model = GPT(len(characters))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 20))
losses = []
for _step in range(250):
    at = torch.randint(len(data) - LENGTH - 1, (16, 1)) + torch.arange(LENGTH + 1)
    windows = data[at]
    loss = F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
written = "".join(characters[i] for i in model.eval().write(data[None, :1], 300)[0].tolist())
words = set(content.replace(".", " ").split())
known = [word in words for word in written.replace(".", " ").split()[1:-1]]
print(written)
print(f"loss {sum(losses[-20:]) / 20:.3f}")
print(f"words {sum(known) / len(known):.3f}")
curves("A small GPT", "step", "cross entropy of a character", training=losses)
