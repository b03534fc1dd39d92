"""Which op runs in which dtype under autocast, and what it gives: on the cpu beside PyTorch, for accelerators beside PyTorch's pretended cuda."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import corelib

from ..harness import attempt, quiet
from .calls import CALLS

MIXES = ("float32", "lower", "mixed", "mixed the other way", "float64")
# Kernels that refuse what the pretence of a device lets through: half types, or operands of two dtypes.
PRETENDED = ("index_copy", "instance_norm", "linalg.svdvals", "linalg.det", "linalg.cond", "linalg.eigvalsh", "linalg.solve", "linalg.qr",
             "linalg.cholesky", "linalg.svd", "linalg.eigh", "fft.fft", "fft.rfft2", "polar", "matmul_out")
# What autocast does not touch, and corelib computes for operands of two dtypes, which PyTorch refuses.
PROMOTED = ("tensordot", "cross", "bilinear")
# Made of other ops in PyTorch, of which the last is a product in the lower precision; here it is one op.
WHOLE_HERE = ("linalg.pinv",)


def operands(T: Any, shapes: tuple[tuple[int, ...], ...], mix: str, lower: str, device: str) -> list[Any]:
    rng = np.random.default_rng(5)
    made = []
    for i, shape in enumerate(shapes):
        x = T.from_numpy(rng.standard_normal(shape).astype(np.float32))
        low = mix == "lower" or (mix == "mixed" and i % 2 == 0) or (mix == "mixed the other way" and i % 2)
        made.append(x.to(getattr(T, lower if low else "float64" if mix == "float64" else "float32")).to(device))
    return made


def told(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in told(v)]
    return [value]


def dtypes(value: Any) -> list[str]:
    return [str(getattr(t, "dtype", type(t).__name__)) for t in told(value)]


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("lower", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", CALLS)
def test_an_op_runs_on_the_cpu_as_in_pytorch(name: str, lower: str, mix: str) -> None:
    call, shapes = CALLS[name]
    outcomes = []
    for T in (torch, corelib):
        given = operands(T, shapes, mix, lower, "cpu")
        with quiet(), T.autocast("cpu", dtype=getattr(T, lower)):
            outcomes.append(attempt(lambda: call(T, *given)))  # noqa: B023
    (expected, error), (got, mine) = outcomes
    if error is not None:
        if isinstance(error, NotImplementedError) or "not implemented" in str(error) or "Unsupported" in str(error):
            return  # a kernel that PyTorch lacks for this dtype
        if name in PROMOTED and mix.startswith("mixed"):
            return
        assert mine is not None, f"PyTorch: {error!r}; here {dtypes(got)}"
        return
    assert mine is None, f"PyTorch gives {dtypes(expected)}; here {mine!r}"
    assert dtypes(got) == (["torch.float32"] if name in WHOLE_HERE and mix != "float64" else dtypes(expected))
    for a, b in zip(told(got), told(expected), strict=True):
        if isinstance(b, torch.Tensor):
            wide = "complex128" if b.dtype.is_complex else "float64"
            loose = mix != "float64"
            np.testing.assert_allclose(
                a.detach().to(getattr(corelib, wide)).numpy(), b.detach().to(getattr(torch, wide)).numpy(),
                rtol=4e-2 if loose else 1e-9, atol=4e-2 if loose else 1e-9,
            )  # fmt: skip


@contextlib.contextmanager
def on(T: Any, device: str) -> Any:
    T.set_autocast_enabled(device, True)
    try:
        yield
    finally:
        T.set_autocast_enabled(device, False)


@pytest.mark.parametrize("mix", MIXES[:4])
@pytest.mark.parametrize("name", CALLS)
def test_an_op_runs_on_an_accelerator_in_pytorchs_dtype(name: str, mix: str) -> None:
    call, shapes = CALLS[name]
    with FakeTensorMode(), quiet(), on(torch, "cuda"):
        given = [torch.empty(x.shape, dtype=x.dtype, device="cuda") for x in operands(torch, shapes, mix, "float16", "cpu")]
        expected, error = attempt(lambda: call(torch, *given))
    if name in PRETENDED and mix != "float32":
        pytest.skip("its kernels refuse what the pretence lets through")
    if error is not None and not ("unsafe to autocast" in str(error) or "prioritize" in str(error)):
        pytest.skip(f"PyTorch cannot pretend it: {error}")
    mine = operands(corelib, shapes, mix, "float16", "opencl")
    with quiet(), on(corelib, "opencl"):
        got, refused = attempt(lambda: call(corelib, *mine))
    if error is not None:
        assert type(refused) is type(error)
        return
    assert refused is None, f"PyTorch gives {dtypes(expected)}; here {refused!r}"
    assert dtypes(got) == dtypes(expected)
