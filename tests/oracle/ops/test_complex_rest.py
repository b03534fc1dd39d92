"""What complex numbers do in ops that are not made for them first, beside PyTorch: numbers, losses, modules, scans, indexing and testing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import corelib

from ..pairs import as_array, both, errors_of, quiet

RNG = np.random.default_rng(3)
Z = RNG.standard_normal((2, 3)) + 1j * RNG.standard_normal((2, 3))


def _named(T: Any, grad: bool = False) -> dict[str, Any]:
    z = T.from_numpy(Z.copy())
    return {"T": T, "z": z.requires_grad_(grad), "x": z[0], "r": T.arange(3.0, dtype=T.float64), "i": T.tensor([0, 0]), "F": T.nn.functional}


VALUES = [
    "x.clone().div_(2)", "x.clone().__itruediv__(2)", "x.clone().div_(2j)", "x.clone().div_(x)", "T.linspace(0, 1j, 3)", "T.linspace(0, 1, 3, dtype=T.complex64)", "T.linspace(1, 2j, 5, dtype=T.complex128)", "T.linspace(-100, 100, 401, dtype=T.complex64)", "T.linspace(2j, 1, 1)", "T.linspace(T.tensor(1j), T.tensor(2.0), 4)", "T.logspace(0, 1j, 3)", "T.logspace(0, 1, 3, dtype=T.complex64)",
    "x.index_fill(0, i[:1], 1j)", "x.masked_fill(r > 0, 1j)", "T.where(r > 0, x, 1j)", "T.where(r > 0, 1j, 2.0)", "T.where(r > 0, 1j, r)", "T.full((2,), 1j)", "x.scatter(0, i[:1], 1j)", "x.scatter_reduce(0, i, x, 'mean')", "x.scatter_reduce(0, i, x, 'mean', include_self=False)", "x.scatter_reduce(0, i, x, 'prod')",
    "z.logsumexp(0)", "z.logsumexp((0, 1), True)", "x.logcumsumexp(0)", "z.logcumsumexp(1)", "T.logaddexp(x, z)", "T.logaddexp(x, x)", "T.logaddexp(x, z * 1000)", "x.ldexp(T.tensor([1, 2, 3]))", "F.silu(z)", "F.rms_norm(z, (3,))", "F.rms_norm(z, (3,), x)", "T.linalg.vander(x)", "T.linalg.vander(z, N=5)", "T.vander(x)", "T.nn.L1Loss()(x, x * 2)", "F.l1_loss(z, x, reduction='none')",
    "x.prod()", "z.cumprod(1)", "z.var(0)", "z.std()", "z.mean(1)", "x.sum(dtype=T.complex64)", "r.sum(dtype=T.complex64)", "T.allclose(x, x + 1e-12)", "T.isclose(x, x + 1e-3)", "T.isclose(x, x + 1e-3j, rtol=0, atol=2e-3)",
]  # fmt: skip


@pytest.mark.parametrize("expression", VALUES)
def test_values(expression: str) -> None:
    with quiet():
        mine, theirs = both(lambda T: eval(expression, _named(T)))
    if isinstance(theirs, bool):
        assert mine is theirs
        return
    assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
    single = "complex64" in str(theirs.dtype)
    np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-5 if single else 1e-10, atol=1e-5 if single else 1e-12)


DIFFERENTIABLE = ["z.logsumexp(0)", "z.logcumsumexp(1)", "T.logaddexp(x, z[1])", "x.ldexp(r)", "F.rms_norm(z, (3,))", "T.linalg.vander(z, N=4)", "F.l1_loss(x, z[1] * 1j)"]


@pytest.mark.parametrize("expression", DIFFERENTIABLE)
def test_gradients(expression: str) -> None:
    def differentiated(T: Any) -> Any:
        names = _named(T, True)
        made = eval(expression, names)
        weights = RNG.__class__(np.random.PCG64(1)).standard_normal(tuple(made.shape)) * (1 + 2j if made.is_complex() else 1)
        made.backward(T.from_numpy(np.asarray(weights)).to(made.dtype))
        return names["z"].grad

    mine, theirs = both(differentiated)
    np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-9, atol=1e-12)


REFUSED = ["F.mse_loss(x, x * 2)", "T.linspace(0, 1j, 3, dtype=T.float32)", "x.nansum()", "x.floor()", "x.clone().random_()", "T.randint(0, 3, (2,), dtype=T.complex64)", "x.clone().geometric_(0.5)", "r.div_(1j)", "T.linalg.vander(x, N=1)", "T.testing.assert_close(1 + 1j, 1 + 2j)", "T.testing.assert_close(x, x + 1)", "T.testing.assert_close(x, r)", "x.logcumsumexp(3)"]


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    mine, theirs = (type(e).__name__.replace("NotImplementedError", "RuntimeError") for e in errors_of(lambda T: eval(expression, _named(T))))
    assert mine == theirs


def test_modules_become_complex_and_real_again() -> None:
    with quiet():
        layer = corelib.nn.Linear(3, 2).to(corelib.cfloat)
    before = layer.weight.detach().real.clone()
    made = layer(corelib.tensor([1j, 2.0, 3.0]))
    assert made.dtype is corelib.complex64 and layer.weight.is_complex() and layer.weight.requires_grad
    made.abs().sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.is_complex()
    with quiet():
        layer.to(corelib.float64)
    assert layer.weight.dtype is corelib.float64 and bool((layer.weight == before.double()).all())
    with pytest.warns(UserWarning, match="Complex modules are a new feature"):
        corelib.nn.Linear(1, 1).to(corelib.complex128)


def test_tensors_to_test_with() -> None:
    make = corelib.testing.make_tensor
    made = make((40, 3), dtype=corelib.complex64, device="cpu", low=-1, high=2, requires_grad=True)
    parts = corelib.view_as_real(made.detach())
    assert made.requires_grad and float(parts.min()) >= -1 and 1 < float(parts.max()) < 2 and float(made.detach().imag.std()) > 0.5
    assert not make(4, 3, dtype=corelib.complex128, device="cpu", noncontiguous=True).is_contiguous()
    corelib.testing.assert_close(made.conj(), made.conj_physical())
    corelib.testing.assert_close(1j, 1j + 1e-9)
