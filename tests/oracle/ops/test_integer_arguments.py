"""What stands for an integer: each kind of argument given to every call that takes integers, in both libraries.

A call is refused by both, with one type of error, or accepted by both with one result. Ours names the op and the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import COUNTS, attempt, quiet


ours: Any = corelib

GIVEN: dict[str, Callable[[Any], Any]] = {
    "True": lambda T: True,
    "2.0": lambda T: 2.0,
    "'2'": lambda T: "2",
    "2j": lambda T: 2j,
    "None": lambda T: None,
    "numpy.int64(2)": lambda T: np.int64(2),
    "numpy.uint8(2)": lambda T: np.uint8(2),
    "numpy.float32(2)": lambda T: np.float32(2),
    "tensor(2)": lambda T: T.tensor(2),
    "tensor(2.)": lambda T: T.tensor(2.0),
    "2**70": lambda T: 2**70,
    "-2**70": lambda T: -(2**70),
}

Call = Callable[[Any, Any], Any]
CALLS: dict[str, Call] = {}
LENIENT: dict[str, tuple[str, ...]] = {}


def call(name: str, function: Call, *lenient: str) -> None:
    """`lenient`: what we take, to the same end as an int, and PyTorch refuses."""
    CALLS[name] = function
    LENIENT[name] = lenient


def x(T: Any) -> Any:
    return T.arange(24.0).reshape(4, 6)


def ones(T: Any, *size: int) -> Any:
    return T.ones(*size)


call("narrow start", lambda T, v: x(T).narrow(1, v, 1) if not isinstance(v, T.Tensor) else None)  # a tensor has a form of its own
call("narrow length", lambda T, v: T.narrow(x(T), 1, 0, v))
call("narrow dim", lambda T, v: x(T).narrow(v, 0, 1))
call("tril diagonal", lambda T, v: x(T).tril(v))
call("tril_ diagonal", lambda T, v: x(T).tril_(v))
call("triu diagonal", lambda T, v: T.triu(x(T), v))
call("diagonal offset", lambda T, v: x(T).diagonal(v))
call("unsqueeze dim", lambda T, v: x(T).unsqueeze(v))
call("squeeze dim", lambda T, v: ones(T, 1, 1, 1).squeeze(v), "None")
call("sum dim", lambda T, v: ones(T, 1, 1, 3).sum(v))
call("sum dims", lambda T, v: ones(T, 1, 1, 3).sum((v,)))
call("mean dim", lambda T, v: ones(T, 1, 1, 3).mean(dim=v))
call("amax dim", lambda T, v: ones(T, 1, 1, 3).amax(v), "None")
call("logsumexp dim", lambda T, v: ones(T, 1, 1, 3).logsumexp(v), "None")
call("cumsum dim", lambda T, v: ones(T, 1, 1, 3).cumsum(v))
call("argmax dim", lambda T, v: ones(T, 1, 1, 3).argmax(v))
call("softmax dim", lambda T, v: T.softmax(ones(T, 1, 1, 3), v), "None")
call("cat dim", lambda T, v: T.cat([ones(T, 1, 1, 3)], v))
call("stack dim", lambda T, v: T.stack([ones(T, 1, 3)], v))
call("gather dim", lambda T, v: ones(T, 1, 1, 3).gather(v, T.zeros(1, 1, 1, dtype=T.int64)))
call("index_select dim", lambda T, v: ones(T, 1, 1, 3).index_select(v, T.tensor([0])))
call("transpose dim", lambda T, v: ones(T, 1, 2, 3).transpose(0, v))
call("flatten start_dim", lambda T, v: ones(T, 1, 2, 3).flatten(v))
call("movedim source", lambda T, v: ones(T, 1, 2, 3).movedim(v, 0))
call("flip dims", lambda T, v: ones(T, 1, 2, 3).flip(v))
call("flip second of dims", lambda T, v: ones(T, 1, 2, 3).flip(0, v))
call("permute dims", lambda T, v: ones(T, 1, 2, 3).permute(0, 1, v))
call("select index", lambda T, v: x(T).select(0, v))
call("view first of size", lambda T, v: x(T).view(v, 12))
call("view second of size", lambda T, v: x(T).view(12, v))
call("view tuple of size", lambda T, v: x(T).view((v, 12)))
call("reshape shape", lambda T, v: x(T).reshape(12, v))
call("expand size", lambda T, v: ones(T, 1, 1).expand(3, v))
call("expand first of size", lambda T, v: ones(T, 1, 1).expand(v, 3))
call("repeat repeats", lambda T, v: x(T).repeat(1, v))
call("tile dims", lambda T, v: x(T).tile(v))
call("zeros size", lambda T, v: T.zeros(v))
call("zeros second of size", lambda T, v: T.zeros(3, v))
call("zeros tuple of size", lambda T, v: T.zeros((3, v)))
call("empty size", lambda T, v: T.empty(v).shape)
call("full size", lambda T, v: T.full((v,), 1.0))
call("new_zeros size", lambda T, v: x(T).new_zeros(v))
call("rand size", lambda T, v: T.rand(v).shape)
call("eye n", lambda T, v: T.eye(v))
call("linspace steps", lambda T, v: T.linspace(0, 1, v))
call("randperm n", lambda T, v: T.randperm(v).shape)
call("randint high", lambda T, v: T.randint(v, (2,)).shape)
call("topk k", lambda T, v: x(T).topk(v)[0])
call("kthvalue k", lambda T, v: x(T).kthvalue(v)[0])
call("chunk chunks", lambda T, v: x(T).chunk(v)[0])
call("split dim", lambda T, v: ones(T, 1, 1, 3).split(1, v)[0])
call("split split_size", lambda T, v: x(T).split(v)[0] if not isinstance(v, T.Tensor) else None, "numpy.int64(2)", "numpy.uint8(2)")
call("split sizes", lambda T, v: x(T).split([2, v])[0])
call("tensor_split sections", lambda T, v: x(T).tensor_split(v)[0] if not isinstance(v, T.Tensor) or not v.dtype.is_floating_point else None)
call("unfold size", lambda T, v: x(T).unfold(0, v, 1))
call("unflatten sizes", lambda T, v: x(T).unflatten(0, (2, v)))
call("roll shifts", lambda T, v: x(T).roll(v))
call("roll dims", lambda T, v: ones(T, 1, 1, 3).roll(1, v))
call("repeat_interleave dim", lambda T, v: ones(T, 1, 1, 3).repeat_interleave(2, v))
call("as_strided size", lambda T, v: x(T).as_strided((v,), (1,)))
call("as_strided stride", lambda T, v: x(T).as_strided((2,), (v,)))
call("as_strided storage_offset", lambda T, v: x(T).as_strided((2,), (1,), v))
call("empty_strided size", lambda T, v: T.empty_strided((v,), (1,)).shape)
call("multinomial num_samples", lambda T, v: ones(T, 4).multinomial(v).shape)
call("bincount minlength", lambda T, v: T.tensor([0, 1]).bincount(minlength=v))
call("matrix_power n", lambda T, v: T.matrix_power(ones(T, 2, 2), v))
call("combinations r", lambda T, v: T.combinations(T.arange(3), v))
call("hann_window window_length", lambda T, v: T.hann_window(v))
call("diff n", lambda T, v: x(T).diff(v))
call("rot90 k", lambda T, v: x(T).rot90(v))
call("fft n", lambda T, v: T.fft.fft(x(T), v).real)
call("fftn s", lambda T, v: T.fft.fftn(x(T), (v,)).real)
call("one_hot num_classes", lambda T, v: T.nn.functional.one_hot(T.tensor([0, 1]), v))
call("pad first of pad", lambda T, v: T.nn.functional.pad(x(T), (v, 0)))
call("pad second of pad", lambda T, v: T.nn.functional.pad(x(T), (0, v)))
call("conv1d stride", lambda T, v: T.nn.functional.conv1d(ones(T, 1, 1, 6), ones(T, 1, 1, 2), stride=v))
call("conv2d second of stride", lambda T, v: T.nn.functional.conv2d(ones(T, 1, 1, 6, 6), ones(T, 1, 1, 2, 2), stride=(1, v)))
call("conv1d groups", lambda T, v: T.nn.functional.conv1d(ones(T, 1, 2, 6), ones(T, 2, 1, 2), groups=v))
call("max_pool1d kernel_size", lambda T, v: T.nn.functional.max_pool1d(ones(T, 1, 1, 6), v))
call("avg_pool2d kernel_size", lambda T, v: T.nn.functional.avg_pool2d(ones(T, 1, 1, 6, 6), v))
call("pixel_shuffle upscale_factor", lambda T, v: T.nn.functional.pixel_shuffle(ones(T, 1, 4, 2, 2), v))
call("group_norm num_groups", lambda T, v: T.nn.functional.group_norm(ones(T, 2, 2), v))
call("Embedding num_embeddings", lambda T, v: T.nn.Embedding(v, 2).weight.shape)
call("vector_norm dim", lambda T, v: T.linalg.vector_norm(ones(T, 1, 1, 3), 2, v), "2**70", "-2**70")
call("getitem", lambda T, v: x(T)[v])
call("slice start", lambda T, v: x(T)[v:])
call("Size", lambda T, v: tuple(T.Size([v])), "2**70", "-2**70")
call("Size second", lambda T, v: tuple(T.Size([1, v])), "2**70", "-2**70")
call("device index", lambda T, v: T.device("cpu", v).index)

SILENT = {"getitem", "slice start", "Size", "Size second"}
"""Calls whose errors say index or Size where others say an argument's name."""
INTERNAL = re.compile(r"INTERNAL ASSERT|has no len\(\)|expected PyList")
"""PyTorch's own faults: what it says is no rule."""


