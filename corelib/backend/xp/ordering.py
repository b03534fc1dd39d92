"""Sorting, extremes with their places, and running totals."""

from __future__ import annotations

from corelib.backend.xp.guard import Function, Guard, Module, Outs
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import bfloat16, complex128, complex64, float64, FLOATS, NUMBERS, REALS

_EIGHT = 8
_EIGHT, _EIGHTS = 8, 64 << 10  # so many sums are made at once, of pieces of so many elements
_FEW = 8  # so many times fewer than all are found without sorting
_PIECE, _LINES = 12 << 10, 512  # so many running totals are made at a time, which malloc has at hand; from so many on, lines are worth a call each


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """argmax, argmin, max_along, min_along, max_all, min_all, sort_along, topk_along, kthvalue_along, median_along, nanmedian_along, cumsum, cumprod, logcumsumexp."""
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

    def first_of(input: Native, k: int, dim: int, largest: bool) -> Native | None:
        """The places of the k that come first in order, of equals the first in place; None where sorting all is needed, or as quick."""
        n = input.shape[dim]
        if k * _FEW > n or input.dtype.kind not in "iuf":
            return None
        lines = xp.ascontiguousarray(xp.moveaxis(input, dim, -1)).reshape(-1, n)
        at = n - k if largest else k - 1
        parted = xp.partition(lines, at, -1)
        if input.dtype.kind == "f" and xp.isnan(parted[:, at:] if largest else parted[:, :k]).any():
            return None  # they compare with nothing
        last = parted[:, at : at + 1].copy()
        taken = lines >= last if largest else lines <= last
        counts = xp.count_nonzero(taken, -1)
        crowded = counts > k  # where several are equal to the last
        if crowded.any():
            some, bound = lines[crowded], last[crowded]
            equal = some == bound
            room = k - (counts[crowded] - xp.count_nonzero(equal, -1))
            taken[crowded] &= ~equal | (xp.cumsum(equal, -1) <= room[:, None])
        places = xp.nonzero(taken)[1].reshape(-1, k)
        order = order_of(xp.take_along_axis(lines, places, -1), 1, largest)
        places = xp.take_along_axis(places, order, -1)
        return xp.moveaxis(places.reshape(*xp.moveaxis(input, dim, -1).shape[:-1], k), -1, dim)

    @table("topk_along", NUMBERS)
    def topk_along(outs: Outs, input: Native, k: int, dim: int, largest: bool, sorted: bool) -> None:
        values, indices = outs
        if input.ndim == 0:
            values[...], indices[...] = input, 0
            return
        order = first_of(input, k, dim, largest) if input.size and k else None
        if order is None:
            order = order_of(input, dim, largest)[(*[slice(None)] * (dim % input.ndim), slice(0, k))]
        indices[...] = order
        values[...] = xp.take_along_axis(input, order, dim)

    def ranked(outs: Outs, input: Native, rank: int, dim: int, keepdim: bool) -> object:
        """The element at a rank along a dimension and its place, of equals in order; NotImplemented where there are NaN's, which have no rank by value."""
        if input.ndim == 0 or not input.size or input.dtype.kind not in "iuf":
            return NotImplemented
        n = input.shape[dim]
        lines = xp.ascontiguousarray(xp.moveaxis(input, dim, -1)).reshape(-1, n)
        parted = xp.partition(lines, rank, -1)
        if input.dtype.kind == "f" and xp.isnan(parted[:, rank:]).any():
            return NotImplemented
        found = parted[:, rank : rank + 1].copy()
        equal = lines == found
        places = xp.argmax(equal, -1)
        crowded = xp.count_nonzero(equal, -1) > 1
        if crowded.any():
            before = rank - xp.count_nonzero(lines[crowded] < found[crowded], -1)
            places[crowded] = xp.argmax(xp.cumsum(equal[crowded], -1) > before[:, None], -1)
        for out, made in zip(outs, (found, places), strict=True):
            laid = made.reshape(input.shape[:dim] + input.shape[dim + 1 :])
            out[...] = xp.expand_dims(laid, dim) if keepdim else laid
        return None

    whole = [d for d in NUMBERS if d is not bfloat16]
    table.register("kthvalue_along", whole, lambda outs, input, k, dim, keepdim: ranked(outs, input, k - 1, dim, keepdim))
    for name in ("median_along", "nanmedian_along"):  # the lower one
        table.register(name, whole, lambda outs, input, dim, keepdim: ranked(outs, input, (input.shape[dim] - 1) // 2 if input.ndim else 0, dim, keepdim))

    def sums_along(x: Native, out: Native, wide: Native, last: Native | None) -> Native | None:
        """Running sums along the last dimension in a wider type, from the `last` ones before on: within every eight elements for all eights at once, then
        of the eights. One after the other, each sum would wait for the one before it to be stored."""
        whole = x.shape[-1] // _EIGHT * _EIGHT
        if whole:
            part = xp.empty((_EIGHT, *x.shape[:-1], whole // _EIGHT), wide)
            part[...] = xp.moveaxis(x[..., :whole].reshape(*x.shape[:-1], -1, _EIGHT), -1, 0)
            if last is not None:
                part[0, ..., :1] += last
            for i in range(1, _EIGHT):
                xp.add(part[i - 1], part[i], part[i])
            sums = xp.add.accumulate(part[-1], -1)
            part[..., 1:] += sums[..., :-1]
            out[..., :whole].reshape(*x.shape[:-1], -1, _EIGHT)[...] = xp.moveaxis(part, 0, -1)
            last = sums[..., -1:]
        if whole < x.shape[-1]:
            sums = x[..., whole:].astype(wide)
            if last is not None:
                sums[..., :1] += last
            out[..., whole:] = sums = xp.add.accumulate(sums, -1)
            last = sums[..., -1:]
        return last

    def scan_of(join: Module, x: Native, out: Native, dim: int, wide: Native) -> None:
        """Running totals in a wider type, piece by piece: each is done while it is near, and no second array of that type is made."""
        if x.size <= _PIECE:
            out[...] = join.accumulate(x, dim, wide)
            return
        n = x.shape[dim]
        rest = x.size // n
        eights = join is xp.add and n >= 8 * _EIGHT and abs(x.strides[dim]) <= x.itemsize
        step = max(1, (_EIGHTS if eights else _PIECE) // rest)  # so many steps of all lines together
        if step < n and rest >= _LINES:
            d = max([d for d in range(x.ndim) if d != dim and x.shape[d] > 1], key=lambda d: abs(x.strides[d]))
            if n > 16 and abs(x.strides[d]) > abs(x.strides[dim]):  # fewer lines at a time, along each of which elements are near
                size = max(1, (_EIGHTS if eights else _PIECE) * x.shape[d] // x.size)
                for first in range(0, x.shape[d], size):
                    piece = (*[slice(None)] * d, slice(first, first + size))
                    scan_of(join, x[piece], out[piece], dim, wide)
                return
            step = 1  # whole lines, side by side, are added to those before
        sofar, where = None, (slice(None),) * dim
        for first in range(0, n, step):
            piece = (*where, slice(first, first + step))
            if eights:
                sofar = sums_along(xp.moveaxis(x[piece], dim, -1), xp.moveaxis(out[piece], dim, -1), wide, sofar)
                continue
            part = x[piece].astype(wide)
            if sofar is not None:
                start = part[(*where, slice(0, 1))]
                join(sofar, start, start)
            if step > 1:
                join.accumulate(part, dim, None, part)
            sofar = part[(*where, slice(-1, None))]
            out[piece] = part

    for name, function in (("cumsum", xp.add), ("cumprod", xp.multiply)):

        def scan(out: Native, input: Native, dim: int, function: Module = function) -> None:
            if input.ndim == 0:
                out[...] = input
            else:
                guard.run(function.accumulate, input, dim, out.dtype, out)

        def scan_wide(out: Native, input: Native, dim: int, function: Module = function) -> None:
            if input.ndim == 0:
                out[...] = input
            elif input.size:
                wide = xp.complex128 if out.dtype.kind == "c" else xp.float64
                guard.run(scan_of, function, input, out, dim, wide)

        table.register(name, [d for d in (*NUMBERS, complex128) if d is float64 or not d.is_floating_point], scan)
        table.register(name, [d for d in (*FLOATS, complex64) if d is not float64], scan_wide)

    def logcumsumexp(out: Native, input: Native, dim: int) -> None:
        if input.ndim == 0:
            out[...] = input
        elif input.size:
            guard.run(scan_of, xp.logaddexp, input, out, dim, xp.float64)

    table.register("logcumsumexp", FLOATS, logcumsumexp)
