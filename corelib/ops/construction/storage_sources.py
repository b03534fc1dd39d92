"""Storages over files and buffers: `from_file`, `from_buffer`, and what a storage says of where its memory comes from."""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakKeyDictionary

from corelib.dispatcher.namespaces import public
from corelib.ops.construction.storages import StorageType, byteswap
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.layout import layout as Layout
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.storage import FIXED, Storage, TypedStorage
from corelib.tensor.tensor import Tensor

_FILES: WeakKeyDictionary[Storage, str] = WeakKeyDictionary()
"""The files that storages share with other processes."""


def from_file(cls: type[Storage], filename: str | os.PathLike[str], shared: bool = False, nbytes: int = 0) -> Storage:
    """A storage of the first `nbytes` bytes of a file, which are read when first touched.

    With `shared` the file is made, or made longer, where need be, and what is written to the storage is written to it; without, changes stay in
    memory. RuntimeError for a file that cannot be opened, or that is too short.

    >>> import corelib as torch, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
    >>> torch.UntypedStorage.from_file(path, shared=True, nbytes=2).fill_(7).tolist()
    [7, 7]
    >>> torch.UntypedStorage.from_file(path, nbytes=1).tolist()
    [7]
    """
    path = os.fspath(filename)
    if nbytes < 0:
        raise RuntimeError(f"from_file(): the size must not be negative, got {nbytes}")
    if nbytes == 0 and not shared:
        return Storage(0)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY, 0o600)
    except OSError as error:
        mode = "read-write" if shared else "read-only"
        raise RuntimeError(f"from_file(): unable to open file <{path}> in {mode} mode: {error.strerror} ({error.errno})") from error
    try:
        size = os.fstat(handle).st_size
        if size < nbytes and not shared:
            raise RuntimeError(f"from_file(): file <{path}> size <{size}> is smaller than the required mapping size <{nbytes}>")
        if size < nbytes:
            os.ftruncate(handle, nbytes)
        import mmap  # which few programs need

        access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
        content = np.frombuffer(mmap.mmap(handle, nbytes, access=access), np.uint8) if nbytes else np.empty(0, np.uint8)
    finally:
        os.close(handle)
    made = Storage(resolve("cpu"), content, nbytes)
    made._state |= FIXED
    if shared:
        _FILES[made] = path
    return made


@public("torch", names=("from_file",))
def tensor_from_file(
    filename: str, shared: bool | None = None, size: int = 0, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """A 1-d tensor of the first `size` elements of a file, in the file's memory: see `UntypedStorage.from_file`.

    With `shared` the file is made where there is none, and what is written to the tensor is written to it. dtype: the default dtype. RuntimeError for a
    file that cannot be opened or is too short, for devices other than the cpu, and for pinned memory.

    >>> import corelib as torch, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
    >>> torch.from_file(path, shared=True, size=2).fill_(7.)
    tensor([7., 7.])
    >>> torch.from_file(path, size=2)
    tensor([7., 7.])
    """
    kind = get_default_dtype() if dtype is None else dtype
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"from_file(): argument 'layout' must be torch.strided, got {layout}")
    if pin_memory:
        raise RuntimeError("from_file(): tensors constructed from a file cannot be pinned")
    if device is not None and resolve(device).type != "cpu":
        raise RuntimeError(f"from_file(): only tensors of the cpu can be mapped to files, got device {device}")
    made = Tensor._make(from_file(Storage, filename, bool(shared), size * kind.itemsize), kind, (size,), None, 0)
    return made.requires_grad_() if requires_grad else made


def from_buffer(
    cls: type[Storage], buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0, *, dtype: DType | None = None,
) -> Storage:
    """A storage with a copy of `count` elements of `dtype` of a buffer, from byte `offset` on; all of them by default.

    byte_order is that of the buffer: "native", "little" or "big"; it must be given for elements of more than a byte. ValueError for an offset
    outside of the buffer, and for one whose rest is no whole number of elements.

    >>> import corelib as torch
    >>> torch.UntypedStorage.from_buffer(b"abcd", "big", dtype=torch.int16).tolist()
    [98, 97, 100, 99]
    """
    if dtype is None:
        raise RuntimeError("from_buffer(): argument 'dtype' cannot be None; wrong: UntypedStorage.from_buffer(b), right: UntypedStorage.from_buffer(b, dtype=torch.uint8)")
    if byte_order is None and dtype.itemsize > 1:
        raise RuntimeError("from_buffer(): function missing required argument 'byte_order' (pos 2); accepted are 'native', 'little' and 'big'")
    if byte_order not in (None, "native", "little", "big"):
        raise ValueError(f"from_buffer(): byte_order must be 'native', 'little' or 'big', got {byte_order!r}")
    content, size = np.frombuffer(buffer, np.uint8), dtype.itemsize
    if not 0 <= offset <= content.size:
        raise ValueError(f"from_buffer(): offset must be non-negative and no greater than the buffer's length ({content.size}), but got {offset}")
    left = content.size - offset
    if count < 0 and left % size:
        raise ValueError(f"from_buffer(): buffer size ({left}) must be a multiple of element size ({size})")
    wanted = left if count < 0 else count * size
    if wanted > left:
        raise ValueError(f"from_buffer(): buffer has only {left} elements after offset {offset}, but specified a size of {wanted}")
    made = Storage.from_host_bytes(content[offset : offset + wanted].copy(), resolve("cpu"))
    if byte_order == "big":
        byteswap(made, dtype)
    return made


