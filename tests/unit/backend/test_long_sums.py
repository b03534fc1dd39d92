"""Long sums keep their digits: each in a short dtype against the same in float64, along rows and columns, and where many go to one place."""

import numpy as np
import pytest

import corelib
from corelib import nn
from corelib.backend.xp.sums import Sums

LONG = 1 << 18
F = nn.functional


def tall(dtype, columns=3, low=0.5, high=1.5):
    """Many rows of positive numbers: added one by one, float32 loses four digits."""
    numbers = np.random.default_rng(0).uniform(low, high, (LONG, columns))
    if dtype.is_complex:
        numbers = numbers + 1j * numbers[::-1]
    return corelib.tensor(numbers).to(dtype)


def slot(n):
    return corelib.zeros(n, dtype=corelib.int64)


SUMS = {
    "columns": lambda x: x.sum(0),
    "rows": lambda x: x.T.contiguous().sum(1),
    "a transposed tensor's columns": lambda x: x.T.sum(1),
    "columns with steps": lambda x: x[::3, ::2].sum(0),
    "two of three dimensions": lambda x: x.reshape(1024, -1, 3).sum((0, 1)),
    "the outer and the inner one": lambda x: x.reshape(4096, 3, -1).sum((0, 2)),
    "an expanded one": lambda x: x[:1].expand(LONG, 3).sum(0),
    "everything": lambda x: x.sum(),
    "mean": lambda x: x.mean(0),
}
REALS = {
    "nansum": lambda x: x.nansum(0),
    "std": lambda x: x.std(0),
    "var of two dimensions": lambda x: x.reshape(1024, -1, 3).var((0, 1)),
    "norm": lambda x: x.norm(dim=0),
    "the norm of order 3": lambda x: x.norm(3, dim=0),
    "logsumexp": lambda x: x.logsumexp(0),
    "softmax": lambda x: x.softmax(0)[:4] * LONG,
    "log_softmax": lambda x: x.log_softmax(0)[-4:],
    "cosine_similarity": lambda x: F.cosine_similarity(x[:, :1], x[:, 1:], 0),
    "index_add": lambda x: x.new_zeros(2, 3).index_add(0, slot(LONG), x),
    "index_add along the last": lambda x: x.new_zeros(3, 2).index_add(1, slot(LONG), x.T),
    "index_add of long rows": lambda x: x.new_zeros(2, 96).index_add(0, slot(LONG // 32), x.reshape(-1, 96)),
    "scatter_add": lambda x: x.new_zeros(2, 3).scatter_add(0, slot((LONG, 3)), x),
    "index_put": lambda x: x.new_zeros(2, 3).index_put((slot(LONG), slot(LONG)), x[:, 0], accumulate=True),
    "bincount": lambda x: corelib.bincount(slot(LONG), x[:, 0]),
    "avg_pool": lambda x: F.avg_pool1d(x.T[None].contiguous(), LONG),
    "layer_norm": lambda x: F.layer_norm(x.T.contiguous(), (LONG,))[:, :4],
    "group_norm": lambda x: F.group_norm(x.T[None].contiguous(), 3)[..., :4],
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True)[:4],
    "squared error": lambda x: F.mse_loss(x, x * 2),
}


KINDS = [corelib.float32, corelib.float16, corelib.bfloat16, corelib.complex64]
RTOL = {corelib.float32: 2e-6, corelib.float16: 2e-3, corelib.bfloat16: 1.6e-2, corelib.complex64: 2e-6}
CASES = [(name, d) for name in SUMS for d in KINDS] + [(name, d) for name in REALS for d in (corelib.float32, corelib.bfloat16)]


def close(made, exact, rtol, atol):
    np.testing.assert_allclose(made.detach().to(exact.dtype).numpy(), exact.detach().numpy(), rtol, atol)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{name}, {d}" for name, d in CASES])
def test_a_long_sum_is_right_to_the_last_digits(name, dtype):
    half = dtype.itemsize == 2
    x = tall(dtype, low=2.0**-7, high=2.0**-6) if half else tall(dtype)
    function = SUMS.get(name) or REALS[name]
    close(function(x), function(x.to(corelib.complex128 if dtype.is_complex else corelib.float64)), RTOL[dtype], 0.02 if half else 1e-5)


def gradient(function, *shapes):
    def run(dtype):
        leaves = [corelib.full(s, 0.5, dtype=dtype, requires_grad=True) for s in shapes]
        function(tall(dtype), *leaves).backward()
        return [leaf.grad for leaf in leaves]

    return run


GRADIENTS = {
    "what was broadcast": gradient(lambda x, w: (x * w).sum(), (3,)),
    "a bias": gradient(lambda x, w, b: F.linear(x, w, b).sum(), (2, 3), (2,)),
    "an embedding": gradient(lambda x, w: (F.embedding(slot(LONG), w) * x).sum(), (2, 3)),
    "batch_norm's weight and bias": gradient(lambda x, w, b: (F.batch_norm(x, None, None, w, b, True) * x).sum(), (3,), (3,)),
    "layer_norm's weight and bias": gradient(lambda x, w, b: (F.layer_norm(x, (3,), w, b) * x).sum(), (3,), (3,)),
    "group_norm's weight and bias": gradient(lambda x, w, b: (F.group_norm(x.T[None].contiguous(), 3, w, b) * x.T).sum(), (3,), (3,)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_of_what_stands_for_many_places_are_right_to_the_last_digits(name):
    for made, exact in zip(GRADIENTS[name](corelib.float32), GRADIENTS[name](corelib.float64), strict=True):
        close(made, exact, 3e-6, 0.5)


@pytest.mark.parametrize("dtype", KINDS, ids=str)
@pytest.mark.parametrize("shape", [(40000,), (40000, 3), (3, 40000), (100, 600), (30, 7, 700)], ids=str)
def test_running_totals_keep_their_digits(shape, dtype):
    numbers = np.random.default_rng(1).uniform(0.9, 1.1, shape)
    wide = corelib.complex128 if dtype.is_complex else corelib.float64
    for x in (corelib.tensor(numbers).to(dtype), corelib.tensor(numbers.T.copy()).to(dtype).permute(*range(numbers.ndim)[::-1])):
        for dim in range(len(shape)):
            small = (x * 2.0**-6).to(dtype)
            rtol = {corelib.float16: 5e-4, corelib.bfloat16: 4e-3}.get(dtype, 2e-7)
            for name, of in (("cumsum", small), ("cumprod", x), ("logcumsumexp", small)):
                if name != "logcumsumexp" or not dtype.is_complex:
                    made, exact = getattr(of, name)(dim).to(wide), getattr(of.to(wide), name)(dim)
                    if name == "cumprod" and dtype.itemsize == 2:
                        made, exact = made.clamp(1e-4, 1e4), exact.clamp(1e-4, 1e4)
                    close(made, exact, rtol, 1e-30)


def test_the_values_that_were_wrong():
    assert corelib.full((2**25, 2), 1.0).sum(0).tolist() == [2.0**25] * 2
    assert (corelib.ones(2**22, 2) * 3.3).mean(0).tolist() == pytest.approx([3.3] * 2, rel=1e-6)
    assert corelib.tensor([100.0, -100.0]).repeat(1_000_000, 1).std(0).tolist() == [0.0, 0.0]
    assert corelib.full((10**7,), 0.1).cumsum(0)[-1].item() == pytest.approx(10**6, rel=1e-7)
    w = corelib.ones(2, requires_grad=True)
    (corelib.full((3_000_000, 2), 0.1) * w).sum().backward()
    assert w.grad.tolist() == pytest.approx([300000.0] * 2, rel=1e-6)


def test_sums_over_any_shape_strides_and_dimensions():
    sums, rng = Sums(np), np.random.default_rng(2)
    for n in range(400):
        ndim = rng.integers(1, 5)
        shape = rng.choice([0, 1, 2, 3, 7, 64, 129, 300] if n % 10 == 0 else [1, 2, 3, 7, 64, 129, 300], ndim)
        shape[np.cumprod(shape) > 50000] = 3
        x = (rng.random(shape) + 0.5).astype([np.float32, np.float64, np.complex64, np.float16][n % 4])
        if n % 3:
            x = x.transpose(rng.permutation(ndim))[tuple([slice(None, None, int(rng.choice([1, 2, -1]))) for _ in range(ndim)])]
        if n % 7 == 0:
            x = np.broadcast_to(x, (150, *x.shape))
        dims = tuple(sorted(rng.permutation(x.ndim)[: rng.integers(1, x.ndim + 1)].tolist()))
        for keep in (False, True):
            exact = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64).sum(dims, keepdims=keep)
            made = sums.total(x, dims, np.float32 if x.dtype == np.float16 else None, keep)
            assert made.dtype == (np.float32 if x.dtype == np.float16 else x.dtype)
            np.testing.assert_allclose(made, exact, rtol=3e-6)
