"""Reductions along dimensions: kernels `(out, input, dims, keepdim)`. Half types accumulate in float32; long sums are made in blocks."""

from __future__ import annotations

from corelib.backend.signatures import Ints, Outcome
from corelib.backend.xp.guard import Function, Guard, Module
from corelib.backend.xp.sums import CHAIN, Sums
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import bfloat16, float16, float32 as single, float64, FLOATS, REALS

_HALF = (float16, bfloat16)
_FEW = 1 << 12  # elements whose squares one product sums up without loss


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """sum, mean, prod, amax, amin, any, all, variance, norm."""
    whole = [d for d in REALS if d not in _HALF]
    float32 = xp.float32

    def total(name: str, reduce: Function) -> None:
        def kernel(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
            guard.run(reduce, input, dims, out.dtype, out, keepdim)

        run = guard.run

        def kernel_float(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
            # less to say is quicker: of all dimensions, in the input's dtype
            run(reduce, input, dims if len(dims) < input.ndim else None, None, out, keepdim)

        def reduced(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
            out[...] = reduce(input, dims, float32, None, keepdim)

        def kernel_half(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
            guard.run(reduced, out, input, dims, keepdim)

        table.register(name, whole, kernel)
        table.register(name, [d for d in FLOATS if d not in _HALF], kernel_float)
        table.register(name, _HALF, kernel_half)

    _register_norm(table, xp, guard)
    total("sum", xp.add.reduce)  # of bool: whether any; the product: whether all
    total("prod", xp.multiply.reduce)
    run, add, reduce = guard.run, Sums(xp).total, xp.add.reduce

    def sum_float(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
        if input.size <= CHAIN:  # less to say is quicker: of all dimensions, in the input's dtype
            run(reduce, input, dims if len(dims) < input.ndim else None, None, out, keepdim)
        else:
            run(add, input, dims, None, keepdim, out)

    def sum_half(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
        run(xp.copyto, out, run(add, input, dims, float32, keepdim), casting="unsafe")

    table.register("sum", [d for d in FLOATS if d not in _HALF], sum_float)
    table.register("sum", _HALF, sum_half)

    def mean_of(input: Native, dims: Ints, dtype: Native, keepdim: bool) -> Native:
        n = 1
        for d in dims:
            n *= input.shape[d]
        return add(input, dims, None if dtype == input.dtype else dtype, keepdim) / dtype.type(n)

    @table("mean", FLOATS)
    def mean(out: Native, input: Native, dims: Ints, keepdim: bool) -> None:
        dtype = out.dtype if out.dtype.itemsize > 2 else xp.dtype(float32)
        out[...] = run(mean_of, input, dims, dtype, keepdim)

    for name, ufunc in (("amax", xp.maximum), ("amin", xp.minimum)):

        def extreme(out: Native, input: Native, dims: Ints, keepdim: bool, reduce: Function = ufunc.reduce) -> None:
            guard.run(reduce, input, dims, None, out, keepdim)

        table.register(name, REALS, extreme)

    for name, function in (("any", xp.any), ("all", xp.all)):

        def truth(out: Native, input: Native, dims: Ints, keepdim: bool, function: Function = function) -> None:
            out[...] = function(input, axis=dims, keepdims=keepdim)

        table.register(name, REALS, truth)

    def spread(input: Native, dims: Ints, correction: float, keepdim: bool) -> Native:
        n = 1
        for d in dims:
            n *= input.shape[d]
        wide = input.astype(float32) if input.dtype.itemsize == 2 else input
        off = xp.asarray(wide - mean_of(wide, dims, wide.dtype, True))
        xp.multiply(off, off, off)
        left = n - correction
        return add(off, dims, None, keepdim) / wide.dtype.type(left if left > 0 else 0)

    @table("variance", FLOATS)
    def variance(out: Native, input: Native, dims: Ints, correction: float, keepdim: bool) -> None:
        out[...] = guard.run(spread, input, dims, correction, keepdim)

    @table("deviation", FLOATS)
    def deviation(out: Native, input: Native, dims: Ints, correction: float, keepdim: bool) -> None:
        out[...] = guard.run(lambda: xp.sqrt(spread(input, dims, correction, keepdim)))


def _register_norm(table: KernelTable, xp: Module, guard: Guard) -> None:
    """The norm of few elements, as of a gradient that is clipped, by one product of theirs."""

    def norm_of(out: Native, input: Native) -> None:
        flat = input.reshape(-1)
        out[...] = xp.sqrt(xp.dot(flat, flat))

    @table("vector_norm", (single, float64))
    def vector_norm(out: Native, input: Native, p: float, dim: Ints, keepdim: bool) -> Outcome:
        if p != 2 or keepdim or len(dim) != input.ndim or input.size > _FEW or not input.flags.c_contiguous:
            return NotImplemented
        guard.run(norm_of, out, input)
        return None
