"""Kernels that choose elements by index and put them back. Indices are within bounds: core has checked them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.backend.signatures import Ints, Outcome
from corelib.backend.xp.guard import Guard, Module
from corelib.backend.xp.sums import CHAIN
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import Number, REALS
from corelib.tensor.size import Shape


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """take_rows, put_rows, index_select, index_add, gather, scatter_add, index, index_put, cat, stack_along, flip."""
    near = getattr(guard, "piece", None) is not None  # arrays are in the host's memory, where single bytes are slow to move

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
        elif out.dtype.kind in "iu":
            xp.add.at(out, index, values)
        else:
            add_floats(out, index if isinstance(index, tuple) else (index,), values)

    def add_floats(out: Native, index: tuple[Native | slice, ...], values: Native) -> None:
        half = out.dtype.itemsize == 2
        indices = {d: i for d, i in enumerate(index) if not isinstance(i, slice)}
        arrays = list(indices)
        if max([i.size for i in indices.values()]) <= CHAIN and values.size < 2048:
            wide = out.astype(xp.float32) if half else out  # half types add up in float32
            xp.add.at(wide, index, values.astype(wide.dtype))
            if half:
                xp.copyto(out, wide, casting="unsafe")
            return
        # the indexed dimensions first, as one place for each of the values
        target = xp.moveaxis(out, arrays, range(len(arrays)))
        sizes, rest = target.shape[: len(arrays)], target.shape[len(arrays) :]
        at = xp.zeros((), xp.int64)
        for n, i in zip(sizes, indices.values(), strict=True):
            at = at * n + i
        lead, m = at.ndim, prod(rest)
        first = arrays[0] if arrays[-1] - arrays[0] == len(arrays) - 1 else 0  # where NumPy sees the index's own dimensions
        given = xp.broadcast_to(values, (*rest[:first], *at.shape, *rest[first:]))
        if first:
            given = xp.moveaxis(given, range(first, first + lead), range(lead))
        at, given = at.reshape(-1), given.reshape((at.size, *rest))
        if m < 8 and prod(sizes) <= 8 * at.size and out.dtype.kind != "c":
            each = at if m == 1 else (at[:, None] * m + xp.arange(m)).reshape(-1)
            made = xp.bincount(each, given.reshape(-1), prod(sizes) * m)  # in float64
            xp.copyto(target, target + made.reshape(target.shape), casting="unsafe")
        else:
            at, given = joined(at, given.astype(xp.float32) if half else given)
            where = xp.unravel_index(at, sizes)
            target[where] = target[where] + given

    def joined(at: Native, given: Native) -> tuple[Native, Native]:
        """The places, each once, and the sums of the rows that go there: in float64, or where they are that wide added in pairs, and the sums again."""
        bits = at.size.bit_length()
        if (int(at.max()) if at.size else 0).bit_length() + bits < 64:  # to sort numbers that have it all is much quicker than to sort places
            keys = xp.sort((at << bits) | xp.arange(at.size))
            at, order = keys >> bits, keys & ((1 << bits) - 1)
        else:
            order = xp.argsort(at, kind="stable")
            at = at[order]
        given = xp.take(given, order, 0)
        while True:
            new = xp.ones(at.shape, bool)
            new[1:] = at[1:] != at[:-1]
            if new.all():
                return at, given
            starts = xp.flatnonzero(new)
            if given.dtype == xp.float32:
                return at[starts], xp.add.reduceat(given, starts, 0, xp.float64)
            rank = xp.arange(at.size) - xp.repeat(starts, xp.diff(starts, append=at.size))
            left = xp.flatnonzero(rank % 2 == 0)
            right = xp.flatnonzero(rank % 2)  # each follows its left one
            given[right - 1] += given[right]
            at, given = at[left], given[left]

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

    def flat_places(index: Native, shape: Shape, dim: int) -> Native:
        """Where the elements that an index names along a dimension lie in an array in row-major order, seen flat."""
        step = prod(shape[dim + 1 :])
        at = index * step if step != 1 else index
        room = xp.zeros([1] * index.ndim, xp.int64)
        for d, n in enumerate(index.shape):
            if d != dim and n > 1:
                room = room + xp.arange(n).reshape((n, *[1] * (index.ndim - 1 - d))) * prod(shape[d + 1 :])
        return at + room

    @table("gather", REALS)
    def gather(out: Native, input: Native, dim: int, index: Native) -> Outcome:
        if input.ndim != index.ndim or index.ndim == 0:
            return NotImplemented
        if input.flags.c_contiguous and input.size:
            out[...] = input.reshape(-1)[flat_places(index, input.shape, dim)]
        else:
            out[...] = input[grid(index, dim)]
        return None

    for name, accumulate in (("scatter_add", True), ("scatter_set", False)):

        def scatter(out: Native, input: Native, dim: int, index: Native, src: Native, accumulate: bool = accumulate) -> Outcome:
            if input.ndim != index.ndim or index.ndim == 0:
                return NotImplemented
            if out is not input:
                xp.copyto(out, input)
            values = src[tuple(slice(0, n) for n in index.shape)]
            plain = out.dtype.kind in "iufc" and (out.dtype.itemsize > 2 or out.dtype.kind in "iu")
            if accumulate and plain and out.flags.c_contiguous and out.size and index.shape[dim] <= CHAIN:
                at, flat = flat_places(index, out.shape, dim).reshape(-1), out.reshape(-1)
                if index.shape[dim] == 1:  # each place once
                    flat[at] = guard.run(xp.add, flat[at], values.reshape(-1))
                else:
                    guard.run(xp.add.at, flat, at, values.reshape(-1))
            elif accumulate:
                guard.run(add_at, out, grid(index, dim), values)
            elif out.flags.c_contiguous and out.size:
                out.reshape(-1)[flat_places(index, out.shape, dim)] = values
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

    @table("stack_along", REALS)
    def stack_along(out: Native, tensors: Sequence[Native], dim: int) -> None:
        xp.stack(tensors, dim, out)

    @table("flip", REALS)
    def flip(out: Native, input: Native, dims: Ints) -> None:
        last = out.ndim - 1
        if near and out.itemsize == 1 and last in dims and out.shape[last] % 8 == 0 and out.flags.c_contiguous and input.flags.c_contiguous:
            words = out.view("uint64")  # eight bytes at a time, whose order is turned then
            words[...] = xp.flip(input.view("uint64"), dims)
            words.byteswap(inplace=True)
        else:
            out[...] = xp.flip(input, dims)
