"""What is written shares memory with what is read, or with itself: refused where PyTorch refuses, else computed as if it shared none."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import corelib

from corelib_conformance import samples
from corelib_conformance.target import Placed
from ..harness import (
    OPS, Inputs, Named, Op, Problems, Sample, Spec, attempt, differences, error_difference, flatten, invoke, is_tensor, missing, subject, tolerance,
)  # fmt: skip
from .arrangements import KINDS, arranged, base_dtype, plain_samples

assert samples.FAMILIES

NAMES = [op.name for op in OPS.values() if not missing(op)]
TWICE = "PyTorch forgets to look, and writes the same elements several times"
SOMETIMES = "PyTorch comes to its check only for some shapes"
EXCEPTIONS = {
    ("addmv", "inplace", "expanded"): TWICE, ("baddbmm", "inplace", "expanded"): TWICE, ("addbmm", "inplace", "expanded"): TWICE,
    ("mm", "out", "expanded"): SOMETIMES, ("matmul", "out", "expanded"): SOMETIMES, ("histogram", "out", "expanded"): SOMETIMES,
    ("addmm", "out", "shifted"): SOMETIMES, ("baddbmm", "out", "shifted"): SOMETIMES, ("addbmm", "out", "shifted"): SOMETIMES,
    ("addmm", "out", "row"): SOMETIMES, ("baddbmm", "out", "row"): SOMETIMES, ("addbmm", "out", "row"): SOMETIMES,
    ("inner", "out", "shifted"): SOMETIMES, ("linear", "out", "expanded"): SOMETIMES, ("diff", "out", "shifted"): SOMETIMES, ("index_put", "inplace", "row"): SOMETIMES,
}  # fmt: skip


def in_place(T: Any, op: Op, sample: Sample, inputs: Inputs, kind: str, at: int) -> tuple[list[Any], Any, Any] | None:
    """The operands, their first and number `at` arranged, what is written, and nothing for out=."""
    tensors = inputs.build(T)
    got = arranged(T, kind, tensors[0], tensors[at])
    if got is None:
        return None
    tensors[0], tensors[at] = got if at else (got[0], got[0])
    return tensors, tensors[0], None


def into(T: Any, op: Op, sample: Sample, inputs: Inputs, kind: str, at: int) -> tuple[list[Any], Any, Any] | None:
    """The operands, number `at` arranged with the first tensor of out=, that tensor, and out=."""
    tensors = inputs.build(T)
    want, error = attempt(lambda: invoke(op, sample, "function", T, tensors))
    if error is not None or not all(is_tensor(w) for w in flatten(want)):
        return None
    outs = [T.empty(tuple(w.shape), dtype=w.dtype) for w in flatten(want)]
    got = arranged(T, kind, outs[0], tensors[at])
    if got is None:
        return None
    outs[0] = got[0]
    tensors[at] = tensors[at] if kind == "expanded" else got[1]
    return tensors, outs[0], tuple(outs) if isinstance(want, tuple) else outs[0]


def compare(op: Op, number: int, sample: Sample, inputs: Inputs, form: str, kind: str, at: int) -> list[str]:
    arrange = in_place if form == "inplace" else into
    theirs = arrange(torch, op, sample, inputs, kind, at)
    if theirs is None:
        return []
    apart = [t.clone() for t in theirs[0]]
    blank = None if theirs[2] is None else tuple(torch.empty_like(o) for o in flatten(theirs[2]))
    right, error = attempt(lambda: invoke(op, sample, form, torch, apart, blank if isinstance(theirs[2], tuple) or blank is None else blank[0]))
    if error is not None:  # a form that PyTorch has not, or has not for these operands
        return []
    _, want = attempt(lambda: invoke(op, sample, form, torch, theirs[0], theirs[2]))
    mine = arrange(subject, op, sample, inputs, kind, at)
    assert mine is not None
    before = mine[1].tolist()
    result, got = attempt(lambda: invoke(op, sample, form, subject, mine[0], mine[2]))
    if isinstance(got, TypeError) and "'out'" in str(got):
        return []  # listed in test_outs
    text = error_difference(got, want, result)
    if text:
        return [f"{kind}, operand {at}: {text}"]
    if got is not None:
        same = str(mine[1].tolist()) == str(before)
        return [] if same else [f"{kind}, operand {at}: refused, and yet written"]
    if kind == "expanded" or not op.values:
        return []
    ulps, scale = tolerance(op, sample, right, inputs)
    return [f"{kind}, operand {at}: {d}" for d in differences(result, right, ulps=ulps * 2, scale=scale)]


@pytest.mark.parametrize("form", ["inplace", "out"])
@pytest.mark.parametrize("name", NAMES)
def test_sharing_is_refused_as_pytorch_refuses_it_or_computed_right(name: str, form: str) -> None:
    op, problems = OPS[name], Problems()
    if form == "inplace" and not hasattr(torch.Tensor, name + "_"):
        return
    if form == "out" and not Named(op.path).stands_in(torch):
        return
    for number, sample, inputs in plain_samples(op):
        if not inputs.specs or (form == "inplace" and not (sample.inplace and sample.args and isinstance(sample.args[0], Spec))):
            continue
        for kind in KINDS:
            if (name, form, kind) in EXCEPTIONS:
                continue
            first = 1 if form == "inplace" and kind != "expanded" else 0
            for at in range(first, 1 if kind == "expanded" else len(inputs.specs)):
                problems.add(op, number, form, base_dtype(op), compare(op, number, sample, inputs, form, kind, at))
    problems.check()


STATEMENTS = """
s.copy_(s.t()); s.copy_(s[:]); s[1:].copy_(s[:-1]); v.view(2, 3)[:, 1:].copy_(v.view(2, 3)[:, :-1]); s[1:] = s[:-1]; s[0] = s[1]; s[:] = s.t()
e.fill_(1); e.zero_(); e.copy_(s); e[0] = 1; e[:, 0] = s[0]; e.masked_fill_(s > 3, 1); e.index_fill_(0, i, 1); e.index_put_((i,), o); e[s > 3] = 1
e.random_(); e.normal_(); e.uniform_(); e.bernoulli_(); e.exponential_(); e.tril_(); e.triu_(); e.t_(); e.clamp_(0); e.index_add_(0, i, s[:1])
s.add_(s[0]); s.add_(s[0, 0]); s.add_(s[:, :1]); s.t().add_(s); s -= s[:1]; s *= s.t(); s[:, 1:] -= s[:, :-1]; s[1:] -= s[:-1]; v[::2].add_(v[1::2])
s.index_put_((i,), s[0]); s[s > 3] = s[0, 0]; s.masked_fill_(s > 3, s[0, 0]); s.fill_(s[0, 0]); s.scatter_(0, j, s); s.index_copy_(0, i, s[:1])
n.fill_(1); n.copy_(n); n.add_(1); n.mul_(n); n.zero_(); n.uniform_(); n.masked_fill_(n > 0, 1); n.clamp_(0)
T.mul(v[:4], 2, out=v[1:5]); T.add(s, s.t(), out=s); T.abs(s, out=s); T.add(s, s, out=s); T.abs(s, out=e); T.cumsum(s, 0, out=s); T.sum(s, 0, out=e[0])
T.mm(s, s, out=s); T.cat([v[:2], v[2:4]], out=v[1:5]); T.stack([v[:2], v[2:4]], out=s[:2, :2]); T.where(s > 3, s, s.t(), out=s); T.rand(3, 3, out=e); T.ones(3).copy_(v[:3])
T.randn(3, 3, out=e); T.full((3, 3), 1., out=e); T.eye(3, out=e); T.zeros(3, 3, out=e); T.empty(3, 3, out=e); T.arange(3., out=e[:, 0]); T.linspace(0, 1, 3, out=e[:, 0]); T.masked_select(v, v > 2, out=v[:3])
F.relu(e, inplace=True); F.dropout(e, inplace=True); F.elu(e, inplace=True); F.hardtanh(e, inplace=True); F.leaky_relu(e, inplace=True); F.silu(e, inplace=True)
"""
STATEMENTS = [line.strip() for line in STATEMENTS.replace("\n", ";").split(";") if line.strip()]


def outcome(T: Any, statement: str, prepare: str = "") -> tuple[str, list[str], Any]:
    """How a statement ends, what it warns of, and the tensors afterwards."""
    names = {
        "T": T, "F": T.nn.functional, "s": T.arange(9.0).view(3, 3), "v": T.arange(6.0), "e": T.zeros(1, 3).expand(3, 3), "n": T.zeros(1, 0).expand(3, 0),
        "i": T.tensor([0]), "j": T.zeros(3, 3, dtype=T.int64), "o": T.tensor(1.0),
    }  # fmt: skip
    exec(prepare, names)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            exec(statement, names)
            end = "done"
        except Exception as error:
            end = type(error).__name__
    texts = sorted({str(w.message).partition(" is deprecated")[0] for w in seen if "expanded" in str(w.message)})
    return end, texts, [names[k].tolist() for k in "svn"]


RANDOM = ("random_", "normal_", "uniform_", "bernoulli_", "exponential_", "rand", "dropout")
WARNS_ONCE = ("e[s > 3] = 1",)  # where PyTorch, going through two functions, gives two warnings


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements_end_as_in_pytorch(statement: str) -> None:
    mine, theirs = outcome(subject, statement), outcome(torch, statement)
    assert mine[0] == theirs[0]
    assert mine[1] == theirs[1] or statement in WARNS_ONCE
    # PyTorch's BLAS reads operands of a product that it has begun to overwrite, or not, as the processor goes
    if not any(word in statement for word in RANDOM) and statement not in ("T.mm(s, s, out=s)", "s.add_(s[:, :1])", "s[:, 1:] -= s[:, :-1]", "v.view(2, 3)[:, 1:].copy_(v.view(2, 3)[:, :-1])"):
        assert mine[2] == theirs[2]


def test_the_decision_does_not_depend_on_what_ran_before() -> None:
    prepare = "s - s[:1].clone(); s.clone() - s[:1]"
    assert outcome(subject, "s -= s[:1]", prepare)[0] == "RuntimeError"
    assert outcome(subject, "T.sub(s, s[:1], out=s)", prepare)[0] == "RuntimeError"


def test_what_is_too_hard_to_tell_is_computed_from_what_was_there() -> None:
    x = corelib.arange(12.0).view(3, 4)
    x[:, 1:] -= x[:, :-1]
    assert x.tolist() == [[0, 1, 1, 1], [4, 1, 1, 1], [8, 1, 1, 1]]
    x = corelib.arange(12.0).view(3, 4)
    x[:, 1:].copy_(x[:, :-1])
    assert x.tolist() == [[0, 0, 1, 2], [4, 4, 5, 6], [8, 8, 9, 10]]
    x = corelib.arange(12.0).view(3, 4)
    corelib.mul(x[:, :-1], 2, out=x[:, 1:])
    assert x.tolist() == [[0, 0, 2, 4], [4, 8, 10, 12], [8, 16, 18, 20]]
    x = corelib.arange(9.0).view(3, 3)
    corelib.mm(x, x, out=x)
    assert x.tolist() == [[15, 18, 21], [42, 54, 66], [69, 90, 111]]


def test_the_same_on_a_generated_device() -> None:
    T = Placed("opencl")
    for statement in ("s -= s[:1]", "s[1:] -= s[:-1]", "T.mul(s[:2], 2, out=s[1:])", "s[1:].copy_(s[:-1])", "s += s.t()", "e += 1"):
        names = {"T": T, "s": T.arange(9.0).view(3, 3), "e": T.zeros(1, 3).expand(3, 3)}
        with pytest.raises(RuntimeError, match="memory location"):
            exec(statement, names)
        assert names["s"].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    x = T.arange(12.0).view(3, 4)
    x[:, 1:] -= x[:, :-1]
    assert x.tolist() == [[0, 1, 1, 1], [4, 1, 1, 1], [8, 1, 1, 1]]
    e = T.zeros(1, 3).expand(3, 3)
    assert e.fill_(2).tolist() == [[2] * 3] * 3
