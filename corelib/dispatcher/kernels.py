"""Kernels meet ops: what a backend brought is put under the ops' two keys."""

from __future__ import annotations

from corelib.contract.kernels import Kernel, KernelTable, Later
from corelib.dispatcher.op import TABLE, Op
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.keys import dispatch_key
from corelib.tensor.layout import strided


class _EveryDtype(dict[DType, Kernel]):
    """A dtype table with one kernel for every dtype that is asked for by `get`.

    The fast paths subscript a table and find nothing, so that every call promotes and checks its operands: whether a dtype is
    one that the op computes in is known to the slow path only.
    """

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel

    def get(self, key: object, default: object = None) -> Kernel:
        """The kernel."""
        return self._kernel

    def __bool__(self) -> bool:
        return True


def needs_kernel(op: Op) -> bool:
    """Whether an op says its result's shape, and so may be computed by a kernel that does not need values for it."""
    return op.primitive or op.kind in ("unary", "binary", "elementwise") or op.facts.infer is not None


def install(device_type: str, table: KernelTable) -> None:
    """Put a backend's kernels into the table of ops; ValueError for a kernel whose op corelib does not have."""
    key = dispatch_key(device_type, strided)
    if table.default is not None:
        for op in TABLE.values():
            if needs_kernel(op):
                op.kernels[key] = _EveryDtype(table.default)
    for name, by_dtype in table.table.items():
        found = TABLE.get(name)
        if found is None:
            raise ValueError(f"backend of {device_type!r}: kernel {name!r} is for no op of corelib; a kernel has exactly its op's name")
        at_work = found.kernels.setdefault(key, {})
        at_work.update(by_dtype)
        for dtype, kernel in by_dtype.items():
            if isinstance(kernel, Later):
                kernel.places.append((at_work, dtype))
        found.chains.update({(device_type, dtype): chain for dtype, chain in table.chains.get(name, {}).items()})
