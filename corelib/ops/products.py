"""Products of matrices. `matmul` is the primitive: batched, with the accumulating dtype left to the kernel."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor.tensor import Tensor


def check_same_dtype(name: str, a: Tensor, b: Tensor) -> None:
    """RuntimeError where two factors have different dtypes."""
    if a._dtype is not b._dtype:
        raise RuntimeError(f"{name}(): expected m1 and m2 to have the same dtype, but got: {a._dtype} != {b._dtype}")


def _infer_mm(input: Tensor, mat2: Tensor) -> Any:
    a, b = input._shape, mat2._shape
    if len(a) != 2:
        raise RuntimeError(f"mm(): self must be a matrix, got shape {list(a)}")
    if len(b) != 2:
        raise RuntimeError(f"mm(): mat2 must be a matrix, got shape {list(b)}")
    if a[1] != b[0]:
        raise RuntimeError(f"mm(): mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    check_same_dtype("mm", input, mat2)
    return ((a[0], b[1]), input._dtype), (input, mat2)


@op(
    kind="composite", infer=_infer_mm, out=True, ref="matmul",
    vjp={"input": lambda g, mat2: g.mm(mat2.t()), "mat2": lambda g, input: input.t().mm(g)},
)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (n, k) by (k, m) gives (n, m). RuntimeError where the sizes do not fit.

    >>> import corelib as torch
    >>> torch.eye(2).mm(torch.ones(2, 1))
    tensor([[1.],
            [1.]])
    """
    return _matmul(input, mat2)  # type: ignore[no-any-return]


def _infer_matmul(input: Tensor, other: Tensor) -> Any:
    from corelib.tensor.size import broadcast_shapes

    a, b = input._shape, other._shape
    batch = broadcast_shapes(a[:-2], b[:-2])
    return ((*batch, a[-2], b[-1]), input._dtype), (input, other)  # type: ignore[misc]


@op(
    kind="composite", infer=_infer_matmul, on=(), grad_name="BmmBackward0",
    vjp={"input": lambda g, other: _matmul(g, other.mT), "other": lambda g, input: _matmul(input.mT, g)},
)
def _matmul(input: Tensor, other: Tensor) -> Tensor:
    """Primitive: matrices (..., n, k) by (..., k, m), the leading dimensions broadcast; half types add up in float32."""
    ...
