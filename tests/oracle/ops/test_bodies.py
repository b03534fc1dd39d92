"""Every op's body against PyTorch: the same samples, on devices whose backends have kernels for the primitives alone.

`bare` takes what PyTorch's CPU takes. `bare_dense` wants contiguous arrays, `bare_numberless` no Python numbers, and
`bare_single` has no floating dtype but float32; their kernels raise for what they declare that they do not take.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

from corelib_conformance import samples
from ..harness import (
    COUNTS,
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
from .test_gradients import ULPS, Run, alike

assert samples.FAMILIES

PLUGIN = Path(__file__).parents[2] / "unit" / "backend" / "plugins" / "primitives_only"
HALVES_AND_DOUBLE = ("float16", "bfloat16", "float64")
PRESENT = [op for op in OPS.values() if not missing(op) and not op.extension]
CASES = [("bare", op.name, dtype) for op in PRESENT for dtype in op.dtypes]
CASES += [
    (device, op.name, dtype)
    for device in ("bare_dense", "bare_numberless", "bare_single")
    for op in PRESENT
    for dtype in ("bool", "int64", "float32")
    if dtype in op.dtypes
]
LABELLED = [pytest.param(*case, id="-".join(case)) for case in CASES]
# Off the CPU random numbers come from another generator than PyTorch's: only types and shapes are compared.
RANDOM = ("rand", "randn", "randint", "randperm", "bernoulli", "normal", "inplace_random")


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


class Placed:
    """corelib, with a device of its own for what is made from nothing or from NumPy."""

    def __init__(self, device: str) -> None:
        self._device = device

    def __getattr__(self, name: str) -> Any:
        return getattr(corelib, name)

    def from_numpy(self, array: Any) -> Any:
        return corelib.from_numpy(array).to(self._device)

    def Generator(self) -> Any:
        return corelib.Generator(self._device)

    def attempt(self, function: Any) -> tuple[Any, Exception | None]:
        """The result and the exception, one of them None."""
        corelib.set_default_device(self._device)
        try:
            return attempt(function)
        finally:
            corelib.set_default_device(None)

    def renamed(self, value: Any) -> Any:
        """A result in which this device's name, where a sample asks for it, is the one that PyTorch gives."""
        if isinstance(value, (tuple, list)) and not hasattr(value, "numel") and not hasattr(value, "_fields"):
            return type(value)(self.renamed(v) for v in value)
        return "cpu" if isinstance(value, str) and value == self._device else value


def has(device: str, inputs: Inputs) -> bool:
    return device != "bare_single" or not {*inputs.dtypes} & {*HALVES_AND_DOUBLE}


def tolerance(op: Op, sample: Sample, want: Any, inputs: Inputs) -> tuple[float, float]:
    """Units of the last place, and the number that they are also counted at."""
    leaves = [w for w in flatten(want) if is_tensor(w)]
    ulps = op.tolerance(name_of(leaves[0].dtype) if leaves else "float64", sample)
    if not op.scaled:
        return ulps, 0.0
    root = max((float(n.size) for n in inputs.numbers), default=1.0) ** 0.5
    return ulps * root, finite_max([*inputs.numbers, *[to_numpy(w, torch) for w in leaves]])


def compare(device: str, op: Op, number: int, sample: Sample, form: str, dtype: str) -> list[str]:
    inputs, here = Inputs(op, number, sample, dtype), Placed(device)
    if not has(device, inputs):
        return []
    want, their_error = attempt(lambda: invoke(op, sample, form, torch, inputs.build(torch)))
    if device == "bare_single" and any(is_tensor(w) and name_of(w.dtype) in HALVES_AND_DOUBLE for w in flatten(want)):
        return []
    mine = inputs.build(here)
    got, my_error = here.attempt(lambda: invoke(op, sample, form, here, mine))
    if device == "bare_single" and "has no torch." in str(my_error):
        COUNTS["bodies: refusals of an absent dtype"] += 1
        return []
    text = error_difference(my_error, their_error, got)
    if text:
        if form == "inplace" and inputs.specs[0].layout == "expanded" and "memory location" in str(my_error):
            return []  # as in test_ops
        return [text]
    if their_error is not None:
        COUNTS["bodies: refusals compared"] += 1
        return []
    COUNTS["bodies: calls compared"] += 1
    ulps, scale = tolerance(op, sample, want, inputs)
    values = op.values and op.name not in RANDOM
    found = differences(here.renamed(got), want, ulps=ulps, scale=scale, values=values)
    places = {t.device.type for t in flatten(got) if is_tensor(t)}
    if mine and places - {device} and op.name != "to":
        found.append(f"results on {places}, and the operands are on {device}")
    return found


@pytest.mark.parametrize(("device", "name", "dtype"), LABELLED)
def test_body_computes_what_pytorch_computes(device: str, name: str, dtype: str) -> None:
    compare_samples(device, name, dtype, "bodies: (device, op, dtype, sample) compared")


def compare_samples(device: str, name: str, dtype: str, counted: str) -> None:
    """Fail with the differences of all samples of an op on a device."""
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if sample.dtypes is not None and dtype not in sample.dtypes:
            continue
        COUNTS[counted] += 1
        forms = forms_of(op, sample)
        for form in forms:
            if form in ("function", "call", "inplace") or (form == "method" and "function" not in forms):
                found = compare(device, op, number, sample, form, dtype)
                problems += [f"#{number} {describe(op, sample, form, dtype)}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])


GRADIENTS = [op.name for op in PRESENT if op.grad and "float64" in op.dtypes]


def compare_gradients(device: str, op: Op, number: int, sample: Sample, form: str) -> list[str]:
    inputs, here = Inputs(op, number, sample, "float64"), Placed(device)
    theirs, their_error = attempt(lambda: Run(torch, op, sample, form, inputs, "float64", False))
    if "derivative for" in str(their_error) and "not implemented" in str(their_error):
        return []
    mine, my_error = here.attempt(lambda: Run(here, op, sample, form, inputs, "float64", False))
    text = error_difference(my_error, their_error, "derivatives")
    if text or their_error is not None:
        return [text] if text else []
    arrays = [to_numpy(t, torch) for t in theirs.first if t is not None]
    root = max((float(n.size) for n in inputs.numbers), default=1.0) ** 0.5
    return alike("first", mine.first, theirs.first, finite_max([*inputs.numbers, *arrays]), ULPS * root * op.first_slack)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_through_bodies_are_pytorchs(name: str) -> None:
    differentiate_samples("bare", name, "bodies: samples differentiated")


def differentiate_samples(device: str, name: str, counted: str) -> None:
    """Fail with the differences of the gradients of all samples of an op on a device."""
    op, problems = OPS[name], []
    for number, sample in enumerate(op.samples):
        if not sample.grad or (sample.dtypes is not None and "float64" not in sample.dtypes):
            continue
        COUNTS[counted] += 1
        form = forms_of(op, sample)[0]
        if form in ("function", "method", "call"):
            found = compare_gradients(device, op, number, sample, form)
            problems += [f"#{number} {describe(op, sample, form, 'float64')}\n    {text}" for text in found]
    assert not problems, f"{len(problems)} differences\n" + "\n".join(problems[:12])
