"""Storage: a block of one device's memory that tensors view, with the counter of its in-place changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corelib.tensor.host import np

if TYPE_CHECKING:
    from corelib.tensor.device import device
    from corelib.tensor.dtype import dtype


class Storage:
    """Untyped memory: `_raw` is the backend's buffer, `_version` counts in-place changes by any of its views.

    A Storage whose buffer belongs to somebody else (a small host array, a NumPy array from the user) just drops it.
    """

    __slots__ = ("__weakref__", "_nbytes", "_raw", "_version", "device")

    def __init__(self, device: device, raw: Any, nbytes: int) -> None:
        self.device = device
        self._raw = raw
        self._nbytes = nbytes
        self._version = 0

    @staticmethod
    def allocate(device: device, nbytes: int) -> Storage:
        """A new block from the device's allocator; its contents are whatever was there."""
        return _PooledStorage(device, device.runtime.allocator.allocate(nbytes), nbytes)

    @staticmethod
    def from_host_bytes(buffer: Any, device: device) -> Storage:
        """A new block that holds a copy of the bytes of `buffer` (anything with the buffer protocol)."""
        array = np.frombuffer(buffer, dtype=np.uint8)
        storage = Storage.allocate(device, array.nbytes)
        if array.nbytes:
            runtime = device.runtime
            runtime.backend.host_to_device(storage._raw, 0, array, runtime.index)
        return storage

    def to_host_bytes(self) -> Any:
        """The bytes as a NumPy uint8 array: shared where the device's memory is the host's, a copy elsewhere."""
        runtime = self.device.runtime
        if self._nbytes == 0:
            return np.empty(0, np.uint8)
        return runtime.backend.device_to_host(self._raw, 0, self._nbytes, runtime.index)

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._nbytes

    size = nbytes
    __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte on its device; 0 where there is none."""
        if self._nbytes == 0:
            return 0
        return int(self.device.runtime.backend.address(self._raw))

    def __getitem__(self, index: int) -> int:
        if not -self._nbytes <= index < self._nbytes:
            raise IndexError(f"index {index} out of range for storage of size {self._nbytes}")
        return int(self.to_host_bytes()[index])

    def tolist(self) -> list[int]:
        """The bytes as a list of ints."""
        return list(self.to_host_bytes().tolist())

    def __repr__(self) -> str:
        return f"<UntypedStorage of {self._nbytes} bytes on {self.device}>"


class _PooledStorage(Storage):
    """A Storage whose block goes back to its device's allocator with it."""

    __slots__ = ()

    def __del__(self, _finalizing: Any = __import__("sys").is_finalizing) -> None:
        if not _finalizing():
            runtime = self.device._runtime
            if runtime is not None:
                runtime.allocator.release(self._raw, self._nbytes)


UntypedStorage = Storage


class TypedStorage:
    """A Storage seen as elements of one dtype: what `Tensor.storage()` returns."""

    __slots__ = ("_untyped", "dtype")

    def __init__(self, untyped: Storage, dtype: dtype) -> None:
        self._untyped = untyped
        self.dtype = dtype

    @property
    def device(self) -> device:
        """Where the elements live."""
        return self._untyped.device

    def untyped(self) -> Storage:
        """The memory without a dtype."""
        return self._untyped

    def size(self) -> int:
        """The number of elements."""
        return self._untyped.nbytes() // self.dtype.itemsize

    __len__ = size

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._untyped.nbytes()

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._untyped.data_ptr()

    def _host(self) -> Any:
        n = self.size() * self.dtype.itemsize
        return self._untyped.to_host_bytes()[:n].view(self.dtype.np)

    def __getitem__(self, index: int) -> Any:
        if not -self.size() <= index < self.size():
            raise IndexError(f"index {index} out of range for storage of size {self.size()}")
        return self._host()[index].item()

    def __setitem__(self, index: int, value: Any) -> None:
        from corelib.tensor.tensor import Tensor

        self[index]  # the bounds check
        view = Tensor._make(self._untyped, self.dtype, (self.size(),), None, 0)
        view[index] = value

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return list(self._host().tolist())

    def __iter__(self) -> Any:
        return iter(self.tolist())

    def __repr__(self) -> str:
        lines = "\n".join(f" {x}" for x in self.tolist())
        return (
            f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {self.size()}]"
        )
