"""Rows chosen by an index and put back: the two primitives under every indexing op, and the checks of an index.

An index is checked against its dimension before any kernel runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from corelib.dispatcher.calls.primitive import COPY
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.op import Inferred
from corelib.graph.grad_mode import no_grad
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

SHORT = 1024
"""How many numbers are quicker looked through on the host than reduced twice on a device."""


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
    check_indices(name, ((index, size, dim),), error, wrap)


def check_indices(
    name: str, indices: Iterable[tuple[Tensor, int, int]], error: type[Exception] = IndexError, wrap: bool = False
) -> None:
    """`check_index` of several (index, size, dimension) with one read from the device, which has to be waited for."""
    asked: list[tuple[Tensor, int, int]] = []
    for index, size, dim in indices:
        if index._numel == 0 or index._device.type == "meta":
            continue
        if index._device.runtime.backend.host_memory and index._dtype is D.int64:
            # as unsigned numbers negative indices are huge, so one maximum checks both ends
            if int(index._array().view("uint64").max()) < size:
                continue
        asked.append((index, size, dim))
    if not asked:
        return
    for (_, size, dim), (low, high) in zip(asked, _ends([index for index, _, _ in asked]), strict=True):
        if high >= size or low < (-size if wrap else 0):
            bad = high if high >= size else low
            raise error(
                f"{name}(): index {bad} is out of bounds for dimension {dim} with size {size} (index out of range in self; accepted "
                f"are {-size if wrap else 0} to {size - 1})"
            )


def _ends(indices: list[Tensor]) -> list[tuple[int, int]]:
    """The lowest and the highest of each index: of a short one on the host, of others where they are, and all read at once."""
    with no_grad():
        if len(indices) == 1 and indices[0]._numel <= SHORT:
            values = indices[0].detach().reshape((-1,)).tolist()
            return [(min(values), max(values))]
        place = indices[0]._device
        if any(t._device is not place for t in indices):
            return [_ends([t])[0] for t in indices]
        found = Tensor._empty(place, D.int64, (2 * len(indices),))
        for i, t in enumerate(indices):
            COPY.value(found.narrow(0, 2 * i, 1), t.amin().reshape((1,)))
            COPY.value(found.narrow(0, 2 * i + 1, 1), t.amax().reshape((1,)))
        numbers = found.tolist()
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _integer_index(name: str, index: object, int32: bool = False) -> Tensor:
    if not isinstance(index, Tensor):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    if index._dtype is not D.int64:
        if int32 and index._dtype is D.int32:
            return index.long()
        also = " or int32" if int32 else ""
        raise RuntimeError(f"{name}(): Expected dtype int64{also} for index, but got {index._dtype}")
    return index
