"""Images of another size in C: values against products with matrices in float64, over modes, sizes, layouts and dtypes."""

from __future__ import annotations

import corelib
import numpy as np
import pytest
from corelib.ops.spatial import resampling

MODES = [(1, "nearest", False), (3, "nearest", False), (2, "nearest-exact", False), (1, "linear", False), (2, "bilinear", False), (3, "trilinear", False),
         (2, "bicubic", False), (2, "bilinear", True), (2, "bicubic", True), (2, "lanczos", True)]  # fmt: skip
SIZES = [((5, 7, 6), (10, 14, 12)), ((5, 7, 6), (3, 4, 2)), ((5, 7, 6), (5, 9, 6)), ((1, 4, 9), (3, 1, 20)), ((40, 9, 5), (130, 30, 70))]
CLOSE = {"float32": 3e-6, "float64": 1e-14, "bfloat16": 2e-2, "float16": 2e-3}


def matrix(m: int, o: int, mode: str, antialias: bool, corners: bool, dtype: str) -> np.ndarray:
    if mode.startswith("nearest"):
        return np.eye(m)[resampling._nearest(m, o, m / o, mode, np.float64 if dtype == "float64" else np.float32)]
    if not antialias and mode != "bicubic":
        centres, low = resampling._neighbours(m, o, corners, m / o, single=dtype == "float32")
        second = np.array(centres) - low
        return (np.eye(m)[low].T * (1 - second) + np.eye(m)[np.minimum(np.array(low) + 1, m - 1)].T * second).T
    windows = resampling.windows_of(mode, antialias, dtype == "float32")
    return resampling.matrix_of(windows(m, o, corners, m / o), m)


def laid_out(t, how: str):
    if how == "gaps":
        return t.new_zeros([2 * n for n in t.shape])[tuple(slice(None, None, 2) for _ in t.shape)].copy_(t)
    return t.movedim(1, -1).contiguous().movedim(-1, 1) if how == "channels last" else t


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last"])
@pytest.mark.parametrize(("n", "mode", "antialias"), MODES)
def test_values_and_gradients(n, mode, antialias, layout, dtype, counted):
    rng = np.random.default_rng(0)
    for corners in {False, not mode.startswith("nearest") and mode != "lanczos"}:
        for sizes, to in SIZES:
            matrices = [matrix(m, o, mode, antialias, corners, dtype) for m, o in zip(sizes[:n], to, strict=False)]
            for values, turned in ((rng.standard_normal((2, 3, *sizes[:n])), False), (rng.standard_normal((2, 3, *to[:n])), True)):
                x = laid_out(corelib.tensor(values, dtype=getattr(corelib, dtype)), layout)
                expected = x.double().numpy()
                for d, by in enumerate(matrices):
                    expected = np.moveaxis(np.moveaxis(expected, 2 + d, -1) @ (by if turned else by.T), -1, 2 + d)
                op = resampling.resample_backward if turned else resampling.resample
                spacings = tuple(m / o for m, o in zip(sizes[:n], to, strict=False))
                made = op(x, (sizes if turned else to)[:n], spacings, mode, corners, antialias)
                assert made.is_contiguous() is (layout != "channels last" or n == 1)
                scale = max(1, np.abs(expected).max())
                assert np.abs(made.double().numpy() - expected).max() < CLOSE[dtype] * scale
    assert counted("resample") == counted("resample_backward") == "pack corelib-cpu-native"


def test_what_is_not_a_number_stays_where_it_is():
    x = corelib.zeros(1, 1, 4, 4)
    x[0, 0, 1, 1], x[0, 0, 3, 3] = float("nan"), float("inf")
    made = corelib.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    assert made.isnan().sum() == made.isinf().sum() == 4
    assert resampling.resample_backward(made, (4, 4), (0.5, 0.5), "nearest", False, False).isnan().sum() == 1
    smooth = corelib.nn.functional.interpolate(x, scale_factor=2, mode="bicubic", antialias=True)
    assert not smooth[0, 0, 7, 0].isnan()


def test_nothing_in_it():
    assert corelib.nn.functional.interpolate(corelib.ones(0, 2, 3, 3), size=5, mode="bilinear").shape == (0, 2, 5, 5)


@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last", "a part", "a part, channels last"])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_bytes_are_the_rounded_sums_of_their_windows(mode, antialias, layout, counted):
    rng = np.random.default_rng(0)
    sizes = [(1, 1), (2, 3), (7, 100), (15, 16), (64, 65), (130, 17), (40, 200)]
    for channels, m, others in [(c, *pair) for c in (1, 3, 20) for pair in sizes]:
        values = rng.integers(0, 256, (2, channels, m, others)).astype("uint8")
        values[0] = np.where(values[0] > 127, 255, 0)
        x = laid_out(corelib.tensor(values), "channels last" if layout.endswith("channels last") else layout)
        x = x[:, :, m // 3 :, others // 4 :] if layout.startswith("a part") else x
        for dim, o in [(2, 1), (3, 1), (2, 5), (3, 33), (2, 140), (3, 224)]:
            size = x.shape[dim]
            first, weights, bits = resampling._byte_windows(mode, antialias, size, o, False, size / o)
            matrix = resampling.matrix_of((first, weights.astype(np.int64)), size)
            sums = np.moveaxis(np.moveaxis(x.numpy().astype(np.int64), dim, -1) @ matrix.T, -1, dim)
            made = resampling.resized_along(x, dim, o, size / o, mode, False, antialias)
            assert (made.numpy() == ((sums + (1 << bits >> 1)) >> bits).clip(0, 255)).all()
    assert counted("resample_along") == "pack corelib-cpu-native"
