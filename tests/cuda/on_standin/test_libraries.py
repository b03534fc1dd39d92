"""cuBLAS and cuSOLVER of the stand-in against NumPy, and the calls that the real ones refuse."""

from __future__ import annotations

import ctypes

import cupy
import ml_dtypes
import numpy as np
import pytest
from cupy_backends.cuda.libs import cublas, cusolver
from simulated_cuda.errors import FOUND, StandinFault

RNG = np.random.default_rng(0)
TYPES = {"f4": (0, 68), "f8": (1, 70), "f2": (2, 68), "c8": (4, 68), "c16": (5, 70)}


def columns(x, lead):
    """A matrix by columns, `lead` elements apart, as a flat array; what is between them is 77."""
    flat = np.full((*x.shape[:-2], x.shape[-1], lead), 77, x.dtype)
    flat[..., : x.shape[-2]] = x.swapaxes(-1, -2)
    return flat


def numbers(kind, *shape):
    x = RNG.integers(-4, 5, shape)
    return (x + 1j * RNG.integers(-4, 5, shape)).astype(kind) if kind[0] == "c" else x.astype(kind)


def gemm(a, b, c, sizes, ops=(0, 0), leads=None, steps=(0, 0, 0), batch=1, alpha=1.0, beta=0.0, kinds=None, compute=68):
    scale = {70: np.float64, 64: np.float16}.get(compute, np.float32)
    scale = np.result_type(scale, np.complex64) if a.dtype.kind == "c" else scale
    one, zero = np.array(alpha, scale), np.array(beta, scale)
    m, n, k = sizes
    ta, tb, tc = kinds or [TYPES[x.dtype.str[1:]][0] for x in (a, b, c)]
    lda, ldb, ldc = leads
    cublas.gemmStridedBatchedEx(
        cupy.cuda.get_cublas_handle(), *ops, m, n, k, one.ctypes.data, a.data.ptr, ta, lda, steps[0], b.data.ptr, tb, ldb, steps[1], zero.ctypes.data,
        c.data.ptr, tc, ldc, steps[2], batch, compute, -1,
    )


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("ops", [(0, 0), (1, 0), (0, 2), (2, 1)])
def test_products_are_numpys_with_gaps_between_columns(kind, ops):
    m, n, k, batch = 3, 4, 5, 2
    a, b, c = numbers(kind, batch, m, k), numbers(kind, batch, k, n), numbers(kind, batch, m, n)

    def told(x, op):
        return x if not op else x.swapaxes(-1, -2) if op == 1 else x.conj().swapaxes(-1, -2)

    given = [columns(told(a, ops[0]), 7), columns(told(b, ops[1]), 6), columns(c, 8)]
    there = [cupy.asarray(x) for x in given]
    gemm(*there, (m, n, k), ops, (7, 6, 8), [x[0].size for x in given], batch, alpha=2, beta=3, compute=TYPES[kind][1])
    got = there[2].get()
    want = 2 * (a.astype("c16" if kind[0] == "c" else "f8") @ b) + 3 * c
    np.testing.assert_allclose(got[..., :m].swapaxes(-1, -2), want.astype(kind), rtol=1e-2 if kind == "f2" else 1e-5)
    assert (got[..., m:] == 77).all()


def test_sums_of_half_types_are_in_float32_and_bfloat16_is_known():
    a = np.full((1, 4096), 0.25, ml_dtypes.bfloat16)
    a[0, 0] = 256
    x = cupy.asarray(a.view(np.int16).reshape(-1))
    out = cupy.zeros(1, np.float32)
    gemm(x, x, out, (1, 1, 4096), (0, 0), (1, 4096, 1), kinds=(14, 14, 0))
    wide = a.astype(np.float32)
    assert out.get()[0] == (wide @ wide.T)[0, 0]


def test_tensorfloat32_has_ten_bits():
    x = cupy.asarray(np.array([1 + 2.0**-12], np.float32))
    for compute, want in ((68, np.float32(1 + 2.0**-12)), (77, np.float32(1))):
        out = cupy.zeros(1, np.float32)
        gemm(x, cupy.ones(1, np.float32), out, (1, 1, 1), (0, 0), (1, 1, 1), compute=compute)
        assert out.get()[0] == want


