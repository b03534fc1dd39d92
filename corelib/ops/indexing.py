"""Elements chosen by index tensors, and put back. Rows are the primitive: `take_rows` and `put_rows` along dimension 0.

Everything here becomes one of those by turning several indices into one flat index. Indices are checked against their
dimension before any kernel runs, and negative ones, where they are allowed, are wrapped.
"""

from __future__ import annotations

from math import prod
from typing import Any

from corelib.autograd.grad_mode import grad_mode
from corelib.dispatcher.op import op
from corelib.tensor import dtype as D
from corelib.tensor.size import broadcast_shapes, contiguous_strides, wrap_dim
from corelib.tensor.tensor import Tensor

__all__ = ["nonzero", "masked_select", "scatter", "argwhere"]


def _infer_take(input: Tensor, index: Tensor) -> Any:
    return ((*index._shape, *input._shape[1:]), input._dtype), (input, index)


@op(
    on=(), infer=_infer_take,
    vjp={"input": lambda g, input_shape, index: put_rows(g.new_zeros(input_shape), index, g, True)},
)
def take_rows(input: Tensor, index: Tensor) -> Tensor:
    """Primitive: out[i...] = input[index[i...]] along dimension 0; `index` is int64 and within bounds."""
    ...


def _infer_put(input: Tensor, index: Tensor, values: Tensor, accumulate: bool) -> Any:
    return (input._shape, input._dtype), (input, index, values, accumulate)


@op(
    on=(), infer=_infer_put, grad_name="IndexPutBackward0",
    vjp={
        "input": lambda g, index, accumulate: g if accumulate else put_rows(g, index, take_rows(g, index) * 0, False),
        "values": lambda g, index: take_rows(g, index),
    },
)
def put_rows(input: Tensor, index: Tensor, values: Tensor, accumulate: bool) -> Tensor:
    """Primitive: a copy of `input` with rows index[i] set to values[i], or, accumulating, with every one of them added."""
    ...


def check_index(name: str, index: Tensor, size: int, dim: int, error: Any = IndexError, wrap: bool = False) -> None:
    """Raise where an index lies outside a dimension. Nothing to check on a device without data."""
    if index._numel == 0 or index._device.type == "meta":
        return
    runtime: Any = index._device._runtime
    if runtime.backend.host_memory and index._dtype is D.int64:
        # as unsigned numbers negative indices are huge, so one maximum checks both ends
        if int(index._array().view("uint64").max()) < size:
            return
    low, high = int(index.amin()), int(index.amax())  # type: ignore[attr-defined]
    if high >= size or low < (-size if wrap else 0):
        bad = high if high >= size else low
        raise error(
            f"{name}(): index {bad} is out of bounds for dimension {dim} with size {size} (index out of range in self; accepted "
            f"are {-size if wrap else 0} to {size - 1})"
        )


def _integer_index(name: str, index: Any, int32: bool = False) -> Tensor:
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    if index._dtype is not D.int64:
        if int32 and index._dtype is D.int32:
            return index.long()  # type: ignore[attr-defined,no-any-return]
        also = " or int32" if int32 else ""
        raise RuntimeError(f"{name}(): Expected dtype int64{also} for index, but got {index._dtype}")
    return index


