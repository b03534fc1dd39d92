"""Reductions, products, and elements by index, with running error bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from corelib.tensor import dtype as D
from corelib_conformance.reference.arithmetic import kernel, put, rounded, unit, wide_unit
from corelib_conformance.reference.cells import Pair
from corelib_conformance.tolerances import C


def _length(shape: tuple[int, ...], dims: Any) -> int:
    n = 1
    for d in dims:
        n *= shape[d]
    return n


def _total(name: str, ufunc: Any, truth: Any, error: Callable[..., Any]) -> None:
    """Everything along some dims as one number. `error(v, e, value, relative, folded)` is its bound before rounding, `folded` what folds
    other numbers along the same dims."""

    @kernel(name, D.REALS)
    def run(out: Pair, input: Pair, dims: Any, keepdim: bool) -> None:
        v, e = input.value, input.error
        if out.dtype is D.bool:
            put(out, truth(v, axis=dims, keepdims=keepdim), 0.0)
            return

        def folded(ufunc: Any, x: Any) -> Any:
            return ufunc.reduce(x, dims, None, None, keepdim)

        value = folded(ufunc, v)
        if not out.dtype.is_floating_point:
            put(out, value, 0.0)
            return
        k = _length(v.shape, dims)
        relative = C * wide_unit(out.dtype) * np.sqrt(k) if k > 1 else 0.0
        put(out, value, rounded(value, error(v, e, value, relative, folded), out.dtype))


def _of_sum(v: Any, e: Any, value: Any, relative: float, folded: Any) -> Any:
    return folded(np.add, e) + (relative * folded(np.add, np.abs(v)) if relative else 0.0)


def _of_product(v: Any, e: Any, value: Any, relative: float, folded: Any) -> Any:
    highest = folded(np.multiply, np.abs(v) + e)
    carried = np.where(folded(np.add, e) > 0, highest - np.abs(value), 0.0)
    return carried + relative * highest


_total("sum", np.add, np.any, _of_sum)
_total("prod", np.multiply, np.all, _of_product)


def _extreme(name: str, reduce: Any) -> None:
    @kernel(name, D.REALS)
    def run(out: Pair, input: Pair, dims: Any, keepdim: bool) -> None:
        v, e = input.value, input.error
        value, error = reduce(v, dims, None, None, keepdim), np.zeros(())
        if np.any(e):
            high, low = reduce(v + e, dims, None, None, keepdim), reduce(v - e, dims, None, None, keepdim)
            error = np.where(np.isfinite(value), np.maximum(high - value, value - low), 0.0)
        put(out, value, error)


_extreme("amax", np.maximum.reduce)
_extreme("amin", np.minimum.reduce)


@kernel("cumsum", D.NUMBERS)
def cumsum(out: Pair, input: Pair, dim: int) -> None:
    # in any order of additions: the body's is not that of a loop
    v, e = input.value, input.error
    value = np.cumsum(v, dim) if v.ndim else v
    if not out.dtype.is_floating_point or not v.ndim:
        put(out, value, e)
        return
    total = np.cumsum(np.abs(v), dim)
    count = np.arange(1, v.shape[dim] + 1).reshape([-1 if d == dim else 1 for d in range(v.ndim)])
    own = np.where(count > 1, C * wide_unit(out.dtype) * np.sqrt(count) * total, 0.0)
    # half types may be rounded at every step of the body
    steps = np.ceil(np.log2(count)) if out.dtype.itemsize == 2 else 0.0
    put(out, value, rounded(value, np.cumsum(e, dim) + own + steps * unit(out.dtype) * total, out.dtype))


@kernel("batched_matmul", D.NUMBERS)
def batched_matmul(out: Pair, a: Pair, b: Pair) -> None:
    value = a.value @ b.value
    if not out.dtype.is_floating_point:
        put(out, value, 0.0)
        return
    k = a.value.shape[-1]
    sizes = np.abs(a.value), np.abs(b.value)
    error = C * wide_unit(out.dtype) * np.sqrt(max(k, 1)) * (sizes[0] @ sizes[1])
    if np.any(a.error) or np.any(b.error):
        error = error + a.error @ sizes[1] + sizes[0] @ b.error + a.error @ b.error
    put(out, value, rounded(value, error, out.dtype))


@kernel("take_rows", D.REALS)
def take_rows(out: Pair, input: Pair, index: Pair) -> None:
    if input.shape[0]:
        out.value[...], out.error[...] = input.value[index.value], input.error[index.value]


@kernel("put_rows", D.REALS)
def put_rows(out: Pair, input: Pair, index: Pair, values: Pair, accumulate: bool) -> None:
    v, e = input.value.copy(), input.error.copy()
    shape = (*index.shape, *v.shape[1:])
    new, slack = np.broadcast_to(values.value, shape), np.broadcast_to(values.error, shape)
    if not accumulate:
        v[index.value], e[index.value] = new, slack
        out.value[...], out.error[...] = v, e
        return
    if out.dtype is D.bool:
        np.logical_or.at(v, index.value, new != 0)
        put(out, v, 0.0)
        return
    total, count = np.abs(v), np.ones(v.shape)
    np.add.at(v, index.value, new)
    np.add.at(e, index.value, slack)
    np.add.at(total, index.value, np.abs(new))
    np.add.at(count, index.value, 1.0)
    if not out.dtype.is_floating_point:
        put(out, v, 0.0)
        return
    own = np.where(count > 1, C * wide_unit(out.dtype) * np.sqrt(count) * total, 0.0)
    put(out, v, np.where(count > 1, rounded(v, e + own, out.dtype), e))


