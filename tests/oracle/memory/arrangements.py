"""Operands that share memory with what is written, made alike for PyTorch and for corelib from the samples of an op."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


from ..harness import Inputs, Op, Sample, samples_of

KINDS = ("expanded", "same", "alias", "shifted", "transposed", "strided", "between", "row")
"""How written memory and an operand lie: the written one repeats itself; the two are one tensor; two tensors of the same elements; dense and
one element apart; the same square in two orders; every second element, two apart; every second, none shared; one row of it broadcast."""


def base_dtype(op: Op) -> str:
    """The dtype that stands for an op's others."""
    return next(d for d in ("float32", "float64", "int64", "bool", *op.dtypes) if d in op.dtypes)


def plain_samples(op: Op, limit: int = 3) -> Iterator[tuple[int, Sample, Inputs]]:
    """A few samples that are called by the op's name, no two with operands of the same shapes."""
    dtype, seen = base_dtype(op), set()
    for number, sample in samples_of(op, dtype):
        if sample.call is not None:
            continue
        inputs = Inputs(op, number, sample, dtype)
        key = (tuple(s.shape for s in inputs.specs), len(sample.args), tuple(sample.kwargs))
        if key in seen or any(math.prod(s.shape) > 4096 for s in inputs.specs):
            continue
        seen.add(key)
        yield number, sample, inputs
        if len(seen) == limit:
            return


def row_strides(shape: tuple[int, ...], step: int = 1) -> tuple[int, ...]:
    found = []
    for n in reversed(shape):
        found.append(step)
        step *= max(n, 1)
    return tuple(reversed(found))


def arranged(T: Any, kind: str, written: Any, operand: Any) -> tuple[Any, Any] | None:
    """Two tensors with the numbers of the operand that lie as `kind` says (written, operand); None where their shapes cannot.

    `written` says the shape and dtype of what is written; the operand's numbers hold where the two do not share an element.
    """
    shape, like = tuple(written.shape), tuple(operand.shape)
    n, m = math.prod(shape), math.prod(like)
    if kind == "expanded":
        if not shape or shape[0] < 2 or not n:
            return None
        room = written.new_ones(n)  # as much as if nothing repeated: PyTorch's kernels that do not look write there
        room.view(shape).copy_(written)
        return room.as_strided(shape, (0, *row_strides(shape)[1:]), 0), operand
    if written.dtype != operand.dtype or not n or not m:
        return None
    if kind in ("same", "alias"):
        if shape != like:
            return None
        made = operand.clone(memory_format=T.contiguous_format)
        return made, (made if kind == "same" else made.view(shape))
    if kind == "row":
        if shape == like or len(like) > len(shape) or len(shape) < 2 or like != shape[len(shape) - len(like):] or shape[0] < 2:
            return None
        made = written.new_ones(shape)
        row = made.view(n)[n - m :].view(like)
        row.copy_(operand)
        return made, row
    if kind == "transposed":
        if shape != like or len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2:
            return None
        made = operand.clone(memory_format=T.contiguous_format)
        return made, made.mT
    numbers = operand.clone(memory_format=T.contiguous_format).view(m)
    if kind == "shifted":
        if m < 2:
            return None
        flat = T.cat([numbers, numbers.new_ones(n + 1)])
        return flat[1 : n + 1].view(shape), flat[:m].view(like)
    if m < 4 or n < 4:
        return None
    apart = 2 if kind == "strided" else 1
    flat = numbers.new_ones(2 * max(n, m) + 4)
    view = flat.as_strided(like, row_strides(like, 2), 0)
    view.copy_(numbers.view(like))
    return flat.as_strided(shape, row_strides(shape, 2), apart), view
