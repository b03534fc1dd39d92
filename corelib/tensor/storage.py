"""Storage: a block of one device's memory that tensors view, with the counter of its in-place changes."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from copy import deepcopy
from operator import index as as_index
from typing import Any, overload

from corelib.as_torch.warned import warn
from corelib.tensor.device import Buffer, DeviceLike, device as Device, resolve
from corelib.tensor.dtype import Number, dtype
from corelib.tensor.host import HostArray, np
from corelib.tensor.rooms import NAMED

__all__ = ["TypedStorage", "UntypedStorage"]

_USERS, _new = object(), object.__new__
FIXED, SHARED, SHORT = 1, 2, 4
"""States of a Storage: somebody else holds its memory, which keeps its size; other processes can have it; tensors may lie beyond its end."""


def read_bytes(device: Device, buffer: Buffer, start: int, nbytes: int) -> HostArray:
    """Bytes of a device's buffer on the host; RuntimeError where its backend gives another number of them."""
    runtime = device.runtime
    array: HostArray = runtime.backend.device_to_host(buffer, start, nbytes, runtime.index)
    if getattr(array, "shape", None) != (nbytes,):
        got = f"an array of shape {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
        raise RuntimeError(f"device_to_host() of the {device.type} backend returned {got}; expected an array of the {nbytes} bytes that were asked for")
    return array


