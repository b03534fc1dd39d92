"""Products, the steps of recurrent networks and the optimizers' updates: against NumPy in float64, or against the ops' bodies."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest
from corelib.dispatcher.op import TABLE
from corelib.tensor import dtype as D
from corelib_cpu_native import pack

KERNELS = {(name, dtype): kernel for name, dtype, kernel in pack.kernels()}
SIZES = [(4, 4, 4), (1, 64, 64), (32, 16, 32), (32, 32, 10), (7, 1, 5), (33, 70, 31), (5, 200, 3), (130, 90, 40), (1, 1, 1), (3, 0, 4), (0, 3, 4)]
LAYOUTS = {"rows": lambda x: x, "columns": lambda x: np.ascontiguousarray(x.T).T, "gaps": lambda x: np.repeat(x, 3, axis=1)[:, ::3], "part": lambda x: np.pad(x, 2)[2:-2, 2:-2]}


def close(got, exact, terms):
    bound = 4e-7 * max(1, terms) ** 0.5 if got.dtype == np.float32 else 1e-15 * max(1, terms)
    np.testing.assert_allclose(got, exact, rtol=0, atol=bound * max(1.0, float(np.abs(exact).max(initial=0))) * 4)


@pytest.mark.parametrize("dtype", [D.float32, D.float64], ids=str)
@pytest.mark.parametrize("second", LAYOUTS)
@pytest.mark.parametrize("first", LAYOUTS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_product_of_matrices_in_any_layout(size, first, second, dtype):
    m, k, n = size
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(dtype.np) for shape in ((m, k), (k, n)))
    a, b = LAYOUTS[first](a), LAYOUTS[second](b)
    exact = a.astype("f8") @ b.astype("f8")
    for out in (np.empty((m, n), dtype.np), np.empty((n, m), dtype.np).T):
        got = KERNELS["mm", dtype](out, a, b)
        if got is NotImplemented:  # large, and no side lies in a row: NumPy's
            assert "gaps" in (first, second)
        else:
            close(out, exact, k)


@pytest.mark.parametrize("shapes", [((3, 4, 5), (3, 5, 6)), ((1, 4, 5), (3, 5, 6)), ((2, 3, 4, 5), (5, 6)), ((64, 64, 64), (64, 64, 64)), ((2, 1, 70, 80), (3, 80, 90))], ids=str)
def test_products_of_batches(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype("f4") for shape in shapes)
    exact = a.astype("f8") @ b.astype("f8")
    out = np.empty(exact.shape, "f4")
    assert KERNELS["batched_matmul", D.float32](out, a, b) is None
    close(out, exact, a.shape[-1])
    flipped = np.ascontiguousarray(b.swapaxes(-1, -2)).swapaxes(-1, -2)
    assert KERNELS["batched_matmul", D.float32](out, a, flipped) is None
    close(out, exact, a.shape[-1])


def in_half(x, dtype, layout):
    bits = torch.from_numpy(x).to(dtype).view(torch.int16).numpy()
    return torch.from_numpy(LAYOUTS[layout](bits)).view(dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("second", LAYOUTS)
@pytest.mark.parametrize("first", LAYOUTS)
def test_half_precisions_are_rounded_once(first, second, dtype):
    rng = np.random.default_rng(0)
    for m, k, n in [*SIZES, (100, 501, 77), (1, 1000, 300)]:
        a, b = (in_half(rng.standard_normal(shape).astype("f4"), dtype, layout) for layout, shape in ((first, (m, k)), (second, (k, n))))
        exact = a.double().numpy() @ b.double().numpy()
        for out in (torch.empty(m, n, dtype=dtype), torch.empty(n, m, dtype=dtype).t()):
            assert KERNELS["mm", dtype](*[x._array() for x in (out, a, b)]) is None
            off = np.abs(out.double().numpy() - exact)
            assert (off <= np.abs(exact) * torch.finfo(dtype).eps / 2 + 2e-6 * max(1, k) ** 0.5).all()


def test_half_precisions_of_batches_and_what_is_not_finite():
    a, b = torch.randn(3, 1, 17, 33).bfloat16(), torch.randn(2, 33, 20).bfloat16()
    a[1, 0, 2, 3], a[2, 0, 4, 5] = float("inf"), float("nan")
    out = torch.empty(3, 2, 17, 20, dtype=torch.bfloat16)
    assert KERNELS["batched_matmul", D.bfloat16](*[x._array() for x in (out, a, b)]) is None
    for i in range(3):
        for j in range(2):
            one = torch.empty(17, 20, dtype=torch.bfloat16)
            KERNELS["mm", D.bfloat16](*[x._array() for x in (one, a[i, 0], b[j])])
            assert torch.equal(out[i, j].nan_to_num(7.0), one.nan_to_num(7.0))
    assert out[1, :, 2].isinf().all() and out[2, :, 4].isnan().all() and out[0].isfinite().all()


def test_what_is_beyond_a_matrix_is_not_touched():
    around = np.full((9, 40), np.nan, "f4")
    x = around[1:8, 3:13]
    x[:] = 1
    out = np.zeros((9, 40), "f4")
    assert KERNELS["mm", D.float32](out[1:8, 3:13], x[:, :7], x) is None
    np.testing.assert_array_equal(out[1:8, 3:13], np.full((7, 10), 7))
    assert not out[0].any() and not out[8].any() and not out[:, 13:].any() and not out[:, :3].any()


@pytest.mark.parametrize("shape", [(5,), (6, 5), (2, 3, 5), (1, 5), (0, 5), (300, 5)], ids=str)
@pytest.mark.parametrize("biased", [True, False])
def test_linear_and_its_gradients(shape, biased):
    torch.manual_seed(0)
    x, w = torch.randn(shape, requires_grad=True), torch.randn(4, 5, requires_grad=True)
    b = torch.randn(4, requires_grad=True) if biased else None
    y = torch.nn.functional.linear(x, w, b)
    exact = x.detach().double().numpy() @ w.detach().double().numpy().T + (0 if b is None else b.detach().double().numpy())
    close(y.detach().numpy(), exact, 5)
    g = torch.randn(y.shape)
    grads = torch.autograd.grad(y, [x, w] + ([b] if biased else []), g)
    rows, wide = g.double().numpy().reshape(-1, 4), x.detach().double().numpy().reshape(-1, 5)
    close(grads[0].numpy(), (rows @ w.detach().double().numpy()).reshape(shape), 4)
    close(grads[1].numpy(), rows.T @ wide, len(rows))
    if biased:
        close(grads[2].numpy(), rows.sum(0), len(rows))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [(5, 3, 7), (9, 16, 64), (1, 1, 1), (4, 21, 33), (2, 40, 130)], ids=str)
def test_steps_of_recurrent_networks(size, backwards, counted):
    steps, n, h = size
    torch.manual_seed(0)
    hidden, cell = torch.randn(n, h), torch.randn(n, h)
    for name, gates, state in (("lstm_steps", 4, (hidden, cell)), ("gru_steps", 3, (hidden,))):
        inputs, weights, bias = torch.randn(steps, n, gates * h), torch.randn(gates * h, h) / h**0.5, torch.randn(gates * h)
        rest = (weights, backwards) if name == "lstm_steps" else (weights, bias, backwards)
        op = TABLE[name]
        made, expected = op.entry(inputs, *state, *rest), op.body(inputs, *state, *rest)
        for a, b in zip(made, expected, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)
        g = torch.randn(steps, n, h)
        back = TABLE[name + "_backward"]
        to_cells, to_parts = torch.randn(steps, n, h), torch.randn(expected[-1].shape)
        for more in [(None, None), (to_cells, None), (None, to_parts), (to_cells, to_parts)] if name == "lstm_steps" else [(None,), (to_parts,)]:
            given = (g, *state, weights, *expected, *more, backwards)
            for a, b in zip(back.entry(*given), back.body(*given), strict=True):
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5 * max(1.0, float(b.abs().max())))
        assert counted(name) == counted(name + "_backward") == "pack corelib-cpu-native"


def test_gates_over_all_exponents():
    rng = np.random.default_rng(0)
    h, ends = 32, [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 87, 89, 130, 3e38, -3e38, 9.1, -9.1, 0.35, -0.35]
    bits = rng.integers(0, 1 << 32, 8192, dtype=np.uint64).astype(np.uint32).view("f4")
    x = np.concatenate([bits, rng.uniform(-30, 30, 8192).astype("f4"), np.array(ends, "f4"), np.zeros(16, "f4")]).reshape(-1, h)
    n = len(x)
    hidden, weights = torch.zeros(n, h), torch.zeros(4 * h, h)
    _, cells, gates = TABLE["lstm_steps"].entry(torch.from_numpy(np.tile(x, 4)[None]), hidden, hidden, weights, False)
    i, f, g, o = np.split(gates.numpy()[0], 4, axis=1)
    with np.errstate(all="ignore"):
        share, tanh = 1 / (1 + np.exp(-x.astype("f8"))), np.tanh(x.astype("f8"))
        np.testing.assert_array_equal(cells.numpy()[0], i * g)
    for got, exact, lost in ((i, share, 2.0**-126), (f, share, 2.0**-126), (o, share, 2.0**-126), (g, tanh, 0)):
        np.testing.assert_array_equal(np.isnan(got), np.isnan(exact))
        unit = np.spacing(np.abs(exact).astype("f4")).astype("f8")
        far = np.abs(got - exact) > np.maximum(2.6 * unit, lost)
        assert not far.any(), (got[far], exact[far])


OPTIMIZERS = {
    "_sgd_step_": [dict(lr=0.1), dict(lr=0.1, weight_decay=0.1), dict(lr=0.1, momentum=0.9), dict(lr=0.1, momentum=0.9, dampening=0.2, maximize=True), dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)],
    "_adam_step_": [dict(), dict(weight_decay=0.1), dict(amsgrad=True, maximize=True), dict(betas=(0.3, 0.99))],
    "_rmsprop_step_": [dict(), dict(centered=True, momentum=0.9, weight_decay=0.1)],
    "_adagrad_step_": [dict(), dict(weight_decay=0.1, lr_decay=0.1)],
}  # fmt: skip
CLASSES = {"_sgd_step_": "SGD", "_adam_step_": "Adam", "_rmsprop_step_": "RMSprop", "_adagrad_step_": "Adagrad"}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(3,), (40, 50), (2, 20000), ()], ids=str)
@pytest.mark.parametrize(("name", "options"), [(name, options) for name, every in OPTIMIZERS.items() for options in every], ids=str)
def test_updates_are_those_of_the_ops_one_after_the_other(name, options, shape, dtype, counted):
    torch.manual_seed(0)
    start, grads = torch.randn(shape, dtype=dtype), [torch.randn(shape, dtype=dtype) for _ in range(3)]
    ends = []
    for foreach in (False, None):
        p = torch.nn.Parameter(start.clone() if foreach is None else start.t().clone().t() if len(shape) == 2 else start.clone())
        optimizer = getattr(torch.optim, CLASSES[name])([p], **options)
        op = TABLE[name]
        table = op.kernels[p._key]
        kept = table[dtype]
        try:
            if foreach is None:
                table[dtype] = pack.NotMade("")  # and NumPy's kernel computes
            for g in grads:
                p.grad = g.clone()
                optimizer.step()
        finally:
            table[dtype] = kept
        ends.append(p.detach().numpy())
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-5 if dtype is torch.float32 else 1e-12, atol=1e-6 if dtype is torch.float32 else 1e-13)
    assert "pack corelib-cpu-native" in counted(name)


def test_a_linear_layer_whose_rows_are_not_evenly_apart():
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((6, 20, n)).astype("f4").swapaxes(0, 1) for n in (40, 50))
    w, b = rng.standard_normal((50, 40)).astype("f4"), rng.standard_normal(50).astype("f4")
    y = np.empty((6, 20, 50), "f4").swapaxes(0, 1)
    assert KERNELS["affine", D.float32](y, x, w, b) is None
    close(y, x.astype("f8") @ w.T + b, 40)
    dx, dw, db = np.empty((6, 20, 40), "f4").swapaxes(0, 1), np.empty((50, 40), "f4"), np.empty(50, "f4")
    assert KERNELS["linear_backward", D.float32]((dx, dw, db), g, x, w, (True, True, True)) is None
    close(dx, g.astype("f8") @ w, 50)
    close(dw, np.einsum("abi,abj->ij", g.astype("f8"), x), 120)
    close(db, g.astype("f8").sum((0, 1)), 120)


@pytest.mark.parametrize("dtype", [D.float32, D.float64], ids=str)
@pytest.mark.parametrize("size", [(600, 500, 150), (70, 30, 900), (9, 400, 1000), (300, 700, 20), (1000, 5, 90)], ids=str)
def test_a_large_product_either_way(size, dtype):
    m, k, n = size
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(dtype.np) for shape in ((m, k), (k, n)))
    exact = a.astype("f8") @ b.astype("f8")
    for first in (a, LAYOUTS["columns"](a)):
        for second in (b, LAYOUTS["columns"](b)):
            for out in (np.empty((m, n), dtype.np), np.empty((n, m), dtype.np).T):
                assert KERNELS["mm", dtype](out, first, second) is None
                close(out, exact, k)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("sizes", [((2, 3), 20, 30, 8, 5), ((), 300, 300, 16, 16), ((4,), 1, 70, 32, 32), ((2,), 70, 9, 3, 40), ((1,), 40, 5000, 4, 4)], ids=str)
def test_attention(sizes, causal):
    batch, rows, s, e, v = sizes
    rng = np.random.default_rng(0)
    query, key, value = (rng.standard_normal((*batch, *shape)).astype("f4") for shape in ((rows, e), (s, e), (s, v)))
    value = np.ascontiguousarray(value.swapaxes(-1, -2)).swapaxes(-1, -2)
    scores = query.astype("f8") @ key.astype("f8").swapaxes(-1, -2) * 0.5
    if causal:
        scores[..., ~np.tri(rows, s, dtype=bool)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    exact = weights / weights.sum(-1, keepdims=True) @ value
    out = np.empty((*batch, rows, v), "f4")
    got = KERNELS["attention", D.float32](out, query, key, value, None, causal, 0.5)
    if got is not NotImplemented:  # there is one with AVX-512
        close(out, exact, s)
