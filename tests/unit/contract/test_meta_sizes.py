"""On meta every op of the table computes shapes only: with a thousand million elements it takes no memory of the host and no loop over them.

The samples are the table's own. In each, one size is replaced wherever it stands by one so large that the tensors have 2**30 elements or
more, and the op is called on meta with little memory and little processor time; an op that touches elements has neither for them.
"""

from __future__ import annotations

import gc
import math
import resource
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any


import numpy as np
import pytest

import corelib
from corelib import nn
from corelib_conformance.checks.forward import form_of, present, samples_of
from corelib_conformance.samples.declare import OPS, Op, Sample, Spec, flatten, invoke, specs_of
from corelib_conformance.target import Placed

MANY = 2**30
SECONDS = 1.0
"""Of processor time for one call, so that a busy machine does not count."""
MEMORY = 256 * 2**20
"""Of address space for all of them, beyond what the process has: 2**30 elements of the smallest dtype have four times as much."""
KINDS = ("float32", "int64")

VALUES_SAY_THE_SHAPE = frozenset("nonzero argwhere masked_select where_one unique unique_consecutive bincount allclose".split())
"""What they return is in the values, so that they raise on meta."""
NOT_LARGE = frozenset(
    "complex_index_add complex_solve complex_inv complex_det complex_eigvals linspace eye rand randn randint randperm multinomial "
    "linalg_tensorinv linalg_tensorsolve affine_grid broadcast_shapes tril_indices triu_indices nansum diagflat matrix_power "
    "expand_copy view_copy max_pool2d_with_indices_backward".split()
)
"""Their samples have their sizes in functions, sizes that depend on one another, or ones beyond 2**63 bytes; those that make tensors are called below."""
AS_MANY_RESULTS = frozenset("chunk split split_copy unbind unbind_copy tensor_split mvlgamma lobpcg".split())
"""They return a tensor for each place of a dimension; mvlgamma has as many terms as its argument says; lobpcg steps until values are near."""


class TookLong(BaseException):
    """Raised by the timer."""


_running = False


def _late(*_: object) -> None:
    if _running:
        raise TookLong


@contextmanager
def little() -> Iterator[None]:
    """Little memory for what runs inside; what asks for more gets a MemoryError."""
    with open("/proc/self/statm") as pages:
        now = int(pages.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGVTALRM, _late)
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)


def touched(call: Callable[[], object]) -> str:
    """What shows that a call touches elements, or "". An error that the call raises for its arguments is raised here too."""
    global _running
    _running = True
    gc.disable()  # to go through the objects of all tests so far takes long, and is none of the call's
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, 0.1)  # again and again: what ends in a finalizer is not seen
    found = ""
    try:
        call()
        _running = False
    except TookLong:
        _running = False
        found = f"more than {SECONDS} s"
    except MemoryError as error:
        _running = False
        found = f"memory: {error}"
    finally:
        _running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
    return found


def enlarged(value: Any, old: int, new: int, numbers: bool) -> Any:
    """Arguments with one size in place of another: in the shapes of tensors, and with `numbers` among the numbers as well."""
    if isinstance(value, Spec):
        return replace(value, shape=tuple(new if n == old else n for n in value.shape), values=None)
    if isinstance(value, (list, tuple)):
        return type(value)(enlarged(item, old, new, numbers) for item in value)
    if isinstance(value, dict):
        return {key: enlarged(item, old, new, numbers) for key, item in value.items()}
    return new if numbers and type(value) is int and value == old else value


def variants(sample: Sample) -> Iterator[Sample]:
    """A sample with each of its sizes made large in turn."""
    specs = list(specs_of([sample.args, sample.kwargs]))
    for old in sorted({n for s in specs for n in s.shape if n > 1}, reverse=True):
        most = max(math.prod([n for n in s.shape if n not in (old, 0)]) for s in specs if old in s.shape)
        factor = 1
        while old * factor * most < MANY:
            factor *= 2
        for numbers in (False, True):
            args = enlarged(sample.args, old, old * factor, numbers)
            kwargs = enlarged(sample.kwargs, old, old * factor, numbers)
            yield replace(sample, args=args, kwargs=kwargs)


class Wrong(Exception):
    """A gradient that is not on meta, or of another shape than its operand."""


