"""What cuBLAS is asked for: its call is answered here by NumPy on the same pointers, in cuBLAS's terms, columns first.

It shows that operations, sizes, leading dimensions and steps are right without a GPU; test_on_gpu.py asks the real one.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import types
from typing import NamedTuple

import corelib
import numpy as np
import pytest
from corelib.backend import StridedArray
from corelib.tensor import dtype as D
from corelib_cuda_cupy.products import Products

TYPES = {0: np.float32, 1: np.float64, 2: np.float16}


class Memory(NamedTuple):
    array: np.ndarray

    @property
    def ptr(self):
        return self.array.ctypes.data


class Backend:
    def __init__(self):
        self.launcher, self.captures = types.SimpleNamespace(hip=False, launches=0), types.SimpleNamespace(now=None)

    @contextlib.contextmanager
    def at(self, index):
        yield types.SimpleNamespace(ptr=0)

    def cublas(self, index):
        return 7


def matrix(pointer, kind, step, batch, rows, columns, lead):
    """Cublas's matrix (rows, columns) number `batch`, whose columns are `lead` apart."""
    size = np.dtype(kind).itemsize
    at = (ctypes.c_char * (((columns - 1) * lead + rows) * size)).from_address(pointer + batch * step * size)
    flat = np.frombuffer(at, kind)
    return np.lib.stride_tricks.as_strided(flat, (rows, columns), (size, lead * size), writeable=True)


@pytest.fixture
def calls(monkeypatch):
    seen = []

    def gemm(handle, opa, opb, m, n, k, alpha, a, ta, lda, sa, b, tb, ldb, sb, beta, c, tc, ldc, sc, count, compute, algo):
        assert handle == 7 and ldc >= m and lda >= (k if opa else m) and ldb >= (n if opb else k)
        number = ctypes.c_double if compute == 70 else ctypes.c_float
        add = number.from_address(beta).value
        assert number.from_address(alpha).value == 1 and add in (0, 1)
        for i in range(count):
            x = matrix(a, TYPES[ta], sa, i, *((k, m) if opa else (m, k)), lda)
            y = matrix(b, TYPES[tb], sb, i, *((n, k) if opb else (k, n)), ldb)
            z = matrix(c, TYPES[tc], sc, i, m, n, ldc)
            z[...] = (x.T if opa else x) @ (y.T if opb else y) + (z if add else 0)
        seen.append(compute)

    fake = types.ModuleType("cublas")
    fake.gemmStridedBatchedEx, fake.setStream = gemm, lambda handle, stream: None
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs", types.SimpleNamespace(cublas=fake))
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs.cublas", fake)
    return seen


def native(array, dtype):
    size = array.itemsize
    base = array if array.base is None else array.base
    base = base if base.base is None else base.base
    offset = (array.ctypes.data - base.ctypes.data) // size
    return StridedArray(Memory(base), dtype, array.shape, tuple(s // size for s in array.strides), offset, 0)


def forms(x):
    """The same matrix as it is, turned, a part of a larger one, and in steps."""
    large = np.zeros((*x.shape[:-2], x.shape[-2] + 3, x.shape[-1] + 5), x.dtype)
    large[..., 2:-1, 1:-4] = x
    wide = np.repeat(x, 2, -1)
    return [x.copy(), x.swapaxes(-1, -2).copy().swapaxes(-1, -2), large[..., 2:-1, 1:-4], wide[..., ::2]]


@pytest.mark.parametrize("dtype", [D.float32, D.float64, D.float16], ids=str)
@pytest.mark.parametrize("sizes", [(3, 4, 5), (1, 4, 5), (3, 1, 5), (3, 4, 1), (2, 3, 4, 5)])
def test_every_form_of_a_matrix_is_told_rightly(calls, dtype, sizes):
    *batch, m, k, n = sizes
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-4, 5, (*batch, *s)).astype(dtype.np) for s in ((m, k), (k, n)))
    passed = []
    products = Products(Backend(), lambda out, a, b: passed.append(1))
    for x in forms(a):
        for y in forms(b):
            out = np.full((*batch, m, n), 99, dtype.np)
            before = len(passed)
            products.product(native(out, dtype), native(x, dtype), native(y, dtype))
            assert len(passed) > before or np.array_equal(out, a @ b)
    assert len(calls) >= 9  # steps within rows and columns are the generated kernel's


def test_float32_is_rounded_to_ten_bits_only_where_that_is_allowed(calls):
    a = np.ones((2, 2), np.float32)
    products = Products(Backend(), None)
    products.product(*[native(np.ones((2, 2), np.float32), D.float32) for _ in range(3)])
    try:
        corelib.backends.cuda.matmul.allow_tf32 = True
        products.product(*[native(a.copy(), D.float32) for _ in range(3)])
        products.product(*[native(np.ones((2, 2)), D.float64) for _ in range(3)])
        products.product(*[native(a.astype(np.float16), D.float16) for _ in range(3)])
    finally:
        corelib.set_float32_matmul_precision("highest")
    assert calls == [68, 77, 70, 68]


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_is_a_product_that_adds_to_its_bias(calls, lead, bias):
    rng = np.random.default_rng(0)
    x, w, b = (rng.integers(-4, 5, s).astype(np.float32) for s in ((*lead, 4), (5, 4), (5,)))

    def copy(out, source):
        lined = out.buffer.array.reshape(-1)[: out.shape[0] * out.shape[1]]
        lined.reshape(out.shape)[...] = source.buffer.array

    products = Products(Backend(), None, None, copy)
    products._generated_affine = lambda *args: pytest.fail("cuBLAS serves this")
    out = np.full((*lead, 5), 99, np.float32)
    products.affine(native(out, D.float32), native(x, D.float32), native(w, D.float32), native(b, D.float32) if bias else None)
    assert np.array_equal(out, x @ w.T + (b if bias else 0)) and len(calls) == 1


def test_batches_that_follow_each_other_are_one(calls):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-4, 5, s).astype(np.float32) for s in ((2, 3, 4, 5), (2, 3, 5, 2)))
    out = np.zeros((2, 3, 4, 2), np.float32)
    passed = []
    products = Products(Backend(), lambda *args: passed.append(1))
    products.product(native(out, D.float32), native(a, D.float32), native(b, D.float32))
    assert np.array_equal(out, a @ b) and len(calls) == 1
    turned = native(a, D.float32)._replace(strides=(20, 40, 5, 1))
    products.product(native(out, D.float32), turned, native(b, D.float32))
    assert passed == [1]


def test_while_a_graph_is_captured_and_on_rocm_the_generated_kernel_serves(calls):
    one = [native(np.ones((2, 2), np.float32), D.float32) for _ in range(3)]
    capturing, rocm, passed = Backend(), Backend(), []
    capturing.captures.now, rocm.launcher.hip = object(), True
    for backend in (capturing, rocm):
        Products(backend, lambda *args: passed.append(1)).product(*one)
    assert passed == [1, 1] and not calls
