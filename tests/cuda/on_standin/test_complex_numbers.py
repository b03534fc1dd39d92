"""Complex numbers on the stand-in as on the host: CuPy's functions are called as CuPy has them, and told of what cannot be decomposed."""

from __future__ import annotations

import corelib as T
import numpy as np
import pytest

RNG = np.random.default_rng(0)
N = 5000


def numbers(*shape):
    return T.from_numpy((RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)).astype("c8"))


z, w, m = numbers(7, 3), numbers(N, 3), numbers(6, 6)
HERE = {"z": z, "w": w, "m": m, "h": m @ m.mH + 6 * T.eye(6), "i": T.from_numpy(RNG.integers(0, 7, N)), "j": T.from_numpy(RNG.integers(0, 7, (N, 3)))}
EXPRESSIONS = [
    "z.index_add(0,i,w)", "z.scatter_add(0,j,w)", "z.index_put((i,),w,accumulate=True)", "w.cumsum(0)", "w.cumprod(0)[:5]", "w.sum()", "w.prod(0)*0",
    "w.mean(1)", "w[i]", "w.take_along_dim(j%5,0)", "T.linalg.cholesky(h)", "T.linalg.qr(m)[1].abs()", "T.linalg.svd(m)[1]", "T.linalg.eigh(h)[0]",
    "T.linalg.eigvals(m).abs().sum()", "T.linalg.inv(m)", "T.linalg.det(m)", "T.linalg.lu(m)[1]", "T.linalg.solve_triangular(m.triu(),m,upper=True)",
    "T.linalg.ldl_solve(*T.linalg.ldl_factor(h), m)", "T.linalg.lstsq(h,m)[0]", "T.linalg.matrix_exp(m*0.1)",
    "T.linalg.householder_product(m[:, :3], z[0])", "T.fft.fftn(w)", "T.fft.ifft(w)", "T.fft.hfft(w[0])", "w.flip(0)", "T.nn.functional.pad(z,(1,2))",
    "T.where(z.real>0,z,z*2)", "z.masked_fill(z.real>0,1j)", "z.gather(0,j[:7]%7)", "(z==z).all()", "z.any()", "z.t().contiguous()", "z.pow(2.5)",
    "z.pow(z)", "2**z", "z.isinf()", "z.logical_and(z)", "T.stack([z,z])", "T.einsum('ij,kj->ik',z,z)", "z.repeat(2,2)", "z.view(-1)[::2]",
    "T.view_as_real(z)", "T.zeros(3,dtype=T.complex64,device=z.device).fill_(1j)", "z.cov()", "z.std()", "z.tril()", "z.unfold(0,2,1)", "z.nonzero()",
    "z.sgn()", "z.reciprocal()", "z.log1p()", "z.expm1()", "z.sigmoid()", "z.tanh()", "z.angle()", "z.square().sum()", "z.to(T.complex128)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_are_the_hosts(expression):
    want = eval(expression, {"T": T, **HERE})
    got = eval(expression, {"T": T, **{name: x.to("cuda") for name, x in HERE.items()}})
    assert got.device.type == "cuda" and got.dtype is want.dtype
    np.testing.assert_allclose(got.numpy(force=True), want.numpy(force=True), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: T.linalg.cholesky(-x), lambda x: T.linalg.solve(x * 0, x), lambda x: T.linalg.inv(x * 0), lambda x: T.linalg.eigh(x * float("nan")),
        lambda x: T.linalg.svd(x * float("nan")), lambda x: T.linalg.eigvals(x * float("nan")), lambda x: T.linalg.cholesky(T.stack([x, -x])),
    ],
)  # fmt: skip
def test_what_cannot_be_decomposed_is_told(function):
    """CuPy does not look whether a decomposition went well unless it is told to (cupyx.errstate)."""
    said = []
    for device in ("cpu", "cuda"):
        with pytest.raises(RuntimeError) as told:
            function(T.eye(3, dtype=T.complex64, device=device))
        said.append((type(told.value), str(told.value).splitlines()[0]))
    assert said[0] == said[1]


def test_a_decomposition_that_went_wrong_is_silent_in_cupy_by_default():
    import cupy
    import cupyx

    x = cupy.asarray(-np.eye(3, dtype=np.complex64))
    assert not np.isnan(cupy.linalg.cholesky(x).get()).any()
    with cupyx.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError, match="in cuSOLVER"):
        cupy.linalg.cholesky(x)
