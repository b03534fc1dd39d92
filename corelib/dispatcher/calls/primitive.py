"""Running a primitive that writes into a tensor which already exists."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.calls.fallback import missing
from corelib.dispatcher.op import TABLE
from corelib.tensor.slot import Slot
from corelib.tensor.tensor import Tensor

COPY: Slot[Callable[[Tensor, Tensor], None]] = Slot(
    "copy",
    "`copy_elements(out, input)`: across dtypes, devices and strides; nothing is checked or recorded. "
    "Filled by ops/conversion/copying.py.",
)


def run_primitive(name: str, out: Tensor, *args: object) -> None:
    """Run a primitive that writes into a tensor which already exists."""
    primitive = TABLE[name]
    kernel = primitive.kernel_for(out._key.plain, out._dtype)
    if kernel is None:
        kernel = missing(primitive, out._device, out._dtype, (out, *args))  # raises: a primitive has no body
    if out._key.lazy or (out._strides is not None and not out._device.runtime.strided_any and not out.is_contiguous()):
        made = Tensor._empty(out._device, out._dtype, out._shape)
        kernel(made._array(), *args)
        COPY.value(out, made)
        return
    kernel(out._native if out._native is not None else out._array(), *args)