def plain(value: Any) -> Any:
    """A result that can be compared."""
    if isinstance(value, (torch.Tensor, corelib.Tensor)):
        return [tuple(value.shape), str(value.dtype), np.round(np.asarray(value.tolist(), dtype=np.float64), 4).tolist()]
    return tuple(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", CALLS)
def test_an_integer_argument_is_accepted_or_refused_as_in_pytorch(name: str) -> None:
    problems = []
    for given, value in GIVEN.items():
        with quiet():
            theirs, wanted = attempt(lambda value=value: plain(CALLS[name](torch, value(torch))))
            mine, error = attempt(lambda value=value: plain(CALLS[name](corelib, value(corelib))))
        COUNTS["integer arguments compared"] += 1
        if wanted is not None and (INTERNAL.search(str(wanted)) or (error is None and given in LENIENT[name])):
            continue
        if type(wanted).__name__ != type(error).__name__ and not (given in LENIENT[name] and error is not None):
            problems.append(f"{given}: {type(error).__name__} {error or mine}; PyTorch: {type(wanted).__name__} {wanted or theirs}")
        elif wanted is None and "tensor" not in given and mine != theirs:
            problems.append(f"{given}: {mine}; PyTorch: {theirs}")
        elif error is not None and name not in SILENT and isinstance(error, TypeError) and not ("(): " in str(error) or "'" in str(error)):
            problems.append(f"{given}: the message names no argument: {error}")
    assert not problems, "\n".join(problems)


def test_a_size_made_of_numpys_integers_holds_pythons() -> None:
    three = np.int64(3)
    shapes = [
        ours.ones(6).view(np.int64(2), three).shape, ours.zeros(three).shape, ours.ones(1, 1).expand(three, three).shape,
        ours.ones(6).reshape(-1, three).shape, ours.ones(2).repeat(three).shape, ours.Size([three, True]),
        ours.ones(6).split(three)[0].shape, ours.empty((three, 2)).shape, ours.nn.Linear(three, three).weight.shape,
        ours.ones(6).unflatten(0, (three, 2)).shape, ours.ones(3).narrow(0, 0, np.int64(2)).shape,
    ]
    assert all(type(n) is int for shape in shapes for n in shape), shapes


def test_the_error_names_op_argument_and_position() -> None:
    for call, message in (
        (lambda: ours.narrow(ours.ones(2), 0, "0", 1), r"narrow\(\): argument 'start' \(position 3\) must be int, not str"),
        (lambda: ours.ones(2).tril(1.0), r"tril\(\): argument 'diagonal' \(position 2\) must be int, not float"),
        (lambda: ours.nn.functional.pad(ours.ones(2), ("1", 0)), r"pad\(\): argument 'pad' \(position 2\) must be tuple of ints"),
        (lambda: ours.ones(2, 3).expand(1.0, 2, 3), r"expand\(\): argument 'size'"),
    ):
        with pytest.raises(TypeError, match=message):
            call()