class UntypedStorage:
    """Untyped memory: `_raw` is the backend's buffer, `_version` counts in-place changes by any of its views.

    `UntypedStorage(n, device="cpu")` is n bytes that are not set, `UntypedStorage([1, 2])` the given bytes. Core gives
    device, buffer and size, and a `_lease` for memory of the device's allocator, which takes it back when the lease dies. A Storage whose
    buffer belongs to somebody else (a small host array, a NumPy array from the user) just drops it.

    >>> import corelib as torch
    >>> torch.UntypedStorage([1, 2, 3]).tolist()
    [1, 2, 3]
    """

    __slots__ = ("__weakref__", "_lease", "_nbytes", "_raw", "_state", "_version", "device")
    device: Device
    _lease: object
    _state: int
    read_only = False
    """Whether the memory belongs to somebody who lets nobody write."""
    _of: Storage | None = None

    def __init__(self, of: Any = 0, raw: Buffer = _USERS, nbytes: int = 0, *, device: DeviceLike = None) -> None:
        if raw is _USERS:
            self._make(of, device)
            return
        if type(of) is not Device:
            raise TypeError(f"UntypedStorage(): takes a size or a sequence of bytes, and device=, but got two of them: {of!r}, {raw!r}")
        self._over(of, raw, nbytes)

    def _over(self, device: Device, raw: Buffer, nbytes: int) -> Storage:
        """Be what is over a buffer of somebody else's."""
        self.device = device
        self._raw = raw
        self._nbytes = nbytes
        self._version = 0
        self._state = 0
        self._lease = None
        return self

    def _make(self, size: Any, where: DeviceLike) -> None:
        if not isinstance(size, int) and (isinstance(size, str) or not hasattr(size, "__len__")):
            raise TypeError(f"UntypedStorage(): expected a size or a sequence of bytes, got {size!r}")
        try:
            content = None if isinstance(size, int) else bytes([as_index(x) & 255 for x in size])
        except TypeError as error:
            raise RuntimeError(f"UntypedStorage(): expected a size or a sequence of bytes, got {size!r} ({error})") from None
        nbytes = size if content is None else len(content)
        if nbytes < 0:
            raise RuntimeError(f"UntypedStorage(): the size must not be negative, got {nbytes}")
        self.device = resolve("cpu" if where is None else where)
        self._nbytes = nbytes
        self._version = 0
        self._state = 0
        self.device.runtime.allocator.lend(self, nbytes)
        if content:
            self._write(np.frombuffer(content, np.uint8))

    def _write(self, array: HostArray) -> None:
        runtime = self.device.runtime
        runtime.backend.host_to_device(self._raw, 0, array, runtime.index)

    @staticmethod
    def allocate(device: Device, nbytes: int) -> Storage:
        """A new block from the device's allocator; its contents are whatever was there."""
        made = _new(Storage)
        made.device = device
        made._nbytes = nbytes
        made._version = 0
        made._state = 0
        (device._runtime or device.runtime).allocator.lend(made, nbytes)
        return made

    @staticmethod
    def from_host_bytes(buffer: Any, device: Device) -> Storage:
        """A new block that holds a copy of the bytes of `buffer` (anything with the buffer protocol)."""
        array = np.frombuffer(buffer, dtype=np.uint8)
        storage = Storage.allocate(device, array.nbytes)
        if array.nbytes:
            storage._write(array)
        return storage

    def to_host_bytes(self) -> HostArray:
        """The bytes as a NumPy uint8 array: shared where the device's memory is the host's, a copy elsewhere."""
        runtime = self.device.runtime
        if self._nbytes == 0:
            return np.empty(0, np.uint8)
        array = read_bytes(self.device, self._raw, 0, self._nbytes)
        if self._lease is not None and runtime.backend.host_memory:
            return np.asarray(Lent(self, array.__array_interface__))  # else the block could be reused under the array
        return array

    def clone(self) -> Storage:
        """A new block on the same device with a copy of the bytes."""
        return Storage.allocate(self.device, self._nbytes).copy_(self)

    __copy__ = clone

    def __deepcopy__(self, memo: dict[int, object]) -> Storage:
        # The default would copy the fields, and so give one block back twice. copy.deepcopy notes the result in `memo`,
        # so tensors that share this Storage share its copy.
        return self.clone()

    def __reduce__(self) -> tuple[object, tuple[bytes | None, int, str]]:
        return _rebuild, (None if self.device.type == "meta" else bytes(self.to_host_bytes()), self._nbytes, str(self.device))

    def _twin(self, version: int = 0) -> Storage:
        """The same memory, whose changes are counted apart from these, from `version` on."""
        made = _new(_ReadOnlyTwin if self.read_only else _TwinStorage)
        made.device = self.device
        made._raw = self._raw
        made._nbytes = self._nbytes
        made._lease = self._lease
        made._state = self._state
        made._of = self if self._of is None else self._of
        made._version = version
        return made

    def become_writable(self) -> None:
        """Nobody forbids writing any more: the memory is no longer that of a NumPy array."""
        self.__class__ = _TwinStorage if isinstance(self, _TwinStorage) else UntypedStorage

    def _itself(self) -> Storage:
        """The Storage that owns the memory."""
        return self if self._of is None else self._of

    def copy_(self, source: Storage, non_blocking: bool | None = None) -> Storage:
        """Take over the bytes of a storage of the same size, from any device; RuntimeError for another size."""
        if source._nbytes != self._nbytes:
            raise RuntimeError(f"copy_(): size does not match, self was {self._nbytes} bytes but src was {source._nbytes} bytes")
        if self._nbytes and self.device is source.device:
            runtime = self.device.runtime
            runtime.backend.device_to_device(self._raw, 0, source._raw, 0, self._nbytes, runtime.index)
        elif self._nbytes:
            self.device.runtime.bring(self._raw, 0, source.device.runtime, source._raw, 0, self._nbytes)
        return self

    def fill_(self, value: int) -> Storage:
        """Set every byte."""
        if self._nbytes:
            self._write(np.full(self._nbytes, int(value) & 255, np.uint8))
        self._version += 1
        return self

    def resizable(self) -> bool:
        """Whether `resize_` may change the size: not where a NumPy array, or another library, holds the memory too."""
        return not self._itself()._state & FIXED

    def resize_(self, nbytes: int) -> Storage:
        """Change the size in place, for all tensors over this memory; new bytes are not set.

        RuntimeError where somebody else holds the memory. A tensor that then lies beyond the end cannot be read before it is
        resized too. The tensors are looked for among all objects, which takes milliseconds.
        """
        if type(nbytes) is not int:
            raise RuntimeError(f"resize_(): resize_ expects an int, but got {type(nbytes).__name__}")
        of = self._itself()
        self.check_resizable()
        if nbytes < 0:
            raise RuntimeError(f"resize_(): the size must not be negative, got {nbytes}")
        if nbytes == of._nbytes:
            return self
        made = Storage.allocate(of.device, nbytes)
        kept = min(nbytes, of._nbytes)
        if kept and of.device.type != "meta":
            runtime = of.device.runtime
            runtime.backend.device_to_device(made._raw, 0, of._raw, 0, kept, runtime.index)
        shorter = SHORT if nbytes < of._nbytes or of._state & SHORT else 0
        twins, tensors = holders([of])
        for storage in (of, *twins):
            storage._raw, storage._lease, storage._nbytes, storage._state = made._raw, made._lease, nbytes, shorter
        for t in tensors:
            t._native = None
        return self

    def check_resizable(self) -> None:
        """RuntimeError where somebody else holds this memory."""
        if not self.resizable():
            raise RuntimeError(
                "resize_(): Trying to resize storage that is not resizable: a NumPy array, another library or another process holds its memory; "
                "clone() the tensor first"
            )

    def to(self, *, device: DeviceLike, non_blocking: bool = False) -> Storage:
        """This storage, or a copy of it where it lies on another device."""
        place = resolve(device)
        return self if place is self.device else Storage.allocate(place, self._nbytes).copy_(self)

    def cpu(self) -> Storage:
        """This storage, or a copy of it on the host."""
        return self.to(device="cpu")

    is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether the device type is cuda.")

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    def is_pinned(self, device: DeviceLike = None) -> bool:
        """False: no storage is in page-locked memory, so far."""
        return False

    def is_shared(self) -> bool:
        """Whether other processes can have this memory: after `share_memory_`, or where it came from another process."""
        return bool(self._itself()._state & SHARED)

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._nbytes

    size = __len__ = nbytes
    _cdata = property(lambda self: id(self._itself()))  # compared by programs that look for tensors over one memory

    def data_ptr(self) -> int:
        """The address of the first byte on its device; 0 where there is none."""
        if self._nbytes == 0:
            return 0
        return int(self.device.runtime.backend.address(self._raw))

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Storage: ...
    def __getitem__(self, index: int | slice) -> int | Storage:
        at, size = self._range(index)
        if isinstance(index, int):
            return int(self.to_host_bytes()[at])
        if self.device.type != "meta" and not self.device.runtime.backend.host_memory:
            raise NotImplementedError(f"UntypedStorage: a slice shares memory, which storages on {self.device} cannot; take a slice of cpu()")
        return Storage(self.device, None if self.device.type == "meta" else self.to_host_bytes()[at : at + size], size)

    def __setitem__(self, index: int | slice, value: int) -> None:
        at, size = self._range(index)
        if size:
            runtime = self.device.runtime
            runtime.backend.host_to_device(self._raw, at, np.full(size, int(value) & 255, np.uint8), runtime.index)
        self._version += 1

    def _range(self, index: object) -> tuple[int, int]:
        """Where an index begins and how many bytes it means."""
        if isinstance(index, slice):
            start, stop, step = index.indices(self._nbytes)
            if step != 1:
                raise RuntimeError(f"Trying to slice with a step of {step}, but only a step of 1 is supported")
            return start, max(stop - start, 0)
        if not isinstance(index, int):
            raise TypeError(f"can't index a torch.UntypedStorage with {type(index).__name__}")
        if not -self._nbytes <= index < self._nbytes:
            raise IndexError(f"index {index} out of range for storage of size {self._nbytes}")
        return index % self._nbytes, 1

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self._nbytes

    def tolist(self) -> list[int]:
        """The bytes as a list of ints."""
        return list(self.to_host_bytes().tolist())

    def __repr__(self) -> str:
        lines = "..." if self.device.type == "meta" else " " + "\n ".join(map(str, self.tolist()))
        return f"{lines}\n[torch.storage.UntypedStorage(device={self.device}) of size {self._nbytes}]"