def on_meta(spec: Spec, dtype: str) -> corelib.Tensor:
    count, strides, offset = spec.geometry()
    flat = corelib.empty(count, dtype=getattr(corelib, spec.dtype or dtype), device="meta")
    return flat.view(spec.shape) if spec.layout == "contiguous" else flat.as_strided(spec.shape, strides, offset)


def forward(op: Op, sample: Sample, place: Placed, dtype: str) -> Callable[[], object]:
    tensors = [on_meta(s, dtype) for s in specs_of([sample.args, sample.kwargs])]
    return lambda: invoke(op, sample, form_of(op, sample), place, tensors)


def backward(op: Op, sample: Sample, place: Placed, dtype: str) -> Callable[[], object]:
    specs = specs_of([sample.args, sample.kwargs])
    tensors = [on_meta(s, dtype).requires_grad_(s.grad and s.dtype is None) for s in specs]

    def call() -> None:
        results = [r for r in flatten(invoke(op, sample, form_of(op, sample), place, tensors)) if getattr(r, "requires_grad", False)]
        corelib.autograd.backward(results, [corelib.empty_like(r) for r in results])
        if not all(t.grad is None or (t.grad.is_meta and t.grad.shape == t.shape) for t in tensors):
            raise Wrong

    return call


def attempts(op: Op, way: Callable[..., Callable[[], object]]) -> tuple[int, list[str]]:
    """How many calls with large sizes ran, and the first that touched elements."""
    ran, place = 0, Placed("meta")
    for dtype, number in [(d, n) for d in KINDS if d in op.dtypes for n in samples_of(op, d, way is forward)]:
        sample = op.samples[number]
        if way is backward and dtype != "float32":
            continue
        for large in variants(sample):
            try:
                call = way(op, large, place, dtype)
            except (RuntimeError, TypeError):  # sizes beyond 2**63
                continue
            found, error = place.attempt(partial(touched, call))
            if error is None:
                ran += 1
                if found:
                    shown = [a.shape if isinstance(a, Spec) else a for a in large.args]
                    return ran, [f"{op.name}{shown} {large.kwargs} of {dtype}: {found}"]
            elif isinstance(error, Wrong):
                return ran, [f"{op.name} {large}: the gradient is not on meta or of another shape"]
    return ran, []


def survey(way: Callable[..., Callable[[], object]]) -> dict[str, tuple[int, list[str]]]:
    with warnings.catch_warnings(), little():
        warnings.simplefilter("ignore")
        return {
            op.name: attempts(op, way) for op in OPS.values() if present(op) and op.name not in VALUES_SAY_THE_SHAPE | AS_MANY_RESULTS
        }


def test_the_whole_table_with_2_to_the_30_elements_takes_no_memory_and_no_loop():
    begun = time.process_time()
    results = survey(forward)
    taken = time.process_time() - begun
    assert [line for _, wrong in results.values() for line in wrong] == []
    assert {name for name, (ran, _) in results.items() if not ran} == NOT_LARGE
    assert taken < 60


def test_backward_through_the_whole_table_touches_no_element():
    results = survey(backward)
    assert [line for _, wrong in results.values() for line in wrong] == []
    assert sum(1 for ran, _ in results.values() if ran) > 250


@pytest.mark.parametrize("wrong", [lambda: np.zeros(MANY, bool) + 1, lambda: [0] * MANY, lambda: sum(1 for _ in range(MANY))])
def test_what_touches_elements_is_seen(wrong):
    with little():
        assert touched(wrong)
        assert not touched(lambda: corelib.empty(MANY, device="meta") + 1)


