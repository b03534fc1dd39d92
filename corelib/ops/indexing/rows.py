"""Rows chosen by an index and put back: the two primitives under every indexing op, and the checks of an index.

An index is checked against its dimension before any kernel runs, or by the kernel itself (`Backend.checks_indices`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from corelib.dispatcher.calls.outcome import computed
from corelib.dispatcher.calls.primitive import COPY
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.op import TABLE, Inferred
from corelib.graph.grad_mode import grad_mode, no_grad
from corelib.graph.tangents import FORWARD
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])
SHORT = 1024
"""How many numbers are quicker looked through on the host than reduced twice on a device."""


def _infer_take(input: Tensor, index: Tensor) -> Inferred:
    return ((*index._shape, *input._shape[1:]), input._dtype), (input, index)


def onto(name: str, fresh: Tensor, *args: Any, **named: Any) -> Tensor:
    """What an op makes of a copy of `fresh`, here of that itself: it was made for this, and is nobody else's. All arguments are given."""
    target = TABLE[name]
    kernel = target.kernel_for(fresh._key, fresh._dtype)
    if kernel is None or grad_mode.enabled or FORWARD.mode is not None or not fresh._device.runtime.backend.host_memory:
        made: Tensor = target.entry(fresh, *args, **named)
        return made
    array = fresh._array()
    given = [x._array() if isinstance(x, Tensor) else x for x in (*args, *named.values())]
    if not computed(target, kernel, fresh._device, fresh._dtype, array, array, *given):
        made = target.entry(fresh, *args, **named)
        return made
    return fresh


def _take_backward(g: Tensor, input_shape: Shape, index: Tensor) -> Tensor:
    return onto("put_rows", g.new_zeros(input_shape), index, g, True)


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


class _Known(threading.local):
    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


KNOWN = _Known()
"""`with KNOWN:` what indexes here has been checked, or was made within bounds: it is not read from a device once more, for each read is a
wait. On the host, where that costs nothing, the checks stay."""


def within_bounds(function: F) -> F:
    """A function, or the vjp of an op, whose indices were made within bounds or have been checked before: it runs under `KNOWN`."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with KNOWN:
            return function(*args, **kwargs)

    return cast("F", run)


def check_index(
    name: str, index: Tensor, size: int, dim: int, error: type[Exception] = IndexError, wrap: bool = False, of: Tensor | None = None
) -> None:
    """Raise where an index lies outside a dimension. Nothing to check on a device without data.

    of: the tensor whose indexing kernel gets this index, for exactly this dimension: nothing to check where it `checks_itself`.
    """
    if of is None or not checks_itself(of):
        check_indices(name, ((index, size, dim),), error, wrap)


def checks_itself(t: Tensor) -> bool:
    """Whether the indexing kernels for a tensor look after wrong indices, and tell of them when the device is next waited for."""
    return t._device.runtime.backend.checks_indices and not t._dtype.is_complex


def check_indices(
    name: str, indices: Iterable[tuple[Tensor, int, int]], error: type[Exception] = IndexError, wrap: bool = False
) -> None:
    """`check_index` of several (index, size, dimension) with one read from the device, which has to be waited for."""
    asked: list[tuple[Tensor, int, int]] = []
    for index, size, dim in indices:
        if index._numel == 0 or index._device.type == "meta":
            continue
        if not seen_within(index, size):
            asked.append((index, size, dim))
    if not asked or (KNOWN.depth and not asked[0][0]._device.runtime.backend.host_memory):
        return
    for (_, size, dim), found in zip(asked, ends([index for index, _, _ in asked]), strict=True):
        refuse_outside(name, found, size, dim, error, wrap)


def seen_within(index: Tensor, size: int) -> bool:
    """Whether one look at the host's memory says that all numbers are from 0 to size - 1; False where it says nothing."""
    if not index._device.runtime.backend.host_memory or index._dtype is not D.int64:
        return False
    # as unsigned numbers negative indices are huge, so one maximum checks both ends
    return int(index._array().view("uint64").max()) < size


def refuse_outside(name: str, found: tuple[int, int], size: int, dim: int, error: type[Exception] = IndexError, wrap: bool = False) -> None:
    """Raise where an index whose lowest and highest are given lies outside a dimension."""
    low, high = found
    if high >= size or low < (-size if wrap else 0):
        raise error(
            f"{name}(): index {high if high >= size else low} is out of bounds for dimension {dim} with size {size} (index out of range in "
            f"self; accepted are {-size if wrap else 0} to {size - 1})"
        )


def ends(indices: list[Tensor]) -> list[tuple[int, int]]:
    """The lowest and the highest of each index: of a short one on the host, of others where they are, and all read at once."""
    if all(t._device.runtime.backend.host_memory for t in indices):
        arrays = [t._array() for t in indices]
        return [(int(a.min()), int(a.max())) for a in arrays]
    with no_grad():
        if len(indices) == 1 and indices[0]._numel <= SHORT:
            values = indices[0].detach().reshape((-1,)).tolist()
            return [(min(values), max(values))]
        place = indices[0]._device
        if any(t._device is not place for t in indices):
            return [ends([t])[0] for t in indices]
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