def _infer_index_select(input: Tensor, dim: int, index: Tensor) -> Any:
    index = _integer_index("index_select", index, int32=True)
    at = wrap_dim("index_select", dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError(f"index_select(): Index is supposed to be a vector, but got dim: {len(index._shape)} with shape {list(index._shape)}")
    if not input._shape:
        check_index("index_select", index, 1, 0)
        if index._numel != 1:
            raise IndexError(f"index_select(): Index to scalar can have only 1 value, got {index._numel} value(s)")
        return ((), input._dtype), (input, at, index)
    check_index("index_select", index, input._shape[at], at)
    shape = (*input._shape[:at], index._numel, *input._shape[at + 1 :])
    return (shape, input._dtype), (input, at, index)


@op(
    infer=_infer_index_select, out="exact", ref="take",
    vjp={"input": lambda g, input_shape, dim, index: g.new_zeros(input_shape).index_add(dim, index, g)},
)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The places `index` (a vector of integers) along `dim`. IndexError out of bounds.

    >>> import corelib as torch
    >>> torch.tensor([10, 20, 30]).index_select(0, torch.tensor([2, 0]))
    tensor([30, 10])
    """
    if not input._shape:
        return input.clone()  # type: ignore[attr-defined,no-any-return]
    moved = input.movedim(dim, 0)  # type: ignore[attr-defined]
    return take_rows(moved, index.reshape((-1,))).movedim(0, dim).contiguous()  # type: ignore[attr-defined,no-any-return]


def _infer_index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any) -> Any:
    index = _integer_index("index_add", index, int32=True)
    at = wrap_dim("index_add", dim, len(input._shape))
    if source._dtype is not input._dtype:
        raise RuntimeError(f"index_add(): self ({input._dtype}) and source ({source._dtype}) must have the same scalar type")
    n = input._shape[at] if input._shape else 1
    expected = (*input._shape[:at], index._numel, *input._shape[at + 1 :]) if input._shape else ()
    if source._shape != expected and not (not input._shape and source._numel == 1):
        raise RuntimeError(
            f"index_add(): Source/destination tensor must have same slice shapes; source has shape {list(source._shape)}, "
            f"accepted is {list(expected)}"
        )
    check_index("index_add", index, n, at)
    return (input._shape, input._dtype), (input, at, index, source, alpha)


@op(
    infer=_infer_index_add, out=True, inplace=True,
    vjp={
        "input": lambda g: g,
        "source": lambda g, dim, index, alpha: g.index_select(dim, index) * alpha if g._shape else g * alpha,
    },
)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """`input` with each slice of `source` added at its index along `dim`; equal indices add up.

    >>> import corelib as torch
    >>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.ones(2))
    tensor([0., 2.])
    """
    if alpha != 1:
        source = source * alpha  # type: ignore[operator]
    if not input._shape:
        return input + source.reshape(())  # type: ignore[attr-defined,operator,no-any-return]
    rows = put_rows(input.movedim(dim, 0), index.reshape((-1,)), source.movedim(dim, 0), True)  # type: ignore[attr-defined]
    return rows.movedim(0, dim).contiguous()  # type: ignore[no-any-return]


def _flat_places(shape: tuple[int, ...], dim: int, index: Tensor) -> Any:
    """The flat places in a contiguous tensor of `shape` that gather and scatter mean by `index` along `dim`."""
    from corelib.ops import arange

    strides = contiguous_strides(shape)
    places: Any = index * strides[dim]  # type: ignore[operator]
    ndim = len(shape)
    for d in range(ndim):
        if d != dim and index._shape[d] > 1:
            step = arange(index._shape[d], device=index._device) * strides[d]  # type: ignore[operator]
            places = places + step.reshape((-1, *[1] * (ndim - 1 - d)))
    return places


def _check_same_rank(name: str, input: Tensor, dim: int, index: Tensor, others: Any = ()) -> int:
    _integer_index(name, index)
    at = wrap_dim(name, dim, len(input._shape))
    if index._numel == 0:
        return at
    nd = max(len(input._shape), 1)
    for what, t in (("Index", index), *others):
        if max(len(t._shape), 1) != nd:
            raise RuntimeError(
                f"{name}(): {what} tensor must have the same number of dimensions as input tensor, got {len(t._shape)} "
                f"(shape {list(t._shape)}) and {len(input._shape)} (shape {list(input._shape)})"
            )
    return at


def _infer_gather(input: Tensor, dim: int, index: Tensor, sparse_grad: bool) -> Any:
    if isinstance(index, Tensor) and index._dtype is D.int32:
        index = index.long()  # type: ignore[attr-defined]
    at = _check_same_rank("gather", input, dim, index)
    for d, (n, m) in enumerate(zip(index._shape, input._shape, strict=False)):
        if index._numel and d != at and n > m:
            raise RuntimeError(
                f"gather(): Size does not match at dimension {d} expected index {list(index._shape)} to be no larger than self "
                f"{list(input._shape)} apart from dimension {at}"
            )
    check_index("gather", index, input._shape[at] if input._shape else 1, at, RuntimeError)
    return (index._shape, input._dtype), (input, at, index)


@op(
    infer=_infer_gather, out="exact", ref="take_along_axis",
    vjp={"input": lambda g, input_shape, dim, index: g.new_zeros(input_shape).scatter_add(dim, index, g)},
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
        flat = take_rows(input.reshape((-1,)), index.reshape((-1,)))  # type: ignore[attr-defined]
        return flat.reshape(index._shape)  # type: ignore[no-any-return]
    places = _flat_places(input._shape, dim, index)
    return take_rows(input.contiguous().reshape((-1,)), places)  # type: ignore[attr-defined,no-any-return]


def _infer_scatter(name: str) -> Any:
    def infer(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
        if not isinstance(src, Tensor):
            raise TypeError(f"{name}(): argument 'src' must be Tensor, not {type(src).__name__}")
        at = _check_same_rank(name, input, dim, index, (("Src", src),))
        if src._dtype is not input._dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype, got {input._dtype} and {src._dtype}")
        for d, n in enumerate(index._shape if index._numel else ()):
            m = input._shape[d] if input._shape else 1
            if (d != at and n > m) or n > (src._shape[d] if src._shape else 1):
                raise RuntimeError(
                    f"{name}(): Expected index {list(index._shape)} to be no larger than self {list(input._shape)} apart from "
                    f"dimension {at} and to be no larger size than src {list(src._shape)}"
                )
        check_index(name, index, input._shape[at] if input._shape else 1, at, RuntimeError)
        return (input._shape, input._dtype), (input, at, index, src)

    return infer


def _cut(src: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The leading part of `src` that an index of this shape refers to."""
    made: Any = src
    for d, n in enumerate(shape):
        if src._shape and made._shape[d] != n:
            made = made.narrow(d, 0, n)
    return made  # type: ignore[no-any-return]


