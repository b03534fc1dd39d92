"""The meta device: shapes and dtypes without data. Its kernels do nothing, so every body runs on it as a shape check."""

from __future__ import annotations

from corelib.contract.backend import Backend
from corelib.contract.kernels import KernelTable
from corelib.tensor.device import Buffer, Native
from corelib.tensor.dtype import ALL, dtype as DType
from corelib.tensor.host import HostArray
from corelib.tensor.size import Shape, Strides


def _nothing(*args: object) -> None:
    """Compute nothing: a meta tensor has no elements."""


class MetaBackend(Backend):
    """No memory, no values; every dtype."""

    device_type = "meta"
    indexed = False

    def __init__(self) -> None:
        self.dtypes = {d.name: "storage" for d in ALL}

    def device_count(self) -> int:
        return 1

    def synchronize(self, index: int) -> None:
        pass

    def allocate(self, nbytes: int, index: int) -> Buffer:
        return None

    def free(self, buffer: Buffer, index: int) -> None:
        pass

    def host_to_device(self, buffer: Buffer, offset: int, data: HostArray, index: int) -> None:
        pass

    def device_to_host(self, buffer: Buffer, offset: int, nbytes: int, index: int) -> HostArray:
        raise NotImplementedError("Cannot copy out of meta tensor; no data! It has only a shape and a dtype.")

    def device_to_device(self, target: Buffer, to: int, source: Buffer, start: int, nbytes: int, index: int) -> None:
        pass

    def native(self, buffer: Buffer, dtype: DType, shape: Shape, strides: Strides, offset: int, index: int) -> Native:
        return _NATIVE

    def address(self, buffer: Buffer) -> int:
        return 0

    def kernels(self) -> KernelTable:
        """A kernel that does nothing, for every op."""
        table = KernelTable()
        table.default = _nothing
        return table


_NATIVE = object()
