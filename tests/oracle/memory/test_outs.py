"""`out=` of every function that has one in PyTorch: which tensors are taken, what they are afterwards, and what is left alone."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from corelib_conformance import samples
from ..harness import OPS, Inputs, Named, Op, Problems, Sample, attempt, error_difference, flatten, invoke, is_tensor, missing, name_of, samples_of, subject, to_numpy
from .arrangements import base_dtype

assert samples.FAMILIES

NAMES = [op.name for op in OPS.values() if not missing(op) and Named(op.path).stands_in(torch)]
DTYPES = [f"as {d}" for d in ("float32", "float64", "float16", "int32", "int64", "uint8", "bool", "complex64")]
SHAPES = ["empty", "flat", "bigger", "smaller", "lead", "strided", "narrow", "permuted", "grad", "meta"]
LOST = "PyTorch's kernel does not look at the strides of out"
INTERNAL = "PyTorch fails with an internal assertion"
RIGHT = "PyTorch refuses what has one meaning"
SAMPLES = "which of its overloads PyTorch comes to depends on the sample"
EXCEPTIONS = {
    ("avg_pool3d", "strided"): LOST, ("avg_pool3d", "permuted"): LOST, ("gelu", "strided"): LOST, ("gelu", "permuted"): LOST,
    **{("ldexp", d): INTERNAL for d in DTYPES}, ("linalg_matmul", "permuted"): INTERNAL,
    ("std", "as complex64"): RIGHT, ("var", "as complex64"): RIGHT, ("nansum", "as complex64"): RIGHT, ("nanmean", "as complex64"): RIGHT,
    **{("mean", d): RIGHT for d in DTYPES},  # of integers only float64 will do
    ("any", "as uint8"): "PyTorch casts the input to uint8 first, and -0.5 becomes 0", ("all", "as uint8"): "as any",
    **{(n, d): SAMPLES for n in ("clamp_min", "clamp_max", "inner") for d in DTYPES},
    ("histc", "grad"): "PyTorch writes into a leaf here", ("mean", "meta"): RIGHT, ("amax", "meta"): RIGHT, ("amin", "meta"): RIGHT,
}  # fmt: skip
UNWARNED = ("addbmm", "logsigmoid")
"""Where PyTorch resizes without its warning."""
LAID_OUT_OTHERWISE = ("linalg_householder_product", "logsigmoid", "ormqr", "special_ndtr")
"""Where PyTorch gives what it has resized the strides of LAPACK, or of no one."""


def outs_for(T: Any, want: Any, plan: str) -> list[Any]:
    """Tensors of ones to write results like PyTorch's into."""

    def ones(w: Any, shape: tuple[int, ...], dtype: str = "") -> Any:
        return T.ones(shape, dtype=getattr(T, dtype or name_of(w.dtype)))

    made = []
    for number, w in enumerate(flatten(want)):
        shape, n = tuple(w.shape), w.numel()
        if plan.startswith("as "):
            made.append(ones(w, shape, "" if number else plan[3:]))
        elif plan == "strided":
            made.append(ones(w, (*shape, 2))[..., 1])
        elif plan == "narrow":
            made.append(ones(w, (2 * n + 8,))[2 : n + 3])
        elif plan == "permuted":
            made.append(ones(w, shape[::-1]).permute(tuple(reversed(range(len(shape))))))
        elif plan == "grad":
            made.append(ones(w, shape).requires_grad_() if w.is_floating_point() else ones(w, shape))
        elif plan == "meta":
            made.append(ones(w, shape).to("meta"))
        else:
            made.append(ones(w, {"empty": (0,), "flat": (n,), "bigger": (n + 3,), "smaller": (1,), "lead": (1, *shape)}[plan]))
    return made


def state(t: Any) -> tuple[Any, ...]:
    return tuple(t.shape), tuple(t.stride()), name_of(t.dtype), None if name_of(t.device) == "meta" else str(t.detach().tolist())


