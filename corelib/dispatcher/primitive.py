"""Running a primitive that writes into a tensor which already exists."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import TABLE
from corelib.tensor.tensor import Tensor


def run_primitive(name: str, out: Tensor, *args: Any) -> None:
    """Run a primitive that writes into a tensor which already exists."""
    primitive = TABLE[name]
    kernel = primitive.kernel_for(out._key, out._dtype)
    if kernel is None:
        from corelib.dispatcher.fallback import missing

        missing(primitive, out._device, out._dtype, (out, *args))
    if out._strides is not None and not out._device.runtime.strided_any and not out.is_contiguous():
        from corelib.ops.copying import copy_elements

        made = Tensor._empty(out._device, out._dtype, out._shape)
        kernel(made._array(), *args)  # type: ignore[misc]
        copy_elements(out, made)
        return
    kernel(out._native if out._native is not None else out._array(), *args)  # type: ignore[misc]
