"""torch.backends: what programs ask and set of PyTorch's libraries, beside PyTorch's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.backends.xnnpack

import corelib

from ..coverage.calls import compared
from ..coverage.expressions import evaluate, plain


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    with torch.backends.__allow_nonbracketed_mutation():  # PyTorch's own tables of samples freeze its settings where they are imported
        yield
        _put_back()


def _put_back() -> None:
    for T in (corelib, torch):
        B = T.backends
        B.cudnn.set_flags(True, False, None, False, True, "none", "auto")
        B.cuda.matmul.allow_tf32 = False
        B.cuda.matmul.allow_fp16_reduced_precision_reduction = B.cuda.matmul.allow_bf16_reduced_precision_reduction = True
        B.cuda.matmul.allow_fp16_accumulation = False
        for space in (B, B.cuda.matmul, B.mkldnn, B.mkldnn.matmul, B.mkldnn.conv, B.mkldnn.rnn):
            space.fp32_precision = "none"
        B.mkldnn.enabled, B.mkldnn.deterministic = True, False
        T.set_float32_matmul_precision("highest")
        for enable in (B.cuda.enable_flash_sdp, B.cuda.enable_math_sdp, B.cuda.enable_mem_efficient_sdp, B.cuda.enable_cudnn_sdp):
            enable(True)
        B.cuda.allow_fp16_bf16_reduction_math_sdp(False)
        B.mha.set_fastpath_enabled(True)
        B.miopen.set_flags(False)
        B.nnpack.set_flags(True)


def put(T: Any, path: str, value: object) -> object:
    """Set `T.backends.<path>`, and give what it is then."""
    space, _, name = path.rpartition(".")
    found = eval(f"T.backends.{space}" if space else "T.backends", {"T": T})
    setattr(found, name, value)
    return getattr(found, name)


# Each line is evaluated in both libraries; `put` sets a name of torch.backends.
LINES = """
B.cpu.get_cpu_capability()
B.fp32_precision
[put(T, "fp32_precision", v) for v in ("ieee", "none", "tf32", "none")]
put(T, "fp32_precision", "x")
[B.cudnn.enabled, B.cudnn.benchmark, B.cudnn.deterministic, B.cudnn.allow_tf32, B.cudnn.benchmark_limit, B.cudnn.depthwise_kernel, B.cudnn.fp32_precision]
[put(T, "cudnn." + n, v) for n in ("enabled", "benchmark", "deterministic", "allow_tf32") for v in (True, False)]
put(T, "cudnn.benchmark", 1)
put(T, "cudnn.enabled", None)
put(T, "cudnn.depthwise_kernel", "native")
put(T, "cudnn.depthwise_kernel", "x")
[put(T, "cudnn.fp32_precision", v) for v in ("tf32", "ieee", "none")]
put(T, "cudnn.fp32_precision", "bf16")
[put(T, "cudnn.fp32_precision", "ieee"), B.cudnn.conv.fp32_precision, B.cudnn.rnn.fp32_precision, B.cuda.matmul.fp32_precision]
[put(T, "cudnn.conv.fp32_precision", v) for v in ("ieee", "none", "tf32")]
put(T, "cudnn.conv.foo", 1)
[B.cudnn.conv.fp32_precision, B.cudnn.rnn.fp32_precision, put(T, "cudnn.allow_tf32", False), B.cudnn.conv.fp32_precision, B.cudnn.rnn.fp32_precision]
B.cudnn.set_flags(True)
B.cudnn.set_flags(_benchmark=True), B.cudnn.benchmark
[B.cudnn.flags(enabled=True, benchmark=True).__enter__(), B.cudnn.enabled, B.cudnn.benchmark]
[B.cudnn.is_available(), B.cudnn.version(), B.cudnn.is_acceptable(x)]
[B.cuda.matmul.allow_tf32, B.cuda.matmul.fp32_precision, B.cuda.matmul.allow_fp16_accumulation]
[B.cuda.matmul.allow_fp16_reduced_precision_reduction, B.cuda.matmul.allow_bf16_reduced_precision_reduction]
[put(T, "cuda.matmul.allow_tf32", v) for v in (True, False, True)] + [T.get_float32_matmul_precision(), B.cuda.matmul.fp32_precision]
put(T, "cuda.matmul.allow_tf32", 1)
put(T, "cuda.matmul.fp32_precision", "bf16")
put(T, "cuda.matmul.foo", 1)
B.cuda.matmul.foo
put(T, "cuda.matmul.allow_fp16_accumulation", True)
[put(T, "cuda.matmul.allow_fp16_reduced_precision_reduction", v) for v in (False, True, (False, False), (True, True), (False,))]
[put(T, "cuda.matmul.allow_bf16_reduced_precision_reduction", v) for v in (False, True, (False, False))]
put(T, "cuda.matmul.allow_fp16_reduced_precision_reduction", (True, False))
put(T, "cuda.matmul.allow_fp16_reduced_precision_reduction", "a")
[T.set_float32_matmul_precision("medium"), B.cuda.matmul.fp32_precision, B.mkldnn.matmul.fp32_precision, T.get_float32_matmul_precision()]
[T.set_float32_matmul_precision("high"), B.cuda.matmul.allow_tf32, B.mkldnn.matmul.fp32_precision, B.mkldnn.conv.fp32_precision]
[put(T, "mkldnn.matmul.fp32_precision", "bf16"), put(T, "mkldnn.conv.fp32_precision", "tf32"), B.mkldnn.rnn.fp32_precision, B.mkldnn.fp32_precision]
[put(T, "mkldnn.fp32_precision", "bf16"), B.fp32_precision, B.mkldnn.conv.fp32_precision, B.cudnn.conv.fp32_precision, B.cuda.matmul.fp32_precision]
[B.mkldnn.enabled, B.mkldnn.deterministic, B.mkldnn.fp32_precision]
[put(T, "mkldnn." + n, v) for n in ("enabled", "deterministic") for v in (False, True)]
put(T, "mkldnn.enabled", 1)
[B.mkldnn.set_flags(False, True), B.mkldnn.enabled, B.mkldnn.deterministic]
[B.mkldnn.flags(enabled=False).__enter__(), B.mkldnn.enabled]
[B.mkldnn.VERBOSE_OFF, B.mkldnn.VERBOSE_ON, B.mkldnn.VERBOSE_ON_CREATION, B.mkl.VERBOSE_OFF, B.mkl.VERBOSE_ON]
[B.mkldnn.verbose(0).level, B.mkl.verbose(0).enable, B.mkldnn.verbose(0).__enter__(), B.mkl.verbose(0).__enter__(), B.mkldnn.is_acl_available()]
[type(f()) for f in (B.mkl.is_available, B.mkldnn.is_available, B.openmp.is_available, B.nnpack.is_available, B.kleidiai.is_available)]
[B.kleidiai.is_available(), B.cusparselt.is_available(), B.cusparselt.version(), B.cusparselt.get_max_alg_id()]
[B.miopen.immediate, B.miopen.set_flags(True), B.miopen.immediate, B.miopen.flags().__enter__(), B.miopen.immediate]
put(T, "miopen.immediate", 1)
[B.nnpack.set_flags(False), B.nnpack.set_flags(True), B.nnpack.flags(False).__enter__(), B.nnpack.set_flags(True)]
B.nnpack.set_flags(1)
put(T, "xnnpack.enabled", True)
type(B.xnnpack.enabled)
[B.opt_einsum.is_available(), B.opt_einsum.get_opt_einsum(), B.opt_einsum.enabled, B.opt_einsum.strategy, B.opt_einsum.set_flags(), put(T, "opt_einsum.enabled", False)]
B.opt_einsum.set_flags(True)
B.opt_einsum.set_flags(None, "auto")
B.opt_einsum.flags(False).__enter__()
put(T, "quantized.engine", "foo")
put(T, "quantized.supported_engines", [])
type(B.quantized.engine), type(B.quantized.supported_engines)
[B.mha.get_fastpath_enabled(), B.mha.set_fastpath_enabled(False), B.mha.get_fastpath_enabled()]
[B.mps.is_available(), B.mps.is_built()]
B.mps.is_macos_or_newer(13, 0)
B.mps.is_macos13_or_newer()
[f() for f in (B.cuda.flash_sdp_enabled, B.cuda.math_sdp_enabled, B.cuda.mem_efficient_sdp_enabled, B.cuda.cudnn_sdp_enabled)]
[(getattr(B.cuda, "enable_" + n)(False), getattr(B.cuda, n + "_enabled")()) for n in ("flash_sdp", "math_sdp", "mem_efficient_sdp", "cudnn_sdp")]
B.cuda.enable_math_sdp(1)
[B.cuda.fp16_bf16_reduction_math_sdp_allowed(), B.cuda.allow_fp16_bf16_reduction_math_sdp(True), B.cuda.fp16_bf16_reduction_math_sdp_allowed()]
[B.cuda.is_flash_attention_available(), B.cuda.is_ck_sdpa_available()]
[(p.dropout, p.is_causal, p.enable_gqa, p.attn_mask, p.query.shape) for p in [B.cuda.SDPAParams(x, x, x, None, 0.5, True, False)]]
[f(B.cuda.SDPAParams(x, x, x, None, 0.0, True, False)) for f in (B.cuda.can_use_flash_attention, B.cuda.can_use_efficient_attention, B.cuda.can_use_cudnn_attention)]
B.cuda.can_use_flash_attention(3)
[(B.cuda.sdp_kernel(enable_math=False).__enter__(), B.cuda.math_sdp_enabled(), B.cuda.flash_sdp_enabled())]
[(v.name, int(v)) for v in (B.cuda.preferred_linalg_library(), B.cuda.preferred_blas_library(), B.cuda.preferred_rocm_fa_library())]
[B.cuda.preferred_linalg_library("default").name, B.cuda.preferred_rocm_fa_library("default").name]
B.cuda.preferred_linalg_library("x")
B.cuda.preferred_linalg_library("cusolver")
B.cuda.preferred_linalg_library(3)
B.cuda.preferred_blas_library("cublaslt")
type(B.cuda.matmul).__name__, type(B.cuda.cufft_plan_cache).__name__, B.cuda.cuFFTPlanCache(0).device_index
type(B.cuda.cuBLASModule()).__name__, type(B.cuda.cuFFTPlanCacheManager()).__name__
type(B.cudnn).__name__, type(B.mkldnn).__name__, type(B.opt_einsum).__name__
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", LINES)
def test_line_gives_what_pytorch_gives(line: str) -> None:
    x = corelib.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4)
    found = []
    for T, given in zip((corelib, torch), x):
        found.append(plain(evaluate(line.replace("B.", "T.backends."), T, put=put, x=given), T))
    assert found[0] == found[1]


