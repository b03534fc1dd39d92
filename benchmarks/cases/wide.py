"""The wide set: what else programs spend their time in."""

from benchmarks.cases.inputs import grad_of, ints, rnd


def wide_batchnorm_relu_train(T, dev):
    m = T.nn.Sequential(T.nn.BatchNorm2d(32), T.nn.ReLU())
    x = rnd(T, dev, 16, 32, 28, 28).requires_grad_()
    return grad_of(T, lambda: m(x), x)


def wide_attention(T, dev):
    q, k, v = (rnd(T, dev, 4, 8, 128, 32, seed=s) for s in range(3))
    return lambda: T.nn.functional.scaled_dot_product_attention(q, k, v)


def wide_attention_train(T, dev):
    q, k, v = (rnd(T, dev, 4, 8, 128, 32, seed=s).requires_grad_() for s in range(3))
    return grad_of(T, lambda: T.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True), q, k, v)


def wide_embedding_train(T, dev):
    w, i = rnd(T, dev, 20000, 64).requires_grad_(), ints(T, dev, 20000, 32, 64)
    return grad_of(T, lambda: T.nn.functional.embedding(i, w), w)


def wide_cross_entropy_32k(T, dev):
    x, y = rnd(T, dev, 64, 32000).requires_grad_(), ints(T, dev, 32000, 64)
    return grad_of(T, lambda: T.nn.functional.cross_entropy(x, y), x)


def wide_cross_entropy_image(T, dev):
    x, y = rnd(T, dev, 4, 8, 192, 192).requires_grad_(), ints(T, dev, 8, 4, 192, 192)
    return grad_of(T, lambda: T.nn.functional.cross_entropy(x, y), x)


def wide_adamw_10m(T, dev):
    ps = [T.nn.Parameter(rnd(T, dev, 1000, 1000, seed=s)) for s in range(10)]
    for p in ps:
        p.grad = rnd(T, dev, 1000, 1000, seed=99)
    return T.optim.AdamW(ps, lr=1e-3).step


def wide_many_small_adam(T, dev):
    ps = [T.nn.Parameter(rnd(T, dev, 32, 32, seed=s)) for s in range(100)]
    for p in ps:
        p.grad = rnd(T, dev, 32, 32, seed=99)
    return T.optim.Adam(ps, lr=1e-3).step


def wide_nn_lstm(T, dev):
    m, x = T.nn.LSTM(64, 128, 2, batch_first=True), rnd(T, dev, 16, 32, 64)
    def step():
        with T.no_grad():
            m(x)
    return step


def wide_gru_train(T, dev):
    m, x = T.nn.GRU(64, 128, batch_first=True), rnd(T, dev, 16, 32, 64)
    return grad_of(T, lambda: m(x)[0], *m.parameters())


def wide_transformer_layer(T, dev):
    m, x = T.nn.TransformerEncoderLayer(128, 4, 256, dropout=0.0, batch_first=True), rnd(T, dev, 8, 64, 128)
    return grad_of(T, lambda: m(x), *m.parameters())


def resnet(T):
    nn = T.nn
    class Block(nn.Module):
        def __init__(self, i, o, s):
            super().__init__()
            self.a, self.b = nn.Conv2d(i, o, 3, s, 1, bias=False), nn.Conv2d(o, o, 3, 1, 1, bias=False)
            self.na, self.nb = nn.BatchNorm2d(o), nn.BatchNorm2d(o)
            self.skip = nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o)) if s != 1 or i != o else None
        def forward(self, x):
            y = self.nb(self.b(T.relu(self.na(self.a(x)))))
            return T.relu(y + (self.skip(x) if self.skip is not None else x))
    layers, i = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for o, s in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers.append(Block(i, o, s))
        i = o
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def wide_resnet18_forward(T, dev):
    m, x = resnet(T).eval(), rnd(T, dev, 4, 3, 112, 112)
    def step():
        with T.no_grad():
            m(x)
    return step


def wide_depthwise_conv_train(T, dev):
    m, x = T.nn.Conv2d(64, 64, 3, padding=1, groups=64), rnd(T, dev, 8, 64, 28, 28).requires_grad_()
    return grad_of(T, lambda: m(x), x, *m.parameters())


def wide_conv1d_train(T, dev):
    m, x = T.nn.Conv1d(32, 64, 5, padding=2), rnd(T, dev, 8, 32, 500).requires_grad_()
    return grad_of(T, lambda: m(x), x, *m.parameters())


