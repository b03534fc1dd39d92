"""Kernels of images: windows as a strided view, copied to columns, and one matrix product a sample.

Images of another size, where one product with a matrix of mostly zeros is slow: a product for each band of outputs, with the inputs they need.
"""

from __future__ import annotations

from math import prod
from types import EllipsisType

from corelib.backend.signatures import Ints, Outcome, Pads
from corelib.backend.xp.guard import Guard, guarded, Module, Outs
from corelib.backend.xp.sums import CHAIN, Sums
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import float32, float64, FLOATS, Number, NUMBERS, uint8
from corelib.tensor.size import Shape

_WIDE = (float32, float64)
_BAND = 32  # outputs
_EXACT = 1 << 24  # float32 holds whole numbers up to here


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """convolution, conv_input, conv_weight, max_windows, window_sum, window_spread, constant_pad, resample_along."""
    _register_resampling(table, xp, guard)
    total = Sums(xp).total
    strided, matmul = xp.lib.stride_tricks.as_strided, getattr(guard, "matmul", xp.matmul)

    def padded(x: Native, padding: Ints) -> Native:
        if not any(padding):
            return x
        made = xp.zeros((*x.shape[:2], *[n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]), x.dtype)
        made[(slice(None), slice(None), *[slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True)])] = x
        return made

    def columns(x: Native, kernel: Shape, sizes: Shape, stride: Ints, dilation: Ints, groups: int) -> Native:
        """(b, groups, c / groups * prod(kernel), prod(sizes)), contiguous; a view where the kernel is 1."""
        b, c = x.shape[:2]
        k, m = c // groups * prod(kernel), prod(sizes)
        steps = x.strides
        n = len(kernel)
        view = strided(
            x, (b, c, *kernel, *sizes),
            (*steps[:2], *[steps[2 + i] * dilation[i] for i in range(n)], *[steps[2 + i] * stride[i] for i in range(n)]),
        )
        return view.reshape(b, groups, k, m)

    def convolution(
        out: Native, input: Native, weight: Native, bias: Native | None, stride: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> None:
        o, kernel, sizes = weight.shape[0], weight.shape[2:], out.shape[2:]
        cols = columns(padded(input, padding), kernel, sizes, stride, dilation, groups)
        made = out.reshape(out.shape[0], groups, o // groups, cols.shape[3])
        matmul(weight.reshape(1, groups, o // groups, -1), cols, made)
        if bias is not None:
            xp.add(out, bias.reshape((1, o) + (1,) * len(kernel)), out)

    def places(kernel: Shape) -> list[Ints]:
        made: list[Ints] = [()]
        for n in kernel:
            made = [(*p, i) for p in made for i in range(n)]
        return made

    def window(place: Ints, stride: Ints, dilation: Ints, sizes: Shape) -> tuple[EllipsisType | slice, ...]:
        return (Ellipsis, *[slice(p * d, p * d + (m - 1) * s + 1, s) for p, d, s, m in zip(place, dilation, stride, sizes, strict=True)])

    def conv_input(out: Native, y: Native, weight: Native, shape: Shape, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> None:
        b, o = y.shape[:2]
        kernel, sizes = weight.shape[2:], y.shape[2:]
        w = weight.reshape(1, groups, o // groups, -1).swapaxes(2, 3)
        cols = matmul(w, y.reshape(b, groups, o // groups, prod(sizes))).reshape(b, shape[1], *kernel, *sizes)
        room = xp.zeros((b, shape[1], *[n + 2 * p for n, p in zip(shape[2:], padding, strict=True)]), y.dtype)
        for place in places(kernel):
            target = room[window(place, stride, dilation, sizes)]
            xp.add(target, cols[(slice(None), slice(None), *place)], target)
        out[...] = room[(slice(None), slice(None), *[slice(p, p + n) for n, p in zip(shape[2:], padding, strict=True)])]

    def conv_weight(out: Native, y: Native, input: Native, shape: Shape, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> None:
        b, o = y.shape[:2]
        cols = columns(padded(input, padding), shape[2:], y.shape[2:], stride, dilation, groups)
        rows = y.reshape(b, groups, o // groups, cols.shape[3])
        total = xp.zeros((groups, o // groups, cols.shape[2]), xp.float64 if b > CHAIN else y.dtype)
        for i in range(b):  # a product a sample, added up, needs no transposed copy of all columns
            total += matmul(rows[i], cols[i].swapaxes(1, 2))
        out[...] = total.reshape(shape)

    for name, kernel in (("convolution", convolution), ("conv_input", conv_input), ("conv_weight", conv_weight)):
        table.register(name, _WIDE, guarded(guard, kernel))

    def fit(x: Native, kernel: Shape, stride: Ints, padding: Ints, dilation: Ints, sizes: Shape, value: Number) -> Native:
        """The input with room for every window on both sides."""
        n = len(kernel)
        reach = [(o - 1) * s + d * (k - 1) + 1 for o, s, d, k in zip(sizes, stride, dilation, kernel, strict=True)]
        space = [max(r, m + p) if p else max(r, m) for r, m, p in zip(reach, x.shape[-n:], padding, strict=True)]
        if space == list(x.shape[-n:]) and not any(padding):
            return x
        made = xp.full((*x.shape[:-n], *space), value, x.dtype)
        made[(Ellipsis, *[slice(p, p + m) for p, m in zip(padding, x.shape[-n:], strict=True)])] = x
        return made

    def max_windows(outs: Outs, input: Native, kernel: Shape, stride: Ints, padding: Ints, dilation: Ints, sizes: Shape) -> Outcome:
        if input.dtype.kind != "f" or any(padding):
            return NotImplemented
        best, where = outs
        x = fit(input, kernel, stride, padding, dilation, sizes, -xp.inf)
        if x.shape != input.shape:
            return NotImplemented
        n = len(kernel)
        first = True
        base = xp.zeros((1,) * n, "int64")
        for i in range(n):
            base = base * input.shape[i - n] + (xp.arange(sizes[i]) * stride[i]).reshape((-1,) + (1,) * (n - 1 - i))
        for place in places(kernel):
            here = x[window(place, stride, dilation, sizes)]
            step = 0
            for i in range(n):
                step = step * input.shape[i - n] + place[i] * dilation[i]
            if first:
                best[...], where[...] = here, base + step
                first = False
                continue
            better = (here > best) | (here != here)
            xp.copyto(best, here, where=better)
            xp.copyto(where, base + step, where=better)
        return None

    table.register("max_windows", _WIDE, guarded(guard, max_windows))

    def window_sum(out: Native, input: Native, kernel: Shape, stride: Ints, sizes: Shape) -> None:
        n = len(kernel)
        half = out.dtype.itemsize == 2
        if half or prod(kernel) > CHAIN:
            steps = input.strides[input.ndim - n :]
            view = strided(input, (*out.shape, *kernel), (*input.strides[: -n], *[a * s for a, s in zip(steps, stride, strict=True)], *steps))
            out[...] = total(view, tuple(range(out.ndim, out.ndim + n)), xp.float32 if half else None)
            return
        out[...] = 0
        for place in places(kernel):
            xp.add(out, input[window(place, stride, (1,) * n, sizes)], out)

    def window_spread(out: Native, y: Native, shape: Shape, kernel: Shape, stride: Ints, sizes: Shape) -> None:
        out[...] = 0
        for place in places(kernel):
            target = out[window(place, stride, (1,) * len(kernel), sizes)]
            xp.add(target, y, target)

    table.register("window_sum", FLOATS, guarded(guard, window_sum))
    table.register("window_spread", _WIDE, guarded(guard, window_spread))

    @table("constant_pad", NUMBERS)
    def constant_pad(out: Native, input: Native, pads: Pads, value: Number) -> None:
        out[...] = value
        inner, source = [], []
        for (a, b), n in zip(pads, input.shape, strict=True):
            source.append(slice(-a if a < 0 else 0, n + b if b < 0 else n))
            inner.append(slice(a if a > 0 else 0, (a if a > 0 else 0) + n + min(a, 0) + min(b, 0)))
        out[tuple(inner)] = input[tuple(source)]


def _register_resampling(table: KernelTable, xp: Module, guard: Guard) -> None:
    """resample_along, for backends whose temporaries may stay in cache."""
    if getattr(guard, "piece", None) is None:
        return

    @table("resample_along", (uint8, float32, float64))
    def resample_along(out: Native, input: Native, dim: int, first: Native, weights: Native, bits: int) -> Outcome:
        o, taps = weights.shape
        if dim < out.ndim - 2 or not out.size:
            return NotImplemented
        of_bytes, kind = input.dtype == xp.uint8, input.dtype
        if of_bytes:
            most = int(abs(weights).sum(1).max()) * 255
            kind = xp.dtype("float32" if most + (1 << bits) < _EXACT else "float64")
            weights = weights.astype(kind) / kind.type(1 << bits)
            beyond = weights.min() < 0 or most + (1 << bits >> 1) >= 256 << bits
        x, along = xp.ascontiguousarray(input, kind), dim == out.ndim - 1
        within, starts = xp.arange(taps), first.tolist()
        for begin in range(0, o, _BAND):
            end = min(begin + _BAND, o)
            low, high = min(starts[begin:end]), max(starts[begin:end]) + taps
            matrix = xp.zeros((end - begin, high - low), kind)
            matrix[xp.arange(end - begin)[:, None], first[begin:end, None] - low + within] = weights[begin:end]
            sums = x[..., low:high] @ matrix.T if along else matrix @ x[..., low:high, :]
            if of_bytes:
                sums += kind.type(0.5)  # and what is behind the point is cut off
                if beyond:
                    xp.clip(sums, 0, 255, out=sums)
            if along:
                out[..., begin:end] = sums
            else:
                out[..., begin:end, :] = sums
        return None
