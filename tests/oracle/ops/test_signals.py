"""Windows, spectra over time, and random complex numbers beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import corelib

from ..pairs import assert_close, both, both_seeded, errors_of

RNG = np.random.default_rng(5)
NUMBERS = {
    "r": RNG.standard_normal(40), "b": RNG.standard_normal((2, 40)), "z": RNG.standard_normal(40) + 1j * RNG.standard_normal(40),
    "w": 0.5 + RNG.random(8), "c": RNG.standard_normal(8) + 1j * RNG.standard_normal(8),
}  # fmt: skip

WINDOWS = [
    f"T.{name}_window({args})" for name in ("hann", "hamming", "blackman", "bartlett", "kaiser") for args in (
        "0", "1", "2", "3", "16", "17", "16, False", "17, False", "1, False", "9, dtype=T.float64", "5, requires_grad=True", "6, periodic=False, dtype=T.float64",
    )
] + ["T.hamming_window(9, True, 0.6, 0.3)", "T.kaiser_window(9, True, 3.0)", "T.kaiser_window(9, True, 0.5, dtype=T.float64)"]  # fmt: skip

SPECTRA = [
    *[f"T.stft({x}, 8, {args}return_complex=True)" for x in ("r", "b") for args in (
        "window=w, ", "3, window=w, ", "hop_length=8, window=w, ", "2, 6, window=w[:6], ", "2, 5, window=w[:5], center=False, ", "2, 5, window=w[:5], center=False, align_to_window=True, ",
        "window=w, normalized=True, ", "window=w, onesided=False, ", "window=w, center=False, ", "window=w, pad_mode='constant', ", "window=w, pad_mode='replicate', ",
    )],
    "T.stft(z, 8, window=w)", "T.stft(r, 8, window=c)", "T.stft(z, 8, window=c, normalized=True)", "r.stft(9, 2, 8, window=w, return_complex=True)",
    *[f"T.istft(T.stft({x}, 8, {args}window=w, return_complex=True), 8, {args}{more}window=w)" for x in ("r", "b") for args in ("", "3, ", "normalized=True, ", "onesided=False, ")
      for more in ("", "length=30, ", "center=False, ")],
    "T.istft(T.stft(r, 9, 2, 8, window=w, return_complex=True), 9, 2, 8, window=w)", "T.istft(T.stft(z, 8, window=w), 8, window=w, return_complex=True)",
    "T.stft(b, 8, window=w, return_complex=True).istft(8, window=w)",
]  # fmt: skip

REFUSED = [
    "T.hann_window(-1)", "T.kaiser_window(-2)", "T.hann_window(4, dtype=T.int64)", "T.hann_window(4.5)", "T.stft(r, 8)", "T.stft(z, 8, window=w, onesided=True)", "T.stft(r, 0, window=w, return_complex=True)",
    "T.stft(r, 90, window=w, return_complex=True)", "T.stft(r, 50, window=w, center=False, return_complex=True)", "T.stft(r, 8, 0, window=w, return_complex=True)", "T.stft(r, 8, 2, 9, window=w, return_complex=True)",
    "T.stft(r, 8, 2, 6, window=w, return_complex=True)", "T.stft(r.long(), 8, window=w, return_complex=True)", "T.stft(r[None, None], 8, window=w, return_complex=True)", "T.stft(r, 8, window=w, pad_mode='x', return_complex=True)",
    "T.stft(r, 8, window=w, center=True, align_to_window=True, return_complex=True)", "T.istft(r, 8, window=w)", "T.istft(T.stft(r, 8, window=w, return_complex=True), 9, window=w)",
    "T.istft(T.stft(r, 8, window=w, return_complex=True), 8, window=w, return_complex=True)", "T.istft(T.stft(r, 8, window=w, return_complex=True), 8, 20, window=w)", "T.istft(T.stft(r, 8, window=w, return_complex=True), 8, window=T.zeros(8))",
    "T.istft(T.stft(r, 8, window=w, return_complex=True), 8, window=c)", "T.istft(T.stft(r, 8, window=w, return_complex=True)[:, :0], 8, window=w)", "T.istft(T.stft(r, 8, window=w, return_complex=True), 8, window=w, length=0)",
]  # fmt: skip

DRAWN = [
    "T.randn(3, dtype=T.complex64)", "T.randn(20, dtype=T.complex128)", "T.rand(5, dtype=T.complex64)", "T.randn_like(T.zeros(3, dtype=T.complex64))", "T.zeros(20, dtype=T.complex64).normal_(1, 2)",
    "T.zeros(2, 3, dtype=T.complex64).t().uniform_(1, 3)", "T.rand_like(T.zeros(3, dtype=T.complex128))", "T.normal(T.zeros(3, dtype=T.complex64), T.ones(3))",
]  # fmt: skip


def named(T: Any) -> dict[str, Any]:
    return {"T": T, **{name: T.from_numpy(value.copy()) for name, value in NUMBERS.items()}}


def same(mine: Any, theirs: Any) -> None:
    slack = 2e-6 if str(theirs.dtype) in ("torch.float32", "torch.complex64") else 1e-12
    assert_close(mine, theirs, rtol=slack, atol=slack)
    assert mine.requires_grad == theirs.requires_grad


@pytest.mark.parametrize("expression", WINDOWS + SPECTRA)
def test_values(expression: str) -> None:
    same(*both(lambda T: eval(expression, named(T))))


@pytest.mark.parametrize("expression", [e for e in SPECTRA if "c," not in e])
def test_gradients(expression: str) -> None:
    def gradient(T: Any) -> Any:
        names = named(T)
        leaf = names["b" if "(b" in expression else "z" if "(z" in expression else "r"].requires_grad_()
        made = eval(expression, names)
        (made.abs() if made.is_complex() else made).pow(2).sum().backward()
        return leaf.grad

    same(*both(gradient))


@pytest.mark.parametrize("expression", REFUSED)
def test_refusals(expression: str) -> None:
    mine, theirs = errors_of(lambda T: eval(expression, named(T)))
    assert isinstance(mine, type(theirs)), [mine, theirs]


def test_a_missing_window_is_said() -> None:
    signal = corelib.ones(32)
    with pytest.warns(UserWarning, match="window was not provided"):
        corelib.stft(signal, 8, return_complex=True)
    with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
        parts = corelib.stft(signal, 8, window=corelib.ones(8), return_complex=False)
    assert parts.shape == (5, 17, 2)
    spectra = corelib.view_as_complex(parts)
    with pytest.warns(UserWarning, match="padded with zeros"):
        longer = corelib.istft(spectra, 8, window=corelib.ones(8), length=40)
    assert longer.shape == (40,) and not longer[36:].any()


@pytest.mark.parametrize("expression", DRAWN)
def test_random_complex_numbers(expression: str) -> None:
    same(*both_seeded(3, lambda T: eval(expression, {"T": T})))
