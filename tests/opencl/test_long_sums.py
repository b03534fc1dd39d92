"""Long sums on generated devices keep their digits, in each style and on a device without float64."""

import corelib as torch
import numpy as np
import pytest
from corelib.nn import functional as F

LONG = (1 << 18) + 13


def slot(x, n):
    return torch.zeros(n, dtype=torch.int64, device=x.device)


SUMS = {
    "columns": lambda x: x.sum(0),
    "rows": lambda x: x.T.contiguous().sum(1),
    "the outer and a short inner one": lambda x: x[: 5 * 50000].reshape(50000, 5, 3).sum((0, 2)),
    "wide columns": lambda x: x[: LONG // 64 * 64].reshape(-1, 192).sum(0),
    "deviation": lambda x: x.std(0),
    "logsumexp": lambda x: x.logsumexp(0),
    "cumsum": lambda x: x.cumsum(0)[-1],
    "cumsum of a row": lambda x: x[:, 0].contiguous().cumsum(0)[-3:],
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True)[:4],
    "avg_pool": lambda x: F.avg_pool1d(x.T[None].contiguous(), LONG),
}
WIDE = {
    "index_add": lambda x: x.new_zeros(2, 3).index_add(0, slot(x, LONG), x),
    "scatter_add": lambda x: x.new_zeros(2, 3).scatter_add(0, slot(x, (LONG, 3)), x),
    # 64 columns: "grid" leaves fewer to the body, whose float32 steps round as often as there are factors (as PyTorch's on a GPU do)
    "cumprod": lambda x: (x[:, :1] * 0 + 1 + 2.0**-20).expand(LONG, 64).cumprod(0)[-1],
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
