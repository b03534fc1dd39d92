"""Views of some of the elements: one index, a slice, a diagonal, any strides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import TABLE
from corelib.dispatcher.operands import Aside
from corelib.ops.construction.creation import arange
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.shape.views import counted
from corelib.tensor.size import Shape, contiguous_strides, integers, wrap_dim
from corelib.tensor.tensor import Tensor


def _placed(g: Tensor, shape: Shape, view: Callable[..., Tensor], *where: object) -> Tensor:
    """Zeros in the shape of the input, with `g` where a view of it lies."""
    made = g.new_zeros(shape)
    view(made, *where).copy_(g)
    return made


@op(kind="view", vjp=lambda g, input_shape, dim, index: _placed(g, input_shape, Tensor.select, dim, index))
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """A view of one index along `dim`, which disappears. IndexError where the index is out of range.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
    """
    shape = input._shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim("select", dim, len(shape))
    n = shape[at]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {at} (accepted are {-n} to {n - 1})"
        )
    if index < 0:
        index += n
    strides = input._strides
    if strides is None:
        strides = contiguous_strides(shape)
    rest = shape[:at] + shape[at + 1 :]
    return input._as_view(
        rest, strides[:at] + strides[at + 1 :], input._offset + index * strides[at], input._numel // n
    )


def _narrowed(g: Tensor, input_shape: Shape, dim: int, start: int, length: int, step: int) -> Tensor:
    return _placed(g, input_shape, strided_slice, dim, start, length, step)


@op(kind="view", on=(), grad_name="SliceBackward0", vjp=_narrowed)
def strided_slice(input: Tensor, dim: int, start: int, length: int, step: int) -> Tensor:
    """A view of `length` places along `dim`, from `start`, `step` apart; the arguments are already checked."""
    shape, strides = input._shape, input.stride()
    return input._as_view(
        (*shape[:dim], length, *shape[dim + 1 :]),
        strides if step == 1 else (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
        input._offset + start * strides[dim],
        input._numel // shape[dim] * length if shape[dim] else 0,
    )


@op()
def narrow(input: Tensor, dim: int, start: Aside[Tensor | int], length: int) -> Tensor:
    """A view of `length` places along `dim` from `start`.

    >>> import corelib as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    if not input._shape:
        raise RuntimeError("narrow(): narrow() cannot be applied to a 0-dim tensor.")
    at = wrap_dim("narrow", dim, len(input._shape))
    n = input._shape[at]
    if isinstance(start, Tensor):
        if start._shape or start._dtype.name == "bool" or start._dtype.is_floating_point or start._dtype.is_complex:
            raise RuntimeError(f"narrow(): start must be an 0-dim integral Tensor., got shape {list(start._shape)} and {start._dtype}")
        start = int(start)
    if length < 0:
        raise RuntimeError(f"narrow(): narrow(): length must be non-negative, got {length}.")
    if not -n <= start <= n:
        raise IndexError(f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start = start + n if start < 0 else start
    if start + length > n:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return strided_slice(input, at, start, length, 1)


@op(kind="view", vjp=lambda g, input, size, stride, storage_offset: _strided_backward(g, input, size, stride, storage_offset))
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the storage with any shape, strides and offset, in elements; RuntimeError where it would leave the storage.

    >>> import corelib as torch
    >>> torch.arange(4).as_strided((3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    shape = size if type(size) is tuple else integers("as_strided", "size", size)
    strides = stride if type(stride) is tuple else integers("as_strided", "stride", stride)
    offset = input._offset if storage_offset is None else storage_offset
    if len(shape) != len(strides):
        raise RuntimeError(f"as_strided(): mismatch in length of strides and shape: {list(strides)} for {list(shape)}")
    if strides and min(strides) < 0:
        raise RuntimeError(f"as_strided(): Negative strides are not supported at the moment, got strides: {list(strides)}")
    if shape and min(shape) < 0:
        raise RuntimeError(f"as_strided(): Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}: a size is negative")
    if offset < 0:
        raise RuntimeError(f"as_strided(): Tensor: invalid storage offset {offset}")
    last = offset
    for n, s in zip(shape, strides, strict=True):
        last += (n - 1) * s
    needed = (last + 1) * input._dtype.itemsize
    held = input._own_storage().nbytes()
    if 0 not in shape and needed > held:
        raise RuntimeError(
            f"as_strided(): setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize "
            f"{input._dtype.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {held}"
        )
    return input._as_view(shape, strides, offset, counted("as_strided", shape))


TABLE["as_strided"].rule.geometry_only = True


@within_bounds
def _strided_backward(g: Tensor, input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None) -> Tensor:
    """Each memory place gathers the gradients of all elements that showed it."""

    def places(shape: Sequence[int], strides: Sequence[int], start: int) -> Tensor:
        at = arange(1, device=g._device).reshape(()) + start
        for i, (n, s) in enumerate(zip(shape, strides, strict=True)):
            step = arange(n, device=g._device) * s
            at = at + step.reshape((n, *[1] * (len(shape) - 1 - i)))
        return at.expand(tuple(shape)).reshape((-1,))

    shape, strides = tuple(input._shape), input.stride()
    offset = input._offset if storage_offset is None else storage_offset
    low = offset if offset < input._offset else input._offset
    span = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + input._offset - low if input._numel else 0
    reach = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) + offset - low if g._numel else 0
    flat = g.new_zeros((span if span > reach else reach,))
    flat = flat.scatter_add(0, places(size, stride, offset - low), g.reshape((-1,)))
    return flat.index_select(0, places(shape, strides, input._offset - low)).reshape(shape)


@op(kind="view", vjp=lambda g, input_shape, offset, dim1, dim2: _placed(g, input_shape, Tensor.diagonal, offset, dim1, dim2))
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of a diagonal of two dimensions, which becomes the last dimension; `offset` above (below if negative) the main.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    ndim = len(input._shape)
    a, b = wrap_dim("diagonal", dim1, ndim, "dim1"), wrap_dim("diagonal", dim2, ndim, "dim2")
    if a == b:
        raise RuntimeError(f"diagonal(): diagonal dimensions cannot be identical {dim1}, {dim2}")
    shape, strides = input._shape, input.stride()
    n, m = shape[a], shape[b]
    length = min(n, m - offset) if offset >= 0 else min(n + offset, m)
    length = length if length > 0 else 0
    start = input._offset
    if length:
        start += offset * strides[b] if offset >= 0 else -offset * strides[a]
    rest = [i for i in range(ndim) if i not in (a, b)]
    made = (*[shape[i] for i in rest], length)
    return input._as_view(made, (*[strides[i] for i in rest], strides[a] + strides[b]), start, prod(made))
