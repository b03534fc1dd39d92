"""torch.linalg beside PyTorch's where samples do not reach: derivatives of norms that pick, results' names, errors' texts, larger matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ..pairs import LIBRARIES, assert_arrays_close, both, both_seeded, errors_of

rng = np.random.default_rng(0)
MATRIX = rng.standard_normal((2, 5, 4))


@pytest.mark.parametrize("order", [1, -1, 2, -2, float("inf"), float("-inf"), "fro", "nuc"])
def test_derivatives_of_matrix_norms(order: Any) -> None:
    def differentiated(T: Any) -> Any:
        x = T.from_numpy(MATRIX.copy()).requires_grad_()
        made = T.linalg.matrix_norm(x, order)
        (first,) = T.autograd.grad((made * made).sum(), x, create_graph=True)
        (second,) = T.autograd.grad((first * first).sum(), x)
        return [t.detach().numpy() for t in (made, first, second)]

    assert_arrays_close(*both(differentiated), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "expression",
    [
        "linalg.eigh(x.mT @ x)", "linalg.svd(x)", "linalg.qr(x)", "linalg.lu(x)", "linalg.lu_factor(x)", "linalg.lu_factor_ex(x)", "linalg.cholesky_ex(x.mT @ x)", "linalg.inv_ex(x.mT @ x)",
        "linalg.solve_ex(x.mT @ x, x.mT)", "linalg.slogdet(x.mT @ x)", "linalg.lstsq(x, x)", "slogdet(x.mT @ x)", "svd(x)", "qr(x)", "geqrf(x)", "triangular_solve(x.mT, x.mT @ x)", "lu_unpack(*torch.linalg.lu_factor(x))",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:torch.(qr|triangular_solve) is deprecated", "ignore:torch.triangular_solve")
def test_results_have_names(expression: str) -> None:
    mine, theirs = both(lambda T: eval(f"torch.{expression}", {"torch": T, "x": T.from_numpy(MATRIX.copy())}))
    fields = [f for f in dir(type(theirs)) if not f.startswith("_") and f not in ("count", "index", "n_fields", "n_sequence_fields", "n_unnamed_fields")]
    assert sorted(type(mine)._fields) == fields
    assert type(mine).__name__ == type(theirs).__name__
    for name in fields:
        assert tuple(getattr(mine, name).shape) == tuple(getattr(theirs, name).shape)
        assert str(getattr(mine, name).dtype) == str(getattr(theirs, name).dtype)


@pytest.mark.parametrize(
    "expression",
    [
        "linalg.inv(torch.zeros(2, 2))", "linalg.inv(torch.zeros(2, 2, 2))", "linalg.cholesky(-torch.eye(2))", "linalg.cholesky(torch.stack([torch.eye(2), -torch.eye(2)]))", "linalg.solve(torch.zeros(2, 2), torch.ones(2))",
        "linalg.inv(torch.ones(2, 3))", "linalg.inv(torch.ones(3))", "linalg.inv(torch.ones(2, 2, dtype=torch.int64))", "linalg.eigh(torch.ones(2, 2), 'X')", "linalg.qr(torch.ones(2, 2), 'x')",
        "cholesky(-torch.eye(2))", "linalg.solve(torch.ones(2, 2), torch.ones(3))", "linalg.matrix_norm(torch.ones(2, 2), 3)",
    ],
)  # fmt: skip
def test_errors_say_what_pytorchs_say(expression: str) -> None:
    errors = errors_of(lambda T: eval(f"torch.{expression}", {"torch": T}))
    assert all(isinstance(error, RuntimeError) for error in errors)
    kind, expected = (type(error).__name__.lstrip("_") for error in errors)
    assert kind == expected or {kind, expected} == {"RuntimeError", "NotImplementedError"}
    mine, theirs = (str(error).split("; accepted")[0].rstrip(".") for error in errors)
    assert theirs.startswith(mine) or mine.startswith(theirs), [mine, theirs]


def test_larger_matrices_and_the_panels_of_lu() -> None:
    x = rng.standard_normal((3, 130, 130))
    b = rng.standard_normal((3, 130, 2))
    mine, theirs = both(lambda T: T.linalg.solve(T.from_numpy(x), T.from_numpy(b)).numpy())
    np.testing.assert_allclose(mine, theirs, rtol=1e-8)
    for shape in ((130, 130), (200, 97), (97, 200)):
        a = rng.standard_normal(shape)
        ours, others = both(lambda T: T.linalg.lu_factor(T.from_numpy(a)))
        assert ours.pivots.tolist() == others.pivots.tolist()
        np.testing.assert_allclose(ours.LU.numpy(), others.LU.numpy(), atol=1e-10)
    mine, theirs = both(lambda T: T.linalg.det(T.from_numpy(x * 0.1)).numpy())
    np.testing.assert_allclose(mine, theirs, rtol=1e-8)
    mine, theirs = both(lambda T: T.matrix_exp(T.from_numpy(x[0])).numpy())
    np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=abs(theirs).max() * 1e-12)


def test_orthogonal_parametrizations() -> None:
    for arguments in ("", "orthogonal_map='cayley'", "orthogonal_map='householder'", "use_trivialization=False", "orthogonal_map='householder', use_trivialization=False"):
        for size in ((4, 4), (3, 5), (5, 3)):

            def trained(T: Any, arguments: str = arguments, size: tuple[int, int] = size) -> Any:
                layer = T.nn.Linear(*size)
                eval(f"T.nn.utils.parametrizations.orthogonal(layer, {arguments})", {"T": T, "layer": layer})
                start = layer.weight.detach().clone()
                optimizer = T.optim.SGD(layer.parameters(), lr=0.1)
                for _ in range(3):
                    optimizer.zero_grad()
                    (layer(T.ones(2, size[0])) ** 2).sum().backward()
                    optimizer.step()
                w = layer.weight
                small = w @ w.mT if w.shape[0] <= w.shape[1] else w.mT @ w
                assert float((small - T.eye(small.shape[0])).abs().max().detach()) < 1e-4
                # Columns that are drawn to make a base square are drawn by another algorithm: the function is the same only for square ones.
                return [start.numpy(), w.detach().numpy(), list(layer.state_dict()), repr(layer)]

            found = both_seeded(3, trained)
            assert found[0][2:] == found[1][2:]
            np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-4)
            np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-3)
            if "use_trivialization=False" not in arguments or "householder" in arguments:
                for T in LIBRARIES:
                    layer = T.nn.Linear(*size)
                    eval(f"T.nn.utils.parametrizations.orthogonal(layer, {arguments})", {"T": T, "layer": layer})
                    wanted = T.linalg.qr(T.ones(5, 5) + T.eye(5)).Q[: size[1], : size[0]] if size[0] == size[1] == 5 else layer.weight.detach().clone()
                    layer.weight = wanted
                    assert float((layer.weight - wanted).abs().max().detach()) < 1e-4


def test_a_state_of_the_older_spectral_norm_without_its_v() -> None:
    def resumed(T: Any) -> Any:
        layer = T.nn.utils.spectral_norm(T.nn.Linear(3, 4))
        state = layer.state_dict()
        state["weight"] = state["weight_orig"] / 1.7
        del state["weight_v"]
        state._metadata[""].pop("spectral_norm")
        fresh = T.nn.utils.spectral_norm(T.nn.Linear(3, 4))
        fresh.load_state_dict(state)
        return fresh.eval()(T.ones(1, 3)).detach().numpy()

    np.testing.assert_allclose(*both_seeded(1, resumed), rtol=1e-4)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 5, 3)])
@pytest.mark.parametrize("imaginary", [0, 1j])
def test_least_squares_of_full_rank_by_gels(shape: tuple[int, ...], imaginary: complex) -> None:
    random = np.random.default_rng(1)
    a, b = (random.standard_normal(s) + imaginary * random.standard_normal(s) for s in (shape, (*shape[:-1], 2)))

    def solved(T: Any) -> Any:
        x, y = T.from_numpy(a.copy()).requires_grad_(), T.from_numpy(b.copy()).requires_grad_()
        found = T.linalg.lstsq(x, y, driver="gels")
        (found.solution.abs() ** 2).sum().backward()
        return [t.detach().numpy() for t in (*found, x.grad, y.grad)]

    assert_arrays_close(*both(solved), rtol=1e-7, atol=1e-9)


def test_gels_refuses_a_matrix_without_full_rank_and_finds_what_is_nearly_zero() -> None:
    errors_of(lambda T: T.linalg.lstsq(T.ones(3, 2), T.ones(3, 1), driver="gels"))
    corners = [[0, 0], [198, 0], [198, 149], [0, 149]]
    rows = [row for x, y in corners for row in ([x, y, 1, 0, 0, 0, -x * x, -x * y], [0, 0, 0, x, y, 1, -y * x, -y * y])]  # of a map that moves nothing
    mine, theirs = both(lambda T: T.linalg.lstsq(T.tensor(rows, dtype=T.float64), T.tensor(corners, dtype=T.float64).reshape(-1), driver="gels").solution.numpy())
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
