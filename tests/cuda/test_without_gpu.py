"""What can be checked of corelib-cuda-cupy without a GPU: it is listed with the reason, and all code that it would run compiles.

The compiler, NVRTC, needs no GPU: a device on paper, whose memory is the host's and whose kernels are compiled and not run, is
given the samples of the conformance suite.
"""

from __future__ import annotations

import subprocess
import sys
import warnings

import corelib
import numpy as np
import pytest
from corelib.backend import Backend, KernelTable
from corelib.backend.codegen import register
from corelib.tensor import dtype as D

pytest.importorskip("cupy", reason="corelib-cuda-cupy is not installed")
from corelib_conformance import samples
from corelib_conformance.checks.forward import form_of
from corelib_conformance.samples.declare import OPS, Inputs, invoke
from corelib_conformance.target import Placed
from corelib_cpu_numpy.backend import NumpyBackend
from corelib_cuda_cupy.compiler import OPTIONS, CudaLauncher
from cupy_backends.cuda.libs import nvrtc

assert samples.FAMILIES
DTYPES = ("bool", "int8", "int64", "float16", "bfloat16", "float32", "float64")


def to_ptx(text):
    """A source compiled for the architecture of an H200; the compiler's words where it does not compile."""
    program = nvrtc.createProgram(text, "kernel.cu", (), ())
    try:
        nvrtc.compileProgram(program, (*OPTIONS, "--gpu-architecture=compute_90"))
        return nvrtc.getPTX(program)
    except nvrtc.NVRTCError as error:
        raise RuntimeError(f"{error}\n{nvrtc.getProgramLog(program)}") from None
    finally:
        nvrtc.destroyProgram(program)


class PaperLauncher(CudaLauncher):
    def __init__(self, backend):
        super().__init__(backend)
        self.compiled = {}

    def compile(self, index, source, name):
        if source not in self.compiled:
            ptx = to_ptx(self.target.text(True) + source)
            assert (b".entry " + name.encode()) in (ptx if isinstance(ptx, bytes) else ptx.encode())
            self.compiled[source] = name
        return name

    def mark_of(self, index):
        return np.zeros(512, np.uint8)

    def run(self, index, kernel, items, group, buffers, params):
        assert items % group == 0 and items >= 0

    def scratch(self, index, nbytes):
        return np.zeros(nbytes, np.uint8)

    def done(self, index, buffer, nbytes):
        pass


class PaperBackend(NumpyBackend):
    """The host's memory, which core must take for a device's."""

    device_type = "papercuda"
    api_version = (1, 0)
    dtypes = {d.name: "native" for d in D.REALS}  # noqa: RUF012
    indexed = True
    host_memory = False
    small_limit = 0
    checks_indices = True
    native = Backend.native

    def __init__(self):
        super().__init__()
        del self.small_allocation
        self.launcher = PaperLauncher(self)

    def device_to_host(self, buffer, offset, nbytes, index):
        return super().device_to_host(buffer, offset, nbytes, index).copy()

    def kernels(self):
        table = KernelTable()
        register(table, self.launcher, D.REALS)
        return table


@pytest.fixture(scope="module")
def paper():
    backend = PaperBackend()
    with corelib.backends.register(backend):
        yield backend


def test_every_generated_kernel_compiles(paper, capsys):
    place, wrong = Placed("papercuda"), []
    for op in OPS.values():
        for dtype in DTYPES:
            for number in [n for n, s in enumerate(op.samples) if dtype in op.dtypes and (s.dtypes is None or dtype in s.dtypes)][:3]:
                sample = op.samples[number]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tensors = Inputs(op, number, sample, dtype).build(place)
                    if dtype in ("float32", "float64") and sample.grad:
                        tensors = [t.detach().requires_grad_() if t.is_floating_point() else t for t in tensors]
                    result, error = place.attempt(lambda op=op, sample=sample, tensors=tensors: invoke(op, sample, form_of(op, sample), place, tensors))
                    if isinstance(result, corelib.Tensor) and result.requires_grad:
                        _, error = place.attempt(lambda result=result: result.sum().backward())
                if error is not None and ("NVRTC" in str(error) or "compil" in str(error) or isinstance(error, AssertionError)):
                    wrong.append(f"{op.name} of {dtype}: {str(error)[:600]}")
    assert not wrong, "\n".join(wrong[:5])
    assert len(paper.launcher.compiled) > 300
    with capsys.disabled():
        print(f"\nCUDA kernels compiled by NVRTC, without a GPU: {len(paper.launcher.compiled)}")


def test_a_source_that_does_not_compile_is_told():
    with pytest.raises(RuntimeError, match="nonsense"):
        to_ptx('extern "C" __global__ void k() { nonsense; }')


def test_without_a_gpu_it_is_listed_with_the_reason_and_the_rest_works():
    code = (
        "import cupy\ndef none(): return 0\ncupy.cuda.runtime.getDeviceCount = none\nimport corelib\n"
        "i = [i for i in corelib.backends.list() if i.device_type == 'cuda'][0]\nprint(i.available, i.reason)\n"
        "try:\n    corelib.ones(1, device='cuda')\nexcept RuntimeError as error:\n    print(error)\nprint(corelib.ones(2).tolist())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "False no CUDA device: the driver lists none" in said
    assert "installed but unavailable: no CUDA device" in said and "[1.0, 1.0]" in said


def test_importing_corelib_and_the_plugin_imports_no_cupy():
    code = "import sys, corelib, corelib_cuda_cupy; print('cupy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_matrices_are_told_to_cublas_as_they_lie():
    from corelib.backend import StridedArray
    from corelib_cuda_cupy.products import _given

    def told(shape, strides):
        return _given(StridedArray(None, D.float32, shape, strides, 0, 0))

    assert told((3, 4), (4, 1)) == (0, 4)
    assert told((3, 4), (9, 1)) == (0, 9)
    assert told((3, 4), (1, 3)) == (1, 3)
    assert told((3, 4), (8, 2)) is None
    assert told((3, 4), (0, 1)) is None
    assert told((1, 4), (0, 1)) == (0, 4)
