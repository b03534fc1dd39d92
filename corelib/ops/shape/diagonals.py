"""Diagonals and triangles: matrices made of diagonals, the places of triangles, and copies with a part replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Infer, Inferred
from corelib.graph.views import owning
from corelib.ops.construction.creation import empty, ones, zeros
from corelib.ops.conversion.copying import kept_strides
from corelib.ops.indexing.indexing import counted_places
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike, resolve
from corelib.tensor.dtype import Number, dtype as DType
from corelib.tensor.layout import contiguous_format, layout as Layout
from corelib.tensor.promotion import promote_types
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor

View = Callable[..., Tensor]
"""What a part of a tensor is: a function of the tensor and of where the part lies."""


@op(out="exact", overlap="itself")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A square matrix with a vector on one of its diagonals, or a matrix's diagonal as a vector.

    >>> import corelib as torch
    >>> torch.diag(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if len(input._shape) not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {len(input._shape)}D")
    if len(input._shape) == 1:
        return diag_embed(input, diagonal)
    return input.diagonal(diagonal).clone()


def _infer_diag_embed(input: Tensor, offset: int, dim1: int, dim2: int) -> Inferred:
    ndim = len(input._shape) + 1
    at, by = wrap_dim("diag_embed", dim1, ndim), wrap_dim("diag_embed", dim2, ndim)
    if not input._shape:
        raise IndexError("diag_embed(): Dimension specified as -1 but tensor has no dimensions")
    if at == by:
        raise RuntimeError(f"diag_embed(): diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = input._shape[-1] + abs(offset)
    shape = list(input._shape[:-1])
    for d in sorted((at, by)):
        shape.insert(d, n)
    return (tuple(shape), input._dtype), (input, offset, at, by)


@op(infer=_infer_diag_embed, vjp=lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2))
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension of `input` on a diagonal; `offset` above 0 is above the main one.

    >>> import corelib as torch
    >>> torch.diag_embed(torch.tensor([1, 2])).shape
    torch.Size([2, 2])
    """
    made = input.new_zeros(_infer_diag_embed(input, offset, dim1, dim2)[0][0])
    made.diagonal(offset, dim1, dim2).copy_(input)
    return made


