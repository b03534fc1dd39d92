"""Fused kernels of the neural families: softmax, activations, linear, norms, embedding, losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from corelib.backend.xp.special.error_functions import erf32
from corelib.backend.xp.guard import Guard, guarded, Module, Outs, pieces
from corelib.backend.xp.sums import Sums
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import float32, float64, FLOATS, NUMBERS
from corelib.tensor.size import Shape

_WIDE = (float32, float64)
_PIECE = 1 << 13  # the places of so many elements are worked out at a time: those of more would not stay near


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """The kernels of this file. Those for float32 and float64 only leave the half types to the bodies."""
    _register_softmax(table, xp, guard)
    _register_activations(table, xp, guard)
    _register_linear(table, xp, guard)
    _register_norms(table, xp, guard)
    _register_losses(table, xp, guard)


def _register_softmax(table: KernelTable, xp: Module, guard: Guard) -> None:
    add, exp, subtract = Sums(xp).total, xp.exp, xp.subtract
    largest = xp.maximum.reduce

    def softmax(out: Native, input: Native, dim: int) -> None:
        if input.ndim == 0:
            out[...] = 1
        elif input.size:
            subtract(input, largest(input, dim, None, None, True), out)
            exp(out, out)
            xp.divide(out, add(out, (dim,), None, True), out)

    def safe_softmax(out: Native, input: Native, dim: int) -> None:
        if input.size:
            top = largest(input, dim, None, None, True)
            top[top == -xp.inf] = 0
            subtract(input, top, out)
            exp(out, out)
            total = add(out, (dim,), None, True)
            total[total == 0] = 1
            xp.divide(out, total, out)

    def log_softmax(out: Native, input: Native, dim: int) -> None:
        if input.ndim == 0:
            out[...] = 0
        elif input.size:
            subtract(input, largest(input, dim, None, None, True), out)
            subtract(out, xp.log(add(exp(out), (dim,), None, True)), out)

    def softmax_backward(out: Native, g: Native, y: Native, dim: int) -> None:
        if y.ndim == 0:
            out[...] = 0
            return
        xp.multiply(g, y, out)
        total = add(out, (dim,), None, True)
        # y * (g - sum(g y)) = g y - y sum(g y)
        subtract(out, y * total, out)

    def log_softmax_backward(out: Native, g: Native, y: Native, dim: int) -> None:
        if y.ndim == 0:
            out[...] = 0
            return
        exp(y, out)
        xp.multiply(out, add(g, (dim,), None, True), out)
        subtract(g, out, out)

    for name, kernel in (
        ("softmax_along", softmax), ("safe_softmax_along", safe_softmax), ("log_softmax_along", log_softmax), ("softmax_backward", softmax_backward),
        ("log_softmax_backward", log_softmax_backward),
    ):
        table.register(name, _WIDE, guarded(guard, kernel))


def _register_activations(table: KernelTable, xp: Module, guard: Guard) -> None:
    zero = {}

    def rectify(out: Native, input: Native) -> None:
        kind = input.dtype
        if kind not in zero:
            zero[kind] = kind.type(0)
        xp.maximum(input, zero[kind], out=out)

    table.register("rectify", NUMBERS, rectify)

    bits = {size: xp.dtype(f"i{size}") for size in (1, 2, 4, 8)}

    def relu_backward(out: Native, g: Native, y: Native) -> None:
        # Masked as bits, as fast as a product with the mask would be: 0 times infinity is NaN, and a NaN in `y` keeps `g`.
        keep = (y <= 0).view(bits[1]) - bits[1].type(1)
        whole = bits[g.dtype.itemsize]
        xp.bitwise_and(g.view(whole), keep, out.view(whole))

    table.register("relu_backward", FLOATS, relu_backward)

    def swish(out: Native, input: Native) -> None:
        if not input.ndim:  # what NumPy computes from 0-d arrays are scalars, which cannot be written into
            out, input = out.reshape(1), input.reshape(1)
        made = xp.negative(input)
        xp.exp(made, made)
        made += made.dtype.type(1)
        xp.divide(input, made, out)

    table.register("swish", _WIDE, guarded(guard, swish))

    def cdf(x: Native) -> Native:
        made = xp.empty_like(x)
        erf32(xp, x * xp.float32(0.7071067811865476), made)
        made += xp.float32(1)
        made *= xp.float32(0.5)
        return made

    def tanh_part(x: Native) -> Native:
        inner = x * x
        inner *= xp.float32(0.7978845608028654 * 0.044715)
        inner += xp.float32(0.7978845608028654)
        inner *= x
        return xp.tanh(inner, inner)

    def gelu(out: Native, input: Native, approximate: str) -> None:
        for made, x in pieces(guard, out, input):
            if approximate == "none":
                share = cdf(x)
            else:
                share = tanh_part(x)
                share += xp.float32(1)
                share *= xp.float32(0.5)
            xp.multiply(share, x, made)

    def gelu_backward(out: Native, g: Native, input: Native, approximate: str) -> None:
        for made, along, x in pieces(guard, out, g, input):
            xp.multiply(along, gelu_slope(x, approximate), made)

    def gelu_slope(x: Native, approximate: str) -> Native:
        if approximate == "none":
            slope = x * x
            slope *= xp.float32(-0.5)
            xp.exp(slope, slope)
            slope *= x
            slope *= xp.float32(0.3989422804014327)
            slope += cdf(x)
            return slope
        t = tanh_part(x)
        inner = x * x
        inner *= xp.float32(3 * 0.044715 * 0.7978845608028654)
        inner += xp.float32(0.7978845608028654)
        slope = xp.float32(1) - t * t
        slope *= inner
        slope *= x
        slope += t
        slope += xp.float32(1)
        slope *= xp.float32(0.5)
        return slope

    table.register("gelu", (float32,), guarded(guard, gelu))
    table.register("gelu_backward", (float32,), guarded(guard, gelu_backward))


def _register_linear(table: KernelTable, xp: Module, guard: Guard) -> None:
    matmul, add = getattr(guard, "matmul", xp.matmul), xp.add

    def linear(out: Native, input: Native, weight: Native, bias: Native | None) -> None:
        if input.ndim > 2 and input.flags.c_contiguous:  # one product in place of a batch of them
            rows, k = prod(input.shape[:-1]), weight.shape[1]  # said, for -1 says nothing where another extent is 0
            flat = out.reshape(rows, weight.shape[0])
            matmul(input.reshape(rows, k), weight.T, flat)
            if bias is not None:
                add(flat, bias, flat)
            return
        matmul(input, weight.T, out)
        if bias is not None:
            add(out, bias, out)

    table.register("affine", _WIDE, guarded(guard, linear))
    total = Sums(xp).total

    def linear_backward(outs: Outs, g: Native, input: Native, weight: Native, needs: Sequence[bool]) -> None:
        dx, dw, db = outs
        if g.ndim > 2:
            rows = prod(g.shape[:-1])
            g, input = g.reshape(rows, g.shape[-1]), input.reshape(rows, input.shape[-1])
            if needs[0]:
                dx = dx.reshape(rows, dx.shape[-1])
        if needs[0]:
            matmul(g, weight, dx)
        if needs[1]:
            matmul(g.T, input, dw)
        if needs[2]:
            total(g, (0,), None, False, db)

    table.register("linear_backward", _WIDE, guarded(guard, linear_backward))


def _register_norms(table: KernelTable, xp: Module, guard: Guard) -> None:
    sums = Sums(xp)
    add, products = sums.total, sums.products

    def statistics(rows: Native, eps: float) -> tuple[Native, Native]:
        """Rows less their mean, and one over their deviation."""
        n = rows.dtype.type(rows.shape[-1])
        off = rows - add(rows, (1,), None, True) / n
        var = products(off, off, (1,))[:, None] / n
        var += rows.dtype.type(eps)
        return off, 1 / xp.sqrt(var)

    def layer_norm(out: Native, input: Native, shape: Shape, weight: Native | None, bias: Native | None, eps: float) -> None:
        n = 1
        for m in shape:
            n *= m
        if not n:
            return
        off, scale = statistics(input.reshape(-1, n), eps)
        off *= scale
        if weight is not None:
            off *= weight.reshape(-1)
        if bias is not None:
            off += bias.reshape(-1)
        out[...] = off.reshape(out.shape)

    def layer_norm_backward(
        outs: Outs, g: Native, input: Native, shape: Shape, weight: Native | None, eps: float, needs: Sequence[bool]
    ) -> None:
        n = 1
        for m in shape:
            n *= m
        dx, dw, db = outs
        if not n:
            return
        rows, g = input.reshape(-1, n), g.reshape(-1, n)
        hat, scale = statistics(rows, eps)
        hat *= scale
        if needs[1]:
            dw[...] = products(g, hat, (0,)).reshape(shape)
        if needs[2]:
            db[...] = add(g, (0,)).reshape(shape)
        if needs[0]:
            count = rows.dtype.type(n)
            gx = g if weight is None else g * weight.reshape(-1)
            inner = products(gx, hat, (1,))[:, None] / count
            made = gx - add(gx, (1,), None, True) / count
            hat *= inner
            made -= hat
            made *= scale
            dx[...] = made.reshape(dx.shape)

    table.register("layer_norm", _WIDE, guarded(guard, layer_norm))
    table.register("layer_norm_backward", _WIDE, guarded(guard, layer_norm_backward))

    def channel_rows(x: Native) -> Native:
        """(b, c, *) as (b, c, m): channels are reduced over the first and the last."""
        return x.reshape(x.shape[0], x.shape[1], -1)

    def channel_statistics(x: Native) -> tuple[Native, Native, Native]:
        n = x.dtype.type(x.shape[0] * x.shape[2])
        mean = add(add(x, (2,)), (0,)) / n
        off = x - mean[:, None]
        return off, mean, products(off, off, (0, 2)) / n

    def batch_norm(outs: Outs, input: Native, weight: Native | None, bias: Native | None, eps: float) -> None:
        out, out_mean, out_var = outs
        off, mean, var = channel_statistics(channel_rows(input))
        out_mean[...], out_var[...] = mean, var
        scale = 1 / xp.sqrt(var + var.dtype.type(eps))
        off *= (scale if weight is None else scale * weight)[:, None]
        if bias is not None:
            off += bias[:, None]
        out[...] = off.reshape(out.shape)

    def batch_norm_backward(outs: Outs, g: Native, input: Native, weight: Native | None, eps: float, needs: Sequence[bool]) -> None:
        dx, dw, db = outs
        g, x = channel_rows(g), channel_rows(input)
        hat, _, var = channel_statistics(x)
        scale = 1 / xp.sqrt(var + var.dtype.type(eps))
        hat *= scale[:, None]
        along, total = products(g, hat, (0, 2)), add(add(g, (2,)), (0,))
        dw[...], db[...] = along, total
        n = x.dtype.type(x.shape[0] * x.shape[2])
        hat *= (along / n)[:, None]
        made = g - (total / n)[:, None]
        made -= hat
        made *= (scale if weight is None else scale * weight)[:, None]
        dx[...] = made.reshape(dx.shape)

    table.register("batch_norm_training", _WIDE, guarded(guard, batch_norm))
    table.register("batch_norm_backward", _WIDE, guarded(guard, batch_norm_backward))


def _register_losses(table: KernelTable, xp: Module, guard: Guard) -> None:
    total_of, exp, subtract = Sums(xp).total, xp.exp, xp.subtract
    add, largest = xp.add.reduce, xp.maximum.reduce

    unsigned = xp.dtype("uint64")

    def used_rows(name: str, target: Native, ignore_index: int, classes: int) -> Native | None:
        """Which rows count; None where all do. IndexError for a class out of range."""
        if not target.size:
            return None
        # as unsigned numbers negative classes are huge, so one maximum checks both ends
        if largest(target.view(unsigned), None) < classes and not 0 <= ignore_index < classes:
            return None
        used = target != ignore_index
        wrong = used & ((target < 0) | (target >= classes))
        if wrong.any():
            raise IndexError(
                f"{name}(): Target {target[wrong][0]} is out of bounds (classes are 0 to {classes - 1}, ignore_index is "
                f"{ignore_index})"
            )
        return used

    def places(x: Native, target: Native) -> Iterator[tuple[Native, Native, slice]]:
        """Where the elements of the classes lie in x (n, c, *), piece by piece of the flat target: a flat part of x, the places in it, the piece."""
        n, c, flat = x.shape[0], x.shape[1], x.reshape(-1)
        if x.ndim == 2 and n <= _PIECE:
            yield flat, xp.arange(0, n * c, c) + target, slice(None)
            return
        target = target.reshape(-1)
        m = target.size // max(n, 1)  # elements of a class that follow each other
        rows, width = max(1, _PIECE // max(m, 1)), max(1, min(m, _PIECE))
        steps = (xp.arange(min(n, rows))[:, None] * (c * m) + xp.arange(width)).reshape(-1)
        for i in range(0, n, rows):
            for j in range(0, m, width):
                piece = slice(i * m + j, min(i * m + j + rows * width, min(i + rows, n) * m))
                at = target[piece] * m
                at += steps[: at.size]
                yield flat[i * c * m + j :], at, piece

    def chosen(x: Native, target: Native) -> Native:
        """The elements of the classes in x (n, c, *)."""
        found = xp.empty(target.size, x.dtype)
        for flat, at, piece in places(x, target):
            found[piece] = flat.take(at)
        return found.reshape(target.shape)

    def softmax_nll(outs: Outs, input: Native, target: Native, ignore_index: int, reduction: str) -> None:
        out, logp = outs
        used = used_rows("cross_entropy", target, ignore_index, input.shape[1])
        subtract(input, largest(input, 1, None, None, True), logp)
        subtract(logp, xp.log(total_of(exp(logp), (1,), None, True)), logp)
        n = target.size
        picked = chosen(logp, target if used is None else xp.where(used, target, 0))
        if used is not None:
            picked = xp.where(used, picked, picked.dtype.type(0))
            n = used.sum()
        if reduction == "none":
            xp.negative(picked, out)
        elif reduction == "sum":
            out[...] = 0 - add(picked, None)
        else:
            out[...] = -add(picked, None) / picked.dtype.type(n)

    def softmax_nll_backward(out: Native, g: Native, logp: Native, target: Native, ignore_index: int, reduction: str) -> None:
        n = target.size
        used = used_rows("cross_entropy", target, ignore_index, logp.shape[1])
        exp(logp, out)
        made = out if out.flags.c_contiguous else xp.ascontiguousarray(out)
        if used is not None:
            target = xp.where(used, target, 0)
            n = used.sum()
        for flat, at, _ in places(made, target):
            flat[at] -= out.dtype.type(1)
        share = g / out.dtype.type(n) if reduction == "mean" else g
        if reduction == "none":
            share = xp.expand_dims(share, 1)
        xp.multiply(made, share, out)
        if used is not None:
            xp.copyto(out, 0, where=xp.expand_dims(~used, 1))

    def nll(out: Native, input: Native, target: Native, weight: Native | None, ignore_index: int, reduction: str) -> None:
        used = used_rows("nll_loss", target, ignore_index, input.shape[1])
        safe = target if used is None else xp.where(used, target, 0)
        picked = chosen(input, safe) if target.size else xp.zeros(target.shape, input.dtype)
        share = used if weight is None else weight[safe] if used is None else xp.where(used, weight[safe], weight.dtype.type(0))
        if used is not None:
            picked = xp.where(used, picked, picked.dtype.type(0))
        if weight is not None:
            picked *= share
        if reduction == "none":
            xp.negative(picked, out)
        elif reduction == "sum":
            out[...] = 0 - add(picked, None)
        else:
            n = target.size if share is None else share.sum()
            out[...] = -add(picked, None) / picked.dtype.type(n)

    table.register("nll", _WIDE, guarded(guard, nll))
    table.register("softmax_nll", _WIDE, guarded(guard, softmax_nll))
    table.register("softmax_nll_backward", _WIDE, guarded(guard, softmax_nll_backward))

    def squared_error(out: Native, input: Native, target: Native, reduction: str) -> None:
        off = input - target
        if reduction == "none":
            xp.multiply(off, off, out)
            return
        flat = off.reshape(-1)
        xp.multiply(flat, flat, flat)
        total = add(flat)
        out[...] = total / off.dtype.type(off.size) if reduction == "mean" else total

    table.register("squared_error", _WIDE, guarded(guard, squared_error))

    def embedding_rows(out: Native, weight: Native, indices: Native, padding_idx: int, scale: bool) -> None:
        if weight.shape[0]:
            xp.take(weight, indices, 0, out, "wrap")

    table.register("embedding_rows", FLOATS, embedding_rows)
