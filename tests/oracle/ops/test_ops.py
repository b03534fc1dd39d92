"""Every op over dtypes, shapes, layouts and arguments, as function, method, in place and with out=, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from corelib_conformance import samples
from ..harness import (
    COUNTS, EPS, OPS, Inputs, Op, Problems, Sample, Spec, attempt, describe, differences, dtypes_of, error_difference, finite_max, flatten, forms_of, invoke,
    is_tensor, missing, name_of, overlaps_itself, samples_of, subject, to_numpy, tolerance,
)  # fmt: skip
from corelib_conformance.samples.listed import LISTED

assert samples.FAMILIES  # importing the families is what declares the ops

CASES = [(op.name, dtype) for op in OPS.values() if not missing(op) for dtype in op.dtypes]


def alike(
    op: Op, sample: Sample, got: Any, want: Any, inputs: Inputs, strides: str, units: list[str] | None = None
) -> list[str]:
    """The differences of two results, with the op's tolerance in the last places of the dtype it computes in."""
    ulps, scale = tolerance(op, sample, want, inputs, units[0] if units else "")
    if strides == "dense" and any(s.layout == "expanded" for s in inputs.specs):
        strides = ""  # PyTorch promises the strides of inputs that are dense and do not overlap.
    kinds = [*units[:1], *dtypes_of(want)[:1]] if units else []
    unit = max(kinds, key=lambda d: EPS[d]) if kinds and {*kinds} <= {*EPS} else ""
    return differences(got, want, ulps=ulps, scale=scale, strides=strides, values=op.values, unit=unit)


def side_effects(inputs: Inputs, mine: list[Any], theirs: list[Any], ulps: float) -> list[str]:
    """What the call did to the storages of its arguments, written or not."""
    found = []
    for number, (spec, got, want) in enumerate(zip(inputs.specs, mine, theirs, strict=True)):
        count = spec.geometry()[0]
        whole = [t.detach().as_strided((count,), (1,), 0) for t in (got, want)]
        after = to_numpy(whole[1], torch)
        written = not np.array_equal(after, inputs.numbers[number], equal_nan=after.dtype.kind == "f")
        bound = ulps if written and dtypes_of(want)[0] in EPS else 0
        for text in differences(*whole, ulps=bound, scale=finite_max([after])):
            found.append(f"storage of argument {number}: {text}")
    return found


def shared(T: Any, result: Any, tensors: list[Any]) -> list[Any]:
    """Which argument each output is, and whose storage it shares."""
    facts = []
    for leaf in flatten(result):
        if is_tensor(leaf) and leaf.numel():
            same = [i for i, t in enumerate(tensors) if t is leaf]
            pointer = leaf.untyped_storage().data_ptr()
            facts.append((same, [i for i, t in enumerate(tensors) if t.untyped_storage().data_ptr() == pointer]))
    return facts


def compare(op: Op, number: int, sample: Sample, form: str, dtype: str) -> list[str]:
    """One call of both libraries."""
    inputs = Inputs(op, number, sample, dtype)
    theirs = inputs.build(torch)
    want, their_error = attempt(lambda: invoke(op, sample, form, torch, theirs))
    mine = inputs.build(subject)
    got, my_error = attempt(lambda: invoke(op, sample, form, subject, mine))
    text = error_difference(my_error, their_error, got)
    if text:
        return [] if overlaps_itself(form, inputs, my_error) else [text]
    if their_error is not None:
        COUNTS["refusals compared"] += 1
        return []
    COUNTS["calls compared"] += 1
    found = alike(op, sample, got, want, inputs, "" if form == "inplace" else op.strides)
    if not found and op.values:
        found = side_effects(inputs, mine, theirs, op.tolerance(dtype, sample) * 4)
    links = shared(subject, got, mine), shared(torch, want, theirs)
    if links[0] != links[1]:
        found.append(f"(is argument, shares storage with argument) per output {links[0]}, PyTorch has {links[1]}")
    return found


