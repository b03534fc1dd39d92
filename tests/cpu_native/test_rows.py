"""Kernels in C that work on rows: reductions, softmax, norms, cross entropy, places of extremes, running totals.

Each is compared with what NumPy makes of the same numbers in float64, and the report must say that the pack computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import corelib as torch
import numpy as np
import pytest
from corelib.backends import report, set_report

pytest.importorskip("corelib_cpu_native")
F = torch.nn.functional
TOLERANCE = {torch.float16: 4e-3, torch.bfloat16: 3e-2, torch.float32: 1e-5, torch.float64: 1e-12}
FLOATS = tuple(TOLERANCE)
SHAPES = ((7,), (32, 10), (70, 33), (2, 300, 3), (3, 70, 130), (2, 3, 9, 8), (2, 40000), (40000, 2))


@pytest.fixture(autouse=True)
def native() -> Iterator[Callable[..., None]]:
    """`native(*ops)` asserts that the pack computed these."""

    def check(*ops: str) -> None:
        lines = [line for line in str(report()).splitlines() if line.startswith("cpu") and "corelib-cpu-native" in line]
        computed = {line.split()[3] for line in lines}
        assert set(ops) <= computed, report()

    set_report(True)
    yield check
    set_report(False)


def made(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    values = np.random.default_rng(seed).standard_normal(shape) * 2 + 0.5
    return torch.from_numpy(values).to(dtype)


def layouts(x: torch.Tensor) -> Iterator[torch.Tensor]:
    yield x
    yield x[..., ::2]
    if x.ndim > 1:
        yield x.transpose(0, -1)
        yield x[:1].expand(*x.shape)
    if x.ndim == 4:
        yield x.contiguous(memory_format=torch.channels_last)


def wide(x: torch.Tensor) -> np.ndarray:
    return x.detach().double().numpy()


def near(found: torch.Tensor, expected: np.ndarray, times: float = 1) -> None:
    tolerance = TOLERANCE[found.dtype] * times
    np.testing.assert_allclose(wide(found), expected, rtol=tolerance, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_reductions_of_floats_along_any_dimensions(dtype: torch.dtype, native: Callable[..., None]) -> None:
    for shape in SHAPES:
        for x in layouts(made(shape, dtype)):
            n = x.ndim
            for dims in {(0,), (n - 1,), (n // 2,), tuple(range(n)), (0, n - 1) if n > 1 else (0,)}:
                values, along = wide(x), {"axis": dims, "keepdims": n == 3}
                near(x.sum(dims, n == 3), values.sum(**along), 30)
                near(x.mean(dims, n == 3), values.mean(**along))
                near(x.amax(dims, n == 3), values.max(**along))
                near(x.amin(dims, n == 3), values.min(**along))
                near(torch.linalg.vector_norm(x, 2, dims, n == 3), np.sqrt((values * values).sum(**along)))
                if np.prod([x.shape[d] for d in dims]) > 1:
                    near(x.var(dims, keepdim=n == 3), values.var(**along, ddof=1))
                    near(x.std(dims, keepdim=n == 3), values.std(**along, ddof=1))
    native("sum", "mean", "amax", "amin", "vector_norm", "variance", "deviation")


def test_reductions_of_integers_and_bool(native: Callable[..., None]) -> None:
    for shape in SHAPES:
        for x in layouts((made(shape, torch.float32) * 3).to(torch.int64)):
            values = x.numpy()
            for d in range(x.ndim):
                assert np.array_equal(x.sum(d).numpy(), values.sum(d))
                assert np.array_equal(x.prod(d).numpy(), values.prod(d))
                assert np.array_equal(x.amax(d).numpy(), values.max(d))
                assert np.array_equal((x > 2).any(d).numpy(), (values > 2).any(d))
                assert np.array_equal((x > 2).all(d).numpy(), (values > 2).all(d))
            assert x.max().item() == values.max()
            assert x.to(torch.int16).min().item() == values.min()
    native("sum", "prod", "amax", "any", "all", "max_all", "min_all")


def test_a_long_sum_keeps_its_digits() -> None:
    ones = torch.ones(1 << 25)
    assert ones.sum().item() == 1 << 25
    assert torch.ones(1 << 20, 3).sum(0).tolist() == [1 << 20] * 3
    tenths = torch.full((1 << 22,), 0.1)
    assert abs(tenths.mean().item() - np.float32(0.1)) < 2e-7
    assert abs((tenths + 1000).var().item()) < 1e-6


def test_nan_and_infinity_remain() -> None:
    x = torch.tensor([[1.0, float("nan"), 3.0], [float("inf"), 2.0, 1.0], [0.0, float("-inf"), float("inf")]]).repeat(1, 30)
    for t, d in ((x, 1), (x.t(), 0), (x.t().contiguous(), 0)):
        assert str(t.amax(d).tolist()) == "[nan, inf, inf]"
        assert str(t.sum(d).tolist()) == "[nan, inf, nan]"
        assert t.argmax(d).tolist() == [1, 0, 2]
        assert t.max(d).indices.tolist() == [1, 0, 2]
        assert t.min(d).indices.tolist() == [1, 2, 1]
    assert torch.softmax(torch.tensor([[1.0, float("-inf")]]), 1).tolist() == [[1.0, 0.0]]
    assert torch.isnan(torch.softmax(x, 1)).all()


def test_empty_ones() -> None:
    x = torch.ones(0, 3)
    assert x.sum(0).tolist() == [0, 0, 0]
    assert x.prod(0).tolist() == [1, 1, 1]
    assert x.sum(1).shape == (0,)
    assert str(x.mean(0).tolist()) == "[nan, nan, nan]"
    with pytest.raises((RuntimeError, IndexError)):
        x.amax(0)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_softmax_and_its_derivatives(dtype: torch.dtype, native: Callable[..., None]) -> None:
    for shape in ((7,), (32, 10), (3, 5000), (2, 8, 600), (2, 3, 9, 8)):
        for x in layouts(made(shape, dtype)):
            for d in range(x.ndim):
                e = np.exp(wide(x) - wide(x).max(d, keepdims=True))
                y, g = e / e.sum(d, keepdims=True), made(tuple(x.shape), dtype, 1)
                for function, expected in ((torch.softmax, y), (torch.log_softmax, np.log(y))):
                    leaf = x.detach().clone().requires_grad_()
                    found = function(leaf, d)
                    near(found, expected)
                    found.backward(g)
                    gw = wide(g)
                    slope = y * (gw - (gw * y).sum(d, keepdims=True)) if function is torch.softmax else gw - y * gw.sum(d, keepdims=True)
                    assert leaf.grad is not None
                    near(leaf.grad, slope, 30)
    native("softmax_along", "log_softmax_along", "softmax_backward", "log_softmax_backward")


def normalized(x: np.ndarray, g: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows normalized, and the gradients of rows; w and b fit beside them."""
    scale = 1 / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    hat = (x - x.mean(1, keepdims=True)) * scale
    gw = g * w
    return hat * w + b, (gw - gw.mean(1, keepdims=True) - hat * (gw * hat).mean(1, keepdims=True)) * scale, g * hat


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_layer_norm_and_its_derivative(dtype: torch.dtype, native: Callable[..., None]) -> None:
    for shape in ((5,), (32, 10), (3, 5000), (300, 70), (4, 3, 50)):
        x, g = made(shape, dtype).requires_grad_(), made(shape, dtype, 1)
        w, b = made(shape[-1:], dtype, 2).requires_grad_(), made(shape[-1:], dtype, 3).requires_grad_()
        y = F.layer_norm(x, shape[-1:], w, b)
        y.backward(g)
        rows = (-1, shape[-1])
        expected, slope, along = normalized(wide(x).reshape(rows), wide(g).reshape(rows), wide(w), wide(b))
        assert x.grad is not None and w.grad is not None and b.grad is not None
        near(y, expected.reshape(shape), 4)
        near(x.grad, slope.reshape(shape), 10)
        near(w.grad, along.sum(0), 40)
        near(b.grad, wide(g).reshape(rows).sum(0), 40)
    native("layer_norm", "layer_norm_backward")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_batch_norm_and_its_derivative(dtype: torch.dtype, native: Callable[..., None]) -> None:
    def channels(t: torch.Tensor) -> np.ndarray:
        return np.moveaxis(wide(t), 1, 0).reshape(t.shape[1], -1)

    for shape in ((8, 5), (3000, 40), (4, 3, 50), (2, 8, 6, 10), (3, 2, 40, 50)):
        x, g = made(shape, dtype).requires_grad_(), made(shape, dtype, 1)
        w, b = made(shape[1:2], dtype, 2).requires_grad_(), made(shape[1:2], dtype, 3).requires_grad_()
        y = F.batch_norm(x, None, None, w, b, True)
        y.backward(g)
        expected, slope, along = normalized(channels(x), channels(g), wide(w)[:, None], wide(b)[:, None])
        assert x.grad is not None and w.grad is not None
        near(torch.from_numpy(channels(y)).to(dtype), expected, 4)
        near(torch.from_numpy(channels(x.grad)).to(dtype), slope, 10)
        near(w.grad, along.sum(1), 40)
    native("batch_norm_training", "batch_norm_backward")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_and_its_derivative(dtype: torch.dtype, reduction: str, native: Callable[..., None]) -> None:
    for shape in ((1, 3), (32, 10), (3, 5000), (2, 8, 30, 30), (40, 33, 2)):
        for ignored in (-100, 1):
            y = np.random.default_rng(5).integers(0, shape[1], (shape[0], *shape[2:]))
            x, target = made(shape, dtype).requires_grad_(), torch.from_numpy(y)
            loss = F.cross_entropy(x, target, ignore_index=ignored, reduction=reduction)
            loss.sum().backward()
            values, used = wide(x), np.expand_dims(y != ignored, 1)
            p = np.exp(values - values.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            one = np.moveaxis(np.eye(shape[1])[y], -1, 1)
            each, slope = -(np.log(p) * one).sum(1) * used[:, 0], (p - one) * used
            with np.errstate(invalid="ignore"):
                n = used.sum() if reduction == "mean" else 1
                near(loss, each if reduction == "none" else each.sum() / n, 40)
                assert x.grad is not None
                near(x.grad, slope / n if used.any() else slope, 4)
    native("softmax_nll", "softmax_nll_backward")


def test_a_class_that_is_out_of_bounds_is_named() -> None:
    with pytest.raises(IndexError, match=r"cross_entropy\(\): Target 4 is out of bounds \(classes are 0 to 3, ignore_index is -100\)"):
        F.cross_entropy(torch.zeros(3, 4), torch.tensor([1, 4, 0]))
    with pytest.raises(IndexError, match=r"nll_loss\(\): Target -1 is out of bounds"):
        F.nll_loss(torch.zeros(3, 4), torch.tensor([1, -1, 0]))


def test_losses_of_pairs(native: Callable[..., None]) -> None:
    for shape in ((5,), (64, 700)):
        x, y = made(shape, torch.float32), made(shape, torch.float32, 1).sigmoid()
        a, t = wide(x), wide(y)
        near(F.mse_loss(x, y), ((a - t) ** 2).mean())
        near(F.mse_loss(x, y, reduction="none"), (a - t) ** 2)
        expected = (1 - t) * a + np.logaddexp(0, -a)
        near(F.binary_cross_entropy_with_logits(x, y), expected.mean())
        near(F.binary_cross_entropy_with_logits(x, y, reduction="none"), expected)
        near(F.binary_cross_entropy_with_logits(x, y, y, pos_weight=y + 1), (t * ((1 - t) * a + (1 + t * t) * np.logaddexp(0, -a))).mean())
    native("squared_error", "cross_entropy_of_logits")


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int64, torch.int32, torch.uint8], ids=str)
def test_places_of_extremes_are_the_first(dtype: torch.dtype, native: Callable[..., None]) -> None:
    for shape in SHAPES:
        for x in layouts((made(shape, torch.float32) * 3).round().clamp(0, 5).to(dtype)):
            values = wide(x)
            for d in range(x.ndim):
                assert np.array_equal(x.argmax(d).numpy(), values.argmax(d))
                assert np.array_equal(x.min(d).indices.numpy(), values.argmin(d))
                assert np.array_equal(wide(x.max(d).values), values.max(d))
            assert x.contiguous().argmin().item() == values.argmin()
    native("argmax", "argmin", "max_along", "min_along")


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int64], ids=str)
def test_running_totals(dtype: torch.dtype, native: Callable[..., None]) -> None:
    for shape in ((7,), (32, 10), (70, 33), (2, 300, 3), (3, 70, 130)):
        for x in layouts((made(shape, torch.float32) * 2).to(dtype)):
            for d in range(x.ndim):
                expected = wide(x).cumsum(d)
                if dtype is torch.int64:
                    assert np.array_equal(x.cumsum(d).numpy(), expected)
                    assert np.array_equal(x.cumprod(d).numpy(), x.numpy().cumprod(d))
                else:
                    near(x.cumsum(d), expected, 10)
    native("cumsum")
