"""Rows chosen by an index and put back: the two primitives under every indexing op, and the checks of an index.

An index is checked against its dimension before any kernel runs.
"""

from __future__ import annotations

from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.op import Inferred
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _infer_take(input: Tensor, index: Tensor) -> Inferred:
    return ((*index._shape, *input._shape[1:]), input._dtype), (input, index)


def _take_backward(g: Tensor, input_shape: Shape, index: Tensor) -> Tensor:
    return put_rows(g.new_zeros(input_shape), index, g, True)


@op(on=(), infer=_infer_take, vjp={"input": _take_backward})
def take_rows(input: Tensor, index: Tensor) -> Tensor:
    """Primitive: out[i...] = input[index[i...]] along dimension 0; `index` is int64 and within bounds."""
    raise KernelOnly


def _infer_put(input: Tensor, index: Tensor, values: Tensor, accumulate: bool) -> Inferred:
    return (input._shape, input._dtype), (input, index, values, accumulate)


def _put_backward(g: Tensor, index: Tensor, accumulate: bool) -> Tensor:
    return g if accumulate else put_rows(g, index, take_rows(g, index) * 0, False)


@op(
    on=(), infer=_infer_put, grad_name="IndexPutBackward0",
    vjp={"input": _put_backward, "values": lambda g, index: take_rows(g, index)},
)
def put_rows(input: Tensor, index: Tensor, values: Tensor, accumulate: bool) -> Tensor:
    """Primitive: a copy of `input` with rows index[i] set to values[i], or, accumulating, with every one of them added."""
    raise KernelOnly


def check_index(name: str, index: Tensor, size: int, dim: int, error: type[Exception] = IndexError, wrap: bool = False) -> None:
    """Raise where an index lies outside a dimension. Nothing to check on a device without data."""
    if index._numel == 0 or index._device.type == "meta":
        return
    if index._device.runtime.backend.host_memory and index._dtype is D.int64:
        # as unsigned numbers negative indices are huge, so one maximum checks both ends
        if int(index._array().view("uint64").max()) < size:
            return
    low, high = int(index.amin()), int(index.amax())
    if high >= size or low < (-size if wrap else 0):
        bad = high if high >= size else low
        raise error(
            f"{name}(): index {bad} is out of bounds for dimension {dim} with size {size} (index out of range in self; accepted "
            f"are {-size if wrap else 0} to {size - 1})"
        )


def _integer_index(name: str, index: object, int32: bool = False) -> Tensor:
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    if index._dtype is not D.int64:
        if int32 and index._dtype is D.int32:
            return index.long()
        also = " or int32" if int32 else ""
        raise RuntimeError(f"{name}(): Expected dtype int64{also} for index, but got {index._dtype}")
    return index
