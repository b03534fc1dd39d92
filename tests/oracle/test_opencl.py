"""The opencl device against PyTorch: every sample of the oracle, on generated kernels, with nothing sent to the host."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import corelib

from .harness import ALL, COUNTS, OPS, describe, forms_of
from .test_bodies import GRADIENTS, PRESENT, compare, compare_gradients

pytest.importorskip("pyopencl", reason="corelib-opencl is not installed")

# Every kernel has to be compiled once on a machine; CORELIB_ORACLE=all adds the dtypes that share the others' code.
DTYPES = ALL if os.environ.get("CORELIB_ORACLE") == "all" else ("bool", "int64", "bfloat16", "float32")
CASES = [pytest.param(op.name, dtype, id=f"{op.name}-{dtype}") for op in PRESENT for dtype in op.dtypes if dtype in DTYPES]


@pytest.fixture(scope="module", autouse=True)
def nothing_on_the_host() -> Iterator[None]:
    before = corelib.backends.set_fallback("error")
    yield
    corelib.backends.set_fallback(before)


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_opencl_computes_what_pytorch_computes(name: str, dtype: str) -> None:
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if sample.dtypes is not None and dtype not in sample.dtypes:
            continue
        COUNTS["opencl: (op, dtype, sample) compared"] += 1
        forms = forms_of(op, sample)
        for form in forms:
            if form in ("function", "call", "inplace") or (form == "method" and "function" not in forms):
                found = compare("opencl", op, number, sample, form, dtype)
                problems += [f"#{number} {describe(op, sample, form, dtype)}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_on_opencl_are_pytorchs(name: str) -> None:
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if not sample.grad or (sample.dtypes is not None and "float64" not in sample.dtypes):
            continue
        COUNTS["opencl: samples differentiated"] += 1
        form = forms_of(op, sample)[0]
        if form in ("function", "method", "call"):
            found = compare_gradients("opencl", op, number, sample, form)
            problems += [f"#{number} {describe(op, sample, form, 'float64')}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])
