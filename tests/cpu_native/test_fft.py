"""Fourier transforms in C: values against NumPy's in float64, over lengths, dimensions, norms and layouts."""

from __future__ import annotations

import corelib
import numpy as np
import pytest
from corelib.autograd import forward_ad

SHAPES = [(1,), (2,), (3,), (4,), (5,), (7,), (8,), (12,), (35,), (210,), (1024,), (3, 128), (20, 60), (2, 3, 4, 5), (40, 256), (5, 49, 9), (4096,), (3, 288)]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ["fftn", "ifftn"])
def test_values(name, norm, dtype, counted):
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        x = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
        for dims in {(-1,), (0,), tuple(range(len(shape)))}:
            expected = getattr(np.fft, name)(x.astype("complex128"), axes=dims, norm=norm)
            for given in (corelib.from_numpy(x), corelib.from_numpy(x.T.copy()).permute(*reversed(range(x.ndim)))):
                made = getattr(corelib.fft, name)(given, dim=dims, norm=norm).numpy()
                assert np.abs(made - expected).max() < (1e-6 if dtype == "complex64" else 4e-15) * np.abs(expected).max()
    assert counted("fft_complex") == "pack corelib-cpu-native"


def test_a_length_with_another_factor_is_numpys(counted):
    assert corelib.fft.fft(corelib.ones(11)).real.tolist()[0] == 11
    assert counted("fft_complex") == "native"


def test_what_is_not_finite():
    assert corelib.fft.fft(corelib.tensor([1.0, float("inf"), 0.0, 1.0])).real[0] == float("inf")
    assert corelib.fft.fft(corelib.tensor([1.0, float("nan"), 0.0, 1.0])).isnan().all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_real_numbers_there_and_back(norm, dtype, counted):
    rng = np.random.default_rng(0)
    close = 1e-6 if dtype == "float32" else 4e-15
    for shape in [(2,), (4,), (6,), (16,), (70,), (1024,), (3, 128), (20, 60), (2, 4, 6), (40, 30), (4096,), (3, 576)]:
        x = rng.standard_normal(shape).astype(dtype)
        for dim in [d for d, n in enumerate(shape) if n % 2 == 0]:
            for given in (corelib.from_numpy(x), corelib.from_numpy(x.T.copy()).permute(*reversed(range(x.ndim)))):
                made = corelib.fft.rfft(given, dim=dim, norm=norm)
                expected = np.fft.rfft(x.astype("f8"), axis=dim, norm=norm)
                assert np.abs(made.numpy() - expected).max() < close * np.abs(expected).max()
                back = corelib.fft.irfft(made, dim=dim, norm=norm).numpy()
                assert back.dtype == dtype
                assert np.abs(back - x).max() < close * 4
    assert counted("fft_half") == counted("fft_whole") == "pack corelib-cpu-native"


def test_what_is_imaginary_where_it_cannot_be_is_left_out():
    x = corelib.tensor([1 + 5j, 2 + 1j, 3 - 7j])
    expected = np.fft.irfft(np.array([1, 2 + 1j, 3]))
    assert np.abs(corelib.fft.irfft(x).numpy() - expected).max() < 1e-6


def test_tangents_go_through_the_body_of_an_op_whose_kernel_has_no_derivative():
    x, t = corelib.randn(4, 6), corelib.randn(4, 6)
    with forward_ad.dual_level():
        made = corelib.fft.rfft2(forward_ad.make_dual(x, t))
        tangent = forward_ad.unpack_dual(made).tangent
    assert corelib.allclose(made, corelib.fft.rfft2(x), atol=1e-5) and corelib.allclose(tangent, corelib.fft.rfft2(t), atol=1e-5)
