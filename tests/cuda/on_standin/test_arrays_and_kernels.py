"""The stand-in's arrays against NumPy, and its kernels from text: options, arguments and the limits of an sm_80."""

from __future__ import annotations

import cupy
import numpy as np
import pytest
from cupy.cuda import driver
from cupy.cuda.compiler import CompileException
from executor import Fault
from simulated_cuda.errors import FOUND

RNG = np.random.default_rng(0)
X = (RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))).astype(np.complex64)
R = RNG.standard_normal((4, 4)).astype(np.float32)
I = np.array([2, 0, 1])  # noqa: E741  # indices

EXPRESSIONS = [
    "x + x", "x * 2j", "1 - r", "r / 3", "x[1:, ::2]", "x[:, None, 1]", "x[i]", "x.T.copy()", "x.real + x.imag", "m.exp(x)", "m.take(x, i, 0)",
    "m.concatenate([x, x], 1)", "m.stack([r, r], 0)", "m.where(r > 0, r, 0)", "x.sum(1)", "r.max(0)", "m.cumsum(x, 0)", "m.fft.fftn(x, axes=(0,))",
    "m.linalg.solve(r, r)", "m.linalg.qr(r)[1]", "m.linalg.eigh(r + r.T)[0]", "r @ x.T", "m.matmul(r, x.T)", "m.add.accumulate(r, 1)",
    "m.add.reduce(r, 1)", "m.tril(r)", "m.moveaxis(x, 0, 1)", "m.diagonal(r)", "m.broadcast_to(r[0], (2, 4))", "m.argsort(r, 1)", "m.flip(x, 0)",
    "m.angle(x)", "x.reshape(2, 6)", "x.T.reshape(2, 6)", "x.view(m.float32)", "m.isnan(x)", "m.full((2, 2), 3)", "m.arange(5)", "m.eye(3)",
    "m.nonzero(r > 0)[1]", "r.astype(m.int32)", "m.power(r, 2)", "m.unravel_index(i, (2, 2))[1]", "m.clip(r, -1, 1)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_arrays_are_numpys(expression):
    want = eval(expression, {"m": np, "x": X, "r": R, "i": I})
    got = eval(expression, {"m": cupy, "x": cupy.asarray(X), "r": cupy.asarray(R), "i": cupy.asarray(I)})
    assert isinstance(got, cupy.ndarray) and got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(got.get(), want, rtol=1e-5, atol=1e-6)


def test_arrays_are_written_through_views():
    x, want = cupy.asarray(X), X.copy()
    for m in (x, want):
        m[1:, ::2] = 7
        m.T[0] = 1j
        m.imag[2] = 3
    x[cupy.asarray(I)[:2]] = 5
    want[I[:2]] = 5
    x += 1
    assert np.array_equal(x.get(), want + 1)
    out = cupy.zeros((3, 4), np.complex64)
    cupy.multiply(x, x, out)
    cupy.add.at(out, cupy.asarray(np.array([0, 0])), cupy.ones((2, 4), np.complex64))
    expected = (want + 1) ** 2
    expected[0] += 2
    np.testing.assert_allclose(out.get(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: cupy.logical_not(x), lambda x: x + np.ones(4), lambda x: cupy.add(x, x, where=True), lambda x: cupy.take(x, I, 0),
        lambda x: x.max(initial=0), lambda x: cupy.sum(x, initial=0), lambda x: cupy.maximum.reduce(x), lambda x: cupy.logical_or.at(x, 0, 1),
    ],
)  # fmt: skip
def test_what_cupy_does_not_take_is_not_taken(wrong):
    with pytest.raises((TypeError, NotImplementedError)):
        wrong(cupy.asarray(X))


TEXT = """
typedef struct { long long n; float by; } Params;
extern "C" __global__ void k_scale(float* y, const float* x, const Params p) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < p.n) y[i] = x[i] * p.by;
}
extern "C" __global__ void k_shared(float* y) {
  __shared__ float all[12000];
  all[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = all[blockDim.x - 1 - threadIdx.x];
}
"""


def params(n, by):
    return np.array([(n, by)], np.dtype([("n", "i8"), ("by", "f4")], align=True))


def test_kernels_run_on_the_devices_memory():
    kernel = cupy.RawModule(code=TEXT, options=("--std=c++17", "--fmad=false")).get_function("k_scale")
    x, y = cupy.asarray(np.arange(100, dtype=np.float32)), cupy.zeros(100, np.float32)
    kernel((1,), (128,), (y, x, params(100, 2.0)))
    assert np.array_equal(y.get(), np.arange(100) * 2)
    shared = cupy.RawKernel(TEXT, "k_shared")
    shared((1,), (64,), (y,))
    assert np.array_equal(y.get()[:64], np.arange(64)[::-1])


def test_wrong_texts_and_options_are_refused():
    for options in (("--use-fast-math",), ("-O3",), ("--fmad=maybe",)):
        with pytest.raises(CompileException, match="unrecognized option"):
            cupy.RawModule(code=TEXT, options=options).get_function("k_scale")
    with pytest.raises(TypeError):
        cupy.RawModule(code=TEXT, options=["--std=c++17"]).get_function("k_scale")
    with pytest.raises(CompileException, match="nonsense"):
        cupy.RawModule(code='extern "C" __global__ void k() { nonsense; }').get_function("k")
    with pytest.raises(CompileException, match="k_other"):
        cupy.RawModule(code=TEXT).get_function("k_other")


@pytest.mark.parametrize(("grid", "block", "shared"), [((1,), (1025,), 0), ((1,), (1, 1, 65), 0), ((1, 65536), (1,), 0), ((0,), (1,), 0), ((1,), (32,), 4096)])
def test_the_limits_of_an_sm_80(grid, block, shared):
    kernel, y = cupy.RawKernel(TEXT, "k_shared"), cupy.zeros(100, np.float32)
    with pytest.raises(driver.CUDADriverError, match="at most"):
        kernel(grid, block, (y,), shared_mem=shared)


def test_a_kernel_that_goes_too_far_is_named():
    kernel, x, y = cupy.RawKernel(TEXT, "k_scale"), cupy.zeros(100, np.float32), cupy.zeros(100, np.float32)
    with pytest.raises(Fault, match="k_scale: .*(outside|never written)"):
        kernel((10,), (128,), (y, x, params(1000, 1.0)))
        cupy.cuda.runtime.deviceSynchronize()
    FOUND.clear()


def test_a_kernel_is_launched_on_the_device_where_it_was_loaded():
    kernel = cupy.RawKernel(TEXT, "k_shared").kernel
    with cupy.cuda.Device(1):
        y = cupy.zeros(100, np.float32)
        with pytest.raises(driver.CUDADriverError, match="was loaded on device 0, the stream is of device 1"):
            kernel((1,), (32,), (y,))
        cupy.RawKernel(TEXT, "k_shared")((1,), (32,), (y,))
        assert y.get()[31] == 0