@pytest.mark.parametrize("path", ["cuda.matmul", "cuda.cufft_plan_cache"])
def test_object_with_settings(path: str) -> None:
    for T in (corelib, torch):
        space, _, name = path.rpartition(".")
        assert type(getattr(eval(f"T.backends.{space}", {"T": T}), name)).__name__ in ("cuBLASModule", "cuFFTPlanCacheManager")
    compared(f"torch.backends.{path}")


def test_settings_that_corelib_alone_answers() -> None:
    """It is built without MKL, oneDNN, OpenMP, and cuDNN, and says so; a name that no module has is refused where PyTorch takes it."""
    B = corelib.backends
    for library in (B.mkl, B.mkldnn, B.openmp, B.nnpack):
        assert library.is_available() is False
    assert B.quantized.engine == "none" and B.quantized.supported_engines == ["none"]
    for library in (B.mkl, B.mkldnn):
        with pytest.raises(AssertionError, match="into verbose mode"), library.verbose(1):
            pass
    with pytest.raises(ValueError, match="left to right"):  # as set_flags(True)
        B.opt_einsum.enabled = True
    for space, name in ((B.cudnn, "benhcmark"), (B.mkldnn, "enable"), (B, "fp32")):
        with pytest.raises(AttributeError, match=name):
            setattr(space, name, True)
