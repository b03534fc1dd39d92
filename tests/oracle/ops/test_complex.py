"""Complex numbers on the CPU beside PyTorch's: what is made, computed, differentiated, printed, saved, and refused."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import COUNTS
from ..pairs import LIBRARIES, assert_arrays_close, assert_close, both, errors_of

RNG = np.random.default_rng(3)
NUMBERS = {
    "z": RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3)), "w": RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3)),
    "v": RNG.standard_normal(3) + 1j * RNG.standard_normal(3), "r": RNG.standard_normal((3, 3)), "u": RNG.standard_normal((2, 4, 2)), "b": RNG.standard_normal((2, 3, 3)) + 1j * RNG.standard_normal((2, 3, 3)),
}  # fmt: skip

VALUES = [
    "z + w", "z - w", "z * w", "z / w", "z + 1", "2 - z", "z * 1j", "1j * r", "r + (1 + 2j)", "z + r", "r * z", "r / z", "z ** 2", "z ** 0.5", "2 ** z", "-z", "+z", "z.conj()", "z.conj_physical()", "z.abs()", "abs(z)", "z.angle()", "r.angle()", "z.sgn()", "r.sgn()",
    "z.real", "z.imag", "r.real", "T.real(z)", "T.imag(z)", "T.view_as_real(z)", "T.view_as_complex(u)", "T.complex(r, r * 2)", "T.polar(r.abs(), r)", "z.exp()", "z.log()", "z.sqrt()", "z.sin()", "z.cos()", "z.tan()", "z.sinh()", "z.cosh()", "z.tanh()",
    "z.asin()", "z.acos()", "z.atan()", "z.asinh()", "z.acosh()", "z.atanh()", "z.log2()", "z.log10()", "z.log1p()", "z.expm1()", "z.reciprocal()", "z.rsqrt()", "z.square()", "z.sigmoid()", "z.pow(3)", "z @ w", "z @ v", "v @ z", "v @ v", "b @ z", "T.bmm(b, b)", "T.mm(z, w)",
    "T.addmm(z, w, w, beta=2, alpha=1j)", "T.dot(v, v)", "T.vdot(v, v)", "T.outer(v, v)", "T.einsum('ij,jk->ik', z, w)", "z.sum()", "z.sum(0)", "z.mean()", "z.mean(1, keepdim=True)", "z.prod()", "z.prod(1)", "z.cumsum(0)", "z.cumprod(1)", "z == w", "z != w", "z.isnan()", "z.isfinite()", "z.isreal()", "r.isreal()",
    "z.t()", "z.mT", "z.mH", "z.H", "z.adjoint()", "z.T", "z[0]", "z[:, 1:]", "z[z.real > 0]", "T.where(r > 0, z, w)", "T.where(r > 0, z, 0)", "z.masked_fill(r > 0, 1j)", "T.cat([z, w])", "T.stack([z, r])", "z.flip(0)", "z.roll(1, 0)", "z.repeat(2, 1)", "z.reshape(9)", "z.index_select(0, T.tensor([2, 0]))",
    "z.gather(1, T.tensor([[0, 1], [2, 0], [1, 1]]))", "z.clone()", "z.to(T.complex64)", "z.cfloat()", "r.cdouble()", "r.to(T.complex64)", "z.to(T.bool)", "T.zeros(2, dtype=T.complex64)", "T.ones(2, 2, dtype=T.complex128)", "T.full((2,), 1 + 2j)", "T.eye(2, dtype=T.complex64)", "T.zeros_like(z)", "T.ones_like(z)", "T.full_like(z, 2j)",
    "T.tensor([1 + 2j, 3])", "T.tensor(1j)", "T.tensor([1, 2], dtype=T.complex64)", "T.arange(3).to(T.complex64)", "z.new_tensor([1j])", "z.new_zeros(2)", "T.as_tensor(z.numpy())", "T.diag(v)", "z.diagonal()", "z.trace()", "z.tril()", "T.tensordot(z, w, 1)", "T.kron(z, w)", "z.norm()", "v.norm(1)", "T.linalg.vector_norm(z, 3)",
    "T.linalg.norm(z)", "z.var()", "z.std(0)", "T.allclose(z, z)", "T.isclose(z, w)", "z.equal(z)", "T.result_type(z, r)", "T.promote_types(T.complex64, T.float64)", "T.can_cast(T.complex64, T.float32)", "z.is_complex()", "z.is_conj()", "z.resolve_conj()", "z.element_size()", "z.dtype", "T.linalg.inv(z)", "T.linalg.solve(z, w)", "T.linalg.det(z)",
    "z.addcmul(w, w, value=2)", "z.addcdiv(w, w)", "z.lerp(w, 0.5)", "T.view_as_real_copy(z)", "z.unsqueeze(0)", "z.expand(2, 3, 3)", "z.permute(1, 0)", "z.index_add(0, T.tensor([0, 0]), w[:2])", "z.put(T.tensor([0]), T.tensor([1j], dtype=T.complex128))", "z.sum().item()", "v.tolist()", "T.nn.functional.pad(z, (1, 1))", "z.nonzero()", "T.unbind(z)[0]",
    "T.complex(T.tensor(1.0), T.tensor(2.0))", "z.float if False else z", "T.isin(T.tensor([1.0]), T.tensor([1.0]))", "T.linalg.matrix_power(z, 2)", "T.linalg.eigvals(z).abs().sort()[0]", "T.linalg.eigvals(r).abs().sort()[0]",
]  # fmt: skip

DIFFERENTIABLE = [
    "z * w", "z / w", "z + r", "r * z", "z * 2j", "z.conj() * z", "z.abs()", "z.angle()", "z.sgn()", "z.real * z.imag", "T.view_as_real(z)", "T.view_as_complex(u)", "T.complex(r, r * r)", "T.polar(r.abs(), r)", "z.exp()", "z.log()", "z.sqrt()", "z.sin()", "z.tanh()", "z.pow(3)", "z ** w", "z.reciprocal()", "z @ w", "z @ v", "v @ v", "b @ z",
    "T.einsum('ij,jk->ik', z, w)", "z.sum()", "z.mean(0)", "z.prod()", "z.cumsum(0)", "z.t() + z.mH", "z[0] * z[1]", "T.where(r > 0, z, w)", "T.cat([z, w])", "z.reshape(9)", "z.to(T.complex64)", "r.to(T.complex128) * z", "z.norm()", "z.var()", "T.addmm(z, w, w)", "T.outer(v, v)", "z.addcmul(w, w)", "z.index_select(0, T.tensor([2, 0]))", "z.diagonal()",
    "T.linalg.solve(z, w)", "T.linalg.inv(z)", "T.linalg.det(z)", "T.fft.fft(z)", "T.fft.ifft(z, norm='ortho')", "T.fft.rfft(r)", "T.fft.irfft(z)", "T.fft.irfft(z, 5)", "T.fft.fft2(r)", "T.fft.hfft(z)", "T.fft.ihfft(r)", "T.fft.irfftn(z)", "T.fft.rfft2(r, norm='forward')", "T.linalg.eigvals(z).abs()", "z.square()", "z.sinh()", "z.atan()", "z.expm1()", "z.log1p()", "z.rsqrt()", "z.sigmoid()",
]  # fmt: skip


def named(T: Any, grad: bool = False) -> dict[str, Any]:
    found = {name: T.from_numpy(value.copy()) for name, value in NUMBERS.items()}
    return {"T": T, **{name: t.requires_grad_() if grad else t for name, t in found.items()}}


def same(mine: Any, theirs: Any) -> None:
    if hasattr(theirs, "numpy"):
        single = str(theirs.dtype) in ("torch.complex64", "torch.float32")
        assert_close(mine, theirs, rtol=1e-5 if single else 1e-9, atol=1e-6 if "complex64" in str(theirs.dtype) else 1e-9)
    elif isinstance(theirs, (complex, float, list)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    else:
        assert str(mine) == str(theirs)


@pytest.mark.parametrize("expression", VALUES)
def test_values(expression: str) -> None:
    mine, theirs = both(lambda T: eval(expression, named(T)))
    same(mine, theirs)
    COUNTS["complex expressions compared"] += 1


@pytest.mark.parametrize("expression", DIFFERENTIABLE)
def test_gradients(expression: str) -> None:
    def differentiated(T: Any) -> Any:
        names = named(T, True)
        result = eval(expression, names)
        parts = T.view_as_real(result.resolve_conj()) if result.is_complex() else result
        weights = T.from_numpy(np.random.default_rng(5).standard_normal(tuple(parts.shape))).to(parts.dtype)
        leaves = [names[n] for n in NUMBERS]
        return T.autograd.grad((parts * weights).sum(), leaves, allow_unused=True)

    for mine, theirs in zip(*both(differentiated), strict=True):
        assert (mine is None) == (theirs is None) or not (theirs if mine is None else mine).abs().sum()
        if mine is not None and theirs is not None:
            same(mine, theirs)
    COUNTS["complex gradients compared"] += 1


FFT = [
    *[f"T.fft.{k}({x}{args})" for k in ("fft", "ifft", "hfft", "irfft") for x in ("z", "r") for args in ("", ", 5", ", 2, 0", ", norm='ortho'", ", norm='forward'")],
    *[f"T.fft.{k}(r{args})" for k in ("rfft", "ihfft") for args in ("", ", 5", ", 2, 0", ", norm='ortho'", ", norm='forward'")],
    *[f"T.fft.{k}(b{args})" for k in ("fft2", "ifft2", "fftn", "ifftn", "hfft2", "hfftn", "irfft2", "irfftn") for args in ("", ", (4, 2)", ", norm='ortho'", ", norm='forward'", ", (2, 5), (0, 2)")],
    *[f"T.fft.{k}(u{args})" for k in ("rfft2", "rfftn", "ihfft2", "ihfftn") for args in ("", ", (4, 2)", ", norm='ortho'", ", norm='forward'", ", (2, 5), (0, 2)")],
    "T.fft.fftn(b, dim=(0,))", "T.fft.fftn(b, (3,))", "T.fft.fft(T.arange(4))", "T.fft.rfft(T.arange(5.0))", "T.fft.fftfreq(5)", "T.fft.fftfreq(6, 0.5, dtype=T.float64)", "T.fft.rfftfreq(5)", "T.fft.rfftfreq(6, d=2.0)", "T.fft.fftshift(z)", "T.fft.fftshift(b, 1)", "T.fft.ifftshift(b, (0, 2))", "T.fft.ifftshift(T.arange(5))",
]  # fmt: skip


@pytest.mark.parametrize("expression", FFT)
def test_transforms(expression: str) -> None:
    mine, theirs = both(lambda T: eval(expression, named(T)))
    same(mine, theirs)


REFUSED = [
    "T.view_as_real(r)", "T.view_as_complex(T.ones(3))", "T.view_as_complex(T.ones(2, 4)[:, ::2])", "T.view_as_complex(T.ones(3, 2, dtype=T.int64))", "T.imag(r)", "T.complex(r, r.float())", "T.complex(T.ones(2, dtype=T.int64), T.ones(2, dtype=T.int64))", "z < w", "z.max()", "z.floor()", "T.maximum(z, w)", "z.sort()", "z.clamp(0, 1)", "float(z[0, 0])",
    "T.fft.rfft(z)", "T.fft.fft(r, 0)", "T.fft.fft(T.tensor(1.0))", "T.fft.fft(r, norm='x')", "T.fft.fftn(r, (1, 2, 3))", "T.fft.fftn(r, (1,), (0, 1))", "T.fft.fftn(r, dim=(0, 0))", "T.fft.fft(r.half())", "T.fft.fft(r, dim=3)", "T.tensor([1j], dtype=T.float32)", "z.backward()", "r.add_(z)", "z.sum().backward()",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    errors = errors_of(lambda T: eval(expression, named(T, "backward" in expression)))
    mine, theirs = (type(error).__name__.replace("NotImplementedError", "RuntimeError") for error in errors)
    assert mine == theirs, errors


TEXTS = ["z", "v", "T.tensor([1 + 2j])", "T.tensor([1.5 - 2j, 100j])", "T.tensor([1e-6j, 1])", "T.tensor([1 + 2j], dtype=T.complex128)", "T.tensor(1j)", "T.zeros(0, dtype=T.complex64)", "T.tensor([float('nan') + 1j, complex(0, float('inf'))])", "z.cfloat() * 1000", "T.arange(2000).to(T.complex64)", "T.tensor([[1 + 1j, 2], [3, 4j]])", "T.tensor([1 + 2j], requires_grad=True)"]


@pytest.mark.parametrize("expression", TEXTS)
def test_texts(expression: str) -> None:
    mine, theirs = both(lambda T: repr(eval(expression, named(T))))
    assert mine == theirs


def test_parts_are_views_and_can_be_set() -> None:
    def changed(T: Any) -> Any:
        z = T.tensor([1 + 2j, 3 - 1j])
        z.real[0] = 5
        z.imag = T.tensor([0.0, 1.0])
        z[1] = 2j
        z.real.mul_(2)
        T.view_as_real(z)[0, 1] = 9
        w = z.clone()
        w += 1j
        w.conj_physical_()
        return z.tolist(), w.tolist(), z.real.data_ptr() == z.data_ptr(), z.real.stride(), T.view_as_real(z).stride()

    mine, theirs = both(changed)
    assert mine == theirs


def test_numpy_pickles_files_and_devices() -> None:
    array = np.array([1 + 2j, 3])
    z = corelib.from_numpy(array)
    z[0] = 7
    assert array[0] == 7 and z.numpy() is not None and z.dtype == corelib.complex128
    assert pickle.loads(pickle.dumps(z)).equal(z) and copy.deepcopy(z).equal(z)
    for save, load in ((corelib, torch), (torch, corelib)):
        buffer = io.BytesIO()
        save.save({"z": save.tensor([1 + 2j, 3])}, buffer)
        buffer.seek(0)
        assert load.load(buffer)["z"].tolist() == [1 + 2j, 3]
    assert z.to("meta").dtype == corelib.complex128


def test_training_with_complex_parameters_follows_pytorch() -> None:
    def trained(T: Any) -> Any:
        w = T.nn.Parameter(T.from_numpy(NUMBERS["z"].copy()))
        optimizer = T.optim.SGD([w], lr=0.05, momentum=0.9)
        x, y = T.from_numpy(NUMBERS["w"].copy()), T.from_numpy(NUMBERS["b"][0].copy())
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = ((x @ w - y).abs() ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, w.detach().numpy()

    assert_arrays_close(*both(trained), rtol=1e-9)


def test_casting_away_the_imaginary_part_warns() -> None:
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else PyTorch warns once in a process
    try:
        for T in LIBRARIES:
            with pytest.warns(UserWarning, match="discards the imaginary part"):
                assert T.tensor([1 + 2j]).to(T.float32).tolist() == [1.0]
    finally:
        torch.set_warn_always(before)