def _typed_from_buffer(cls: type[Any], /, *args: Any, dtype: DType | None = None, device: DeviceLike = None, **kwargs: Any) -> TypedStorage:
    """A storage of elements of `dtype` with a copy of a buffer's bytes, as `UntypedStorage.from_buffer`, on the cpu."""
    if device is not None and resolve(device).type != "cpu":
        raise RuntimeError(f"TypedStorage.from_buffer: Not available for device {device}; accepted is cpu")
    made = from_buffer(Storage, *args, dtype=dtype, **kwargs)
    return TypedStorage(made, dtype)


def _typed_from_file(cls: type[TypedStorage], filename: str, shared: bool = False, size: int = 0) -> TypedStorage:
    """Only `FloatStorage` and the others that say a dtype have it: RuntimeError."""
    raise RuntimeError("from_file can only be called on derived classes; wrong: TypedStorage.from_file(path), right: torch.FloatStorage.from_file(path)")


def _kind_from_file(cls: StorageType, filename: str, shared: bool = False, size: int = 0) -> TypedStorage:
    """A storage of `size` elements of a file, as `UntypedStorage.from_file`."""
    return TypedStorage(from_file(Storage, filename, shared, size * cls.dtype.itemsize), cls.dtype)


def _filename(self: Storage) -> str | None:
    return _FILES.get(self._itself())


def _get_device(self: Storage | TypedStorage) -> int | None:
    """The index of the device; None on the host."""
    return self.device.index


def _new(self: Storage) -> Storage:
    """An empty storage on the same device."""
    return Storage(0, device=self.device)


def _itself(self: Storage) -> Storage:
    """This storage."""
    return self


def _moves(name: str) -> Any:
    def move(self: Any, device: Any = None, non_blocking: bool = False) -> Any:
        index = device.index if isinstance(device, Device) else device
        return self.to(device=name if index is None else f"{name}:{index}", non_blocking=non_blocking)

    move.__name__ = move.__qualname__ = name
    move.__doc__ = f"This storage, or a copy of it on a {name} device; RuntimeError where there is none."
    return move


def _mps(self: Storage) -> Storage:
    """This storage, or a copy of it on an mps device; RuntimeError where there is none."""
    return self.to(device="mps")


def _pin_memory(self: Any, device: Any = "cuda") -> Any:
    """A copy in page-locked memory: RuntimeError where no device has a use for it."""
    raise RuntimeError(f"pin_memory(): cannot pin a storage of {self.device} for {device}: storages have no page-locked memory so far; use Tensor.pin_memory()")


_UNTYPED: dict[str, Any] = {
    "from_file": classmethod(from_file), "from_buffer": classmethod(from_buffer), "filename": property(_filename, doc="The file that this storage shares; None for none."),
    "new": _new, "untyped": _itself, "mps": _mps, "is_sparse_csr": False,
}  # fmt: skip
_TYPED: dict[str, Any] = {
    "from_file": classmethod(_typed_from_file), "from_buffer": classmethod(_typed_from_buffer),
    "filename": property(lambda self: _filename(self.untyped()), doc="The file that this storage shares; None for none."),
    "_untyped_storage": property(lambda self: self.untyped()), "_size": TypedStorage.size, "_nbytes": TypedStorage.nbytes, "_data_ptr": TypedStorage.data_ptr,
    "_element_size": TypedStorage.element_size,
}  # fmt: skip
_BOTH: dict[str, Any] = {
    "get_device": _get_device, "cuda": _moves("cuda"), "hpu": _moves("hpu"), "pin_memory": _pin_memory,
    "is_hpu": property(lambda self: self.device.type == "hpu", doc="Whether the device type is hpu."),
}  # fmt: skip
for _cls, _names in ((Storage, {**_UNTYPED, **_BOTH}), (TypedStorage, {**_TYPED, **_BOTH})):
    for _name, _value in _names.items():
        setattr(_cls, _name, _value)
setattr(StorageType, "from_file", _kind_from_file)  # noqa: B010
