"""Kernels that choose elements by index and put them back. Indices are within bounds: core has checked them."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.backend.signatures import Ints, Outcome
from corelib.backend.xp.guard import Guard, Module
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import Number, REALS


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """take_rows, put_rows, index_select, index_add, gather, scatter_add, index, index_put, cat, flip."""

    @table("take_rows", REALS)
    def take_rows(out: Native, input: Native, index: Native) -> None:
        xp.take(input, index, 0, out, "wrap") if input.shape[0] else None

    @table("put_rows", REALS)
    def put_rows(out: Native, input: Native, index: Native, values: Native, accumulate: bool) -> None:
        if out is not input:
            xp.copyto(out, input)
        if accumulate:
            guard.run(add_at, out, index, values)
        else:
            out[index] = values

    def add_at(out: Native, index: Native | tuple[Native | slice, ...], values: Native) -> None:
        if out.dtype.kind == "b":
            xp.logical_or.at(out, index, values)
        elif out.dtype.itemsize == 2 and out.dtype.kind not in "iu":  # half types add up in float32
            wide = out.astype(xp.float32)
            xp.add.at(wide, index, values.astype(xp.float32))
            xp.copyto(out, wide, casting="unsafe")
        else:
            xp.add.at(out, index, values)

    @table("index_select", REALS)
    def index_select(out: Native, input: Native, dim: int, index: Native) -> None:
        if input.ndim == 0:
            xp.copyto(out, input)
        elif input.shape[dim]:
            xp.take(input, index.reshape(-1), dim, out, "wrap")

    @table("index_add", REALS)
    def index_add(out: Native, input: Native, dim: int, index: Native, source: Native, alpha: Number) -> None:
        if out is not input:
            xp.copyto(out, input)
        if alpha != 1:
            source = source * out.dtype.type(alpha)
        if out.ndim == 0:
            guard.run(add_at, out.reshape(1), xp.zeros(1, "int64"), source.reshape(-1)) if out.flags.c_contiguous else None
        else:
            guard.run(add_at, out, (*[slice(None)] * dim, index.reshape(-1)), source)

    def grid(index: Native, dim: int) -> tuple[Native, ...]:
        shape = index.shape
        return tuple(
            index if d == dim else xp.arange(n).reshape((n, *[1] * (len(shape) - 1 - d))) for d, n in enumerate(shape)
        )

    @table("gather", REALS)
    def gather(out: Native, input: Native, dim: int, index: Native) -> Outcome:
        if input.ndim != index.ndim or index.ndim == 0:
            return NotImplemented
        out[...] = input[grid(index, dim)]
        return None

    for name, accumulate in (("scatter_add", True), ("scatter_set", False)):

        def scatter(out: Native, input: Native, dim: int, index: Native, src: Native, accumulate: bool = accumulate) -> Outcome:
            if input.ndim != index.ndim or index.ndim == 0:
                return NotImplemented
            if out is not input:
                xp.copyto(out, input)
            values = src[tuple(slice(0, n) for n in index.shape)]
            if accumulate:
                guard.run(add_at, out, grid(index, dim), values)
            else:
                out[grid(index, dim)] = values
            return None

        table.register(name, REALS, scatter)

    def places(indices: Sequence[Native | None]) -> tuple[Native | slice, ...]:
        return tuple(slice(None) if i is None else i for i in indices)

    @table("index", REALS)
    def index(out: Native, input: Native, indices: Sequence[Native | None]) -> None:
        out[...] = input[places(indices)]

    @table("index_put", REALS)
    def index_put(out: Native, input: Native, indices: Sequence[Native | None], values: Native, accumulate: bool) -> None:
        if out is not input:
            xp.copyto(out, input)
        if accumulate:
            guard.run(add_at, out, places(indices), values)
        else:
            out[places(indices)] = values

    @table("cat", REALS)
    def cat(out: Native, tensors: Sequence[Native], dim: int) -> None:
        if out.ndim != 1:
            tensors = [t for t in tensors if t.shape != (0,)]
        xp.concatenate(tensors, dim, out)

    @table("flip", REALS)
    def flip(out: Native, input: Native, dims: Ints) -> None:
        out[...] = xp.flip(input, dims)