def compare_out(op: Op, number: int, sample: Sample, dtype: str, first: bool) -> list[str]:
    """The call with out=: strided memory, an empty tensor that is resized, other dtypes."""
    inputs = Inputs(op, number, sample, dtype)
    want, error = attempt(lambda: invoke(op, sample, "function", torch, inputs.build(torch)))
    if error is not None:
        return []
    tuple_of = isinstance(want, (tuple, list))
    units = dtypes_of(want)
    plans = [("strided", None, None), ("contiguous", (0,), None)]
    if first and op.casts:
        plans += [("contiguous", None, d) for d in ("float64", "int32", "bool", "float16")]
    found = []
    for layout, shape, other in plans:
        specs = [Spec(tuple(w.shape), layout, other or name_of(w.dtype)) for w in flatten(want)]
        # Equal seeds, so that what an op must leave alone is equal too.
        numbers = [s.storage(np.random.default_rng(1), str(s.dtype)) for s in specs]
        results = []
        for T in (torch, subject):
            outs = [s.build(T, n, str(s.dtype)) for s, n in zip(specs, numbers, strict=True)]
            if shape is not None:
                outs = [T.empty(shape, dtype=getattr(T, str(s.dtype))) for s in specs]
            given = type(want)(outs) if type(want) is list else tuple(outs) if tuple_of else outs[0]
            tensors = inputs.build(T)
            result, error = attempt(lambda t=tensors, g=given, lib=T: invoke(op, sample, "out", lib, t, g))
            is_out = [a is b for a, b in zip(flatten(result), outs, strict=False)]
            results.append((outs, error, result, is_out))
        (theirs, their_error, _, their_is), (mine, my_error, result, my_is) = results
        label = f"out={layout} {other or 'own dtype'} {list(shape) if shape is not None else 'own shape'}"
        text = error_difference(my_error, their_error, result)
        if text:
            found.append(f"{label}: {text}")
        elif their_error is not None:
            COUNTS["refusals compared"] += 1
        else:
            COUNTS["calls compared"] += 1
            found += [f"{label}: {d}" for d in alike(op, sample, mine, theirs, inputs, "", units)]
            if my_is != their_is:
                found.append(f"{label}: returned out itself {my_is}, PyTorch {their_is}")
    return found


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=[f"{n}-{d}" for n, d in CASES])
def test_op_is_as_in_pytorch(name: str, dtype: str) -> None:
    op, problems, compared = OPS[name], Problems(), 0
    first = True
    for number, sample in samples_of(op, dtype):
        compared += 1
        COUNTS["(op, dtype, sample) compared"] += 1
        for form in forms_of(op, sample):
            if form == "out":
                found = compare_out(op, number, sample, dtype, first)
                first = False
            else:
                found = compare(op, number, sample, form, dtype)
            problems.add(op, number, form, dtype, found)
    problems.check()
    assert compared or all(s.dtypes is not None for s in op.samples)


def test_every_op_of_the_issue_has_samples() -> None:
    without = [name for name in LISTED if name not in OPS or not OPS[name].samples]
    assert without == []


@pytest.mark.parametrize("name", OPS)
def test_every_sample_is_well_formed_for_pytorch(name: str) -> None:
    """PyTorch accepts it for some dtype, or refuses it for its values, not for how it is written."""
    op, malformed, accepted = OPS[name], [], 0
    for number, sample in enumerate(op.samples):
        errors = []
        for dtype in (d for d in ("float32", "int64", "bool", "float64") if d in (sample.dtypes or op.dtypes)):
            inputs = Inputs(op, number, sample, dtype)
            form = forms_of(op, sample)[0]
            _, error = attempt(lambda i=inputs, s=sample, f=form: invoke(op, s, f, torch, i.build(torch)))
            if error is None:
                accepted += 1
                break
            errors.append(error)
        text = str(errors[-1:])
        if len(errors) and error is not None and any(word in text for word in MALFORMED):
            malformed.append(f"#{number} {describe(op, sample, 'function', 'any')}: {errors}")
    assert malformed == []
    assert accepted


MALFORMED = ("invalid combination", "unexpected keyword", "no attribute", "required positional", "missing 1 required")