MADE = {
    "rand": lambda: corelib.rand(MANY, device="meta"),
    "randn": lambda: corelib.randn(MANY, device="meta", generator=corelib.Generator()),
    "randint": lambda: corelib.randint(5, (MANY,), device="meta"),
    "randperm": lambda: corelib.randperm(MANY, device="meta"),
    "normal": lambda: corelib.normal(0.0, 1.0, (MANY,), device="meta"),
    "multinomial": lambda: corelib.empty(MANY, device="meta").multinomial(MANY, True),
    "bernoulli": lambda: corelib.bernoulli(corelib.empty(MANY, device="meta")),
    "linspace": lambda: corelib.linspace(0, 1, MANY, device="meta"),
    "arange": lambda: corelib.arange(MANY, device="meta"),
    "eye": lambda: corelib.eye(MANY, device="meta"),
    "nansum": lambda: corelib.nansum(corelib.empty(2**15, 2**16, device="meta"), 1),
    "diagflat": lambda: corelib.diagflat(corelib.empty(2**15, device="meta")),
    "matrix_power": lambda: corelib.matrix_power(corelib.empty(2**15, 2**15, device="meta"), 5),
    "tril_indices": lambda: corelib.tril_indices(2**15, 2**16, device="meta"),
    "triu_indices": lambda: corelib.triu_indices(2**15, 2**16, 5, device="meta"),
    "complex": lambda: corelib.randn(MANY, dtype=corelib.complex64, device="meta").abs(),
    "expand_copy": lambda: corelib.expand_copy(corelib.empty(1, device="meta"), (MANY,)),
    "view_copy": lambda: corelib.view_copy(corelib.empty(MANY, device="meta"), (2, MANY // 2)),
    "max_pool2d_backward": lambda: corelib.max_pool2d(
        corelib.empty(2**10, 2**10, 2**5, 2**5, device="meta", requires_grad=True), 2
    ).backward(corelib.empty(2**10, 2**10, 2**4, 2**4, device="meta")),
    "zeros": lambda: corelib.zeros(2**40, 2**10, device="meta"),
    "tensordot": lambda: corelib.tensordot(corelib.empty(MANY, 2, device="meta"), corelib.empty(2, MANY, device="meta"), 1),
    "repeat_interleave": lambda: corelib.empty(MANY, device="meta").repeat_interleave(3),
    "stft": lambda: corelib.stft(corelib.empty(MANY, device="meta"), 512, window=corelib.ones(512, device="meta"), return_complex=True),
    "lstm": lambda: corelib.nn.LSTM(64, 64, device="meta")(corelib.empty(2**22, 8, 64, device="meta"))[0],
    "gru": lambda: corelib.nn.GRU(64, 32, 2, bidirectional=True, device="meta")(corelib.empty(2**22, 8, 64, device="meta"))[0],
    "dropout": lambda: corelib.nn.functional.dropout(corelib.empty(MANY, device="meta")),
    "ctc": lambda: corelib.nn.functional.ctc_loss(
        corelib.empty(2**22, 8, 32, device="meta", requires_grad=True), corelib.ones(8, 5, dtype=corelib.int64, device="meta"), [9] * 8, [5] * 8
    ).backward(),
}  # fmt: skip
for _name, _args in {"uniform": (), "normal": (), "random": (), "bernoulli": (), "exponential": (), "geometric": (0.5,), "log_normal": (), "cauchy": ()}.items():
    MADE[f"{_name}_"] = lambda name=_name, args=_args: getattr(corelib.empty(MANY, device="meta"), f"{name}_")(*args)


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_on_meta_has_no_elements(name):
    with little():
        assert touched(MADE[name]) == ""


MODULES = {
    "Linear": lambda: nn.Linear(20000, 20000, device="meta"),
    "Bilinear": lambda: nn.Bilinear(1000, 1000, 1000, device="meta"),
    "Embedding": lambda: nn.Embedding(10**6, 1000, 0, device="meta"),
    "EmbeddingBag": lambda: nn.EmbeddingBag(10**6, 1000, device="meta"),
    "LSTM": lambda: nn.LSTM(10000, 10000, 2, bidirectional=True, device="meta"),
    "RNNCell": lambda: nn.RNNCell(20000, 20000, device="meta"),
    "Transformer": lambda: nn.Transformer(8192, device="meta", batch_first=True),
    "MultiheadAttention": lambda: nn.MultiheadAttention(20000, 8, device="meta"),
    "Conv3d": lambda: nn.Conv3d(1000, 1000, 7, device="meta"),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(3000, 3000, 7, device="meta"),
    "BatchNorm2d": lambda: nn.BatchNorm2d(10**8, device="meta"),
    "LayerNorm": lambda: nn.LayerNorm(10**8, device="meta"),
    "PReLU": lambda: nn.PReLU(10**8, device="meta"),
    "AdaptiveLogSoftmax": lambda: nn.AdaptiveLogSoftmaxWithLoss(10**4, 10**6, [10**5], device="meta"),
    "init": lambda: [f(corelib.empty(20000, 20000, device="meta")) for f in (
        nn.init.orthogonal_, nn.init.xavier_normal_, nn.init.kaiming_uniform_, nn.init.trunc_normal_, nn.init.eye_,
    )],
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_of_any_size_are_made_on_meta(name):
    with little():
        assert touched(MODULES[name]) == ""
