"""Differences of neighbours and what they approximate: diff, gradient, and integrals by the trapezoid rule."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.size import Dims, wrap_dim
from corelib.tensor.tensor import Tensor


@op(out=True)
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """The differences of neighbours along `dim`, `n` times over, with what is put before and behind first; of bool, whether they differ.

    >>> import corelib as torch
    >>> torch.diff(torch.tensor([1, 3, 6]))
    tensor([2, 3])
    """
    if not input._shape:
        raise RuntimeError("diff(): diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"diff(): order must be non-negative but got {n}")
    at = wrap_dim("diff", dim, len(input._shape))
    for what, t in (("prepend", prepend), ("append", append)):
        if t is not None and len(t._shape) != len(input._shape):
            raise RuntimeError(f"diff(): diff expects prepend or append to be the same dimension as input, but {what} has shape {list(t._shape)}")
    made = cat([t for t in (prepend, input, append) if t is not None], at) if n and (prepend is not None or append is not None) else input
    for _ in range(min(n, made._shape[at])):
        length = made._shape[at] - 1
        above, below = made.narrow(at, 1, length), made.narrow(at, 0, length)
        made = above ^ below if made._dtype is D.bool else above - below
    return made.clone() if made is input else made


def _widths(name: str, y: Tensor, x: Tensor | None, at: int) -> Tensor | None:
    """The distances between the places of neighbours, shaped to go with y; None where they are all 1."""
    if x is None:
        return None
    if not x._shape:
        raise RuntimeError(f"{name}(): There must be one `x` value for each sample point")
    if len(x._shape) == 1:
        if x._shape[0] != y._shape[at]:
            raise RuntimeError(f"{name}(): There must be one `x` value for each sample point, got {x._shape[0]} for {y._shape[at]}")
        steps = x.narrow(0, 1, x._shape[0] - 1) - x.narrow(0, 0, x._shape[0] - 1)
        return steps.reshape((-1,) + (1,) * (len(y._shape) - 1 - at))
    n = x._shape[at]
    return x.narrow(at, 1, n - 1) - x.narrow(at, 0, n - 1)


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Number | None, dim: int) -> tuple[Tensor, int]:
    """The areas of the strips between neighbours along a dimension."""
    if x is not None and dx is not None:
        raise TypeError(f"{name}(): received an invalid combination of arguments: x and dx cannot both be given")
    at = wrap_dim(name, dim, len(y._shape))
    if y._dtype is D.bool:
        raise RuntimeError(f"{name}(): received a bool input for `y`, but bool is not supported")
    if y._shape[at] == 0:
        return y, at
    widths = _widths(name, y, x, at)
    n = y._shape[at] - 1
    sums = y.narrow(at, 0, n) + y.narrow(at, 1, n)
    return (sums * (widths if widths is not None else 1 if dx is None else dx)) / 2.0, at


@public("torch", names=("trapezoid", "trapz"))
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The integral along `dim` by the trapezoid rule, over places `x` or a distance `dx` (default 1).

    >>> import corelib as torch
    >>> torch.trapezoid(torch.tensor([1., 2., 3.]))
    tensor(4.)
    """
    strips, at = _areas("trapezoid", y, x, dx, dim)
    return strips.sum(at)


@public("torch")
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The running integrals along `dim` by the trapezoid rule, one fewer than there are places.

    >>> import corelib as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1., 2., 3.]))
    tensor([1.5000, 4.0000])
    """
    strips, at = _areas("cumulative_trapezoid", y, x, dx, dim)
    return strips.cumsum(at)


def _slope(y: Tensor, at: int, spacing: Tensor | float, edge_order: int) -> Tensor:
    """Central differences inside and one-sided ones of the given order at the ends."""
    n = y._shape[at]

    def part(start: int, length: int) -> Tensor:
        return y.narrow(at, start, length)

    left: Tensor | float
    right: Tensor | float
    first: Sequence[Tensor | float]
    last: Sequence[Tensor | float]
    if isinstance(spacing, Tensor):
        steps = spacing.narrow(0, 1, n - 1) - spacing.narrow(0, 0, n - 1)
        steps = steps.reshape((-1,) + (1,) * (len(y._shape) - 1 - at))
        left, right = steps.narrow(0, 0, n - 2), steps.narrow(0, 1, n - 2)
        first, last = ([steps.narrow(0, i, 1) for i in end] if n > 2 else [steps] * 2 for end in ((0, 1), (n - 2, n - 3)))
    else:
        left = right = spacing
        first = last = [spacing, spacing]
    inner: list[Tensor] = []
    if n > 2:
        a, b, c = -right / (left * (left + right)), (right - left) / (left * right), left / (right * (left + right))
        if isinstance(spacing, Tensor):
            inner = [a * part(0, n - 2) + b * part(1, n - 2) + c * part(2, n - 2)]
        else:
            inner = [(part(2, n - 2) - part(0, n - 2)) / (2 * spacing)]
    if edge_order == 1:
        start, end = (part(1, 1) - part(0, 1)) / first[0], (part(n - 1, 1) - part(n - 2, 1)) / last[0]
    else:
        h, k = first
        start = -(2 * h + k) / (h * (h + k)) * part(0, 1) + (h + k) / (h * k) * part(1, 1) - h / (k * (h + k)) * part(2, 1)
        k, h = last[0], last[1]
        end = k / (h * (h + k)) * part(n - 3, 1) - (h + k) / (h * k) * part(n - 2, 1) + (2 * k + h) / (k * (h + k)) * part(n - 1, 1)
    return cat([start, *inner, end], at)


@public("torch")
def gradient(
    input: Tensor, *, spacing: Tensor | float | Sequence[Tensor | float] | None = None, dim: Dims = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slopes of samples along each of the given dimensions (all by default): central differences, and one-sided ones of
    `edge_order` 1 or 2 at the ends. spacing: a distance (1 by default), one for each dimension, or a vector of places for each.

    >>> import corelib as torch
    >>> torch.gradient(torch.tensor([1., 4., 9.]))
    (tensor([3., 4., 5.]),)
    """
    ndim = len(input._shape)
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient(): torch.gradient only supports edge_order=1 and edge_order=2, got {edge_order}")
    dims = list(range(ndim)) if dim is None else [wrap_dim("gradient", d, ndim) for d in ([dim] if isinstance(dim, int) else dim)]
    if len(set(dims)) != len(dims):
        raise RuntimeError(f"gradient(): dim {dim} appears multiple times in the list of dims")
    if isinstance(spacing, Tensor):
        spacing = [spacing] if spacing._shape else spacing.item()
    elif spacing is None:
        spacing = 1
    each = list(spacing) if isinstance(spacing, Sequence) else [spacing] * len(dims)
    if len(each) != len(dims):
        raise RuntimeError(f"gradient(): torch.gradient expected spacing to be unspecified, a scalar, or a list of length {len(dims)}, but got a list of length {len(each)}")
    x = input if input._dtype.is_floating_point or input._dtype.is_complex else input.float()
    for d, s in zip(dims, each, strict=True):
        if input._shape[d] < edge_order + 1:
            raise RuntimeError(f"gradient(): torch.gradient expected each dimension size to be at least edge_order+1, got {input._shape[d]} for dimension {d}")
        if isinstance(s, Tensor) and s._shape != (input._shape[d],):
            raise RuntimeError(f"gradient(): torch.gradient expected spacing of dimension {d} to have one value for each of {input._shape[d]} places, got shape {list(s._shape)}")
    return tuple(_slope(x, d, s, edge_order) for d, s in zip(dims, each, strict=True))
