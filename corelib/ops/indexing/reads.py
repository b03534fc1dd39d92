"""What is read from a device for a check or a decision: everything that one call asks for is read at once, for each read waits for all that
was queued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.dispatcher.calls.primitive import COPY
from corelib.graph.grad_mode import no_grad
from corelib.ops.conversion.interchange import host_array
from corelib.ops.elementwise.predicates import any_true
from corelib.tensor import dtype as D
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor


def read_together(*tensors: Tensor) -> list[Any]:
    """NumPy arrays of the elements of several tensors, as they are, with one read from each device. Not of meta tensors, which have none."""
    found: dict[int, Any] = {}
    for place in {t._device: None for t in tensors}:
        here = [(i, t) for i, t in enumerate(tensors) if t._device is place]
        if place.runtime.backend.host_memory or len(here) == 1:
            found.update({i: host_array(t.detach()) for i, t in here})
        else:
            found.update(zip([i for i, _ in here], _read([t.detach() for _, t in here]), strict=True))
    return [found[i] for i in range(len(tensors))]


def _read(tensors: list[Tensor]) -> list[Any]:
    """Of tensors of one device: their bytes one after the other, the widest dtypes first so that each lies at a multiple of its own size."""
    order = sorted(range(len(tensors)), key=lambda i: -tensors[i]._dtype.itemsize)
    joined = Tensor._empty(tensors[0]._device, D.uint8, (sum([t.nbytes for t in tensors]),))
    ends: list[tuple[int, int]] = [(0, 0)] * len(tensors)
    at = 0
    with no_grad():
        for i in order:
            t = tensors[i]
            ends[i] = (at, at := at + t.nbytes)
            if t._numel:
                part: Any = joined.narrow(0, ends[i][0], t.nbytes)
                COPY.value(part.view(t._dtype).reshape(t._shape), t)
    numbers = np.ascontiguousarray(host_array(joined))
    return [numbers[a:b].view(t._dtype.np).reshape(t._shape) for (a, b), t in zip(ends, tensors, strict=True)]


def first_true(*conditions: Callable[[], Tensor]) -> int | None:
    """Which is the first of several conditions that holds for any element, or None: what a call with several checks of values asks. On the
    host each is computed when those before it did not hold; on a device all are, and read at once."""
    made = conditions[0]()
    if made._device.runtime.backend.host_memory:
        if any_true(made):
            return 0
        return next((i for i, condition in enumerate(conditions[1:], 1) if any_true(condition())), None)
    if made._device.type == "meta":
        return None
    found = read_together(*[t.any() for t in (made, *[condition() for condition in conditions[1:]])])
    return next((i for i, one in enumerate(found) if one), None)
