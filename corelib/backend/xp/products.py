"""Matrix products. Half types are multiplied in float32."""

from __future__ import annotations

from corelib.backend.xp.guard import Guard, Module
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import bfloat16, float16, Number, NUMBERS

_HALF = (float16, bfloat16)


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """mm, batched_matmul, dot, mv, addmm."""
    whole = [d for d in NUMBERS if d not in _HALF]
    matmul, float32 = getattr(guard, "matmul", xp.matmul), xp.float32
    product = guard.binary(matmul)

    def product_half(out: Native, input: Native, other: Native) -> None:
        out[...] = guard.run(matmul, input.astype(float32), other.astype(float32))

    for name in ("mm", "batched_matmul", "mv"):
        table.register(name, whole, product)
        table.register(name, _HALF, product_half)

    def dot(out: Native, input: Native, tensor: Native) -> None:
        out[...] = guard.run(matmul, input, tensor)

    table.register("dot", whole, dot)
    table.register("dot", _HALF, product_half)

    def add_product(out: Native, input: Native, mat1: Native, mat2: Native, beta: Number, alpha: Number) -> None:
        # `out` may be `input`, in the in-place form
        target = out if out is not input else xp.empty_like(out)
        matmul(mat1, mat2, target)
        if alpha != 1:
            xp.multiply(target, alpha, target)
        if beta != 0:
            xp.add(target, input if beta == 1 else input * beta, target)
        if target is not out:
            out[...] = target

    def addmm(out: Native, *args: Native | Number) -> None:
        guard.run(add_product, out, *args)

    table.register("addmm", [d for d in whole if d.is_floating_point], addmm)