def call(T: Any, op: Op, sample: Sample, inputs: Inputs, want: Any, plan: str) -> tuple[Any, Exception | None, list[Any], bool, bool]:
    """The result, the error, the tensors of out=, whether they and the inputs are as before, and whether a resizing was told."""
    tensors, outs = inputs.build(T), outs_for(T, want, plan)
    given = type(want)(outs) if type(want) is list else tuple(outs) if isinstance(want, tuple) else outs[0]
    T.manual_seed(0)
    before = [state(t) for t in (*outs, *tensors)]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result, error = invoke(op, sample, "out", T, tensors, given), None
        except Exception as raised:
            result, error = None, raised
    return result, error, outs, [state(t) for t in (*outs, *tensors)] == before, any("resized" in str(w.message) for w in seen)


def near(got: Any, want: Any) -> bool:
    mine, theirs = to_numpy(got, subject), to_numpy(want, torch)
    if theirs.dtype.kind not in "fc":
        return bool(np.array_equal(mine, theirs))
    bound = 2e-2 if "16" in name_of(want.dtype) else 2e-5
    return bool(np.allclose(mine, theirs, rtol=bound, atol=bound, equal_nan=True))


def compare(op: Op, sample: Sample, inputs: Inputs, want: Any, plan: str) -> list[str] | None:
    """What differs; None where PyTorch's function has no out=."""
    expected, their_error, theirs, _, they_told = call(torch, op, sample, inputs, want, plan)
    if isinstance(their_error, TypeError) and any(word in str(their_error) for word in ("unexpected keyword", "invalid combination", "multiple values")):
        return None
    if (op.name, plan) in EXCEPTIONS or (plan == "grad" and op.own_grad):  # where PyTorch has no derivative to refuse
        return []
    result, my_error, mine, unchanged, told = call(subject, op, sample, inputs, want, plan)
    text = error_difference(my_error, their_error, result)
    if text:
        return [f"out= {plan}: {text}"]
    if my_error is not None:
        return [] if unchanged else [f"out= {plan}: refused, and yet something was changed"]
    found = []
    if told != they_told and op.name not in UNWARNED:
        found.append(f"warned of resizing: {told}, PyTorch {they_told}")
    for got, its in zip(mine, theirs, strict=True):
        if name_of(its.device) == "meta":
            continue
        if (tuple(got.shape), name_of(got.dtype)) != (tuple(its.shape), name_of(its.dtype)):
            found.append(f"shape and dtype {tuple(got.shape)}, {got.dtype}, PyTorch {tuple(its.shape)}, {its.dtype}")
        elif its.numel() > 1 and tuple(got.stride()) != tuple(its.stride()) and op.name not in LAID_OUT_OTHERWISE:
            found.append(f"strides {tuple(got.stride())}, PyTorch {tuple(its.stride())}")
        elif op.values and not near(got, its):
            found.append(f"{got.tolist()}, PyTorch {its.tolist()}"[:300])
    if [a is b for a, b in zip(flatten(result), mine, strict=False)] != [a is b for a, b in zip(flatten(expected), theirs, strict=False)]:
        found.append("what is returned is out itself in one library only")
    return [f"out= {plan}: {text}" for text in found]


@pytest.mark.parametrize("name", NAMES)
def test_out_is_taken_and_left_as_in_pytorch(name: str) -> None:
    op, problems = OPS[name], Problems()
    first = base_dtype(op)
    for dtype in dict.fromkeys((first, *(d for d in ("int64", "bool") if d in op.dtypes))):
        plain = ((number, s) for number, s in samples_of(op, dtype) if s.call is None)
        taken = 0
        for number, sample in plain:
            inputs = Inputs(op, number, sample, dtype)
            want, error = attempt(lambda s=sample, i=inputs: invoke(op, s, "function", torch, i.build(torch)))
            if error is not None or not all(is_tensor(w) for w in flatten(want)) or not 0 < flatten(want)[0].numel() <= 500:
                continue
            for plan in itertools.chain(DTYPES, SHAPES if dtype == first else ()):
                found = compare(op, sample, inputs, want, plan)
                if found is None:
                    return
                problems.add(op, number, "out", dtype, found)
            taken += 1
            if taken == (2 if dtype == first else 1):
                break
    problems.check()


