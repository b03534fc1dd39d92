"""Long sums on generated devices keep their digits, in each style and on a device without float64."""

import corelib as torch
import numpy as np
import pytest
from corelib.nn import functional as F

LONG = (1 << 18) + 13


def slot(x, n):
    return torch.zeros(n, dtype=torch.int64, device=x.device)


def NEAR_ONE(x):
    return x[:, :1] * 0 + 1 + 2.0**-20


SUMS = {
    "columns": lambda x: x.sum(0),
    "rows": lambda x: x.T.contiguous().sum(1),
    "the outer and a short inner one": lambda x: x[: 5 * 50000].reshape(50000, 5, 3).sum((0, 2)),
    "wide columns": lambda x: x[: LONG // 64 * 64].reshape(-1, 192).sum(0),
    "deviation": lambda x: x.std(0),
    "logsumexp": lambda x: x.logsumexp(0),
    "cumsum": lambda x: x.cumsum(0)[-1],
    "cumsum of a row": lambda x: x[:, 0].contiguous().cumsum(0)[-3:],
    "cumprod": lambda x: NEAR_ONE(x).expand(LONG, 64).cumprod(0)[-1],
    "cumprod of a row": lambda x: NEAR_ONE(x)[:, 0].contiguous().cumprod(0)[-3:],
    "logcumsumexp": lambda x: x.logcumsumexp(0)[-1],
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True)[:4],
    "avg_pool": lambda x: F.avg_pool1d(x.T[None].contiguous(), LONG),
}
WIDE = {
    "index_add": lambda x: x.new_zeros(2, 3).index_add(0, slot(x, LONG), x),
    "scatter_add": lambda x: x.new_zeros(2, 3).scatter_add(0, slot(x, (LONG, 3)), x),
}
CASES = [(d, n) for d in ("opencl", "gridcl", "singlecl") for n in SUMS] + [(d, n) for d in ("opencl", "gridcl") for n in WIDE]


@pytest.mark.parametrize(("device", "name"), CASES)
def test_a_long_sum_is_right_to_the_last_digits(device, name):
    x = torch.from_numpy(np.random.default_rng(0).uniform(0.5, 1.5, (LONG, 3)).astype(np.float32))
    function = SUMS.get(name) or WIDE[name]
    got, exact = function(x.to(device)).cpu(), function(x.double())
    np.testing.assert_allclose(got.double().numpy(), exact.numpy(), 3e-6, 1e-5)


@pytest.mark.parametrize("device", ["opencl", "singlecl"])
def test_infinities_go_through_running_totals(device):
    x = torch.tensor([1.0, float("inf"), 2.0, -float("inf"), 3.0])
    got, want = x.to(device).cumsum(0).cpu(), x.cumsum(0)
    np.testing.assert_array_equal(got.numpy(), want.numpy())


@pytest.mark.parametrize("device", ["opencl", "gridcl", "singlecl"])
def test_a_million_factors_or_exponentials_keep_their_digits(device):
    normal = np.random.default_rng(0).normal(size=1 << 20)
    x = torch.from_numpy(np.exp(normal * 1e-3).astype(np.float32))
    want = x.double().cumprod(0)
    assert ((x.to(device).cumprod(0).cpu().double() - want) / want).abs().max() < 1e-7
    for dtype, within in ((torch.float32, 3e-7), (torch.float16, 5e-4), (torch.bfloat16, 4e-3)):
        x = torch.from_numpy(normal).to(dtype)
        got, want = x.to(device).logcumsumexp(0).cpu().double(), x.double().logcumsumexp(0)
        assert ((got - want).abs() / want.abs().clamp(min=1)).max() < within


@pytest.mark.parametrize("device", ["opencl", "gridcl", "singlecl"])
@pytest.mark.parametrize("values", [
    [2.0, 0.0, 3.0, float("inf"), 1.0], [2.0, float("inf"), 3.0, -1.0], [float("nan"), 0.0, 1.0],
])
def test_zeros_infinities_and_nan_go_through_running_products(device, values):
    x = torch.tensor(values)
    for shaped in (x, x[:, None].expand(len(values), 64)):
        np.testing.assert_array_equal(shaped.to(device).cumprod(0).cpu().numpy(), shaped.cumprod(0).numpy())
