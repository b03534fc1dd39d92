"""Convolution, pooling and padding in C: values against sums in float64, over shapes, strides of memory, dtypes, NaN and infinities."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from math import prod

import corelib
import numpy as np
import pytest
from corelib import backends

F = corelib.nn.functional
HOW = [  # batch, channels and outputs of a group, groups, sizes, kernel, stride, padding, dilation
    (2, 3, 5, 1, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1)), (3, 4, 8, 2, (11, 7), (3, 2), (2, 1), (0, 2), (1, 2)), (2, 1, 1, 6, (13, 30), (3, 3), (1, 1), (1, 1), (1, 1)),
    (1, 2, 9, 1, (40,), (5,), (3,), (2,), (2,)), (2, 2, 3, 1, (4, 5, 6), (2, 3, 2), (1, 2, 3), (1, 1, 0), (1, 1, 1)), (5, 20, 64, 1, (4, 4), (3, 3), (1, 1), (1, 1), (1, 1)),
    (2, 1, 1, 20, (7, 7), (5, 5), (1, 1), (2, 2), (1, 1)), (3, 1, 1, 5, (14, 9), (3, 2), (2, 2), (1, 1), (1, 1)), (2, 1, 1, 3, (90,), (7,), (1,), (3,), (1,)),
    (2, 1, 1, 4, (5, 6, 7), (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1)), (1, 1, 3, 4, (12, 40), (3, 3), (1, 1), (2, 2), (2, 2)), (1, 6, 16, 2, (14, 14), (4, 4), (2, 2), (1, 1), (1, 1)),
    (2, 16, 17, 1, (6, 6), (1, 1), (1, 1), (0, 0), (1, 1)), (1, 3, 4, 1, (70, 61), (7, 7), (2, 2), (3, 3), (1, 1)), (2, 40, 8, 1, (5, 5), (1, 1), (3, 3), (0, 0), (1, 1)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _reported():
    backends.set_report(True)
    yield
    backends.set_report(False)


def by_pack(*names: str) -> None:
    """The pack computed these, and nothing else did."""
    lines = [line for line in str(backends.report()).splitlines() for name in names if f" {name} " in line]
    assert lines
    assert all("corelib-cpu-native" in line for line in lines), lines


def windows(x: np.ndarray, kernel, stride, padding, dilation) -> np.ndarray:
    """(b, c, *kernel, *sizes) of an input with zeros around it."""
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    view = np.lib.stride_tricks.sliding_window_view(x, [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)], tuple(range(2, x.ndim)))
    n = len(kernel)
    view = view[(slice(None), slice(None), *[slice(None, None, s) for s in stride], *[slice(None, None, d) for d in dilation])]
    return np.moveaxis(view, range(2, 2 + n), range(2 + n, 2 + 2 * n))


def laid_out(t, how: str):
    if how == "gaps":
        wide = t.new_zeros([2 * n for n in t.shape])
        view = wide[tuple(slice(None, None, 2) for _ in t.shape)]
        return view.copy_(t)
    if how == "channels last":
        return t.movedim(1, -1).contiguous().movedim(-1, 1)
    return t


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last"])
@pytest.mark.parametrize("how", HOW)
def test_convolution_and_its_gradients(how, layout, dtype):
    b, c, o, groups, sizes, kernel, stride, padding, dilation = how
    n = len(sizes)
    rng = np.random.default_rng(0)
    kind = getattr(corelib, dtype)
    x, w, bias = (corelib.from_numpy(rng.standard_normal(s)).to(kind) for s in ((b, c * groups, *sizes), (o * groups, c, *kernel), (o * groups,)))
    x, w = (laid_out(t, layout).detach().requires_grad_() for t in (x, w))
    got = getattr(F, f"conv{n}d")(x, w, bias, stride, padding, dilation, groups)
    y = laid_out(corelib.from_numpy(rng.standard_normal(got.shape)).to(kind), layout)
    got.backward(y)
    exact = [t.detach().double().numpy() for t in (x, w, bias, y)]
    seen = windows(exact[0], kernel, stride, padding, dilation)
    m = seen.shape[2 + n :]
    seen = seen.reshape(b, groups, c * prod(kernel), prod(m))
    rows = exact[1].reshape(groups, o, -1)
    expected = np.einsum("gok,bgkm->bgom", rows, seen).reshape(b, o * groups, *m) + exact[2].reshape(-1, *[1] * n)
    ys = exact[3].reshape(b, groups, o, prod(m))
    weight = np.einsum("bgom,bgkm->gok", ys, seen).reshape(exact[1].shape)
    cols = np.einsum("gok,bgom->bgkm", rows, ys).reshape(b, c * groups, *kernel, *m)
    room = np.zeros((b, c * groups, *[s + 2 * p for s, p in zip(sizes, padding, strict=True)]))
    for place in itertools.product(*map(range, kernel)):
        at = tuple(slice(p * d, p * d + (k - 1) * s + 1, s) for p, d, k, s in zip(place, dilation, m, stride, strict=True))
        room[(slice(None), slice(None), *at)] += cols[(slice(None), slice(None), *place)]
    given = room[(slice(None), slice(None), *[slice(p, p + s) for p, s in zip(padding, sizes, strict=True)])]
    eps = {"float32": 2e-6, "float64": 1e-14, "bfloat16": 4e-3}[dtype]
    for found, wanted in ((got, expected), (x.grad, given), (w.grad, weight)):
        np.testing.assert_allclose(found.detach().double().numpy(), wanted, rtol=eps, atol=eps * np.abs(wanted).max())
    by_pack("convolution", "conv_input", "conv_weight")


def test_what_is_infinite_stays_where_it_is_met():
    x = corelib.ones(2, 1, 6, 6)
    x[0, 0, 0, 0] = float("inf")
    x[1, 0, 5, 5] = float("nan")
    w = corelib.ones(1, 1, 3, 3).requires_grad_()
    got = F.conv2d(x, w)
    assert got.isinf().nonzero().tolist() == [[0, 0, 0, 0]]
    assert got.isnan().nonzero().tolist() == [[1, 0, 3, 3]]
    got.backward(corelib.ones(2, 1, 4, 4))
    assert w.grad.isinf().nonzero().tolist() == [[0, 0, 0, 0]]
    assert w.grad.isnan().nonzero().tolist() == [[0, 0, 2, 2]]


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_depthwise_weight_meets_what_is_not_finite_only_where_it_does(value):
    x = corelib.ones(3, 5, 9, 9)
    x[1, 2, 0, 0] = value
    w = corelib.ones(5, 1, 3, 3).requires_grad_()
    y = F.conv2d(x, w, padding=1, groups=5)
    y.backward(corelib.ones(y.shape))
    odd = [[2, 0, i, j] for i in (0, 1) for j in (0, 1)]  # the place before the middle one would meet it beyond the edge
    assert (~w.grad.isfinite()).nonzero().tolist() == odd
    assert w.grad[0, 0].tolist() == [[192.0, 216.0, 192.0], [216.0, 243.0, 216.0], [192.0, 216.0, 192.0]]


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_a_gradient_that_is_repeated_in_memory_is_read_as_one_that_is_not(groups):
    rng = np.random.default_rng(0)
    x, w, bias = (corelib.from_numpy(rng.standard_normal(s).astype("f4")).requires_grad_() for s in ((3, 6, 11, 20), (6, 6 // groups, 3, 3), (6,)))
    found = []
    for g in (corelib.ones(()).expand(3, 6, 11, 20), corelib.ones(3, 6, 11, 20)):
        found.append([t.numpy() for t in corelib.autograd.grad(F.conv2d(x, w, bias, padding=1, groups=groups), (x, w, bias), g)])
    for repeated, plain in zip(*found, strict=True):
        np.testing.assert_array_equal(repeated, plain)


def test_bits_do_not_depend_on_the_number_of_threads():
    program = """
