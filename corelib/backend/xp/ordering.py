"""Sorting, extremes with their places, and running totals."""

from __future__ import annotations

from corelib.backend.xp.guard import Function, Guard, Module, Outs
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import bfloat16, float16, NUMBERS, REALS


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """argmax, argmin, max_along, min_along, max_all, min_all, sort_along, topk_along, cumsum, cumprod."""
    for name, find in (("argmax", xp.argmax), ("argmin", xp.argmin)):

        def place(out: Native, input: Native, dim: int | None, keepdim: bool, find: Function = find) -> None:
            out[...] = find(input, axis=dim, keepdims=keepdim)

        table.register(name, NUMBERS, place)
    for name, find in (("max_along", xp.argmax), ("min_along", xp.argmin)):

        def extreme(outs: Outs, input: Native, dim: int, keepdim: bool, find: Function = find) -> None:
            values, indices = outs
            if input.ndim == 0:
                values[...], indices[...] = input, 0
                return
            at = find(input, axis=dim, keepdims=True)
            best = xp.take_along_axis(input, at, dim)
            indices[...] = at if keepdim else at.squeeze(dim)
            values[...] = best if keepdim else best.squeeze(dim)

        table.register(name, REALS, extreme)
    for name, reduce in (("max_all", xp.maximum.reduce), ("min_all", xp.minimum.reduce)):

        def best_of_all(out: Native, input: Native, reduce: Function = reduce) -> None:
            guard.run(reduce, input, None, None, out)

        table.register(name, REALS, best_of_all)

    def order_of(input: Native, dim: int, descending: bool) -> Native:
        if input.dtype.kind == "V":  # bfloat16's own sort does not know where NaN goes
            input = input.astype(xp.float32)
        if not descending:
            return xp.argsort(input, axis=dim, kind="stable")
        # a stable descending order is the reverse of the ascending one of the reversed input
        flipped = xp.flip(input, dim)
        order = xp.flip(xp.argsort(flipped, axis=dim, kind="stable"), dim)
        return input.shape[dim] - 1 - order

    @table("sort_along", REALS)
    def sort_along(outs: Outs, input: Native, dim: int, descending: bool, stable: bool) -> None:
        values, indices = outs
        if input.ndim == 0:
            values[...], indices[...] = input, 0
            return
        order = order_of(input, dim, descending)
        indices[...] = order
        values[...] = xp.take_along_axis(input, order, dim)

    @table("topk_along", NUMBERS)
    def topk_along(outs: Outs, input: Native, k: int, dim: int, largest: bool, sorted: bool) -> None:
        values, indices = outs
        if input.ndim == 0:
            values[...], indices[...] = input, 0
            return
        order = order_of(input, dim, largest)
        order = order[(*[slice(None)] * (dim % input.ndim), slice(0, k))]
        indices[...] = order
        values[...] = xp.take_along_axis(input, order, dim)

    for name, accumulate in (("cumsum", xp.add.accumulate), ("cumprod", xp.multiply.accumulate)):

        def scan(out: Native, input: Native, dim: int, accumulate: Function = accumulate) -> None:
            if input.ndim == 0:
                out[...] = input
            else:
                guard.run(accumulate, input, dim, out.dtype, out)

        def scan_half(out: Native, input: Native, dim: int, accumulate: Function = accumulate) -> None:
            if input.ndim == 0:
                out[...] = input
            else:
                out[...] = guard.run(accumulate, input, dim, xp.float32)

        table.register(name, [d for d in NUMBERS if d not in (float16, bfloat16)], scan)
        table.register(name, (float16, bfloat16), scan_half)