Storage = UntypedStorage  # core's name for it


def holders(owners: list[Storage]) -> tuple[list[Storage], list[Any]]:
    """The twins of Storages, and the tensors over any of them, looked for among all objects, which takes milliseconds."""
    if gc.get_freeze_count():
        raise RuntimeError("the tensors over a storage cannot be found after gc.freeze(): share or resize it before, or call gc.unfreeze() first")
    ids = {id(of) for of in owners}
    twins: list[Storage] = [x for x in gc.get_referrers(*owners) if isinstance(x, _TwinStorage) and id(x._of) in ids]
    ids.update(map(id, twins))
    return twins, [x for x in gc.get_referrers(*owners, *twins) if hasattr(type(x), "_own_storage") and id(x._storage) in ids]


class ReadOnlyStorage(UntypedStorage):
    """The memory of a NumPy array that may not be written."""

    __slots__ = ()
    read_only = True


class _TwinStorage(UntypedStorage):
    """The memory of another Storage with a count of changes of its own: what `.data` shows it as."""

    __slots__ = ("_of",)


class _ReadOnlyTwin(_TwinStorage):
    __slots__ = ()
    read_only = True


class Lent:
    """Lends a Storage's memory to NumPy and keeps it alive for as long as the array lives, also where the Storage has moved."""

    __slots__ = ("__array_interface__", "_lease", "_storage")

    def __init__(self, storage: object, interface: dict[str, Any]) -> None:
        self._storage = storage
        self._lease = getattr(storage, "_lease", None)
        self.__array_interface__ = interface


def _rebuild(content: bytes | None, nbytes: int, device: str) -> Storage:
    """The inverse of pickling a Storage."""
    made = Storage(nbytes, device=device)
    if content:
        made._write(np.frombuffer(content, np.uint8))
    return made


def _load_from_bytes(b: bytes) -> Any:
    """What PyTorch's pickles of a storage call: they hold a file of `save`."""
    return NAMED.value("serialization", "load")(io.BytesIO(b), weights_only=False)


_TOLD: list[bool] = []


def _warn_typed_storage_removal(stacklevel: int = 2) -> None:
    """Say once that typed storages will go, as PyTorch does; at the user's line, whatever the `stacklevel`."""
    if not _TOLD:
        _TOLD.append(True)
        text = "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. This should only matter to you "
        text += "if you are using storages directly.  To access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
        warn(text)