CALLS = """
T.sum(x, 0, dtype=T.float64, out=f32)  T.sum(x, 0, dtype=T.float32, out=f64)  T.prod(x, 0, dtype=T.float64, out=f32)  T.cumsum(x, 0, dtype=T.float64, out=e)
T.cumsum(x, 0, out=e.double())  T.cumsum(i, 0, out=e.int())  T.mean(x, 0, dtype=T.float64, out=f32)  T.nansum(x, 0, dtype=T.float64, out=f32)
T.norm(x, 2, 0, dtype=T.float64, out=f32)  T.softmax(x, 0, out=e)  T.softmax(x, 0, dtype=T.float64, out=e.double())  T.log_softmax(x, 0, out=e.half())
T.linspace(0, 3, 4, out=x.narrow(1, 1, 2)[:2])  T.linspace(0, 3, 6, out=x.narrow(1, 1, 2))  T.linspace(0, 3, 5, out=f32)  T.linspace(0, 3, 5, out=e.long())
T.linspace(0, 3, 4, dtype=T.float64, out=f32)  T.linspace(0, 3, 4, device="meta", out=f32)  T.linspace(0, 3, 4, out=g)  T.logspace(0, 3, 4, out=x[:2, :2])
T.logspace(0, 3, 4, dtype=T.float64, out=f32)  T.arange(4, out=x[:2, :2])  T.arange(5, out=f32)  T.arange(4.5, out=i64)  T.arange(4, dtype=T.int64, out=f32)
T.eye(2, out=f32)  T.eye(2, out=x[:2, :2])  T.eye(2, dtype=T.float64, out=f32)  T.zeros(4, out=i64)  T.zeros(3, out=f32)  T.zeros(4, dtype=T.int64, out=f32)
T.zeros(4, out=g)  T.zeros(4, out=f32, requires_grad=True)  T.ones(2, 2, out=x[:2, :2])  T.full((4,), 2.5, out=i64)  T.full((2, 2), 2.5, out=f32)
T.full((4,), 2.5, dtype=T.float64, out=f32)  T.empty(4, dtype=T.int32, out=f32)  T.rand(4, out=f64)  T.rand(4, out=e.half())  T.rand(4, out=i64)
T.rand(4, dtype=T.float64, out=f32)  T.rand(2, 2, out=f32)  T.rand(2, 2, out=x[:2, :2])  T.randn(4, out=f64)  T.randn(20, out=e.double())
T.randn(20, out=e.bfloat16())  T.randn(4, dtype=T.float64, out=f32)  T.randint(5, (4,), out=f32)  T.randint(5, (4,), out=i64)  T.randint(5, (4,), dtype=T.int32, out=f32)
T.randperm(4, out=i64)  T.randperm(4, out=f32)  T.randperm(4, out=T.zeros(2, 2).long())  T.randperm(4, dtype=T.int64, out=f32)  T.normal(0., 1., (4,), out=f64)
T.normal(0., 1., (4,), dtype=T.float64, out=f32)  T.normal(x[0], 1., out=f64)  T.normal(x[0], 1., out=i64)  T.normal(x[0], x[1], out=e.double())
T.bernoulli(x[0] / 4, out=f64)  T.bernoulli(x[0] / 4, out=i64)  T.bernoulli(x[0] / 4, out=e.bool())  T.bernoulli(x[:2, :2] / 8, out=f32)
T.multinomial(x[1], 4, out=e.long())  T.multinomial(x[1], 4, out=f32)  T.unbind_copy(x, out=[e, e + 0, e + 1])  T.unbind_copy(x, out=[T.empty(4), e])
T.unbind_copy(x, out=[f64, f32, f32 + 1])  T.unbind_copy(x, out=e)  T.split_copy(x, 2, out=[T.empty(2, 4), T.empty(1, 4)])  T.split_copy(x, 2, out=[e, e + 0])
T.split_with_sizes_copy(x, [1, 2], out=[e, e + 0])  T.split_with_sizes_copy(x, [1, 2], out=[e, e.double()])  T.unsafe_split(x, 2, out=[e, e + 0])
T.view_copy(x, (12,), out=e)  T.t_copy(x, out=e)  T.expand_copy(x[:1], (3, 4), out=e)  T.permute_copy(x, (1, 0), out=e)
T.select_copy(x, 0, 1, out=f64)  T.narrow_copy(x, 0, 1, 1, out=f64)  T.slice_scatter(x, x[:1], 0, 0, 1, out=e)  T.isin(x, x, out=e.bool())  T.isin(x, x, out=e)
T.nn.functional.linear(x, x, out=e)  T.where(x > 3, x, x, out=e.double())  T.clamp(x, 0, 1, out=e.double())  T.addmm(x, x[:, :3], x, out=e.double())
T.abs(T.complex(x, x), out=e.cfloat())  T.abs(T.complex(x, x), out=e)  T.max(x, 0, out=(e, e.int()))  T.topk(x, 2, out=(T.zeros(9), T.zeros(9).long()))
T.median(x, out=e)  T.mul(x, 2, out=x[:, :2])  T.mul(x[0], 2, out=x[1])  T.mul(x[0], 2, out=x[1, :2])  T.sin(x.t(), out=e)  T.any(x, 0, out=e.int())
T.nonzero(x, out=e.int())  T.dot(f32, f32, out=e.double())  T.hann_window(4, out=e)  T.cat([x, x], out=e.long())  T.take(x, i, out=e.double())  T.argmax(x, 0, out=e)
T.sort(x, out=e)  T.sort(x, out=(e,))  T.add(x, 1, out=[e])  T.add(x, 1, out=(e,))  T.view_as_real_copy(T.complex(x, x), out=e)
"""  # fmt: skip
CALLS = [c.strip() for line in CALLS.splitlines() for c in line.split("  ") if c.strip()]


