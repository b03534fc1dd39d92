"""LDL factors, products with reflectors, and eigenvalues at one end, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..pairs import assert_arrays_close, both, both_seeded, errors_of

KINDS = ("float32", "float64", "complex64", "complex128")
rng = np.random.default_rng(3)


def drawn(kind: str, *shape: int) -> Any:
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in kind else x).astype(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 7, 7), (2, 2, 4, 4), (70, 70), (0, 0), (2, 0, 0)])
def test_ldl_factors_pivots_and_solutions(kind: str, hermitian: bool, shape: tuple[int, ...]) -> None:
    x = drawn(kind, *shape)
    for k in range(0, shape[-1], 3):
        x[..., k, k] = 0  # which asks for blocks of 2
    b = drawn(kind, *shape[:-1], 2)

    def solved(T: Any) -> Any:
        made = T.linalg.ldl_factor_ex(T.from_numpy(x.copy()), hermitian=hermitian)
        return [t.numpy() for t in (*made, T.linalg.ldl_solve(made.LD, made.pivots, T.from_numpy(b.copy()), hermitian=hermitian))]

    mine, theirs = both(solved)
    for one, other in zip(mine[1:3], theirs[1:3], strict=True):
        assert one.tolist() == other.tolist()
    if shape != (1, 1):  # whose pivot is 0
        bound = 2e-3 if kind in ("float32", "complex64") else 1e-9
        for one, other in ((mine[0], theirs[0]), (mine[3], theirs[3])):
            np.testing.assert_allclose(one, other, rtol=bound, atol=bound * np.abs(other).max(initial=1.0))


def test_ldl_of_zero_pivots() -> None:
    for values in ([[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]):
        mine, theirs = both(lambda T, v=values: T.linalg.ldl_factor_ex(T.tensor([v, v])))
        assert [t.tolist() for t in mine] == [t.tolist() for t in theirs]
    errors = errors_of(lambda T: T.linalg.ldl_factor(T.zeros(2, 2)))
    assert all(isinstance(e, RuntimeError) for e in errors)


@pytest.mark.parametrize(
    "expression",
    [
        "linalg.ldl_solve(a, torch.ones(3, dtype=torch.int32), torch.ones(4, 1))", "linalg.ldl_solve(a, torch.ones(3), torch.ones(3, 1))",
        "linalg.ldl_solve(a, torch.ones(2, dtype=torch.int32), torch.ones(3, 1))", "linalg.ldl_factor(a[:2])", "linalg.ldl_factor(a.long())",
        "linalg.ldl_factor(a).LD.sum().backward()", "geqrf(a).a.sum().backward()",
        "linalg.ldl_solve(a, torch.ones(3, dtype=torch.int32), a).sum().backward()", "ormqr(a, a[0], a[:2])", "ormqr(a, a, a)", "ormqr(a, a[0, :2], a)", "ormqr(a, a[0], a[None])",
        "ormqr(a, a[0].double(), a)", "ormqr(a, a[0], a[0])", "lobpcg(a, 2)", "lobpcg(a[:2])", "lobpcg(a, 1, a[:2])",
        "lobpcg(a, X=a[:2, :1])", "lobpcg(a @ a.mT, 1, a @ a.mT)[0].sum().backward()",
    ],
)  # fmt: skip
def test_what_is_refused(expression: str) -> None:
    def refused(T: Any) -> Any:
        return eval(f"torch.{expression}", {"torch": T, "a": (T.arange(9.0).reshape(3, 3) % 5 + T.eye(3)).requires_grad_("backward" in expression)})

    mine, theirs = errors_of(refused)
    assert isinstance(mine, type(theirs)), (mine, theirs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_products_with_reflectors(kind: str, left: bool, transpose: bool) -> None:
    for shape in ((5, 3), (2, 4, 4), (3, 5)):
        c = drawn(kind, *shape[:-2], *((shape[-2], 2) if left else (2, shape[-2])))
        x = drawn(kind, *shape)

        def product(T: Any, x: Any = x, c: Any = c) -> Any:
            a, tau = T.geqrf(T.from_numpy(x.copy()))
            operands = [t.detach().requires_grad_() for t in (a, tau, T.from_numpy(c.copy()))]
            made = operands[0].ormqr(*operands[1:], left, transpose)
            out = T.empty_like(made).detach()
            with T.no_grad():
                T.ormqr(*operands, left, transpose, out=out)
            (made * made.conj().detach()).real.sum().backward()
            return [t.detach().numpy() for t in (made, out, *(o.grad for o in operands))]

        bound = 1e-4 if kind in ("float32", "complex64") else 1e-11
        assert_arrays_close(*both(product), rtol=bound, atol=bound * 10)


@pytest.mark.parametrize(
    "facts",
    [
        {"k": 1}, {"k": 3}, {"k": 3, "largest": False}, {"k": 2, "method": "basic"}, {"k": 2, "n": 4, "niter": 3}, {"k": 2, "tol": 1e-3},
        {"k": 2, "ortho_bparams": {"ortho_use_drop": True}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(20, 20), (2, 14, 14)])
def test_eigenvalues_at_one_end(facts: dict[str, Any], shape: tuple[int, ...]) -> None:
    x = rng.standard_normal(shape)
    a = x @ x.swapaxes(-1, -2) / shape[-1] + np.diag(np.arange(1.0, shape[-1] + 1))

    def found(T: Any) -> Any:
        steps: list[int] = []
        values, vectors = T.lobpcg(T.from_numpy(a.copy()), tracker=lambda w: steps.append(w.ivars["converged_count"]), **facts)
        return [values.numpy(), vectors.abs().numpy(), np.array(steps)]

    assert_arrays_close(*both_seeded(0, found), rtol=1e-6, atol=1e-6)

    def differentiated(T: Any) -> Any:
        held = T.from_numpy(a.copy()).requires_grad_()
        values, vectors = T.lobpcg(held, **(facts | {"tol": 1e-10, "niter": 200}))
        ((values**2).sum() + (vectors**2 * T.arange(1.0, shape[-1] + 1).unsqueeze(-1)).sum()).backward()
        return [held.grad.numpy()]

    assert_arrays_close(*both_seeded(0, differentiated), rtol=1e-5, atol=1e-5)


def test_generalized_eigenvalues_from_a_start_and_with_a_preconditioner() -> None:
    x = rng.standard_normal((3, 18, 18))
    a, b, k = x @ x.swapaxes(-1, -2) + np.diag(np.arange(1.0, 19))

    def found(T: Any) -> Any:
        one, two, start = T.from_numpy(a.copy()), T.from_numpy(b.copy()), T.from_numpy(k[:, :2].copy())
        made = (*T.lobpcg(one, 2, two), *T.lobpcg(one, X=start), *T.lobpcg(one, 1, iK=T.linalg.inv(one), largest=False, method="basic"))
        return [t.abs().numpy() for t in made]

    assert_arrays_close(*both_seeded(0, found), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "expression",
    [
        "linalg.lstsq(x, x[:, :2], driver=d)", "argsort(x, dim=0, descending=True, stable=True, out=torch.empty(0, dtype=torch.int64))",
        "threshold(x, 0.1, 2.0)", "threshold(x, 0.1, 2.0, out=torch.empty(0, dtype=x.dtype))",
    ],
)  # fmt: skip
def test_outs(expression: str) -> None:
    x = rng.standard_normal((5, 3))

    def called(T: Any) -> Any:
        made = []
        for d in (None, "gels", "gelsy", "gelsd", "gelss"):
            results = eval(f"torch.{expression}", {"torch": T, "x": T.from_numpy(x), "d": d})
            if "lstsq" in expression:
                outs = tuple(T.empty(0, dtype=r.dtype) for r in results)
                written = T.linalg.lstsq(T.from_numpy(x), T.from_numpy(x[:, :2]), driver=d, out=outs)
                assert all(w is o for w, o in zip(written, outs, strict=True))
                results = written
            made += [t.numpy() for t in (results if isinstance(results, tuple) else (results,))]
        return made

    assert_arrays_close(*both(called), rtol=1e-9, atol=1e-9)
