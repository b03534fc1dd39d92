"""Every op's body against PyTorch: the same samples, on a device whose backend has kernels for the primitives alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from . import samples
from .harness import (
    COUNTS,
    EPS,
    OPS,
    Inputs,
    Op,
    Sample,
    attempt,
    describe,
    differences,
    error_difference,
    finite_max,
    flatten,
    forms_of,
    invoke,
    is_tensor,
    missing,
    name_of,
    to_numpy,
)

assert samples.FAMILIES

PLUGIN = Path(__file__).parents[1] / "unit" / "backend" / "plugins" / "primitives_only"
DEVICE = "bare"
CASES = [(op.name, dtype) for op in OPS.values() if not missing(op) for dtype in op.dtypes]


@pytest.fixture(scope="module", autouse=True)
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The plugin, installed where this process finds it; nothing may go to the host."""
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


class OnDevice:
    """corelib, whose factories and tensors from NumPy are on the device."""

    def __getattr__(self, name: str) -> Any:
        return getattr(corelib, name)

    def from_numpy(self, array: Any) -> Any:
        return corelib.from_numpy(array).to(DEVICE)


HERE = OnDevice()


def on_device(function: Any) -> tuple[Any, Exception | None]:
    """`attempt`, with the device as the factories' default."""
    corelib.set_default_device(DEVICE)
    try:
        return attempt(function)
    finally:
        corelib.set_default_device(None)


def tolerance(op: Op, sample: Sample, want: Any, inputs: Inputs, factor: float) -> tuple[float, float]:
    scale, root = 0.0, 1.0
    leaves = [w for w in flatten(want) if is_tensor(w)]
    if op.scaled:
        scale = finite_max([*inputs.numbers, *[to_numpy(w, torch) for w in leaves]])
        root = max((float(n.size) for n in inputs.numbers), default=1.0) ** 0.5
    kinds = [name_of(w.dtype) for w in leaves]
    return op.tolerance(kinds[0] if kinds else "float64", sample) * root * factor, scale


def compare(op: Op, number: int, sample: Sample, form: str, dtype: str) -> list[str]:
    inputs = Inputs(op, number, sample, dtype)
    want, their_error = attempt(lambda: invoke(op, sample, form, torch, inputs.build(torch)))
    mine = inputs.build(HERE)
    got, my_error = on_device(lambda: invoke(op, sample, form, HERE, mine))
    text = error_difference(my_error, their_error, got)
    if text:
        if form == "inplace" and inputs.specs[0].layout == "expanded" and "memory location" in str(my_error):
            return []
        return [text]
    if their_error is not None:
        COUNTS["bodies: refusals compared"] += 1
        return []
    COUNTS["bodies: calls compared"] += 1
    placed = [str(t.device) for t in flatten(got) if is_tensor(t)]
    strayed = [d for d in placed if not d.startswith(DEVICE)] if any(t.device.type == DEVICE for t in mine) else []
    ulps, scale = tolerance(op, sample, want, inputs, 1.0)
    found = differences(got, want, ulps=ulps, scale=scale, values=op.values)
    return found + [f"results on {placed}"] * bool(strayed)


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{n}-{d}" for n, d in CASES])
def test_body_computes_what_pytorch_computes(name: str, dtype: str) -> None:
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if sample.dtypes is not None and dtype not in sample.dtypes:
            continue
        COUNTS["bodies: (op, dtype, sample) compared"] += 1
        for form in forms_of(op, sample):
            if form in ("function", "method", "call", "inplace") and not (form == "method" and "function" in forms_of(op, sample)):
                found = compare(op, number, sample, form, dtype)
                problems += [f"#{number} {describe(op, sample, form, dtype)}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])