def _uncut(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    if g._shape == shape:
        return g
    made: Any = g.new_zeros(shape)  # type: ignore[attr-defined]
    part = made
    for d, n in enumerate(g._shape):
        part = part.narrow(d, 0, n)
    part.copy_(g)
    return made  # type: ignore[no-any-return]


def _put_flat(input: Tensor, dim: int, index: Tensor, src: Tensor, accumulate: bool) -> Tensor:
    if index._numel == 0:
        return input.clone()  # type: ignore[attr-defined,no-any-return]
    flat = input.contiguous().reshape((-1,))  # type: ignore[attr-defined]
    places = _flat_places(input._shape, dim, index) if input._shape and index._shape else index
    rows = put_rows(flat, places.reshape((-1,)), _cut(src, index._shape).reshape((-1,)), accumulate)  # type: ignore[attr-defined]
    return rows.reshape(input._shape)  # type: ignore[no-any-return]


@op(
    infer=_infer_scatter("scatter_add"), out=True, inplace=True,
    vjp={"input": lambda g: g, "src": lambda g, dim, index, src_shape: _uncut(g.gather(dim, index), src_shape)},
)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with every element of `src` added where `index` says along `dim`; equal places add up.

    >>> import corelib as torch
    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.ones(3))
    tensor([2., 0., 1.])
    """
    return _put_flat(input, dim, index, src, True)


@op(
    on=(), infer=_infer_scatter("scatter"), grad_name="ScatterBackward0",
    vjp={
        "input": lambda g, dim, index: scatter_set(g, dim, index, g.new_zeros(index._shape)),
        "src": lambda g, dim, index, src_shape: _uncut(g.gather(dim, index), src_shape),
    },
)
def scatter_set(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with elements of `src` set where `index` says."""
    return _put_flat(input, dim, index, src, False)


@op(inplace=True, out=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None) -> Tensor:
    """`input` with the elements of `src`, or a number, put where `index` says along `dim`.

    reduce: "add" or "multiply" joins them with what was there. Equal places are not ordered.

    >>> import corelib as torch
    >>> torch.zeros(3).scatter(0, torch.tensor([2]), 5.)
    tensor([0., 0., 5.])
    """
    if src is None:
        src = value
    if src is None:
        raise TypeError("scatter(): one of the arguments 'src' and 'value' is needed")
    if not isinstance(src, Tensor):
        if not isinstance(src, (int, float)):
            raise TypeError(f"scatter(): argument 'src' must be Tensor or Number, not {type(src).__name__}")
        src = input.new_full(index._shape, src)  # type: ignore[attr-defined]
    if reduce is None:
        return scatter_set(input, dim, index, src)  # type: ignore[no-any-return]
    if reduce == "add":
        return scatter_add(input, dim, index, src)  # type: ignore[no-any-return]
    if reduce == "multiply":
        if not input._shape or not index._shape:
            return input * src  # type: ignore[operator,no-any-return]
        # one place of `index` along dim at a time: within it no element is met twice
        made: Any = input.clone()  # type: ignore[attr-defined]
        at = wrap_dim("scatter", dim, len(input._shape))
        for i in range(index._shape[at] if index._numel else 0):
            place = index.narrow(at, i, 1)  # type: ignore[attr-defined]
            factor = _cut(src, index._shape).narrow(at, i, 1)  # type: ignore[attr-defined]
            made = scatter_set(made, at, place, gather(made, at, place) * factor)
        return made  # type: ignore[no-any-return]
    raise RuntimeError(f"scatter(): argument 'reduce' must be either add or multiply, got {reduce!r}")


