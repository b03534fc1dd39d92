"""Complex numbers: the kernels for real ones that hold for them as they stand, and those of their own."""

from __future__ import annotations

from corelib.backend.signatures import Ints
from corelib.backend.xp.guard import Guard, Module, Outs
from corelib.contract.kernels import KernelTable, LinAlgError, Native
from corelib.tensor.dtype import COMPLEX, float32, float64

SAME = (
    "fill", "copy", "neg", "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "log10", "log2", "log1p", "expm1", "exp2", "reciprocal", "square", "add", "sub", "mul", "true_div", "pow", "eq", "ne",
    "logical_not", "logical_and", "logical_or", "logical_xor", "isnan", "isinf", "isfinite", "select_where", "mm", "batched_matmul", "mv",
    "dot", "addmm", "sum", "prod", "mean", "any", "all", "take_rows", "put_rows", "index_select", "index_add",
    "gather", "scatter_add", "scatter_set", "index", "index_put", "cat", "stack_along", "flip", "constant_pad",
)
"""Kernels that ask nothing of their numbers but sums, products and the functions of the library."""


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """The kernels above for complex64 and complex128; the transforms of Fourier; eigenvalues."""
    for name in SAME:
        found = table.table.get(name, {}).get(float64)
        if found is not None:
            table.register(name, COMPLEX, found)

    @table("conj_physical", COMPLEX)
    def conj_physical(out: Native, input: Native) -> None:
        xp.conjugate(input, out)

    @table("magnitude", COMPLEX)
    def magnitude(out: Native, input: Native) -> None:
        guard.run(xp.absolute, input, out)

    @table("phase", COMPLEX)
    def phase(out: Native, input: Native) -> None:
        out[...] = guard.run(xp.angle, input)

    @table("fft_complex", COMPLEX)
    def fft_complex(out: Native, input: Native, dims: Ints, norm: str, forward: bool) -> None:
        out[...] = (xp.fft.fftn if forward else xp.fft.ifftn)(input, axes=dims, norm=norm)

    @table("eig_of", (float32, float64, *COMPLEX))
    def eig_of(outs: Outs, input: Native) -> None:
        try:
            outs[0][...], outs[1][...] = xp.linalg.eig(input)
        except xp.linalg.LinAlgError:
            if not xp.isfinite(input).all():
                raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.") from None
            raise LinAlgError("linalg.eig: The algorithm failed to converge because the input matrix is ill-conditioned.") from None
