"""Kernels for complex numbers on cuda: CuPy's part is played here by NumPy on the same memory; test_on_gpu.py asks the real one.

It shows that native arrays become arrays of the right elements, and that CuPy has loops for what is registered.
"""

from __future__ import annotations

import contextlib
import types

import numpy as np
import pytest
from corelib.backend import KernelTable, StridedArray
from corelib.backend.xp.complex_numbers import SAME
from corelib.tensor import dtype as D
from corelib_cuda_cupy import arrays

cupy = pytest.importorskip("cupy", reason="corelib-cuda-cupy is not installed")
RNG = np.random.default_rng(7)


class Backend:
    """Blocks are NumPy arrays; `used` says on which devices kernels ran."""

    def __init__(self):
        self.used = []

    @contextlib.contextmanager
    def at(self, index):
        self.used.append(index)
        yield None

    def as_cupy(self, native):
        assert native.dtype is not D.bfloat16
        flat = native.buffer.view(native.dtype.np)[native.offset :]
        return np.lib.stride_tricks.as_strided(flat, native.shape, [s * flat.itemsize for s in native.strides])


class Stand(types.ModuleType):
    """NumPy under CuPy's signatures."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def take(a, indices, axis=None, out=None):
        return np.take(a, indices, axis, out, "wrap")


@pytest.fixture
def kernels():
    table, backend = KernelTable(), Backend()
    arrays.register(table, backend, Stand("stand"))
    return table.table, backend


def native(array, dtype=None):
    size = array.itemsize
    return StridedArray(array.reshape(-1).view(np.uint8), dtype or D.from_numpy_dtype(array.dtype), array.shape, tuple(s // size for s in array.strides), 0, 1)


def numbers(*shape, dtype=np.complex64):
    return (RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("add", (numbers(3, 4), numbers(3, 4)), np.add), ("mul", (numbers(4), 2j), np.multiply), ("mm", (numbers(3, 4), numbers(4, 2)), np.matmul),
        ("exp", (numbers(5),), np.exp), ("conj_physical", (numbers(5),), np.conjugate), ("cat", ([numbers(2, 2), numbers(1, 2)], 0), np.concatenate),
        ("take_rows", (numbers(4, 2), np.array([3, -1])), lambda x, i: x[i]), ("sum", (numbers(3, 4), (1,), False), lambda x, d, k: x.sum(1)),
        ("fft_complex", (numbers(4, 3), (0,), "backward", True), lambda x, *_: np.fft.fft(x, axis=0)),
        ("cumsum", (numbers(4, 3), 0), lambda x, _: np.cumsum(x, 0)), ("cumprod", (numbers(4, 3), 1), lambda x, _: np.cumprod(x, 1)),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_native_arrays_are_computed_with(kernels, name, args, want, dtype):
    def wide(x):
        return [wide(y) for y in x] if isinstance(x, list) else x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "c" else x

    def placed(x):
        return [placed(y) for y in x] if isinstance(x, list) else native(x) if isinstance(x, np.ndarray) else x

    table, backend = kernels
    args = [wide(x) for x in args]
    expected = want(*args).astype(dtype)
    out = np.zeros(expected.shape, dtype)
    assert table[name][D.from_numpy_dtype(out.dtype)](native(out), *[placed(x) for x in args]) is None
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    assert backend.used == [1]


def test_strides_several_results_and_bfloat16(kernels):
    table, _ = kernels
    x = numbers(4, 6)
    turned = native(x)._replace(shape=(3, 2), strides=(2, 6), offset=1)
    out = np.zeros((3, 2), np.complex64)
    table["neg"][D.complex64](native(out), turned)
    assert np.array_equal(out, -x.reshape(-1)[[[1, 7], [3, 9], [5, 11]]])
    half = native(np.array([0x3F80, 0xC000], np.uint16).view(np.int16), D.bfloat16)  # 1 and -2
    made = np.zeros(2, np.complex64)
    table["mul"][D.complex64](native(made), native(np.array([1j, 3], np.complex64)), half)
    assert made.tolist() == [1j, -6]
    values, vectors = np.zeros(3, np.complex128), np.zeros((3, 3), np.complex128)
    matrix = RNG.standard_normal((3, 3)) + 0j
    table["eig_of"][D.complex128]((native(values), native(vectors)), native(matrix))
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-12)


OWN = {"conj_physical", "magnitude", "phase", "fft_complex", "cumsum", "cumprod"}
DECOMPOSITIONS = {
    "cholesky_of", "lu_of", "ldl_of", "ldl_system", "triangular_system", "square_system", "qr_of", "reflectors_of", "eigh_of", "svd_of", "eig_of",
}  # fmt: skip


def test_cupy_has_loops_for_what_is_registered():
    table = KernelTable()
    arrays.register(table, Backend(), cupy)
    assert set(table.table) == {n for n in SAME if n not in arrays._WITHOUT_LOOPS} | OWN | DECOMPOSITIONS
    other = {
        "neg": "negative", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "sub": "subtract",
        "mul": "multiply", "true_div": "true_divide", "pow": "power", "eq": "equal", "ne": "not_equal", "magnitude": "absolute", "conj_physical": "conjugate",
    }  # fmt: skip
    checked = 0
    for name in table.table:
        ufunc = getattr(cupy, other.get(name, name), None)
        if isinstance(ufunc, cupy.ufunc):
            assert any(loop.startswith("F") for loop in ufunc.types) and any(loop.startswith("D") for loop in ufunc.types), name
            checked += 1
    assert checked >= 35
    assert all(not any(t.startswith("F") for t in getattr(cupy, n).types) for n in arrays._WITHOUT_LOOPS)