@op(out="exact")
def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
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
        return gather(input.reshape((-1,)), 0, indices.reshape((-1,)))  # type: ignore[attr-defined,no-any-return]
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
    wide = input.expand((*shape[:at], input._shape[at], *shape[at + 1 :]))  # type: ignore[attr-defined]
    return gather(wide, at, indices.expand((*shape[:at], indices._shape[at], *shape[at + 1 :])))  # type: ignore[attr-defined,no-any-return]


@op(out=True)
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their places in the flattened tensor; negative places count from the end.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([0, -1]))
    tensor([1, 4])
    """
    _integer_index("take", index)
    check_index("take", index, input._numel, 0, IndexError, wrap=True)
    n = input._numel
    return take_rows(input.reshape((-1,)), _wrapped(index, n))  # type: ignore[attr-defined,no-any-return]


def _wrapped(index: Tensor, size: int) -> Tensor:
    from corelib.ops.where import select_where

    return select_where(index < 0, index + size, index)  # type: ignore[operator,no-any-return]


# Advanced indexing: x[i, :, j] with index tensors.


def joint_shape(input: Tensor, indices: Any) -> tuple[list[int], tuple[int, ...], tuple[int, ...], int]:
    """The indexed dimensions, the indices' broadcast shape, the result's shape, and where that shape stands in it.

    It stands where the first index stood if the indexed dimensions are neighbours, else at the front (NumPy's rule).
    """
    dims = [i for i, t in enumerate(indices) if t is not None]
    shape = broadcast_shapes(*[indices[i]._shape for i in dims])
    if shape is None:
        shapes = ", ".join(str(list(indices[i]._shape)) for i in dims)
        raise IndexError(f"index(): shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}")
    at = dims[0] if dims == list(range(dims[0], dims[-1] + 1)) else 0
    rest = [n for d, n in enumerate(input._shape) if d not in dims]
    return dims, shape, (*rest[:at], *shape, *rest[at:]), at


def _infer_index(input: Tensor, indices: Any) -> Any:
    dims, _, shape, _ = joint_shape(input, indices)
    for d in dims:
        check_index("index", indices[d], input._shape[d], d, IndexError, wrap=True)
    return (shape, input._dtype), (input, indices)


def _row_numbers(input: Tensor, indices: Any, dims: list[int], shape: tuple[int, ...]) -> Any:
    """One flat index over the indexed dimensions."""
    total: Any = None
    for d in dims:
        n = input._shape[d]
        at = _wrapped(indices[d], n).expand(shape)  # type: ignore[attr-defined]
        total = at if total is None else total * n + at
    return total.reshape((-1,))


@op(
    on=(), infer=_infer_index, grad_name="IndexBackward0",
    vjp={"input": lambda g, input_shape, indices: index_put(g.new_zeros(input_shape), indices, g, True)},
)
def index(input: Tensor, indices: tuple[Tensor | None, ...]) -> Tensor:
    """Elements chosen by index tensors, one (or None) for each dimension."""
    dims, shape, out_shape, at = joint_shape(input, indices)
    rest = [d for d in range(len(input._shape)) if d not in dims]
    rows = input.permute((*dims, *rest)).reshape((prod([input._shape[d] for d in dims]), *[input._shape[d] for d in rest]))  # type: ignore[attr-defined]
    taken = take_rows(rows, _row_numbers(input, indices, dims, shape))
    taken = taken.reshape((*shape, *[input._shape[d] for d in rest]))
    if at:
        k = len(shape)
        taken = taken.permute((*range(k, k + at), *range(k), *range(k + at, len(out_shape))))
    return taken.contiguous()  # type: ignore[no-any-return]


def _infer_index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool) -> Any:
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): argument 'values' must be Tensor, not {type(values).__name__}")
    indices = expand_masks("index_put", input, indices)
    if values._dtype is not input._dtype:
        from corelib.dispatcher.call import kind_name

        raise RuntimeError(
            f"index_put(): Index put requires the source and destination dtypes match, got {kind_name(input._dtype)} for the "
            f"destination and {kind_name(values._dtype)} for the source."
        )
    dims, _, shape, _ = joint_shape(input, indices)
    for d in dims:
        check_index("index_put", indices[d], input._shape[d], d, IndexError, wrap=True)
    if broadcast_shapes(values._shape, shape) != shape:
        lead = len(values._shape) - len(shape)
        if lead > 0 and values._shape[:lead] == (1,) * lead:
            values = values.reshape(values._shape[lead:])  # type: ignore[attr-defined]
        if broadcast_shapes(values._shape, shape) != shape:
            raise RuntimeError(
                f"index_put(): shape mismatch: value tensor of shape {list(values._shape)} cannot be broadcast to indexing "
                f"result of shape {list(shape)}"
            )
    return (input._shape, input._dtype), (input, indices, values, accumulate)


def _put_value_backward(g: Tensor, indices: Any, values_shape: Any) -> Tensor:
    from corelib.autograd.engine import fitted

    return fitted(index(g, indices), values_shape, None, 0)


@op(
    infer=_infer_index_put, grad_name="IndexPutBackward0",
    vjp={
        "input": lambda g, indices, accumulate: g if accumulate else index_put(g, indices, g.new_zeros(()), False),
        "values": _put_value_backward,
    },
)
def index_put(input: Tensor, indices: tuple[Tensor | None, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values`, broadcast, put at the places that the index tensors choose.

    accumulate: add instead of set; equal places add up.

    >>> import corelib as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    dims, shape, out_shape, at = joint_shape(input, indices)
    rest = [d for d in range(len(input._shape)) if d not in dims]
    order = (*dims, *rest)
    sizes = [input._shape[d] for d in order]
    rows = input.permute(order).reshape((prod(sizes[: len(dims)]), *sizes[len(dims) :]))  # type: ignore[attr-defined]
    spread = values.expand(out_shape)  # type: ignore[attr-defined]
    if at:
        k = len(shape)
        spread = spread.permute((*range(at, at + k), *range(at), *range(at + k, len(out_shape))))
    spread = spread.reshape((prod(shape), *sizes[len(dims) :]))
    made = put_rows(rows, _row_numbers(input, indices, dims, shape), spread, accumulate)
    back = [order.index(d) for d in range(len(order))]
    return made.reshape(tuple(sizes)).permute(tuple(back)).contiguous()  # type: ignore[no-any-return]


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """The in-place form of `index_put`."""
    from corelib.dispatcher.inplace import check_writable, inplace
    from corelib.dispatcher.op import TABLE

    put = TABLE["index_put"]
    kernel = put.kernel_for(self._key, self._dtype)
    grad = grad_mode.enabled and (self._requires_grad or values._requires_grad)
    if kernel is None or grad or (values._storage is self._storage and values._storage is not None):
        return inplace(put, (self, tuple(indices), values, accumulate))
    check_writable("index_put_", self)
    _, (_, found, given, _) = _infer_index_put(self, indices, values, accumulate)
    target = self._array()
    kernel(target, target, [None if t is None else t._array() for t in found], given._array(), accumulate)
    self._bump()
    return self


Tensor.index_put_ = index_put_  # type: ignore[attr-defined,assignment]


def expand_masks(name: str, input: Tensor, indices: Any) -> tuple[Any, ...]:
    """Index tensors with bool masks replaced by the places of their True elements, one index for each mask dimension."""
    found: list[Any] = []
    for t in indices:
        if t is None:
            found.append(None)
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): indices must be Tensors or None, got {type(t).__name__}")
        if t._dtype is D.bool or t._dtype is D.uint8:
            at = len(found)
            for d, n in enumerate(t._shape):
                m = input._shape[at + d] if at + d < len(input._shape) else None
                if n != m:
                    raise IndexError(
                        f"{name}(): The shape of the mask {list(t._shape)} at index {d} does not match the shape of the indexed "
                        f"tensor {list(input._shape)} at index {at + d}"
                    )
            found.extend(nonzero(t, as_tuple=True))
        elif t._dtype in (D.int64, D.int32):
            found.append(t if t._dtype is D.int64 else t.long())  # type: ignore[attr-defined]
        else:
            raise IndexError(f"{name}(): tensors used as indices must be long, int, byte or bool tensors, got {t._dtype}")
    if len(found) > len(input._shape):
        raise IndexError(f"{name}(): too many indices for tensor of dimension {len(input._shape)} (got {len(found)})")
    return tuple(found) + (None,) * (len(input._shape) - len(found))


@op(on=())
def true_places(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, a row for each: a scan that counts them and a put."""
    from corelib.ops import arange

    flat = (input != 0).reshape((-1,))  # type: ignore[attr-defined]
    n = flat._shape[0]
    count = int(flat.sum()) if n else 0
    rank = flat.long().cumsum(0) - 1 if n else flat.long()
    # every True element writes its own place at its rank; the others write behind the end, into a row that is cut off
    target = rank * flat.long() + count * (~flat).long()
    places = put_rows(rank.new_zeros((count + 1,)), target, arange(n, device=input._device), False).narrow(0, 0, count)
    columns = []
    for size, stride in zip(input._shape, contiguous_strides(input._shape), strict=True):
        columns.append((places // stride) % size if size else places)
    from corelib.ops import stack

    return stack(columns, 1) if columns else places.new_zeros((count, 0))  # type: ignore[no-any-return]


def nonzero(input: Tensor, *, as_tuple: bool = False, out: Any = None) -> Any:
    """The coordinates of the elements that are not zero: a row for each, or, `as_tuple`, a vector for each dimension.

    >>> import corelib as torch
    >>> torch.nonzero(torch.tensor([0, 5, 0, 7]))
    tensor([[1],
            [3]])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"nonzero(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input._device.type == "meta":
        raise NotImplementedError("nonzero(): the number of elements depends on data, which a meta tensor does not have")
    input = input.detach()  # type: ignore[attr-defined]
    runtime: Any = input._device._runtime
    if as_tuple and not input._shape:
        input = input.reshape((1,))  # type: ignore[attr-defined]
    if runtime.backend.host_memory:  # the host finds them in one pass
        from corelib.tensor.construct import _from_array
        from corelib.tensor.host import np

        made = _from_array(np.argwhere(input._array()).astype(np.int64, copy=False), input._device, copy=False)
    else:
        made = true_places(input)
    if as_tuple:
        return tuple(c.contiguous() for c in made.unbind(1))  # type: ignore[attr-defined]
    if out is not None:
        return _into("nonzero", made, out)
    return made


def _into(name: str, made: Tensor, out: Any) -> Tensor:
    """Store a result in an `out=` of the very same dtype."""
    from corelib.dispatcher.call import kind_name, store
    from corelib.dispatcher.op import TABLE

    if isinstance(out, Tensor) and out._dtype is not made._dtype:
        raise RuntimeError(
            f"{name}(): Expected out tensor to have scalar type {kind_name(made._dtype)} but got scalar type {kind_name(out._dtype)}"
        )
    return store(TABLE["true_places" if name == "nonzero" else "index"], made, out)


def argwhere(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, a row for each."""
    made: Tensor = nonzero(input)
    return made


def masked_select(input: Tensor, mask: Tensor, *, out: Any = None) -> Tensor:
    """The elements, in order, where the bool `mask`, broadcast, is True.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).masked_select(torch.tensor([True, False, True]))
    tensor([1, 3])
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"masked_select(): argument 'mask' must be Tensor, not {type(mask).__name__}")
    if mask._dtype is not D.bool:
        raise RuntimeError(f"masked_select(): expected BoolTensor for mask, got {mask._dtype}")
    shape = broadcast_shapes(input._shape, mask._shape)
    if shape is None:
        raise RuntimeError(
            f"masked_select(): The size of tensor a {list(input._shape)} must match the size of tensor b {list(mask._shape)} at "
            "non-singleton dimensions"
        )
    wide, chosen = input.expand(shape), mask.expand(shape)  # type: ignore[attr-defined]
    if not shape:
        wide, chosen = wide.reshape((1,)), chosen.reshape((1,))
    made: Tensor = index(wide, nonzero(chosen, as_tuple=True))
    return made if out is None else _into("masked_select", made, out)


for _name, _function in (("nonzero", nonzero), ("argwhere", argwhere), ("masked_select", masked_select)):
    setattr(Tensor, _name, _function)
