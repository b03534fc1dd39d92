"""NumPy's kernels for all steps of an LSTM or a GRU, beside the ops' bodies, which take one step after the other."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest
from corelib.dispatcher.op import TABLE


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [(5, 3, 7), (1, 1, 1), (4, 0, 3), (6, 21, 33)], ids=str)
@pytest.mark.parametrize("name", ["lstm_steps", "gru_steps"])
def test_a_kernel_of_all_steps_computes_what_the_body_does(name, size, backwards, dtype):
    steps, n, h = size
    torch.manual_seed(0)
    lstm = name == "lstm_steps"
    state = tuple(torch.randn(n, h, dtype=dtype) for _ in range(2 if lstm else 1))
    gates = 4 if lstm else 3
    inputs, weights = torch.randn(steps, n, gates * h, dtype=dtype), torch.randn(gates * h, h, dtype=dtype) / h**0.5
    forward, backward = TABLE[name], TABLE[name + "_backward"]
    kernel, back = (op.kernel_for(inputs._key, dtype) for op in (forward, backward))
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype is torch.float32 else {"rtol": 1e-12, "atol": 1e-13}

    def compare(kernel, op, given):
        expected = op.body(*given)
        outs = tuple(np.full(t.shape, np.nan, dtype.np) for t in expected)
        assert kernel(outs, *[t.numpy() if isinstance(t, torch.Tensor) else t for t in given]) is None
        for got, wanted in zip(outs, expected, strict=True):
            np.testing.assert_allclose(got, wanted.numpy(), **tolerance)
        return expected

    for bias in [()] if lstm else [(torch.randn(3 * h, dtype=dtype),), (None,)]:
        made = compare(kernel, forward, (inputs, *state, weights, *bias, backwards))
    g, to_cells, to_parts = torch.randn(steps, n, h, dtype=dtype), torch.randn(steps, n, h, dtype=dtype), torch.randn(made[-1].shape, dtype=dtype)
    for more in [(None, None), (to_cells, None), (None, to_parts), (to_cells, to_parts)] if lstm else [(None,), (to_parts,)]:
        compare(back, backward, (g, *state, weights, *made, *more, backwards))
