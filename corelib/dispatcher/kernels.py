"""Kernels meet ops: what a backend brought is put under the ops' two keys."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.keys import dispatch_key
from corelib.tensor.layout import strided


def install(device_type: str, table: Any) -> None:
    """Put a backend's kernels into the table of ops; ValueError for a kernel whose op corelib does not have."""
    from corelib import ops  # noqa: F401  (the ops declare themselves when imported)
    from corelib.dispatcher.op import TABLE

    key = dispatch_key(device_type, strided)
    for name, by_dtype in table.table.items():
        op = TABLE.get(name)
        if op is None:
            raise ValueError(
                f"backend of {device_type!r}: kernel {name!r} is for no op of corelib; a kernel has exactly its op's name"
            )
        if type(by_dtype) is dict:
            op.kernels.setdefault(key, {}).update(by_dtype)
        else:  # a table that answers for every dtype
            op.kernels[key] = by_dtype
