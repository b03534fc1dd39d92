"""Reductions: many elements to one along dimensions."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor import dtype as D
from corelib.tensor.size import wrap_dims
from corelib.tensor.tensor import Tensor


def reduced(name: str, input: Tensor, dim: Any, keepdim: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions to reduce, counted from the front, and the shape that is left."""
    shape = input._shape
    if dim is None:
        dims = tuple(range(len(shape)))
        return dims, (1,) * len(shape) if keepdim else ()
    dims = wrap_dims(name, dim, len(shape))
    if keepdim:
        return dims, tuple([1 if i in dims else n for i, n in enumerate(shape)])
    return dims, tuple([n for i, n in enumerate(shape) if i not in dims])


def _infer_sum(input: Tensor, dim: Any, keepdim: bool, dtype: Any) -> Any:
    if dtype is None:
        dtype = input._dtype
        if dtype.order < 6:
            dtype = D.int64
    if dtype is not input._dtype:
        input = input.to(dtype)  # type: ignore[attr-defined]
    dims, shape = reduced("sum", input, dim, keepdim)
    return (shape, dtype), (input, dims, keepdim)


def expand_reduced(g: Tensor, shape: Any, dim: Any, keepdim: bool) -> Tensor:
    """A reduction's gradient seen in the shape of its input."""
    if not keepdim and len(dim) < len(shape):
        at = iter(g._shape)
        g = g.reshape(tuple([1 if i in dim else next(at) for i in range(len(shape))]))  # type: ignore[attr-defined]
    return g.expand(shape)  # type: ignore[attr-defined,no-any-return]


@op(
    kind="reduction", ref="sum", infer=_infer_sum, out=True,
    vjp=lambda g, input, dim, keepdim: expand_reduced(g, input._shape, dim, keepdim),
)
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of the elements, of all or along `dim` (an int or several).

    Integers and bool are summed in int64; half precisions accumulate in float32. `dtype` casts the input first.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).sum(0)
    tensor([4, 6])
    """
    ...