@op()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A square matrix with all elements of `input` on a diagonal.

    >>> import corelib as torch
    >>> torch.diagflat(torch.tensor([[1, 2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(input.reshape((-1,)), offset)


def _infer_scatter_like(name: str, view: View) -> Infer:
    def infer(input: Tensor, src: Tensor, *where: object) -> Inferred:
        part = view(input.detach() if input._requires_grad else input, *where)
        if part._shape != src._shape:
            raise RuntimeError(
                f"{name}(): expected src to have a size equal to the slice of self. src size = {list(src._shape)}, slice size = {list(part._shape)}"
            )
        return (input._shape, input._dtype, kept_strides(input) if input._device.runtime.strided_any else None), (input, src, *where)

    return infer


def _replaced(input: Tensor, src: Tensor, view: View, *where: object) -> Tensor:
    made = _with_memory(input) if view is _strided else input.clone()
    view(made, *where).copy_(src)
    return made


def _with_memory(x: Tensor) -> Tensor:
    """A copy of all its memory, with its elements at the same places; of one that overlaps itself a plain copy."""
    steps = sorted((s, n) for s, n in zip(x.stride(), x._shape, strict=True) if n > 1)
    reach = 1
    for s, n in steps:
        if s < reach:
            return x.clone()
        reach += s * (n - 1)
    held = x._own_storage().nbytes() // x._dtype.itemsize
    if held == x._numel and x.is_contiguous():
        return x.clone()
    return x.as_strided((held,), (1,), 0).clone().as_strided(x._shape, x.stride(), x._offset)


def _zeroed(g: Tensor, view: View, *where: object) -> Tensor:
    """A gradient without the part that was replaced; by an op, so that it has a derivative itself."""
    return view_scatter(g, view(g, *where) * 0, view, *where)


def _select(x: Tensor, dim: int, index: int) -> Tensor:
    return x.select(dim, index)


def _diagonal(x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return x.diagonal(offset, dim1, dim2)


def _slice(x: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    at = wrap_dim("slice_scatter", dim, len(x._shape))
    if step <= 0:
        raise RuntimeError(f"slice_scatter(): slice step must be positive, got {step}")
    return x[(*[slice(None)] * at, slice(start, end, step))]


def _strided(x: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None) -> Tensor:
    return x.as_strided(size, stride, storage_offset)


def view_scatter(input: Tensor, src: Tensor, view: View, *where: object) -> Tensor:
    """The scatter op of a kind of view."""
    return _SCATTERS[view](input, src, *where)


@op(
    infer=_infer_scatter_like("select_scatter", _select),
    vjp={"input": lambda g, dim, index: _zeroed(g, _select, dim, index), "src": lambda g, dim, index: g.select(dim, index)},
)
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with `src` at one index of a dimension.

    >>> import corelib as torch
    >>> torch.zeros(2, 2).select_scatter(torch.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _replaced(input, src, _select, dim, index)


@op(
    infer=_infer_scatter_like("diagonal_scatter", _diagonal),
    vjp={
        "input": lambda g, offset, dim1, dim2: _zeroed(g, _diagonal, offset, dim1, dim2),
        "src": lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2),
    },
)
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` on a diagonal.

    >>> import corelib as torch
    >>> torch.zeros(2, 2).diagonal_scatter(torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _replaced(input, src, _diagonal, offset, dim1, dim2)


@op(
    infer=_infer_scatter_like("slice_scatter", _slice), out="exact", overlap="itself",
    vjp={
        "input": lambda g, dim, start, end, step: _zeroed(g, _slice, dim, start, end, step),
        "src": lambda g, dim, start, end, step: _slice(g, dim, start, end, step),
    },
)
def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    """A copy of `input` with `src` in the slice start:end:step of a dimension.

    >>> import corelib as torch
    >>> torch.zeros(4).slice_scatter(torch.ones(2), 0, 1, 3)
    tensor([0., 1., 1., 0.])
    """
    return _replaced(input, src, _slice, dim, start, end, step)


@op(
    infer=_infer_scatter_like("as_strided_scatter", _strided),
    vjp={
        "input": lambda g, size, stride, storage_offset: _zeroed(g.contiguous(), _strided, size, stride, storage_offset),
        "src": lambda g, size, stride, storage_offset: g.contiguous().as_strided(size, stride, storage_offset),
    },
)
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A copy of `input` with `src` where a view of these sizes, strides and offset lies.

    >>> import corelib as torch
    >>> torch.zeros(4).as_strided_scatter(torch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    return _replaced(input, src, _strided, size, stride, storage_offset)


_SCATTERS: dict[View, View] = {
    _select: select_scatter, _diagonal: diagonal_scatter, _slice: slice_scatter, _strided: as_strided_scatter,
}  # fmt: skip


def fill_diagonal_(self: Tensor, fill_value: Tensor | Number, wrap: bool = False) -> Tensor:
    """Fill the main diagonal in place: of a matrix, or of a tensor whose sizes are all the same. `wrap`: a tall matrix's diagonal
    begins anew after each square and one row."""
    shape = self._shape
    if not isinstance(wrap, bool):
        raise TypeError(f"fill_diagonal_(): argument 'wrap' (position 2) must be bool, not {type(wrap).__name__}")
    if len(shape) < 2:
        raise RuntimeError(f"fill_diagonal_(): dimensions must larger than 1, got shape {list(shape)}")
    if len(shape) > 2 and len(set(shape)) != 1:
        raise RuntimeError(f"fill_diagonal_(): all dimensions of input must be of equal length, got shape {list(shape)}")
    self.as_strided((min(shape),), (sum(self.stride()),), self._offset).fill_(fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        rows, columns = self.stride()
        blocks, rest = divmod(shape[0], shape[1] + 1)  # each block but the first begins a diagonal of its own
        below = self._offset + (shape[1] + 1) * rows
        self.as_strided((blocks - 1, shape[1]), ((shape[1] + 1) * rows, rows + columns), below).fill_(fill_value)
        if rest:
            last = self._offset + blocks * (shape[1] + 1) * rows
            self.as_strided((min(rest, shape[1]),), (rows + columns,), last).fill_(fill_value)
    return self


attach("fill_diagonal_", fill_diagonal_)


def _lower(row: int, col: int, offset: int) -> int:
    """How many places the lower triangle has: rows that grow by one place each, then whole ones."""
    first = min(max(1 + offset, 0), col) if offset > 0 else int(row + offset > 0)
    last = max(0, min(col, row + offset))
    growing = last - first + 1
    whole = max(0, min(row, row + offset)) - growing
    return (first + last) * growing // 2 + max(0, whole) * col if row and col else 0


def _count(row: int, col: int, offset: int, lower: bool) -> int:
    """How many elements a triangle has."""
    return _lower(row, col, offset) if lower else row * col - _lower(row, col, offset - 1)


def _triangle_indices(
    name: str, row: int, col: int, offset: int, lower: bool, dtype: DType | None, device: DeviceLike, layout: Layout | None
) -> Tensor:
    for what, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name}(): {what} must be non-negative, got {n}")
    place = resolve(device)
    if place.type == "meta":
        return empty((2, _count(row, col, offset, lower)), dtype=dtype or D.int64, device=place, layout=layout)
    square = ones((row, col), dtype=D.bool, device=device, layout=layout)
    inside = square.tril(offset) if lower else square.triu(offset)
    places = inside.nonzero() if place.runtime.backend.host_memory else counted_places(inside, _count(row, col, offset, lower))
    return places.t().clone(memory_format=contiguous_format).to(dtype or D.int64)


@public("torch")
@owning
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: DeviceLike = None, layout: Layout | None = None
) -> Tensor:
    """The places, (2, n), of the lower triangle of a matrix of `row` rows and `col` columns, row by row.

    >>> import corelib as torch
    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", row, col, offset, True, dtype, device, layout)


@public("torch")
@owning
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: DeviceLike = None, layout: Layout | None = None
) -> Tensor:
    """The places, (2, n), of the upper triangle of a matrix of `row` rows and `col` columns, row by row.

    >>> import corelib as torch
    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle_indices("triu_indices", row, col, offset, False, dtype, device, layout)


@public("torch")
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones (0-d and 1-d ones as rows) on its diagonal, one after the other, and zeros elsewhere.

    >>> import corelib as torch
    >>> torch.block_diag(torch.tensor([[1]]), torch.tensor([[2, 3]]))
    tensor([[1, 0, 0],
            [0, 2, 3]])
    """
    for i, t in enumerate(tensors):
        if len(t._shape) > 2:
            raise RuntimeError(f"block_diag(): Input tensors must have 2 or fewer dimensions. Input {i} has {len(t._shape)} dimensions")
    if not tensors:
        return zeros((1, 0))
    kind = reduce(promote_types, [t._dtype for t in tensors])
    blocks = [t.to(kind).reshape((1,) * (2 - len(t._shape)) + t._shape) for t in tensors]
    width, left, rows = sum(b._shape[1] for b in blocks), 0, []
    for b in blocks:
        n, m = b._shape
        rows.append(cat([b.new_zeros((n, left)), b, b.new_zeros((n, width - left - m))], 1))
        left += m
    return cat(rows, 0)


@public("torch")
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates, one tensor a dimension, of flat places in a tensor of `shape`. ValueError out of bounds.

    >>> import corelib as torch
    >>> torch.unravel_index(torch.tensor([5]), (2, 3))
    (tensor([1]), tensor([2]))
    """
    if not isinstance(indices, Tensor) or indices._dtype.is_floating_point or indices._dtype is D.bool:
        raise TypeError(f"unravel_index(): expected 'indices' to be of integer dtype, but got {getattr(indices, '_dtype', type(indices).__name__)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(not isinstance(n, int) for n in sizes):
        raise TypeError(f"unravel_index(): expected 'shape' to be int or sequence of ints, but got {shape!r}")
    if any(n < 0 for n in sizes):
        raise ValueError(f"unravel_index(): 'shape' cannot have negative values, but got {sizes}")
    steps = indices.new_tensor([prod(sizes[d + 1 :]) for d in range(len(sizes))], dtype=D.int64)
    coordinates = indices.unsqueeze(-1) // steps % indices.new_tensor(sizes, dtype=D.int64)
    return coordinates.unbind(-1)
