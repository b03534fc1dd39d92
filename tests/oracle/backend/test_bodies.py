"""Every op's body against PyTorch: the same samples, two fifths of them at each commit, on devices whose backends have kernels for the primitives alone.

`bare` takes what PyTorch's CPU takes. `bare_dense` wants contiguous arrays, `bare_numberless` no Python numbers, and
`bare_single` has no floating dtype but float32; their kernels raise for what they declare that they do not take.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import corelib

from ..chosen import part
from .on_devices import GRADIENTS, PRESENT, compare_samples, differentiate_samples

PLUGIN = Path(__file__).parents[2] / "unit" / "backend" / "plugins" / "primitives_only"
CASES = [("bare", op.name, dtype) for op in PRESENT for dtype in op.dtypes]
CASES += [
    (device, op.name, dtype)
    for device in ("bare_dense", "bare_numberless", "bare_single")
    for op in PRESENT
    for dtype in ("bool", "int64", "float32")
    if dtype in op.dtypes
]
LABELLED = [pytest.param(*case, id="-".join(case)) for case in part(CASES, 0.4)]


@pytest.fixture(scope="module", autouse=True)
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The backends, installed where this process finds them; nothing may go to the host."""
    target = tmp_path_factory.mktemp("primitives_only")
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--target", str(target), str(PLUGIN),
        ],
        check=True, timeout=300,
    )  # fmt: skip
    sys.path.insert(0, str(target))
    before = corelib.backends.set_fallback("error")
    yield
    corelib.backends.set_fallback(before)
    sys.path.remove(str(target))


@pytest.mark.parametrize(("device", "name", "dtype"), LABELLED)
def test_body_computes_what_pytorch_computes(device: str, name: str, dtype: str) -> None:
    compare_samples(device, name, dtype, "bodies: (device, op, dtype, sample) compared")


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_through_bodies_are_pytorchs(name: str) -> None:
    differentiate_samples("bare", name, "bodies: samples differentiated")
