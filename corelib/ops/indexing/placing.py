"""Copies of a tensor with some of its elements set: by an index along a dimension, by flat places, by a mask."""

from __future__ import annotations

from math import prod

from corelib.dispatcher.calls.elementwise import fitting_number
from corelib.dispatcher.determinism import not_deterministic
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.conversion.copying import kept_strides
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.gathering import _wrapped
from corelib.ops.indexing.rows import _integer_index, check_index, put_rows, take_rows, within_bounds
from corelib.ops.indexing.selection import masked_shape
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.size import Shape, wrap_dim
from corelib.tensor.tensor import Tensor


def _infer_index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Inferred:
    if isinstance(index, Tensor) and index._dtype is not D.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index._dtype}")
    index = _integer_index("index_copy", index)
    at = wrap_dim("index_copy", dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError(f"index_copy(): Index should have dimension 1 or 0 (got {len(index._shape)})")
    if source._dtype is not input._dtype:
        raise RuntimeError(f"index_copy(): self and source expected to have the same dtype, but got (self) {input._dtype} and (source) {source._dtype}")
    if input._shape:
        expected = (*input._shape[:at], index._numel, *input._shape[at + 1 :])
        if source._shape and len(source._shape) != len(input._shape):
            raise IndexError(
                f"index_copy(): When source and destination are not scalars, their dimensionality must match. Source dimensionality "
                f"({len(source._shape)}), destination dimensionality ({len(input._shape)})"
            )
        if source._shape != expected and not (not source._shape and expected == (1,)):
            raise RuntimeError(
                f"index_copy(): Source/destination tensor must have same slice shapes; source has shape {list(source._shape)}, accepted is {list(expected)}"
            )
    check_index("index_copy", index, input._shape[at] if input._shape else 1, at)
    return (input._shape, input._dtype), (input, at, index.reshape((-1,)), source)


@op(
    infer=_infer_index_copy, out="exact", inplace=True, overlap="apart",
    vjp={
        "input": within_bounds(lambda g, dim, index: g.index_fill(dim, index, 0)),
        "source": within_bounds(lambda g, dim, index, source_shape: g.index_select(dim, index).reshape(source_shape)),
    },
)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`input` with each slice of `source` at its index along `dim`. Which one stays where indices are equal is not said.

    >>> import corelib as torch
    >>> torch.zeros(3).index_copy(0, torch.tensor([2, 0]), torch.tensor([5., 6.]))
    tensor([6., 0., 5.])
    """
    if not input._shape:
        return source.reshape(()).clone()
    moved = source.reshape((*input._shape[:dim], index._numel, *input._shape[dim + 1 :])).movedim(dim, 0)
    return put_rows(input.movedim(dim, 0), index, moved, False).movedim(0, dim).contiguous()


def _sum_of_filled(g: Tensor, dim: int, index: Tensor) -> Tensor:
    """The sum of a gradient over the places that a number went to, each counted once."""
    n = g._shape[dim] if g._shape else 1
    met = g.new_zeros((n,)).index_fill(0, index, 1).reshape((-1, *[1] * (len(g._shape) - dim - 1))) if g._shape else 1
    return (g * met).sum()


def _infer_index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Inferred:
    if not isinstance(index, Tensor) or index._dtype is not D.int64:
        raise IndexError(f"index_fill_(): Expected dtype int64 for index, got {getattr(index, '_dtype', type(index).__name__)}")
    at = wrap_dim("index_fill", dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError("index_fill_(): Index has to be a vector/scalar")
    n = input._shape[at] if input._shape else 1
    index = index.long()
    check_index("index_fill_", index, n, at, wrap=True)
    if isinstance(value, Tensor):
        if value._shape:
            raise RuntimeError(f"index_fill_(): only supports a 0-dimensional value tensor, but got tensor with {len(value._shape)} dimension(s).")
    else:
        value = fitting_number("index_fill_", value, input._dtype)
    return (input._shape, input._dtype, kept_strides(input)), (input, at, _wrapped(index.reshape((-1,)), n), value)


@op(
    infer=_infer_index_fill, inplace=True, overlap="unchecked", repeats="deprecated",
    vjp={
        "input": within_bounds(lambda g, dim, index: g.index_fill(dim, index, 0)),
        "value": within_bounds(lambda g, dim, index: _sum_of_filled(g, dim, index)),
    },
    grad_name=lambda input, dim, index, value: ("IndexFillBackward1", (0, 3)) if isinstance(value, Tensor) else ("IndexFillBackward0", (0,)),
)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """`input` with a number, or a 0-d tensor, at every index along `dim`.

    >>> import corelib as torch
    >>> torch.zeros(3).index_fill(0, torch.tensor([2, 0]), 5)
    tensor([5., 0., 5.])
    """
    if isinstance(value, Tensor):
        value = value.to(device=input._device, dtype=input._dtype)
    n = input._shape[dim] if input._shape else 1
    ones = input.new_ones((index._numel,), dtype=D.bool)
    chosen = put_rows(input.new_zeros((n,), dtype=D.bool), index, ones, False)
    shape = (n,) + (1,) * (len(input._shape) - 1 - dim) if input._shape else ()
    return select_where(chosen.reshape(shape), value, input).contiguous()


def _infer_put_flat(input: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> Inferred:
    index = _integer_index("put_", index)
    if source._dtype is not input._dtype:
        raise RuntimeError(f"put_(): self and source expected to have the same dtype, but got self.dtype = {input._dtype} and source.dtype = {source._dtype}")
    if index._numel != source._numel:
        raise RuntimeError(f"put_(): Expected source and index to have the same number of elements, but got source.numel() = {source._numel}, index.numel() = {index._numel}")
    check_index("put_", index, input._numel, 0, wrap=True)
    if not accumulate:
        not_deterministic("put_")
    return (input._shape, input._dtype, kept_strides(input)), (input, _wrapped(index, input._numel), source, accumulate)


@op(
    infer=_infer_put_flat, inplace=True, overlap="apart",
    vjp={
        "input": within_bounds(lambda g, index, accumulate: g if accumulate else g.put(index, g.new_zeros(index._shape))),
        "source": within_bounds(lambda g, index, source_shape: g.take(index).reshape(source_shape)),
    },
)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with elements of `source` at flat places, set or, with `accumulate`, added.

    >>> import corelib as torch
    >>> torch.zeros(2, 2).put(torch.tensor([3, 0]), torch.tensor([5., 6.]))
    tensor([[6., 0.],
            [0., 5.]])
    """
    flat = input.contiguous().reshape((-1,))
    return put_rows(flat, index.reshape((-1,)), source.reshape((-1,)), accumulate).reshape(input._shape)


def _infer_masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Inferred:
    if mask._dtype is not D.bool:
        raise RuntimeError(f"masked_scatter_(): only supports boolean masks, but got mask with dtype {mask._dtype}")
    if source._dtype is not input._dtype:
        raise RuntimeError(f"masked_scatter_(): expected self and source to have same dtypes but got {input._dtype} and {source._dtype}")
    shape = masked_shape("masked_scatter", input, mask)
    wide = mask.expand(shape)
    if mask._device.type != "meta" and (needed := int(wide.sum())) > source._numel:
        raise RuntimeError(f"masked_scatter_(): Number of elements of source < number of ones in mask: {source._numel} < {needed}")
    return (shape, input._dtype), (input, wide, source)


def _places_of(mask: Tensor) -> Tensor:
    """For each element of a mask the number of True ones before it."""
    count = mask.reshape((-1,)).to(D.int64).cumsum(0)
    return select_where(mask.reshape((-1,)), count - 1, 0)


def _masked_source(g: Tensor, mask: Tensor, source_shape: Shape) -> Tensor:
    n = prod(source_shape)
    if not n:
        return g.new_zeros(source_shape)
    kept = select_where(mask, g, 0.0).reshape((-1,))
    return put_rows(g.new_zeros((n,)), _places_of(mask), kept, True).reshape(source_shape)


@op(
    infer=_infer_masked_scatter, inplace=True, overlap="itself",
    vjp={"input": lambda g, mask: g.masked_fill(mask, 0), "source": _masked_source},
)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with the first elements of `source`, in their order, where the bool `mask`, broadcast, is True.

    >>> import corelib as torch
    >>> torch.zeros(3).masked_scatter(torch.tensor([True, False, True]), torch.tensor([5., 6.]))
    tensor([5., 0., 6.])
    """
    if not source._numel:
        return input.expand(mask._shape).clone()
    return select_where(mask, in_order(source, mask), input).contiguous()


def in_order(source: Tensor, mask: Tensor) -> Tensor:
    """The elements of `source`, one after the other, where `mask` is True; of it there are at least as many as True ones."""
    return take_rows(source.reshape((-1,)), _places_of(mask)).reshape(mask._shape)
