"""The first set: calls, elementwise, rows, products, indexing, and seven training steps."""

import numpy as np

from benchmarks.cases.inputs import ints, rnd, train


def first_add_small(T, dev):
    a, b = rnd(T, dev, 16), rnd(T, dev, 16, seed=1)
    return lambda: a + b


def first_add_small_grad(T, dev):
    a, b = rnd(T, dev, 16).requires_grad_(), rnd(T, dev, 16, seed=1)
    return lambda: a + b


def first_view_chain_small(T, dev):
    a = rnd(T, dev, 8, 4, 6)
    return lambda: a.transpose(1, 2).reshape(8, 24)[2:, 1:].unsqueeze(0)


def first_backward_tiny(T, dev):
    a, b = rnd(T, dev, 16).requires_grad_(), rnd(T, dev, 16, seed=1)

    def step():
        a.grad = None
        (a * b).sum().backward()
    return step


def first_elementwise_64k(T, dev):
    a, b = rnd(T, dev, 1 << 16), rnd(T, dev, 1 << 16, seed=1)
    return lambda: ((a * b + a).relu() - b).exp()


def first_elementwise_16M(T, dev):
    a, b = rnd(T, dev, 1 << 24), rnd(T, dev, 1 << 24, seed=1)
    return lambda: (a * b + a).relu() - b


def first_softmax(T, dev):
    a = rnd(T, dev, 512, 1024)
    return lambda: T.softmax(a, -1)


def first_layer_norm(T, dev):
    a, w, b = rnd(T, dev, 512, 1024), rnd(T, dev, 1024), rnd(T, dev, 1024)
    return lambda: T.nn.functional.layer_norm(a, (1024,), w, b)


def first_gelu(T, dev):
    a = rnd(T, dev, 1 << 20)
    return lambda: T.nn.functional.gelu(a)


def first_sum_dim(T, dev):
    a = rnd(T, dev, 2048, 2048)
    return lambda: (a.sum(0), a.sum(1), a.sum())


def first_matmul_512(T, dev):
    a, b = rnd(T, dev, 512, 512), rnd(T, dev, 512, 512, seed=1)
    return lambda: a @ b


def first_bmm(T, dev):
    a, b = rnd(T, dev, 64, 64, 64), rnd(T, dev, 64, 64, 64, seed=1)
    return lambda: a @ b


def first_conv_fwd(T, dev):
    x, w = rnd(T, dev, 16, 32, 28, 28), rnd(T, dev, 64, 32, 3, 3)
    return lambda: T.nn.functional.conv2d(x, w, padding=1)


def first_gather_index(T, dev):
    x = rnd(T, dev, 20000, 64)
    i = T.from_numpy(np.random.default_rng(0).integers(0, 20000, 8192)).to(dev)
    return lambda: (x[i], x.index_select(0, i))


def first_cat(T, dev):
    x = [rnd(T, dev, 64, 256, seed=s) for s in range(8)]
    return lambda: T.cat(x, 1)


def first_train_mlp_tiny(T, dev):
    nn = T.nn
    m = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 10)).to(dev)
    return train(T, dev, m, rnd(T, dev, 32, 16), ints(T, dev, 10, 32), nn.CrossEntropyLoss(), T.optim.SGD(m.parameters(), lr=1e-3))


def first_train_mlp_seed(T, dev):
    nn = T.nn
    m = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)).to(dev)
    return train(T, dev, m, rnd(T, dev, 64, 1, 28, 28), ints(T, dev, 10, 64), nn.CrossEntropyLoss(), T.optim.SGD(m.parameters(), lr=1e-3))


def first_train_mlp_adam(T, dev):
    nn = T.nn
    m = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)).to(dev)
    return train(T, dev, m, rnd(T, dev, 64, 784), ints(T, dev, 10, 64), nn.CrossEntropyLoss(), T.optim.Adam(m.parameters(), lr=1e-3))


def first_train_cnn(T, dev):
    nn = T.nn
    m = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)).to(dev)
    return train(T, dev, m, rnd(T, dev, 32, 1, 28, 28), ints(T, dev, 10, 32), nn.CrossEntropyLoss(), T.optim.SGD(m.parameters(), lr=1e-3))


def first_train_resblock(T, dev):
    nn = T.nn
    m = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)).to(dev)
    return train(T, dev, m, rnd(T, dev, 16, 16, 32, 32), ints(T, dev, 10, 16), nn.CrossEntropyLoss(), T.optim.SGD(m.parameters(), lr=1e-3, momentum=0.9))


def first_train_lstm(T, dev):
    nn = T.nn

    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(32, 64, batch_first=True)
            self.out = nn.Linear(64, 10)

        def forward(self, x):
            return self.out(self.rnn(x)[0][:, -1])
    m = M().to(dev)
    return train(T, dev, m, rnd(T, dev, 16, 32, 32), ints(T, dev, 10, 16), nn.CrossEntropyLoss(), T.optim.SGD(m.parameters(), lr=1e-3))


def first_train_gpt(T, dev):
    nn, F = T.nn, T.nn.functional
    C, H, L, V, B, S = 128, 4, 4, 256, 4, 64

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(C), nn.LayerNorm(C)
            self.qkv, self.proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
            self.fc, self.fc2 = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

        def forward(self, x):
            b, s, c = x.shape
            q, k, v = self.qkv(self.ln1(x)).split(C, dim=2)
            q, k, v = (t.view(b, s, H, c // H).transpose(1, 2) for t in (q, k, v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(y.transpose(1, 2).contiguous().view(b, s, c))
            return x + self.fc2(F.gelu(self.fc(self.ln2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tok, self.pos = nn.Embedding(V, C), nn.Embedding(S, C)
            self.blocks = nn.ModuleList([Block() for _ in range(L)])
            self.ln, self.head = nn.LayerNorm(C), nn.Linear(C, V, bias=False)

        def forward(self, i):
            x = self.tok(i) + self.pos(T.arange(S, device=i.device))
            for b in self.blocks:
                x = b(x)
            return self.head(self.ln(x)).view(-1, V)
    m = GPT().to(dev)
    return train(T, dev, m, ints(T, dev, V, B, S), ints(T, dev, V, B * S), nn.CrossEntropyLoss(), T.optim.AdamW(m.parameters(), lr=1e-3))
