"""What came of a kernel: the error for one that returned what it should have written, and the note on what one raised."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from corelib.contract.kernels import Kernel, LinAlgError
from corelib.dispatcher import report
from corelib.dispatcher.op import Op
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

R = TypeVar("R")
_OWN_WORDS = re.compile(r"[a-z_]\w*\(\): ")
"""How corelib's own messages begin: `cross_entropy(): Target 3 is out of bounds`, from whichever kernel."""


def computed(op: Op, kernel: Kernel, device: Device, dtype: DType, *given: object) -> bool:
    """Run a kernel on native arrays, its out first; whether it computed, or one that it passed to."""
    try:
        got = kernel(*given)
    except Exception as error:
        got = after(error, op, device, given, partial(kernel, *given))
    return got is None or got is given[0] or next_computed(op, device, dtype, got, *given)


def next_computed(op: Op, device: Device, dtype: DType, got: object, *given: object) -> bool:
    """Whether another kernel computed, where the first one returned `got`, neither None nor its out.

    Where kernel packs take part these are the packs' and the backend's, in their order; else there is none. TypeError for a result.
    """
    must_pass(op, device, got)
    for kernel, pack in op.chains.get((device.type, dtype), ())[1:]:
        try:
            got = kernel(*given)
        except Exception as error:
            got = after(error, op, device, given, partial(kernel, *given))
        if got is None or got is given[0]:
            if report.enabled:
                report.record(op.name, device.type, report.path_of(pack), 0)
            return True
        must_pass(op, device, got)
    return False


def must_pass(op: Op, device: Device, got: object) -> None:
    """TypeError for what a kernel returned, neither None nor its out, unless it is NotImplemented: the result that it made is nowhere."""
    if got is not NotImplemented:
        raise TypeError(
            f"{op.name}(): the kernel {op.name!r} of the {device.type} backend returned {_kind(got)}. A kernel is kernel(out, *inputs, "
            "*attributes): it writes its result into `out`, and returns None, or NotImplemented (before it has written anything) to pass "
            "to the next. Wrong: `return result`. Right: `out[...] = result`"
        )


def after(error: Exception, op: Op, device: Device, given: Sequence[object], again: Callable[[], object]) -> object:
    """What comes of a kernel that raised: where memory was short it is called again once what is kept was given back; else its error, with a note."""
    if isinstance(error, MemoryError):
        return device.runtime.allocator.with_room(op.name, again)
    noted(error, op, device, given)
    raise error


def afresh(function: Callable[..., R], *args: object) -> R:
    """Call the slow way from the `except` of a quick one: what it raises has nothing to do with the look-up that failed, and does not show it."""
    failed = sys.exception()
    try:
        return function(*args)
    except BaseException as error:
        first = error
        while first.__context__ is not None and first.__context__ is not failed:
            first = first.__context__
        first.__context__ = failed and failed.__context__
        raise


def noted(error: Exception, op: Op, device: Device, given: Sequence[object]) -> None:
    """Add a note of op, backend, shapes and dtypes to what a kernel raised; not to errors that say themselves what the op refuses.

    By itself where a second call is not to be had: in place, where the first may have written, and for small results, which need no room.
    """
    if isinstance(error, LinAlgError) or str(error).startswith(op.name.strip("_") + "(") or _OWN_WORDS.match(str(error)):
        return
    shown = ", ".join(map(_shown, given))
    error.add_note(
        f"Raised by the kernel {op.name!r} of the {device.type} backend (device {device}), which was called as kernel(out, *inputs, "
        f"*attributes), all by position, with out and: {shown or 'nothing'}"
    )


def _kind(got: object) -> str:
    name = type(got).__name__
    return f"{name} ({got!r})" if isinstance(got, (bool, int, float)) else f"an object of type {name}"


def _shown(x: object) -> str:
    if not isinstance(x, Tensor) and hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"an array of {x.dtype}, shape {list(x.shape)}"
    if isinstance(x, Tensor):
        return f"{x._dtype} of shape {list(x._shape)}" + (f" and strides {list(x._strides)}" if x._strides is not None else "")
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(_shown, x))}]"
    text = repr(x)
    return text if len(text) <= 60 else f"an object of type {type(x).__name__}"
