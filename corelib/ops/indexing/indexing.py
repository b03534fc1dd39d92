"""Indexing with several index tensors or with masks: what `x[i, :, j]`, `x[mask]` and `nonzero` come to.

Several indices become one flat index over rows; negative ones are wrapped, and masks become the places of their True.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

from corelib.dispatcher.calls.inplace import check_writable, inplace
from corelib.dispatcher.calls.outcome import computed
from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Inferred
from corelib.dispatcher.warned import warn
from corelib.graph.edges import summed
from corelib.graph.tangents import FORWARD
from corelib.graph.grad_mode import grad_mode
from corelib.ops.conversion.copying import kept_strides
from corelib.ops.construction.construct import _from_array
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import need_values
from corelib.ops.indexing.gathering import _wrapped
from corelib.ops.indexing.rows import KNOWN, check_indices, checks_itself, put_rows, take_rows, within_bounds
from corelib.ops.indexing.selection import masked_shape
from corelib.ops.shape.joining import stack
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import kind_name
from corelib.tensor.host import np
from corelib.tensor.size import Shape, broadcast_shapes, contiguous_strides
from corelib.tensor.tensor import Tensor


# Advanced indexing: x[i, :, j] with index tensors.


def joint_shape(input: Tensor, indices: Sequence[Tensor | None]) -> tuple[dict[int, Tensor], Shape, Shape, int]:
    """The indices by the dimension that they index, their broadcast shape, the result's shape, and where that shape stands in it.

    It stands where the first index stood if the indexed dimensions are neighbours, else at the front (NumPy's rule).
    """
    given = {i: t for i, t in enumerate(indices) if t is not None}
    shape = broadcast_shapes(*[t._shape for t in given.values()])
    if shape is None:
        shapes = ", ".join(str(list(t._shape)) for t in given.values())
        raise IndexError(f"index(): shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}")
    dims = list(given)
    at = dims[0] if dims == list(range(dims[0], dims[-1] + 1)) else 0
    rest = [n for d, n in enumerate(input._shape) if d not in given]
    return given, shape, (*rest[:at], *shape, *rest[at:]), at


def _infer_index(input: Tensor, indices: Sequence[Tensor | None]) -> Inferred:
    given, _, shape, _ = joint_shape(input, indices)
    if len(given) > 1 or not checks_itself(input):  # of several, one may be wrong and their place in memory right
        check_indices("index", [(t, input._shape[d], d) for d, t in given.items()], IndexError, wrap=True)
    return (shape, input._dtype), (input, indices)


def _row_numbers(input: Tensor, given: dict[int, Tensor], shape: Shape) -> Tensor:
    """One flat index over the indexed dimensions."""
    (first, t), *others = given.items()
    flat = _wrapped(t, input._shape[first]).expand(shape)
    for d, t in others:
        flat = flat * input._shape[d] + _wrapped(t, input._shape[d]).expand(shape)
    return flat.reshape((-1,))


@within_bounds
def _index_backward(g: Tensor, input_shape: Shape, indices: tuple[Tensor | None, ...]) -> Tensor:
    return index_put(g.new_zeros(input_shape), indices, g, True)


@op(on=(), infer=_infer_index, grad_name="IndexBackward0", vjp={"input": _index_backward})
def index(input: Tensor, indices: tuple[Tensor | None, ...]) -> Tensor:
    """Elements chosen by index tensors, one (or None) for each dimension."""
    given, shape, out_shape, at = joint_shape(input, indices)
    rest = [d for d in range(len(input._shape)) if d not in given]
    rows = input.permute((*given, *rest)).reshape((prod([input._shape[d] for d in given]), *[input._shape[d] for d in rest]))
    taken = take_rows(rows, _row_numbers(input, given, shape))
    taken = taken.reshape((*shape, *[input._shape[d] for d in rest]))
    if at:
        k = len(shape)
        taken = taken.permute((*range(k, k + at), *range(k), *range(k + at, len(out_shape))))
    return taken.contiguous()


def _infer_index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool) -> Inferred:
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): argument 'values' must be Tensor, not {type(values).__name__}")
    if input._device.type == "meta" and any(
        isinstance(t, Tensor) and t._dtype.order < 2 and t._device is input._device for t in indices
    ):
        return (input._shape, input._dtype), (input, indices, values, accumulate)  # how many places a mask means is in its values
    if values._numel == 1 and not accumulate:
        given_indices = [t for t in indices if t is not None]
        if len(given_indices) == 1 and isinstance(given_indices[0], Tensor) and given_indices[0]._dtype is D.uint8:
            raise RuntimeError("index_put(): one value at the places of a mask only supports boolean masks, but got mask with dtype torch.uint8")
    of_masks = places_of_masks(indices)
    indices = expand_masks("index_put", input, indices)
    if values._dtype is not input._dtype:
        raise RuntimeError(
            f"index_put(): Index put requires the source and destination dtypes match, got {kind_name(input._dtype)} for the "
            f"destination and {kind_name(values._dtype)} for the source."
        )
    given, _, shape, _ = joint_shape(input, indices)
    checked = [(t, input._shape[d], d) for d, t in given.items() if d not in of_masks]
    if len(given) > 1 or not checks_itself(input):
        check_indices("index_put", checked, IndexError, wrap=True)
    if not values._shape and values._device is not input._device and values._device.type == "cpu":
        values = values.to(input._device)
    if broadcast_shapes(values._shape, shape) != shape:
        lead = len(values._shape) - len(shape)
        if lead > 0 and values._shape[:lead] == (1,) * lead:
            values = values.reshape(values._shape[lead:])
        if broadcast_shapes(values._shape, shape) != shape:
            raise RuntimeError(
                f"index_put(): shape mismatch: value tensor of shape {list(values._shape)} cannot be broadcast to indexing "
                f"result of shape {list(shape)}"
            )
    return (input._shape, input._dtype, kept_strides(input)), (input, indices, values, accumulate)


@within_bounds
def _put_backward(g: Tensor, indices: tuple[Tensor | None, ...], accumulate: bool) -> Tensor:
    return g if accumulate else index_put(g, indices, g.new_zeros(()), False)


@op(
    infer=_infer_index_put, grad_name="IndexPutBackward0", overlap="apart", repeats="deprecated",
    vjp={"input": _put_backward, "values": within_bounds(lambda g, indices, values_shape: summed(index(g, indices), values_shape))},
)
def index_put(input: Tensor, indices: tuple[Tensor | None, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values`, broadcast, put at the places that the index tensors choose.

    accumulate: add instead of set; equal places add up.

    >>> import corelib as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    given, shape, out_shape, at = joint_shape(input, indices)
    rest = [d for d in range(len(input._shape)) if d not in given]
    order = (*given, *rest)
    sizes = [input._shape[d] for d in order]
    rows = input.permute(order).reshape((prod(sizes[: len(given)]), *sizes[len(given) :]))
    spread = values.expand(out_shape)
    if at:
        k = len(shape)
        spread = spread.permute((*range(at, at + k), *range(at), *range(at + k, len(out_shape))))
    spread = spread.reshape((prod(shape), *sizes[len(given) :]))
    made = put_rows(rows, _row_numbers(input, given, shape), spread, accumulate)
    back = [order.index(d) for d in range(len(order))]
    return made.reshape(tuple(sizes)).permute(tuple(back)).contiguous()


def index_put_(self: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """The in-place form of `index_put`."""
    put = TABLE["index_put"]
    if values._shares(self) and values._numel == 1 and any(t is not None and t._dtype is D.bool for t in indices):
        values = values.clone()  # one value at the True places of a mask is a number, as in masked_fill_
    kernel = put.kernel_for(self._key, self._dtype)
    grad = grad_mode.enabled and (self._requires_grad or values._requires_grad)
    if kernel is None or grad or values._shares(self) or FORWARD.mode is not None:
        return inplace(put, (self, tuple(indices), values, accumulate))
    check_writable("index_put_", self, "deprecated")
    _, (_, found, given, _) = _infer_index_put(self, indices, values, accumulate)
    target = self._array()
    if not computed(put, kernel, self._device, self._dtype, target, target, [None if t is None else t._array() for t in found], given._array(), accumulate):
        return inplace(put, (self, tuple(indices), values, accumulate))
    self._bump()
    return self


attach("index_put_", index_put_)


def places_of_masks(indices: Sequence[object]) -> set[int]:
    """The dimensions whose index comes from a mask, and so lies within bounds."""
    found: set[int] = set()
    at = 0
    for t in indices:
        k = max(len(t._shape), 1) if isinstance(t, Tensor) and t._dtype.order < 2 else 0
        found.update(range(at, at + k))
        at += k or 1
    return found


def expand_masks(name: str, input: Tensor, indices: Sequence[object]) -> tuple[Tensor | None, ...]:
    """Index tensors with bool masks replaced by the places of their True elements, one index for each mask dimension."""
    found: list[Tensor | None] = []
    for t in indices:
        if t is None:
            found.append(None)
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): indices must be Tensors or None, got {type(t).__name__}")
        if t._dtype is D.bool or t._dtype is D.uint8:
            if t._dtype is D.uint8:
                warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.")
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
            found.append(t if t._dtype is D.int64 else t.long())
        else:
            raise IndexError(f"{name}(): tensors used as indices must be long, int, byte or bool tensors, got {t._dtype}")
    if len(found) > len(input._shape):
        raise IndexError(f"{name}(): too many indices for tensor of dimension {len(input._shape)} (got {len(found)})")
    if input._device.type == "meta":  # which a mask or a number on the host may index
        found = [t if t is None else t.to(input._device) for t in found]
    return tuple(found) + (None,) * (len(input._shape) - len(found))


@op(on=())
def true_places(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, a row for each: a scan that counts them and a put."""
    return counted_places(input, int((input != 0).sum()) if input._numel else 0)


def counted_places(input: Tensor, count: int) -> Tensor:
    """`true_places` of a tensor of which it is known how many elements are not zero."""
    flat = (input != 0).reshape((-1,))
    n = flat._shape[0]
    rank = flat.long().cumsum(0) - 1 if n else flat.long()
    # every True element writes its own place at its rank; the others write behind the end, into a row that is cut off
    target = rank * flat.long() + count * (~flat).long()
    places = put_rows(rank.new_zeros((count + 1,)), target, arange(n, device=input._device), False).narrow(0, 0, count)
    columns = []
    for size, stride in zip(input._shape, contiguous_strides(input._shape), strict=True):
        columns.append((places // stride) % size if size else places)
    return stack(columns, 1) if columns else places.new_zeros((count, 0))


def _host_places(array: Any) -> list[Any]:
    """The coordinates of what is not zero, an array for each dimension: flat places, and of those what is left along each. NumPy's `nonzero`
    of several dimensions takes ten times as long."""
    left = np.flatnonzero(array)
    columns = []
    for n in array.shape[:0:-1]:
        whole = left // n
        columns.append(left - whole * n)
        left = whole
    return [*([left] if array.ndim else []), *columns[::-1]]


@public("torch")
def nonzero(input: Tensor, *, as_tuple: bool = False, out: Tensor | None = None) -> Any:
    """The coordinates of the elements that are not zero: a row for each, or, `as_tuple`, a vector for each dimension.

    >>> import corelib as torch
    >>> torch.nonzero(torch.tensor([0, 5, 0, 7]))
    tensor([[1],
            [3]])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"nonzero(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    need_values("nonzero", input)
    if input._dtype in D.HELD:
        raise NotImplementedError(f"nonzero(): \"nonzero_count_{input._device.type}\" not implemented for '{D.kind_name(input._dtype)}': its elements are no numbers")
    input = input.detach()
    if as_tuple and not input._shape:
        input = input.reshape((1,))
    if input._device.runtime.backend.host_memory:  # the host finds them in one pass
        find = partial(_host_places, input._array())
        try:
            columns = find()
        except MemoryError:
            columns = input._device.runtime.allocator.with_room("nonzero", find)
        if as_tuple:
            return tuple([_from_array(c, input._device, copy=False) for c in columns])
        places = np.stack(columns).T if columns else np.zeros((int(bool(input._array())), 0), np.int64)
        made = _from_array(places, input._device, copy=False)
    else:
        made = true_places(input)
    if as_tuple:
        return tuple(c.contiguous() for c in made.unbind(1))
    if out is not None:
        return _into("nonzero", made, out, input)
    return made


def _into(name: str, made: Tensor, out: Tensor, *operands: Tensor) -> Tensor:
    """Store a result in an `out=` of the very same dtype."""
    if isinstance(out, Tensor) and out._dtype is not made._dtype:
        raise RuntimeError(
            f"{name}(): Expected out tensor to have scalar type {kind_name(made._dtype)} but got scalar type {kind_name(out._dtype)}"
        )
    written: Tensor = write(name, made, out, operands)
    return written


@public("torch")
def argwhere(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, a row for each."""
    made: Tensor = nonzero(input)
    return made


@public("torch")
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements, in order, where the bool `mask`, broadcast, is True.

    >>> import corelib as torch
    >>> torch.tensor([1, 2, 3]).masked_select(torch.tensor([True, False, True]))
    tensor([1, 3])
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"masked_select(): argument 'mask' must be Tensor, not {type(mask).__name__}")
    if mask._dtype is not D.bool:
        raise RuntimeError(f"masked_select(): expected BoolTensor for mask, got {mask._dtype}")
    shape = masked_shape("masked_select", input, mask)
    need_values("masked_select", input)
    wide, chosen = input.expand(shape), mask.expand(shape)
    if not shape:
        wide, chosen = wide.reshape((1,)), chosen.reshape((1,))
    places = nonzero(chosen, as_tuple=True)
    with KNOWN:
        made = index(wide, places)
    return made if out is None else _into("masked_select", made, out, input, mask)


for _name, _function in (("nonzero", nonzero), ("argwhere", argwhere), ("masked_select", masked_select)):
    attach(_name, _function)
