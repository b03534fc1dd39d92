"""`out=` of functions with several results, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]], np.float32)
pytestmark = pytest.mark.filterwarnings("ignore:torch.* is deprecated:UserWarning")
CALLS = [
    "T.aminmax(x)", "T.aminmax(x, dim=0)", "T.geqrf(x)", "T.qr(x)", "T.svd(x)", "T.triangular_solve(x, x)", "T.lu_unpack(*T.linalg.lu_factor(x))", "T.linalg.cholesky_ex(x)", "T.linalg.eigh(x)",
    "T.linalg.inv_ex(x)", "T.linalg.lu(x)", "T.linalg.lu_factor(x)", "T.linalg.lu_factor_ex(x)", "T.linalg.qr(x)", "T.linalg.slogdet(x)", "T.slogdet(x)", "T.linalg.solve_ex(x, x)", "T.linalg.svd(x)", "T.frexp(x)",
    "T.sort(x)", "T.topk(x, 2)", "T.max(x, 1)", "T.min(x, 1)", "T.median(x, 1)", "T.nanmedian(x, 0)", "T.mode(x, 1)", "T.kthvalue(x, 2)", "T.cummax(x, 0)", "T.cummin(x, 1)",
    "T.histogram(x, 3, range=(0.0, 4.0))", "T.linalg.eig(x)",
]  # fmt: skip


def written(T: Any, call: str, blank: Any = None) -> tuple[Any, Any]:
    names = {"T": T, "x": T.from_numpy(SQUARE.copy())}
    out = tuple(T.empty(0, dtype=r.dtype) if blank is None else blank(r) for r in eval(call, names))
    return eval(f"{call[:-1]}, out=out)", {**names, "out": out}), out


@pytest.mark.parametrize("call", CALLS)
def test_results_are_written(call: str) -> None:
    mine, out = written(corelib, call)
    theirs, _ = written(torch, call)
    assert all(a is b for a, b in zip(mine, out, strict=True))
    for a, b in zip(mine, theirs, strict=True):
        assert str(a.dtype) == str(b.dtype) and tuple(a.shape) == tuple(b.shape)
        if "svd" not in call and "eig" not in call:  # whose vectors may have either sign
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("call", CALLS)
def test_wrong_tensors_are_refused(call: str) -> None:
    name = call.partition("(")[0].rpartition(".")[2]
    with pytest.raises(RuntimeError, match="dtype"):
        written(corelib, call, lambda r: corelib.empty(0, dtype=corelib.int16))
    x = corelib.from_numpy(SQUARE.copy())
    for out in (corelib.empty(0), (corelib.empty(0),)):
        with pytest.raises(TypeError, match=rf"{name}\(\): argument 'out'"):
            eval(f"{call[:-1]}, out=out)", {"T": corelib, "x": x, "out": out})


def test_no_gradient_goes_through_out() -> None:
    x = corelib.from_numpy(SQUARE.copy()).requires_grad_()
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        corelib.linalg.qr(x, out=(corelib.empty(0), corelib.empty(0)))
