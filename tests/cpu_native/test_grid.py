"""Images read at places of a grid in C: values against the body, which has the gradients, over modes, paddings, layouts and dtypes."""

from __future__ import annotations

import corelib
import numpy as np
import pytest
from corelib.nn.functional import grid_sample

CLOSE = {"float32": 3e-5, "float64": 1e-12}
SIZES = [((2, 3, 7, 9), (11, 5)), ((1, 1, 1, 1), (3, 3)), ((1, 4, 30, 20), (3, 700)), ((3, 2, 1, 6), (4, 4))]


def laid_out(t, how: str):
    if how == "gaps":
        return t.new_zeros([2 * n for n in t.shape])[tuple(slice(None, None, 2) for _ in t.shape)].copy_(t)
    return t.movedim(1, -1).contiguous().movedim(-1, 1) if how == "channels last" else t


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("layout", ["plain", "gaps", "channels last"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_values(mode, padding, layout, dtype, counted):
    rng = np.random.default_rng(0)
    for corners in (False, True):
        for shape, to in SIZES:
            x = laid_out(corelib.tensor(rng.standard_normal(shape), dtype=getattr(corelib, dtype)), layout)
            places = rng.random((shape[0], *to, 2)) * 3 - 1.5
            places[0, 0] = [0, -1]  # in the midst and on the edge
            if shape[-1] > 1:
                places[0, 1, 0], places[0, 1, 1], places[0, 2, 1] = [np.nan, 0.5], [np.inf, 0], [0, 1]
            grid = laid_out(corelib.tensor(places, dtype=x.dtype), layout if layout == "gaps" else "plain")
            expected = grid_sample(x.clone().requires_grad_(), grid, mode, padding, corners).detach().numpy()
            assert counted("grid_sample") != "pack corelib-cpu-native"
            made = grid_sample(x, grid, mode, padding, corners)
            assert counted("grid_sample").endswith("pack corelib-cpu-native")
            assert np.allclose(made.numpy(), expected, rtol=CLOSE[dtype], atol=CLOSE[dtype], equal_nan=True), (corners, shape)
            corelib.backends.reset_report()


def test_what_is_not_a_number_stays_where_it_is():
    x = corelib.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = float("inf")
    grid = corelib.nn.functional.affine_grid(corelib.eye(2, 3)[None] * 0.5, (1, 1, 4, 4), align_corners=False)
    assert bool(grid_sample(x, grid, align_corners=False).isfinite()[..., 2:, 2:].all())
    outside = grid_sample(x, grid * 0 + 5, align_corners=False)
    assert outside.tolist() == grid_sample(x.requires_grad_(), grid * 0 + 5, align_corners=False).tolist() == corelib.zeros(1, 1, 4, 4).tolist()


def test_nothing_in_it():
    assert grid_sample(corelib.ones(2, 0, 3, 3), corelib.zeros(2, 4, 5, 2), align_corners=False).shape == (2, 0, 4, 5)
    assert grid_sample(corelib.ones(0, 2, 3, 3), corelib.zeros(0, 4, 5, 2), align_corners=False).shape == (0, 2, 4, 5)
