"""Generated kernels of both styles against the cpu device: forms and sizes that the samples of the oracle do not have."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest
from corelib.nn import functional as F

DEVICES = ["opencl", "gridcl"]
RNG = np.random.default_rng(0)


def normal(*shape, kind="f4"):
    return (RNG.standard_normal(shape) * 3).astype(kind)


def index(high, *shape):
    return RNG.integers(0, high, shape)


X = normal(7, 5, 33)
SQUARE = normal(70, 70)
PICTURES, FILTERS = normal(2, 3, 12, 12), normal(4, 3, 3, 3)
HEADS = normal(2, 3, 6, 8)
LONG = normal((1 << 20) + 77)
CLASSES = index(33, 35)

PROGRAMS = {
    "broadcast": lambda x: x + x[:1] * x[:, :, :1],
    "transposed": lambda x: (x.permute(2, 0, 1) * 2 + x.permute(2, 0, 1).exp()).contiguous(),
    "steps": lambda x: x[::2, 1::2, ::3] - 1,
    "five dimensions": lambda x: x[:, None, :, None].expand(7, 2, 5, 3, 33).sin() + x[:, None, :, None, :1],
    "sum of all": lambda x: x.sum(),
    "sum over rows": lambda x: x.sum(0),
    "sum over columns": lambda x: x.sum(2),
    "sum over the ends": lambda x: x.sum((0, 2)),
    "sum of the transposed": lambda x: x.permute(2, 0, 1).sum(0),
    "mean and deviation": lambda x: x.mean(1) + x.std(1),
    "extremes": lambda x: x.amax(2) - x.amin(2),
    "product": lambda x: (x / 3).prod(1),
    "softmax of rows": lambda x: x.softmax(2),
    "softmax of columns": lambda x: x.softmax(0),
    "log_softmax": lambda x: x.log_softmax(1),
    "layer_norm": lambda x: F.layer_norm(x, (33,)),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "running sum": lambda x: x.cumsum(1) + x.cumsum(2),
    "gelu": lambda x: F.gelu(x),
    "product of matrices": lambda x: x[0] @ x[1].t(),
    "product of batches": lambda x: x @ x.mT,
    "product with a vector": lambda x: x @ x[0, 0],
    "linear": lambda x: F.linear(x, x[0]),
}


def on(device, function, *arrays, gradients=True):
    """What a function gives on a device, and the gradients of a weighted sum of it."""
    given = [torch.from_numpy(a).to(device) for a in arrays]
    for t in given:
        t.requires_grad_(t.is_floating_point() and gradients)
    made = function(*given)
    found = [made.detach().cpu().numpy()]
    if gradients and made.is_floating_point():
        weights = torch.from_numpy(np.random.default_rng(1).standard_normal(made.shape).astype(found[0].dtype)).to(device)
        (made * weights).sum().backward()
        found += [t.grad.cpu().numpy() for t in given if t.requires_grad]
    return found


def agree(device, function, *arrays, gradients=True, tolerance=2e-4):
    got, want = on(device, function, *arrays, gradients=gradients), on("cpu", function, *arrays, gradients=gradients)
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * float(np.abs(b[np.isfinite(b)]).max(initial=1)))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_gradients_agree_with_the_cpu(device, name):
    agree(device, PROGRAMS[name], X)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["f4", "f8", "i4", "i8", "i1", "u1"])
@pytest.mark.parametrize("sizes", [(3, 4, 5), (37, 53, 29), (130, 300, 70), (5, 1, 6), (1, 7, 3), (4, 9, 1), (2, 0, 3)])
def test_products_of_every_size_and_dtype(device, kind, sizes):
    m, k, n = sizes
    a, b = normal(m, k, kind=kind), normal(k, n, kind=kind)
    agree(device, lambda a, b: a @ b, a, b, gradients=False)
    agree(device, lambda a, b: a.t().contiguous().t() @ b.t().contiguous().t(), a, b, gradients=False)


@pytest.mark.parametrize("device", DEVICES)
def test_long_reductions_are_cut_into_parts(device):
    agree(device, lambda x: x.sum(), LONG, gradients=False)
    agree(device, lambda x: x.amax() - x.amin(), LONG, gradients=False)
    agree(device, lambda x: x[: 1 << 20].reshape(2, 1 << 19).sum(1), LONG, gradients=False)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64", "int64", "int8"])
def test_values_are_put_where_an_index_says(device, kind):
    kind = getattr(torch, kind)
    places, values = index(5, 7, 4, 33), normal(7, 4, 33)
    for function in (
        lambda x, g, s: x.to(kind).scatter_add(1, g, s.to(kind)).float(),
        lambda x, g, s: x.to(kind).scatter(1, g, s.to(kind)).float(),
        lambda x, g, s: x.to(kind).gather(1, g).float(),
        lambda x, g, s: x.to(kind).index_select(1, g[0, :, 0]).float(),
        lambda x, g, s: x.to(kind).index_put((g[0, :, 0],), s[0, :, None].to(kind), accumulate=True).float(),
    ):
        agree(device, function, X, places, values, gradients=False, tolerance=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("ignored", [-100, 5])
def test_cross_entropy(device, reduction, ignored):
    classes = CLASSES.copy()
    classes[3] = ignored
    agree(device, lambda x, t: F.cross_entropy(x.reshape(35, 33), t, ignore_index=ignored, reduction=reduction), X, classes)


@pytest.mark.parametrize("device", DEVICES)
def test_a_class_that_there_is_not_is_refused(device):
    with pytest.raises(IndexError, match="out of bounds"):
        F.cross_entropy(torch.zeros(3, 4, device=device), torch.tensor([1, 4, 0], device=device))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("stride, padding, dilation", [(1, 0, 1), (1, 1, 2), (2, 1, 1), (3, 2, 2), (2, 0, 4), (4, 1, 3)])
def test_convolutions_of_every_form(device, n, stride, padding, dilation):
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    x, b = normal(2, 4, 13, 11, 10)[(..., *[0] * (3 - n))], normal(6)
    weight = normal(6, 2, 3, 2, 3)[(..., *[0] * (3 - n))]
    convolve = getattr(F, f"conv{n}d")
    agree(device, lambda x, w, b: convolve(x, w, b, groups=2, **how), x, weight, b)
    agree(device, lambda x, w: convolve(x.transpose(0, 1), w.transpose(0, 1), **how), normal(6, 2, *x.shape[2:]), normal(6, 5, *weight.shape[2:]))
    whole = [(a * 3).astype("i8") for a in (x, weight)]
    agree(device, lambda x, w: convolve(x, w, groups=2, **how), *whole, gradients=False)
    if n < 3:
        turned = getattr(F, f"conv_transpose{n}d")
        agree(device, lambda x, w, b: turned(x, w, b, groups=2, output_padding=stride - 1, **how), normal(2, 6, 4, 3, 5)[(..., *[0] * (3 - n))], weight, b[:4])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("kernel, stride, padding", [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0)])
def test_pooling_of_every_form(device, n, kernel, stride, padding):
    x = normal(2, 3, 13, 11, 10)[(..., *[0] * (3 - n))].copy()
    agree(device, lambda x: getattr(F, f"max_pool{n}d")(x, kernel, stride, padding, ceil_mode=True), x)
    agree(device, lambda x: getattr(F, f"max_pool{n}d")(x[0].mT if n > 1 else x, kernel, stride, padding, return_indices=True)[1], x, gradients=False)
    if n < 3:
        agree(device, lambda x: getattr(F, f"avg_pool{n}d")(x, kernel, stride, padding, count_include_pad=False), x)
    x[0, 0, 3:7] = np.nan
    x[1] = -np.inf
    agree(device, lambda x: getattr(F, f"max_pool{n}d")(x, kernel, stride, padding, 2 if kernel == 2 else 1), x, gradients=False)
    agree(device, lambda x: getattr(F, f"max_pool{n}d")(x, kernel, stride, padding, return_indices=True)[1], x, gradients=False)


@pytest.mark.parametrize("device", DEVICES)
def test_images_and_attention(device):
    agree(device, lambda x, k: F.conv2d(x, k, padding=1, stride=2), PICTURES, FILTERS)
    agree(device, lambda x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2), PICTURES)
    agree(device, lambda x: F.pad(x, (1, -2, 0, 3), value=2.0), PICTURES)
    agree(device, lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), HEADS)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.1),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.2, maximize=True),
        lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, amsgrad=True),
        lambda p: torch.optim.AdamW(p, lr=0.01),
    ],
)
def test_an_optimizer_takes_the_same_way(device, make):
    ways = []
    for place in (device, "cpu"):
        p = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3).to(place))
        optimizer = make([p])
        for _ in range(4):
            optimizer.zero_grad()
            ((p * p).sin() + p).sum().backward()
            optimizer.step()
        ways.append(p.detach().cpu().numpy())
    np.testing.assert_allclose(*ways, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["__floordiv__", "__mod__"])
def test_integers_are_not_divided_by_zero(device, name):
    x = torch.tensor([7, -7, 0], device=device)
    assert getattr(x, name)(torch.tensor([2, 2, -3], device=device)).tolist() == getattr(x.cpu(), name)(torch.tensor([2, 2, -3])).tolist()
    for divisor in (0, torch.tensor([1, 0, 2], device=device)):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            getattr(x, name)(divisor)
    low = torch.tensor([-(2**63)], device=device)
    assert (low // -1).tolist() == [-(2**63)] and (low % -1).tolist() == [0]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 33, 100])
def test_sorting_is_stable_and_puts_nan_last(device, kind, n):
    x = normal(3, n, 4)
    x[np.random.default_rng(2).random(x.shape) < 0.1] = np.nan if kind[0] in "fb" and kind != "bool" else 1
    x = torch.from_numpy(x.round()).to(getattr(torch, kind))
    for dim, descending in ((1, False), (1, True), (0, False), (2, True)):
        got, want = torch.sort(x.to(device), dim, descending), torch.sort(x, dim, descending, stable=True)
        assert got.indices.tolist() == want.indices.tolist()
        assert repr(got.values.tolist()) == repr(want.values.tolist())
    if kind != "bool":
        for largest in (True, False):
            got, want = torch.topk(x.to(device), min(n, 5), 1, largest), torch.sort(x, 1, largest, stable=True)
            assert repr(got.values.tolist()) == repr(want.values[:, :5].tolist())
            assert got.indices.tolist() == want.indices[:, :5].tolist()
        for dim in (0, 1, 2):
            assert x.to(device).argmax(dim).tolist() == x.argmax(dim).tolist()
            assert x.to(device).mT.argmin(dim, keepdim=True).tolist() == x.mT.argmin(dim, keepdim=True).tolist()
            assert repr([t.tolist() for t in x.to(device).max(dim)]) == repr([t.tolist() for t in x.max(dim)])
        assert x.to(device).argmax().item() == x.argmax().item() and x.reshape(-1).to(device).argmin().item() == x.argmin().item()


@pytest.mark.parametrize("device", DEVICES)
def test_norms_and_logsumexp(device):
    for p in (0, 1, 2, 3, float("inf"), float("-inf")):
        for dim in (0, 1, 2, (0, 2), None):
            agree(device, lambda x, p=p, dim=dim: x.norm(p, dim), X)
    for dim in (0, 1, 2, (0, 2)):
        agree(device, lambda x, dim=dim: x.logsumexp(dim), X)
    agree(device, lambda x: torch.stack([x, -x, x * 0]).logsumexp(1), np.array([np.inf, 1, -np.inf, np.nan], "f4"), gradients=False)
    agree(device, lambda x: x.flip(0, 2) + x[::2].flip(1)[:1], X)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64", "int64", "int8", "uint8", "bool"])
def test_a_device_draws_the_hosts_random_numbers(device, kind):
    kind = getattr(torch, kind)

    def draw(place):
        generator = torch.Generator(place, algorithm="philox").manual_seed(2**63 + 5)
        x = torch.empty(3, 77, dtype=kind, device=place)
        if kind.is_floating_point:
            yield from (x.uniform_(generator=generator).tolist(), x.t().uniform_(-3, 7.7, generator=generator).tolist())
            yield torch.rand(5003, dtype=kind, device=place, generator=generator).tolist()
            yield x.normal_(generator=generator).tolist()
        yield from (x.bernoulli_(p, generator=generator).tolist() for p in (0.3, 0.0, 1.0))
        yield from (x.random_(0, 2, generator=generator).tolist(), x.random_(generator=generator).tolist())
        if kind is torch.int64:
            yield x.random_(-(2**63), 2**63 - 1, generator=generator).tolist()
        yield x[:, ::2].bernoulli_(0.5, generator=generator).tolist()
        yield generator.get_offset()

    assert list(draw(device)) == list(draw("cpu"))


@pytest.mark.parametrize("device", DEVICES)
def test_drawing_on_a_device_queues_one_kernel(device):
    from corelib.tensor.device import device as place

    x = torch.empty(1000, device=device)
    x.bernoulli_(0.5)
    runtime = place(device).runtime
    opened = runtime.backend.device(0)
    torch.synchronize(device)
    before = opened.launches
    x.bernoulli_(0.5)
    assert opened.launches == before + 1


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_attention_of_every_form(device, kind):
    kind, tolerance = getattr(torch, kind), {"float16": 4e-3, "bfloat16": 3e-2}.get(kind, 2e-5)
    q, k, v = normal(2, 3, 37, 20) / 3, normal(3, 50, 20) / 3, normal(2, 1, 50, 9) / 3
    allowed, bias = RNG.random((2, 1, 37, 50)) < 0.5, normal(50)
    allowed[0, :, 4] = False

    def form(q, k, v, mask=None, **how):
        mask = mask if mask is None or mask.dtype == torch.bool else mask.to(kind)
        return F.scaled_dot_product_attention(q.to(kind), k.to(kind), v.to(kind), mask, **how).float()

    for how in ({}, {"scale": 0.3}, {"is_causal": True}):
        agree(device, lambda *x, how=how: form(*x, **how), q, k, v, gradients=False, tolerance=tolerance)
    agree(device, form, q, k, v, allowed, gradients=False, tolerance=tolerance)
    agree(device, form, q, k, v, bias, gradients=False, tolerance=tolerance)
    agree(device, form, q, k, v, np.full(50, -np.inf, "f4"), gradients=False, tolerance=tolerance)
    agree(device, form, q, k, v, np.where(allowed, 0, -np.inf).astype("f4"), gradients=False, tolerance=tolerance)
    q[0, 0, 5, 3] = np.nan
    agree(device, form, q, k, v, allowed, gradients=False, tolerance=tolerance)
    agree(device, form, q[:, :, :3], k[:, :1], v[:, :, :1], gradients=False, tolerance=tolerance)


@pytest.mark.parametrize("device", DEVICES)
def test_attention_has_gradients(device):
    agree(device, lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), HEADS)
    nothing = np.where(np.arange(HEADS.shape[-2])[:, None] == 1, -np.inf, 0).astype("f4")
    agree(device, lambda q: F.scaled_dot_product_attention(q, q, q, torch.from_numpy(np.tile(nothing, HEADS.shape[-2])).to(q.device)), HEADS)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_integers_are_clamped_without_a_word_from_the_compiler(dtype):
    x = torch.arange(6, dtype=getattr(torch, dtype))
    for bounds in ({"max": 3}, {"min": 2}, {"min": 1, "max": 4}, {"max": torch.tensor(3, dtype=x.dtype)}, {"min": torch.tensor([2] * 6, dtype=x.dtype)}):
        assert x.to("opencl").clamp(**{k: v.to("opencl") if isinstance(v, torch.Tensor) else v for k, v in bounds.items()}).cpu().equal(x.clamp(**bounds))
