"""Running totals along a dimension. Bodies are log-step scans: each step adds what lies 1, 2, 4, ... places before."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor import dtype as D
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor


def _infer_scan(name: str) -> Any:
    def infer(input: Tensor, dim: int, dtype: Any = None) -> Any:
        dim = wrap_dim(name, dim, len(input._shape))
        if dtype is None:
            dtype = D.int64 if input._dtype.order < 6 else input._dtype
        if dtype is not input._dtype:
            input = input.to(dtype)  # type: ignore[attr-defined]
        return (input._shape, dtype), (input, dim)

    return infer


def _shifted(x: Tensor, dim: int, by: int, fill: Any) -> Tensor:
    """The elements moved `by` places up, with `fill` before them."""
    from corelib.ops import cat

    n = x._shape[dim]
    shape = (*x._shape[:dim], by, *x._shape[dim + 1 :])
    return cat([x.new_full(shape, fill), x.narrow(dim, 0, n - by)], dim)  # type: ignore[attr-defined,no-any-return]


def _log_step(input: Tensor, dim: int, join: Any, neutral: Any) -> Tensor:
    made: Any = input.clone() if not input._shape else input  # type: ignore[attr-defined]
    n, by = input._shape[dim] if input._shape else 0, 1
    while by < n:
        made = join(made, _shifted(made, dim, by, neutral))
        by *= 2
    return made.clone() if made is input else made.contiguous()  # type: ignore[no-any-return]


@op(
    ref="cumsum", infer=_infer_scan("cumsum"), out=True, inplace=True,
    vjp=lambda g, dim: g.flip(dim).cumsum(dim).flip(dim) if g._shape else g,
)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The sum of all elements up to each, along `dim`; integers are summed in int64.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    return _log_step(input, dim, lambda a, b: a + b, 0)


def _cumprod_vjp(g: Tensor, input: Tensor, dim: int) -> Tensor:
    """d out[k] / d in[i] is the product of all inputs up to k without i; written so that zeros do no harm."""
    if not input._shape or input._shape[dim] == 0:
        return g
    n = input._shape[dim]
    x, g = input.movedim(dim, -1), g.movedim(dim, -1)  # type: ignore[attr-defined]
    from corelib.ops import cat, ones_like, stack

    columns = []
    one = ones_like(x.narrow(-1, 0, 1))
    before = one
    for i in range(n):
        # the products up to k >= i with the i-th factor taken out
        after = cat([before, x.narrow(-1, i + 1, n - i - 1)], -1).cumprod(-1)
        columns.append((after * g.narrow(-1, i, n - i)).sum(-1))
        before = before * x.narrow(-1, i, 1)
    return stack(columns, -1).movedim(-1, dim)  # type: ignore[no-any-return]


@op(ref="cumprod", infer=_infer_scan("cumprod"), out=True, inplace=True, vjp=_cumprod_vjp)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The product of all elements up to each, along `dim`; integers multiply in int64.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).cumprod(0)
    tensor([1, 2, 6])
    """
    return _log_step(input, dim, lambda a, b: a * b, 1)