import hashlib, numpy as np, corelib
rng, made = np.random.default_rng(0), hashlib.sha256()
for b, c, o, n in ((4, 64, 64, 28), (3, 128, 128, 5), (40, 1, 16, 20)):
    x, w = (corelib.from_numpy(rng.standard_normal(s).astype("f4")).requires_grad_() for s in ((b, c, n, n), (o, c, 3, 3)))
    y = corelib.nn.functional.max_pool2d(corelib.nn.functional.conv2d(x, w, padding=1), 2)
    y.square().sum().backward()
    for t in (y.detach(), x.grad, w.grad):
        made.update(t.numpy().tobytes())
for groups, stride in ((64, 1), (64, 2), (4, 2)):
    x, w = (corelib.from_numpy(rng.standard_normal(s).astype("f4")).requires_grad_() for s in ((9, 64, 28, 27), (64, 64 // groups, 3, 3)))
    corelib.nn.functional.conv2d(x, w, padding=1, stride=stride, groups=groups).square().sum().backward()
    for t in (x.grad, w.grad):
        made.update(t.numpy().tobytes())
print(made.hexdigest())
"""
    found = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": str(n), "OPENBLAS_NUM_THREADS": "1"}).stdout
        for n in (1, 2, 3)
    }
    assert len(found) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("how", [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (4, 3, 2, 1)])
@pytest.mark.parametrize("odd", [False, True])
def test_max_pool(how, dtype, odd):
    k, s, p, d = how
    rng = np.random.default_rng(0)
    a = rng.integers(-9, 9, (2, 3, 11, 23)).astype("f4")
    if odd:
        a[rng.random(a.shape) < 0.1] = np.nan
        a[rng.random(a.shape) < 0.6] = -np.inf
    x = corelib.from_numpy(a).to(getattr(corelib, dtype))
    values, places = F.max_pool2d(x, k, s, p, d, return_indices=True)
    for b, c, h, w in np.ndindex(*values.shape):
        best, where = None, None
        for i, j in itertools.product(range(k), repeat=2):
            y, z = h * s - p + i * d, w * s - p + j * d
            if 0 <= y < 11 and 0 <= z < 23 and (best is None or a[b, c, y, z] > best or np.isnan(a[b, c, y, z])):
                best, where = a[b, c, y, z], y * 23 + z
        assert places[b, c, h, w].item() == where
        np.testing.assert_equal(float(values[b, c, h, w]), float(best))
    by_pack("max_windows")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (1, 1)), ((11, 40), (11, 40), (0, 0)), ((5, 17), (3, 2), (2, 3))])
@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last"])
def test_avg_pool_and_its_gradient(how, dtype, layout):
    kernel, stride, padding = how
    a = np.random.default_rng(0).standard_normal((2, 3, 11, 40)).astype(dtype)
    x = laid_out(corelib.from_numpy(a), layout).detach().requires_grad_()
    got = F.avg_pool2d(x, kernel, stride, padding)
    expected = windows(a.astype("f8"), kernel, stride, padding, (1, 1)).mean((2, 3))
    y = np.random.default_rng(1).standard_normal(expected.shape)
    got.backward(corelib.from_numpy(y.astype(dtype)))
    room = np.zeros((2, 3, 11 + 2 * padding[0], 40 + 2 * padding[1]))
    for h, w in np.ndindex(*expected.shape[2:]):
        room[:, :, h * stride[0] : h * stride[0] + kernel[0], w * stride[1] : w * stride[1] + kernel[1]] += y[:, :, h : h + 1, w : w + 1] / prod(kernel)
    eps = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=eps, atol=eps)
    np.testing.assert_allclose(x.grad.numpy(), room[:, :, padding[0] : padding[0] + 11, padding[1] : padding[1] + 40], rtol=eps, atol=eps)
    by_pack("window_sum", "window_spread")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float32"])
@pytest.mark.parametrize("pads", [(1, 2), (0, 3, -1, 1), (-2, -1, 2, 0), (-5, 4, 0, 0, 1, 1)])
@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last"])
def test_constant_pad(dtype, pads, layout):
    a = np.arange(3 * 4 * 5).reshape(3, 4, 5) % 7
    x = laid_out(corelib.from_numpy(a).to(getattr(corelib, dtype)), layout)
    got = F.pad(x, pads, value=1)
    sides = [(0, 0)] * (3 - len(pads) // 2) + [(pads[i], pads[i + 1]) for i in range(len(pads) - 2, -1, -2)]
    kept = a[tuple(slice(max(-p, 0), n + min(q, 0)) for (p, q), n in zip(sides, a.shape, strict=True))]
    expected = np.pad(kept, [(max(p, 0), max(q, 0)) for p, q in sides], constant_values=1)
    np.testing.assert_array_equal(got.double().numpy(), expected.astype(bool) if dtype == "bool" else expected)
    by_pack("constant_pad")


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 0, 1), (2, 2, 2)])
def test_a_weight_that_is_not_finite_meets_no_zero_beyond_the_edge(bad, stride, padding, dilation):
    w = np.ones((3, 2, 3, 3), np.float32)
    w[0, 1, 0, 2] = bad
    x = corelib.zeros(1, 2, 9, 9, requires_grad=True)
    y = F.conv2d(x, corelib.from_numpy(w), stride=stride, padding=padding, dilation=dilation)
    y.backward(corelib.ones_like(y))
    meets = np.zeros((9, 9), bool)  # where the element of the input and that weight are in one product
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            h, v = i * stride - padding, j * stride - padding + 2 * dilation
            if 0 <= h < 9 and 0 <= v < 9:
                meets[h, v] = True
    assert (~np.isfinite(x.grad.numpy()[0, 1]) == meets).all() and np.isfinite(x.grad.numpy()[0, 0]).all()
