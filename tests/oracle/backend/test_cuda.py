"""The cuda device against PyTorch: a part of the oracle's samples at each commit, on the stand-in for CuPy (docs/cuda.md) or on a GPU, with nothing sent to the host.

Only where there is one of the two: `python -m tests.cuda.suite` runs it on the stand-in.
"""

from __future__ import annotations

import pytest

import corelib

from ..chosen import part
from .on_devices import CASES, COMPLEX, GRADIENTS, compare_samples, differentiate_samples

if not corelib.cuda.is_available():
    pytest.skip("no CUDA device, and no stand-in for one", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("nothing_on_the_host")


@pytest.mark.parametrize(("name", "dtype"), [pytest.param(*case, id="-".join(case)) for case in part(CASES, 0.03)])
def test_cuda_computes_what_pytorch_computes(name: str, dtype: str) -> None:
    compare_samples("cuda", name, dtype, "cuda: (op, dtype, sample) compared")


@pytest.mark.parametrize("name", part([name for name in GRADIENTS if name not in COMPLEX], 0.03))
def test_gradients_on_cuda_are_pytorchs(name: str) -> None:
    differentiate_samples("cuda", name, "cuda: samples differentiated")