def test_with_beta_0_the_result_need_not_have_been_written():
    out = cupy.ndarray(4, np.float32, cupy.cuda.MemoryPointer(cupy.cuda.Memory(16), 0))
    gemm(cupy.ones(4, np.float32), cupy.ones(4, np.float32), out, (2, 2, 2), (0, 0), (2, 2, 2))
    assert out.get().tolist() == [2.0] * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leads": (2, 5, 3)}, "columns of A have 3 elements, and a leading dimension of 2"), ({"leads": (3, 5, 2)}, "columns of C"),
        ({"ops": (1, 0)}, "columns of A have 5 elements"), ({"kinds": (0, 1, 0)}, "NOT_SUPPORTED"), ({"compute": 70}, "NOT_SUPPORTED"),
        ({"ops": (3, 0)}, "INVALID_VALUE"), ({"sizes": (-1, 4, 5)}, "INVALID_VALUE"),
    ],
)  # fmt: skip
def test_calls_that_cublas_refuses(change, message):
    a, b, c = (cupy.zeros(n, np.float32) for n in (15, 20, 12))
    with pytest.raises(cublas.CUBLASError, match=message):
        gemm(a, b, c, **{"sizes": (3, 4, 5), "leads": (3, 5, 3), **change})


def test_results_that_overlap_are_named():
    a, b, c = (cupy.zeros(n, np.float32) for n in (30, 40, 24))
    with pytest.raises(StandinFault, match="matrices of C overlap"):
        gemm(a, b, c, (3, 4, 5), (0, 0), (3, 5, 3), (15, 20, 4), 2)
    FOUND.clear()


def test_a_handle_is_its_devices():
    with cupy.cuda.Device(1):
        other = cupy.zeros(4, np.float32)
        stream = cupy.cuda.Stream(non_blocking=True)
    mine = cupy.zeros(4, np.float32)
    handle = cupy.cuda.get_cublas_handle()
    with pytest.raises(cublas.CUBLASError, match="the handle is of device 0, the stream of device 1"):
        cublas.setStream(handle, stream.ptr)
    with pytest.raises(cublas.CUBLASError, match="is memory of device 1, the handle is of device 0"):
        gemm(mine, other, mine, (2, 2, 2), (0, 0), (2, 2, 2))


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_decompositions_are_numpys(kind):
    n, letter, size = 5, "s" if kind == "f4" else "d", np.dtype(kind).itemsize
    x = RNG.standard_normal((n, n)).astype(kind)
    whole = x @ x.T + n * np.eye(n, dtype=kind)
    handle, info, pivots = cupy.cuda.Device().cusolver_handle, cupy.zeros(1, np.int32), cupy.zeros(n, np.int32)
    a = cupy.asarray(columns(whole, n + 2))
    work = cupy.empty(getattr(cusolver, f"{letter}potrf_bufferSize")(handle, 0, n, a.data.ptr, n + 2), kind)
    getattr(cusolver, f"{letter}potrf")(handle, 0, n, a.data.ptr, n + 2, work.data.ptr, work.size, info.data.ptr)
    np.testing.assert_allclose(np.tril(a.get()[:, :n].T), np.linalg.cholesky(whole), rtol=1e-4)
    assert info.get()[0] == 0 and np.allclose(np.triu(a.get()[:, :n].T, 1), np.triu(whole, 1))
    b, right = cupy.asarray(columns(x, n)), RNG.standard_normal((n, 2)).astype(kind)
    for trans in (0, 1):
        b, r = cupy.asarray(columns(x, n)), cupy.asarray(columns(right, n))
        getattr(cusolver, f"{letter}getrf")(handle, n, n, b.data.ptr, n, work.data.ptr, pivots.data.ptr, info.data.ptr)
        getattr(cusolver, f"{letter}getrs")(handle, trans, n, 2, b.data.ptr, n, pivots.data.ptr, r.data.ptr, n, info.data.ptr)
        np.testing.assert_allclose(r.get().T, np.linalg.solve(x.T if trans else x, right), rtol=1e-2 if size == 4 else 1e-9)
    negative = cupy.asarray(-np.eye(n, dtype=kind))
    getattr(cusolver, f"{letter}potrf")(handle, 1, n, negative.data.ptr, n, work.data.ptr, work.size, info.data.ptr)
    assert info.get()[0] == 1
    with pytest.raises(cusolver.CUSOLVERError, match="INVALID_VALUE"):
        getattr(cusolver, f"{letter}potrf")(handle, 1, n, negative.data.ptr, n, work.data.ptr, 3, info.data.ptr)
    assert ctypes.sizeof(ctypes.c_int) == 4
