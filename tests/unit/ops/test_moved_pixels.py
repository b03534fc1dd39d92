"""Images flipped and resized on cpu: bytes eight at a time, and outputs in bands, against NumPy's plain ways."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest
from corelib.ops.spatial import resampling


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", "float32"])
@pytest.mark.parametrize("shape", [(16,), (3, 5, 24), (3, 5, 23), (0, 8), (2, 8, 1)])
def test_a_flip_turns_every_dimension_it_names(shape, dtype):
    values = np.random.default_rng(0).integers(0, 128, shape).astype(dtype)
    for dims in {(0,), (-1,), (0, -1), tuple(range(len(shape)))} if len(shape) > 1 else {(0,)}:
        for x, plain in ((torch.tensor(values), values), (torch.tensor(values).transpose(0, -1), values.swapaxes(0, -1))):
            assert (x.flip(dims).numpy() == np.flip(plain, dims)).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize(("mode", "antialias"), [("bilinear", True), ("bicubic", True), ("lanczos", True), ("bicubic", False), ("bilinear", False)])
def test_outputs_are_the_sums_of_their_windows(mode, antialias, dtype):
    rng = np.random.default_rng(0)
    for m, o in [(1, 1), (1, 40), (40, 1), (3, 2), (64, 65), (100, 33), (500, 7), (7, 300)]:
        values = rng.integers(0, 256, (2, 3, m, m)).astype(dtype)
        for dim in (2, 3):
            made = resampling.resized_along(torch.tensor(values), dim, o, m / o, mode, False, antialias).numpy()
            if dtype == "uint8":
                first, weights, bits = resampling._byte_windows(mode, antialias, m, o, False, m / o)
            else:
                first, weights = resampling.windows_of(mode, antialias, dtype == "float32")(m, o, False, m / o)
            matrix = resampling.matrix_of((first, weights.astype("int64" if dtype == "uint8" else "float64")), m)
            sums = np.moveaxis(np.moveaxis(values.astype(matrix.dtype), dim, -1) @ matrix.T, -1, dim)
            if dtype == "uint8":
                assert (made == ((sums + (1 << bits >> 1)) >> bits).clip(0, 255)).all()
            else:
                assert np.abs(made - sums).max() < (3e-4 if dtype == "float32" else 1e-11)
