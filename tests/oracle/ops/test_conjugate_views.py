"""Conjugates and negatives as views, beside PyTorch: which tensors are marked, what is computed with them, and what writes into them."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import as_array, both, errors_of

Z = np.array([[1 + 2j, 3 - 4j, 0.5j], [-1 + 0j, 2 + 1j, 5 - 1j]])


def named(T: Any) -> dict[str, Any]:
    z = T.from_numpy(Z.copy())
    r = T.from_numpy(Z.imag.copy())
    return {"T": T, "z": z, "c": z.conj(), "n": T._neg_view(z), "b": T._neg_view(z).conj(), "r": r, "m": T._neg_view(r), "q": z.conj().imag, "copy": copy, "pickle": pickle}


MARKED = [
    "z", "c", "n", "b", "r", "m", "q", "c.conj()", "b.conj()", "T._neg_view(n)", "c.real", "c.imag", "n.real", "n.imag", "b.real", "b.imag", "T.view_as_real(n)", "T.view_as_complex(T._neg_view(T.view_as_real(z)))",
    "c[0]", "c[:, 1:]", "c.t()", "c.mT", "z.mH", "z.H", "z.adjoint()", "c.mH", "c.view(6)", "c.reshape(3, 2)", "c.expand(2, 2, 3)", "c.unsqueeze(0)", "c.unbind()[1]", "c.split(1)[0]", "c.diagonal()", "c.as_strided((2,), (1,))", "c.detach()", "c.data", "c.contiguous()", "c.flatten()", "c.narrow(1, 0, 2)",
    "c.clone()", "c.resolve_conj()", "c.resolve_neg()", "n.resolve_neg()", "b.resolve_conj()", "b.resolve_neg()", "q.resolve_neg()", "c.to(T.complex64)", "c.to(T.complex128)", "T.ones_like(c)", "T.as_tensor(c)", "copy.copy(c)", "copy.deepcopy(c)", "pickle.loads(pickle.dumps(c))", "pickle.loads(pickle.dumps(q))", "T.nn.Parameter(c)", "c.conj_physical()", "z.conj_physical()", "r.conj()",
    "c + 1", "1 - c", "c * z", "z * c", "-c", "c.sum()", "c.mean(0)", "c.abs()", "m.abs()", "q + r", "r - q", "q.sum()", "q.sort().values", "q.max()", "m.argmax()", "m > 0", "q.exp()", "q.long()", "c == z", "T.cat([c, z])", "T.stack([z, c])", "T.where(r > 0, c, z)", "c @ z.T", "z @ c.mT", "z.mH @ z", "c.mv(c[0])", "T.dot(c[0], z[0])", "T.vdot(c[0], z[0])", "T.einsum('ij,kj->ik', c, z)", "T.outer(c[0], z[0])", "c.cumsum(1)", "c.prod()", "c.index_select(1, T.tensor([2, 0]))",
    "c.flip(0)", "c.roll(1, 0)", "c.repeat(2, 1)", "T.fft.fft(c)", "T.linalg.norm(c)", "q.softmax(0)", "c.masked_fill(r > 0, 1j)", "c[r > 0]", "c.gather(1, T.tensor([[0, 2], [1, 1]]))", "T.complex(q, r)", "T.polar(m.abs(), q)", "c.to(T.complex64) + r", "c.equal(z)", "T.allclose(c, z.conj_physical())", "T.addmm(c, c, T.ones(3, 3, dtype=T.complex128))", "T.tensordot(c, z, 2)", "T.kron(c, z)",
]  # fmt: skip


@pytest.mark.parametrize("expression", MARKED)
def test_values_and_marks(expression: str) -> None:
    mine, theirs = both(lambda T: eval(expression, named(T)))
    if isinstance(theirs, bool):
        assert mine is theirs
        return
    assert (mine.is_conj(), mine.is_neg()) == (theirs.is_conj(), theirs.is_neg())
    assert mine.stride() == theirs.stride() and mine.storage_offset() == theirs.storage_offset()
    np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-6)
    assert repr(mine.detach()) == repr(theirs.detach()) and mine.tolist() == pytest.approx(theirs.tolist()) if mine.dim() < 2 else True


def test_the_memory_is_shared() -> None:
    z = corelib.from_numpy(Z.copy())
    for view in (z.conj(), z.mH, z.conj().imag, corelib._neg_view(z)):
        assert view.untyped_storage().data_ptr() == z.untyped_storage().data_ptr() and view._is_view()
    assert z.conj().data_ptr() == z.data_ptr() and z.resolve_conj() is z
    z.fill_(1j)
    assert z.conj()[0, 0].item() == -1j


WRITTEN = [
    "c.add_(1j)", "c.mul_(z)", "c.fill_(2 + 3j)", "c.zero_()", "c.copy_(z)", "c.copy_(r)", "c.copy_(c)", "z.copy_(c)", "z.add_(c)", "c[0] = 5j", "c[:, 1:] = z[:, 1:]", "c[r > 0] = 1j", "c[T.tensor([0, 1]), T.tensor([1, 2])] = 7j", "c.imag.fill_(7)", "c.imag.mul_(2)", "c.real.add_(1)", "q.sub_(r)", "q.exp_()", "m.sqrt_()", "n.add_(1)", "b.add_(1j)", "b.copy_(z)", "c.conj().mul_(2j)",
    "c.masked_fill_(r > 0, 1j)", "c.index_fill_(1, T.tensor([0]), 1j)", "c.index_add_(1, T.tensor([0]), z[:, :1])", "c.scatter_(1, T.tensor([[0], [1]]), z)", "c.index_copy_(1, T.tensor([2]), z[:, :1])", "c.t().mul_(1j)", "c.conj_physical_()", "c.neg_()", "c.cumsum_(0)", "T.add(z, 1, out=c)", "T.mm(z, z.mH, out=c[:, :2])", "T.sub(r, 1, out=q)", "c.imag.copy_(z.imag)", "z.imag.copy_(c.imag)", "c.sgn_()", "c.pow_(2)", "c.diagonal().fill_(3j)", "m.clamp_(0)", "q.floor_()", "m[0] = 3",
    "c.addcmul_(z, z)", "c.lerp_(z, 0.5)", "c.tril_()", "T.cat([z[:1], z[1:]], out=c)", "c.set_(z)", "c.resize_(2, 2)", "c.transpose_(0, 1)", "T.nn.init.constant_(m, 4)", "c.addmm_(z[:, :2], z[:2])", "m.put_(T.tensor([0]), T.tensor([9.0], dtype=T.float64))", "c.fill_diagonal_(2j)",
]  # fmt: skip


@pytest.mark.parametrize("statement", WRITTEN)
def test_what_is_written_lies_in_memory_turned(statement: str) -> None:
    def written(T: Any) -> list[Any]:
        names = named(T)
        exec(statement, names)
        return [names[k] for k in "zcnbrmq"]

    for mine, theirs in zip(*both(written), strict=True):
        np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-12)
        assert (mine.is_conj(), mine.is_neg()) == (theirs.is_conj(), theirs.is_neg())


def test_what_is_drawn_is_what_the_view_shows() -> None:
    for name in ("normal_", "uniform_"):
        drawn = []
        for T in (corelib, torch):
            T.manual_seed(0)
            z = T.zeros(3, dtype=T.complex128)
            getattr(z.conj(), name)()
            drawn.append(as_array(z))
        np.testing.assert_allclose(*drawn, rtol=1e-6)


REFUSED = [
    "c.numpy()", "n.numpy()", "q.numpy()", "T.view_as_real(c)", "T.view_as_real(b)", "c.view(T.float64)", "n.view(T.float64)", "q.view(T.int64)", "T.from_dlpack(c)", "c.__dlpack__()", "T.conj(3)", "T._conj(r)",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    mine, theirs = errors_of(lambda T: eval(expression, named(T)))
    assert type(mine) is type(theirs), (mine, theirs)
    if not expression.startswith("T._conj"):
        assert str(theirs).split(".")[0] in str(mine)


def test_numpy_forced() -> None:
    np.testing.assert_array_equal(corelib.from_numpy(Z.copy()).conj().numpy(force=True), Z.conj())


GRADIENTS = [
    "z.conj()", "z.conj() * z", "z.mH @ z", "z.conj().imag", "z.imag * z.conj().imag", "T._neg_view(z)", "T._neg_view(z).conj().real", "z.conj()[0]", "z.conj().t()", "z.conj().clone()", "z.adjoint().abs()", "z.conj().conj()", "z.conj().resolve_conj() * 2j", "z.conj_physical()", "z.conj().imag.exp()",
]  # fmt: skip


@pytest.mark.parametrize("expression", GRADIENTS)
def test_gradients(expression: str) -> None:
    def differentiated(T: Any) -> Any:
        z = T.from_numpy(Z.copy()).requires_grad_()
        made = eval(expression, {"T": T, "z": z})
        weights = T.arange(made.numel()).reshape(tuple(made.shape)).to(made.dtype) * (1 + 2j if made.is_complex() else 1)
        made.backward(weights)
        return z.grad, type(made.grad_fn).__name__

    (mine, name), (theirs, other) = both(differentiated)
    np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-12)


def test_a_gradient_that_is_a_conjugate_reaches_the_parts_it_was_made_of() -> None:
    def differentiated(T: Any) -> Any:
        u = T.from_numpy(np.arange(8.0).reshape(4, 2)).requires_grad_()
        made = T.view_as_complex(u).conj()
        made.backward(T.from_numpy(np.arange(4) * (1 + 2j)))
        return u.grad

    mine, theirs = both(differentiated)
    np.testing.assert_array_equal(as_array(mine), as_array(theirs))


CHANGED = [
    "c = y.conj(); c.mul_(z)", "c = y.conj(); c.copy_(z)", "c = y.conj()[0]; c.add_(z[0] * 1j)", "c = y.conj(); y.mul_(z); w = c", "c = y.mH; c.mul_(z.mT)", "c = T._neg_view(y); c.add_(z * 2)", "c = y.conj(); c[0] = z[1]", "c = y.conj(); y.mul_(z); y.mul_(c.clone())",
]  # fmt: skip


@pytest.mark.parametrize("statement", CHANGED)
def test_gradients_through_what_is_changed_in_place(statement: str) -> None:
    def differentiated(T: Any) -> Any:
        z = T.from_numpy(Z.copy()).requires_grad_()
        x = T.from_numpy(Z.copy() * 3j).requires_grad_()
        names = {"T": T, "z": z, "y": x * 1}
        exec(statement, names)
        made = names["y"] + (names["w"] if "w" in names else 0)
        made.backward(T.from_numpy(np.arange(6).reshape(2, 3) * (1 + 2j)))
        return z.grad, x.grad, names["c"] * 1

    for mine, theirs in zip(*both(differentiated), strict=True):
        np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-12)


def test_threads_that_read_one_view_disturb_nobody() -> None:
    z = corelib.from_numpy(np.random.default_rng(0).standard_normal(200_000) * (1 + 1j))
    c, wanted, found = z.conj(), np.conj(z.numpy()) * 2, []

    def read() -> None:
        for _ in range(20):
            found.append(bool((as_array(c * 2) == wanted).all()))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(found) and len(found) == 80


INTO = [
    *[f"T.{f}({x}, out=o)" for f in ("exp", "neg", "sqrt", "square", "sigmoid", "reciprocal") for x in ("z", "c")],
    *[f"T.{f}({x}, z, out=o)" for f in ("add", "sub", "mul", "div", "pow") for x in ("z", "c")],
    "T.add(z, 1, out=o)", "T.add(r, 1, out=o)", "T.add(o, z, out=o)", "T.matmul(z, z.mT, out=o[:, :2])", "T.sum(z, 0, out=o[0])", "T.cumsum(c, 0, out=o)", "T.where(r > 0, z, c, out=o)", "T.cat([z[:1], c[:1]], out=o)",
    "T.exp(r, out=p)", "T.add(r, 1, out=p)", "T.sub(q, r, out=p)", "T.maximum(q, r, out=p)", "T.abs(z, out=p)", "T.clamp(r, -1, 1, out=p)", "T.real(z).add_(p)", "T.addcmul(r, r, q, out=p)", "T.lerp(r, q, 0.5, out=p)", "T.cumprod(r, 0, out=p)", "T.fill(r, 2).copy_(p)",
]  # fmt: skip


@pytest.mark.parametrize("expression", INTO)
def test_results_are_written_into_marked_tensors(expression: str) -> None:
    def written(T: Any) -> Any:
        names = named(T)
        base = T.full((2, 3), 3 + 5j, dtype=T.complex128)
        names |= {"o": base.conj(), "p": base.conj().imag}
        eval(expression, names)
        return [base, names["o"], names["p"], names["o"].is_conj(), names["p"].is_neg()]

    mine, theirs = both(written)
    for a, b in zip(mine[:3], theirs[:3], strict=True):
        np.testing.assert_allclose(as_array(a), as_array(b), 1e-12, 1e-12)
    assert mine[3:] == theirs[3:]
