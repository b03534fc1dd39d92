"""Decompositions of complex matrices and what stands on them, beside PyTorch: values where they are unique, and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import as_array, both, errors_of, quiet

RNG = np.random.default_rng(7)


def _matrix(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


NUMBERS = {"a": _matrix(4, 4), "b": _matrix(2, 3, 3), "t": _matrix(5, 3), "w": _matrix(3, 5), "x": _matrix(4, 2), "v": _matrix(4), "s": _matrix(2, 5, 3)}
P = "(a @ a.mH + 4 * T.eye(4, dtype=a.dtype))"  # positive-definite
PB = "(b @ b.mH + 4 * T.eye(3, dtype=b.dtype))"

VALUES = [
    *[f"T.linalg.cholesky({p}{upper})" for p in (P, PB) for upper in ("", ", upper=True")], f"T.cholesky({P})", f"T.linalg.cholesky_ex({P})[0]", f"T.linalg.cholesky({P}).real", f"T.linalg.cholesky({P}).sum()",
    *[f"T.linalg.qr({m})[{i}].abs()" for m in "abtws" for i in (0, 1)], *[f"T.linalg.qr({m})[0] @ T.linalg.qr({m})[1]" for m in "atw"],
    *[f"T.linalg.svdvals({m})" for m in "abtws"], *[f"T.linalg.svd({m}, full_matrices=False)[{i}].abs()" for m in "abtws" for i in (0, 1, 2)], *[f"(lambda u, s, vh: u @ vh)(*T.linalg.svd({m}, full_matrices=False))" for m in "at"],
    "(lambda u, s, vh: u[:, :1] * vh[:1])(*T.linalg.svd(a))", "T.linalg.svd(t)[0][:, :3].abs()", "T.svd(t)[2].abs()", *[f"T.linalg.eigvalsh({m}{u})" for m in "ab" for u in ("", ", UPLO='U'")], *[f"T.linalg.eigh({m}{u})[1].abs()" for m in "ab" for u in ("", ", UPLO='U'")],
    *[f"T.linalg.lu({m})[{i}]" for m in "abtws" for i in (1, 2)], *[f"T.linalg.lu_factor({m})[0]" for m in "abtws"], "T.lu_unpack(*T.linalg.lu_factor(a))[1]", *[f"T.linalg.lu_solve(*T.linalg.lu_factor(a), {m}, left={left}, adjoint={adjoint})" for m, left in (("x", True), ("x.mT", False)) for adjoint in (True, False)],
    "T.linalg.solve(a, x)", "T.linalg.solve(a, x.mT, left=False)", "T.linalg.solve(a, v)", "T.linalg.inv(b)", "T.linalg.det(b)", *[f"T.linalg.slogdet({m})[{i}]" for m in "ab" for i in (0, 1)], "T.slogdet(a)[1]", "T.logdet(a)", "T.linalg.pinv(t)", "T.linalg.pinv(w)", "T.linalg.pinv(a + a.mH, hermitian=True)", "T.pinverse(s)", "T.linalg.lstsq(t, t[:, :2])[0]", "T.linalg.lstsq(t, w.mT[:, :2])[0]", "T.linalg.lstsq(t, w.mT[:, 0])[0]", "T.linalg.lstsq(t, w.mT[:, :2], driver='gelsd')[1]",
    "T.matrix_exp(b)", "T.linalg.matrix_exp(a)", "T.linalg.solve_triangular(a, x, upper=True)", "T.linalg.solve_triangular(a.mH, x, upper=False)", "T.linalg.solve_triangular(a, x.mT, upper=False, left=False, unitriangular=True)", "T.triangular_solve(x, a)[0]", "T.triangular_solve(x, a, transpose=True)[0]",
    *[f"T.linalg.cond({m})" for m in "ab"], "T.linalg.cond(a, 'fro')", "T.linalg.cond(a, 1)", "T.linalg.cond(t, -2)", *[f"T.linalg.matrix_norm(b, {p!r})" for p in ("fro", "nuc", 2, -2, 1, -1)], "T.linalg.matrix_norm(b, float('inf'))", *[f"T.linalg.norm(a, {p!r})" for p in (None, "nuc", 2, "fro", 1)], "T.norm(a, 'nuc')", "T.norm(a, 'fro')", "T.norm(v, 3)", "T.linalg.vector_norm(v, 1)", "T.linalg.vector_norm(v, dtype=T.complex128)",
    "T.linalg.tensorinv(a.reshape(2, 2, 4))", "T.linalg.tensorsolve(a.reshape(2, 2, 4), x.reshape(2, 4)[:, :2])", "T.linalg.multi_dot([a, x, t.mT[:2]])", "T.linalg.matrix_power(a, 3)", "T.linalg.householder_product(t, v[:3])", "T.linalg.eigvals(a).abs().sort().values", "T.linalg.eig(a)[1].abs().sum(0)", "T.linalg.matrix_rank(t)", "T.linalg.matrix_rank(a + a.mH, hermitian=True)", "T.geqrf(t)[0]", "T.geqrf(t)[1]", "T.linalg.householder_product(*T.geqrf(t))",
]  # fmt: skip


def _named(T: Any, grad: bool, dtype: type) -> dict[str, Any]:
    return {"T": T, **{k: T.from_numpy(value.astype(dtype)).requires_grad_(grad) for k, value in NUMBERS.items()}}


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("expression", VALUES)
def test_values(expression: str, dtype: type) -> None:
    with quiet():
        mine, theirs = both(lambda T: eval(expression, _named(T, False, dtype)))
    assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
    assert mine.is_conj() <= theirs.is_conj()
    digits = 1e-9 if dtype is np.complex128 else 2e-4
    np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=digits, atol=digits)


# cond: PyTorch's own backward stops at what it changed in place
WITHOUT = ("matrix_rank", "geqrf", "lstsq(t, w.mT[:, :2], driver", "cond(a, ")


@pytest.mark.filterwarnings("ignore:torch.* is deprecated")
@pytest.mark.parametrize("expression", [e for e in VALUES if not any(w in e for w in WITHOUT)])
def test_gradients(expression: str) -> None:
    def differentiated(T: Any) -> Any:
        names = _named(T, True, np.complex128)
        made = eval(expression, names)
        weights = np.random.default_rng(3).standard_normal(tuple(made.shape))
        weights = weights if "cholesky" in expression or not made.is_complex() else weights * (1 + 0.5j)
        return T.autograd.grad(made, [names[k] for k in NUMBERS], T.from_numpy(np.asarray(weights)).to(made.dtype), allow_unused=True)

    for mine, theirs in zip(*both(differentiated), strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-7, atol=1e-8)


ILL_DEFINED = ["T.linalg.svd(a)[0].real", "T.linalg.svd(a)[2].imag", "T.linalg.eigh(a)[1].imag", "T.linalg.eig(a)[1].real", "T.linalg.svd(t, full_matrices=False)[0].imag"]


@pytest.mark.parametrize("expression", ILL_DEFINED)
def test_what_depends_on_the_phase_of_vectors_is_refused(expression: str) -> None:
    def differentiated(T: Any) -> None:
        names = _named(T, True, np.complex128)
        (eval(expression, names) * 3).sum().backward()

    mine, theirs = errors_of(differentiated)
    assert type(mine) is type(theirs) and str(mine) == str(theirs)


@pytest.mark.parametrize("expression", [f"T.linalg.cholesky({P})", "T.linalg.svdvals(t)", "T.linalg.eigh(a)[1].abs()", "T.linalg.qr(t)[1].abs()", "T.linalg.slogdet(b)[1]", "T.linalg.pinv(t)", "T.matrix_exp(b)", "T.linalg.svd(t, full_matrices=False)[0].abs()"])  # fmt: skip
def test_second_derivatives(expression: str) -> None:
    def differentiated(T: Any) -> Any:
        names = _named(T, True, np.complex128)
        made, leaves = eval(expression, names), [names[k] for k in "tab"]
        first = T.autograd.grad((made.abs() ** 2).sum(), leaves, create_graph=True, allow_unused=True)
        return T.autograd.grad(sum((g.abs() ** 2).sum() for g in first if g is not None), leaves, allow_unused=True)

    for mine, theirs in zip(*both(differentiated), strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-6, atol=1e-7)


def test_what_is_not_positive_definite_is_named() -> None:
    mine, theirs = errors_of(lambda T: T.linalg.cholesky(T.tensor([[1, 2j], [-2j, 1]])))
    assert str(mine) == str(theirs)
    assert corelib.linalg.cholesky_ex(corelib.tensor([[1, 2j], [-2j, 1]])).info.item() == torch.linalg.cholesky_ex(torch.tensor([[1, 2j], [-2j, 1]])).info.item() == 2