def wide_conv_transpose(T, dev):
    m, x = T.nn.ConvTranspose2d(64, 32, 4, 2, 1), rnd(T, dev, 8, 64, 14, 14)
    return lambda: m(x)


def wide_maxpool_train(T, dev):
    x = rnd(T, dev, 16, 32, 28, 28).requires_grad_()
    return grad_of(T, lambda: T.nn.functional.max_pool2d(x, 2), x)


def wide_interpolate(T, dev):
    x = rnd(T, dev, 4, 16, 56, 56)
    return lambda: T.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


def wide_var_mean(T, dev):
    x = rnd(T, dev, 64, 64, 256)
    return lambda: (x.var(1), x.mean((0, 2)), x.std())


def wide_argmax_topk(T, dev):
    x = rnd(T, dev, 128, 4000)
    return lambda: (x.argmax(1), x.topk(5, 1), x.max(0))


def wide_sort(T, dev):
    x = rnd(T, dev, 64, 4096)
    return lambda: x.sort(1)


def wide_cumsum(T, dev):
    x = rnd(T, dev, 256, 4096)
    return lambda: x.cumsum(1)


def wide_mask(T, dev):
    x = rnd(T, dev, 512, 1024)
    return lambda: (x.masked_fill(x > 0, 0.0), T.where(x > 0, x, -x), x[x > 1])


def wide_scatter_add(T, dev):
    s, i = rnd(T, dev, 50000, 16), ints(T, dev, 2000, 50000)
    return lambda: T.zeros(2000, 16).index_add(0, i, s)


def wide_strided_copy(T, dev):
    x = rnd(T, dev, 32, 64, 56, 56)
    return lambda: x.permute(0, 2, 3, 1).contiguous()


def wide_einsum(T, dev):
    a, b = rnd(T, dev, 8, 64, 32), rnd(T, dev, 8, 64, 32, seed=1)
    return lambda: T.einsum("bik,bjk->bij", a, b)


def wide_bf16_matmul(T, dev):
    a, b = rnd(T, dev, 256, 256).bfloat16(), rnd(T, dev, 256, 256, seed=1).bfloat16()
    return lambda: a @ b


def wide_int_arithmetic(T, dev):
    a, b = ints(T, dev, 1000, 1 << 18), ints(T, dev, 1000, 1 << 18, seed=4) + 1
    return lambda: ((a * b + 3) // b, a % b, (a > b).sum())


def wide_transcendental(T, dev):
    x = rnd(T, dev, 1 << 18).abs() + 0.1
    return lambda: (x.log(), x.sqrt(), x.sin(), x.tanh(), x.sigmoid(), x.erf(), x.pow(1.7))


def wide_dropout(T, dev):
    x = rnd(T, dev, 1 << 20)
    return lambda: T.nn.functional.dropout(x, 0.5)


def wide_randn(T, dev):
    return lambda: T.randn(1 << 18)


def wide_fft(T, dev):
    x = rnd(T, dev, 64, 4096)
    return lambda: T.fft.irfft(T.fft.rfft(x))


def wide_solve(T, dev):
    a, b = rnd(T, dev, 16, 64, 64) + 8 * T.eye(64), rnd(T, dev, 16, 64, 4)
    return lambda: (T.linalg.solve(a, b), T.linalg.svd(a[0]))


def wide_build_vit(T, dev):
    nn = T.nn
    def step():
        nn.Sequential(*[nn.TransformerEncoderLayer(192, 3, 768, batch_first=True) for _ in range(4)])
        w = T.empty(1000, 192)
        nn.init.trunc_normal_(w, std=0.02)
    return step


def wide_small_ops_mix(T, dev):
    x, y = rnd(T, dev, 4, 8), rnd(T, dev, 4, 8, seed=1)
    return lambda: (x[0], x.sum().item(), T.stack((x, y)), x.reshape(-1), x.max(), (x > y).any(), x.clone(), x.t() @ y, T.zeros(3), T.arange(5))


def wide_loader(T, dev):
    from importlib import import_module
    data = import_module(T.__name__ + ".utils.data")
    ds = data.TensorDataset(rnd(T, dev, 2000, 64), ints(T, dev, 10, 2000))
    loader = data.DataLoader(ds, batch_size=64, shuffle=True)
    return lambda: sum(1 for _ in loader)


def wide_inplace_views_grad(T, dev):
    w = rnd(T, dev, 100, 4).requires_grad_()

    def step():
        w.grad = None
        x = w * 1
        for i in range(100):
            x[i].mul_(2)
        x.sum().backward()
    return step