def outcome(T: Any, text: str) -> tuple[Any, ...]:
    """The type of the error, whether x, out and the resizing were touched, and the results."""
    x = T.arange(12.0).view(3, 4)
    names = {
        "T": T, "x": x, "i": T.arange(6), "e": T.empty(0), "f32": T.zeros(4), "f64": T.zeros(4, dtype=T.float64), "i64": T.zeros(4, dtype=T.int64),
        "g": T.zeros(4, requires_grad=True),
    }  # fmt: skip
    T.manual_seed(0)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            results, error = flatten(eval(text, names)), ""
        except Exception as raised:
            results, error = [], type(raised).__name__
    facts = [(tuple(r.shape), tuple(r.stride()), name_of(r.dtype), r.requires_grad) for r in results if is_tensor(r)]
    told = not error and any("resized" in str(w.message) for w in seen)
    return (error, facts, told), [x, *(names[n] for n in ("f32", "f64", "i64", "g")), *(r for r in results if is_tensor(r))]


@pytest.mark.parametrize("text", CALLS)
def test_calls_end_as_in_pytorch(text: str) -> None:
    (mine, ours), (expected, theirs) = outcome(subject, text), outcome(torch, text)
    assert mine == expected
    assert [near(a, b) for a, b in zip(ours, theirs, strict=True)] == [True] * len(theirs)


def test_a_kernel_writes_where_it_can() -> None:
    """No second tensor is made for what has the shape, dtype and device of the result."""
    out = corelib.zeros(300, 300)
    at = out.data_ptr()
    x = corelib.ones(300, 300)
    corelib.add(x, x, out=out)
    assert out.data_ptr() == at and out._version == 1 and out.sum().item() == 180000
    wide = corelib.zeros(300, 600)
    corelib.add(x, x, out=wide[:, ::2])
    assert wide.sum().item() == 180000 and wide[:, 1::2].sum().item() == 0
