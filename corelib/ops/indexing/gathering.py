"""Elements gathered along a dimension: each becomes `take_rows` by turning its indices into flat places."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN, _integer_index, check_index, onto, take_rows, within_bounds
from corelib.tensor.size import Shape, broadcast_shapes, contiguous_strides, wrap_dim
from corelib.tensor.tensor import Tensor


def _infer_index_select(input: Tensor, dim: int, index: Tensor) -> Inferred:
    index = _integer_index("index_select", index, int32=True)
    at = wrap_dim("index_select", dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError(f"index_select(): Index is supposed to be a vector, but got dim: {len(index._shape)} with shape {list(index._shape)}")
    if not input._shape:
        check_index("index_select", index, 1, 0)
        if index._numel != 1:
            raise IndexError(f"index_select(): Index to scalar can have only 1 value, got {index._numel} value(s)")
        return ((), input._dtype), (input, at, index)
    check_index("index_select", index, input._shape[at], at, of=input)
    shape = (*input._shape[:at], index._numel, *input._shape[at + 1 :])
    return (shape, input._dtype), (input, at, index)


@op(
    infer=_infer_index_select, overlap="apart", out="exact", ref="take",
    vjp={"input": within_bounds(lambda g, input_shape, dim, index: onto("index_add", g.new_zeros(input_shape), dim, index, g, alpha=1))},
)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The places `index` (a vector of integers) along `dim`. IndexError out of bounds.

    >>> import corelib as torch
    >>> torch.tensor([10, 20, 30]).index_select(0, torch.tensor([2, 0]))
    tensor([30, 10])
    """
    if not input._shape:
        return input.clone()
    moved = input.movedim(dim, 0)
    return take_rows(moved, index.reshape((-1,))).movedim(0, dim).contiguous()


def _flat_places(shape: Shape, dim: int, index: Tensor) -> Tensor:
    """The flat places in a contiguous tensor of `shape` that gather and scatter mean by `index` along `dim`."""
    strides = contiguous_strides(shape)
    places = index * strides[dim]
    ndim = len(shape)
    for d in range(ndim):
        if d != dim and index._shape[d] > 1:
            step = arange(index._shape[d], device=index._device) * strides[d]
            places = places + step.reshape((-1, *[1] * (ndim - 1 - d)))
    return places


def _check_same_rank(name: str, input: Tensor, dim: int, index: Tensor, others: Sequence[tuple[str, Tensor]] = ()) -> tuple[int, Tensor]:
    """The dimension counted from the front, and the index in int64; an empty one may be of any dtype."""
    if not (isinstance(index, Tensor) and index._numel == 0):
        index = _integer_index(name, index, int32=True)
    at = wrap_dim(name, dim, len(input._shape))
    if index._numel == 0:
        return at, index.long()
    nd = max(len(input._shape), 1)
    for what, t in (("Index", index), *others):
        if max(len(t._shape), 1) != nd:
            raise RuntimeError(
                f"{name}(): {what} tensor must have the same number of dimensions as input tensor, got {len(t._shape)} "
                f"(shape {list(t._shape)}) and {len(input._shape)} (shape {list(input._shape)})"
            )
    return at, index


def _infer_gather(input: Tensor, dim: int, index: Tensor, sparse_grad: bool) -> Inferred:
    at, index = _check_same_rank("gather", input, dim, index)
    for d, (n, m) in enumerate(zip(index._shape, input._shape, strict=False)):
        if index._numel and d != at and n > m:
            raise RuntimeError(
                f"gather(): Size does not match at dimension {d} expected index {list(index._shape)} to be no larger than self "
                f"{list(input._shape)} apart from dimension {at}"
            )
    check_index("gather", index, input._shape[at] if input._shape else 1, at, RuntimeError, of=input)
    return (index._shape, input._dtype), (input, at, index)


@op(
    infer=_infer_gather, overlap="apart", out="exact", ref="take_along_axis",
    vjp={"input": within_bounds(lambda g, input_shape, dim, index: onto("scatter_add", g.new_zeros(input_shape), dim, index, g))},
)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and so on; `index` is int64 and has as many dimensions.

    RuntimeError where index is out of bounds or larger than the input in another dimension.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    if not input._shape or not index._shape:
        flat = take_rows(input.reshape((-1,)), index.reshape((-1,)))
        return flat.reshape(index._shape)
    places = _flat_places(input._shape, dim, index)
    return take_rows(input.contiguous().reshape((-1,)), places)


@op(out="exact")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with broadcasting; without `dim` both are flattened.

    >>> import corelib as torch
    >>> torch.tensor([30, 10, 20]).take_along_dim(torch.tensor([1, 2]), 0)
    tensor([10, 20])
    """
    _integer_index("take_along_dim", indices)
    n = input._numel if dim is None else input._shape[wrap_dim("take_along_dim", dim, len(input._shape))] if input._shape else 1
    check_index("take_along_dim", indices, n, dim or 0, RuntimeError, wrap=True)
    indices = _wrapped(indices, n)
    if dim is None:
        with KNOWN:
            return gather(input.reshape((-1,)), 0, indices.reshape((-1,)))
    if len(input._shape) != len(indices._shape):
        raise RuntimeError(
            f"take_along_dim(): input and indices should have the same number of dimensions, but got {len(input._shape)} "
            f"dimensions for input, and {len(indices._shape)} dimensions for indices"
        )
    at = wrap_dim("take_along_dim", dim, len(input._shape))
    shape = broadcast_shapes(
        (*input._shape[:at], 1, *input._shape[at + 1 :]), (*indices._shape[:at], 1, *indices._shape[at + 1 :])
    )
    if shape is None:
        raise RuntimeError(f"take_along_dim(): shapes {list(input._shape)} and {list(indices._shape)} cannot be broadcast")
    wide = input.expand((*shape[:at], input._shape[at], *shape[at + 1 :]))
    with KNOWN:
        return gather(wide, at, indices.expand((*shape[:at], indices._shape[at], *shape[at + 1 :])))


@op(out="exact", overlap="apart")
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their places in the flattened tensor; negative places count from the end.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([0, -1]))
    tensor([1, 4])
    """
    _integer_index("take", index)
    check_index("take", index, input._numel, 0, IndexError, wrap=True)
    n = input._numel
    return take_rows(input.reshape((-1,)), _wrapped(index, n))


def _wrapped(index: Tensor, size: int) -> Tensor:
    return select_where(index < 0, index + size, index)