class TypedStorage:
    """A Storage seen as elements of one dtype: what `Tensor.storage()` returns.

    `TypedStorage(n, dtype=float32)` has n elements that are not set, `TypedStorage([1, 2], dtype=int32)` the given ones, on `device`,
    the cpu where none is given; `TypedStorage(wrap_storage=s, dtype=int32)` is over an UntypedStorage.
    """

    __slots__ = ("__weakref__", "_untyped", "dtype")
    _cdata = property(lambda self: self._untyped._cdata)

    def __init__(
        self, of: Any = 0, dtype: dtype | None = None, *, wrap_storage: Storage | None = None, device: DeviceLike = None,
        _internal: bool = False,
    ) -> None:  # fmt: skip
        if not _internal and not isinstance(of, Storage):
            _warn_typed_storage_removal()
        if dtype is None:
            if wrap_storage is not None:
                raise RuntimeError("TypedStorage(): wrap_storage= needs dtype= as well")
            from corelib.tensor.promotion import get_default_dtype  # which knows tensors, and they storages

            dtype = get_default_dtype()
        self.dtype = kind = dtype
        if wrap_storage is not None and not isinstance(wrap_storage, Storage):
            raise TypeError(f"TypedStorage(): argument 'wrap_storage' must be UntypedStorage, not {type(wrap_storage).__name__}")
        if wrap_storage is not None or isinstance(of, Storage):
            self._untyped: Storage = of if wrap_storage is None else wrap_storage
            return
        elements = None if isinstance(of, int) else np.asarray(list(of)).astype(kind.np)
        size = of if elements is None else elements.size
        self._untyped = Storage(size * kind.itemsize, device=device)
        if elements is not None and size:
            self._untyped._write(elements.view(np.uint8))

    @property
    def device(self) -> Device:
        """Where the elements live."""
        return self._untyped.device

    is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether the device type is cuda.")

    def element_size(self) -> int:
        """The size of one element in bytes."""
        return self.dtype.itemsize

    def clone(self) -> TypedStorage:
        """A new block on the same device with a copy of the elements."""
        return TypedStorage(self._untyped.clone(), self.dtype)

    __copy__ = clone

    def __deepcopy__(self, memo: dict[int, object]) -> TypedStorage:
        return TypedStorage(deepcopy(self._untyped, memo), self.dtype)

    def copy_(self, source: TypedStorage, non_blocking: bool | None = None) -> TypedStorage:
        """Take over the elements of a storage of the same size and dtype; RuntimeError for another size."""
        self._untyped.copy_(source._untyped, non_blocking)
        return self

    def fill_(self, value: Number) -> TypedStorage:
        """Set every element."""
        if self.size():
            self._untyped._write(np.full(self.size(), value).astype(self.dtype.np).view(np.uint8))
        self._untyped._version += 1
        return self

    def cpu(self) -> TypedStorage:
        """This storage, or a copy of it on the host."""
        return TypedStorage(self._untyped.cpu(), self.dtype)

    def is_pinned(self, device: DeviceLike = None) -> bool:
        """False: no storage is in page-locked memory, so far."""
        return False

    def is_shared(self) -> bool:
        """Whether other processes can have this memory."""
        return self._untyped.is_shared()

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.nbytes()

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

    def _host(self) -> HostArray:
        return self._untyped.to_host_bytes()[: self.size() * self.dtype.itemsize].view(self.dtype.np)

    def __getitem__(self, index: int) -> Number:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        if self.device.type == "meta":
            raise NotImplementedError("Not available for 'meta' device type")
        if not isinstance(index, int):
            raise RuntimeError(f"can't index a TypedStorage with {type(index).__name__}")
        if not -self.size() <= index < self.size():
            raise IndexError(f"index {index} out of range for storage of size {self.size()}")
        found: Number = self._host()[index].item()
        return found

    def __setitem__(self, index: int | slice, value: Number) -> None:
        if isinstance(index, slice):
            for i in range(*index.indices(self.size())):
                self[i] = value
            return
        self[index]  # the bounds check
        element = np.asarray(value).astype(self.dtype.np).reshape(1)
        untyped, at = self._untyped, index % self.size() * self.dtype.itemsize
        runtime = untyped.device.runtime
        runtime.backend.host_to_device(untyped._raw, at, element.view(np.uint8), runtime.index)
        untyped._version += 1

    def tolist(self) -> list[Number]:
        """The elements as Python numbers."""
        if self.device.type == "meta":
            raise NotImplementedError("Not available for 'meta' device type")
        return list(self._host().tolist())

    def __iter__(self) -> Iterator[Number]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        lines = "..." if self.device.type == "meta" else " " + "\n ".join(map(str, self.tolist()))
        return f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {self.size()}]"
