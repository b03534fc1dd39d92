"""The opencl device against PyTorch: the samples of the oracle, a quarter of them at each commit, on generated kernels, with nothing sent to the host."""

from __future__ import annotations

import pytest
import torch

import corelib
from corelib.dispatcher.op import TABLE

from ..chosen import part
from ..harness import COUNTS, OPS
from ..pairs import assert_close
from .on_devices import CASES, COMPLEX, GRADIENTS, compare_samples, differentiate_samples

pytest.importorskip("pyopencl", reason="corelib-opencl is not installed")

pytestmark = pytest.mark.usefixtures("nothing_on_the_host")
EXTENSIONS = [op.name for op in OPS.values() if op.extension and not op.needs]


@pytest.mark.parametrize(("name", "dtype"), [pytest.param(*case, id="-".join(case)) for case in part(CASES, 0.25)])
def test_opencl_computes_what_pytorch_computes(name: str, dtype: str) -> None:
    compare_samples("opencl", name, dtype, "opencl: (op, dtype, sample) compared")


@pytest.mark.parametrize("name", part([name for name in GRADIENTS if name not in COMPLEX], 0.25))
def test_gradients_on_opencl_are_pytorchs(name: str) -> None:
    differentiate_samples("opencl", name, "opencl: samples differentiated")


def test_complex_numbers_are_generated() -> None:
    assert len(COMPLEX) > 90 and corelib.device("opencl").runtime.backend.dtypes.get("complex64", "absent") == "native"
    for make in (
        lambda T, place: T.view_as_complex(T.ones(2, device=place)) * 2j, lambda T, place: T.ones(2, device=place).to(T.complex64).conj() + 1j,
        lambda T, place: T.complex(*[T.ones(2, device=place)] * 2).abs(),
    ):  # fmt: skip
        assert_close(make(corelib, "opencl").cpu(), make(torch, "cpu"))


@pytest.mark.parametrize("name", EXTENSIONS)
def test_what_has_no_body_goes_to_the_host_and_is_listed(name: str) -> None:
    before, reported = corelib.backends.set_fallback("allow"), corelib.backends.set_report(True)
    corelib.backends.reset_report()
    try:
        compare_samples("opencl", name, "float32", "opencl: (op, dtype, sample) compared")
        differentiate_samples("opencl", name, "opencl: samples differentiated")
        rows = corelib.backends.report()
    finally:
        corelib.backends.set_fallback(before)
        corelib.backends.set_report(reported)
    for row in rows:
        if row.path == "host":
            assert TABLE[row.op].kind == "extension", row
            COUNTS[f"opencl: calls of {row.op} that went to the host"] += row.calls
