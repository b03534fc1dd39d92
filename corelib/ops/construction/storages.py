"""What storages do as elements of a dtype: `storage.double()`, `storage.type()`, and the classes that name them (`FloatStorage`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.ops.construction.construct import frombuffer
from corelib.ops.construction.kinds import KindType, types_of
from corelib.tensor import dtype as D
from corelib.tensor.base import attach, extend
from corelib.tensor.device import DeviceLike, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.slot import Slot
from corelib.tensor.storage import Storage, TypedStorage, _warn_typed_storage_removal
from corelib.tensor.tensor import Tensor

SHARE: Slot[Callable[[list[Any]], None]] = Slot(
    "share", "Moves the memory of tensors and storages to where other processes can have it. Filled by the face, from multiprocessing."
)
_CONVERSIONS = {
    "double": D.float64, "float": D.float32, "half": D.float16, "bfloat16": D.bfloat16, "long": D.int64, "int": D.int32, "short": D.int16,
    "char": D.int8, "byte": D.uint8, "bool": D.bool, "complex_double": D.complex128, "complex_float": D.complex64,
}  # fmt: skip


def _as(storage: Storage, held: DType, wanted: DType) -> Storage:
    """A new storage with the elements of one, cast from a dtype to another."""
    count = storage.nbytes() // held.itemsize
    return Tensor._make(storage, held, (count,), None, 0).to(dtype=wanted, copy=True).untyped_storage()


def _conversion(name: str, dtype: DType) -> None:
    def of_typed(self: TypedStorage) -> TypedStorage:
        return TypedStorage(_as(self.untyped(), self.dtype, dtype), dtype)

    def of_bytes(self: Storage) -> TypedStorage:
        return TypedStorage(_as(self, D.uint8, dtype), dtype)

    for method, cls in ((of_typed, TypedStorage), (of_bytes, Storage)):
        method.__name__ = method.__qualname__ = name
        method.__doc__ = f"A copy whose elements are cast to {dtype}."
        setattr(cls, name, method)


for _name, _dtype in _CONVERSIONS.items():
    _conversion(_name, _dtype)


class StorageType(KindType):
    """The type of `FloatStorage` and the others: their instances are the typed storages of one dtype on the host."""

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype and obj.device.type == "cpu"

    def __subclasscheck__(cls, other: type) -> bool:
        return other is cls

    def __call__(cls, *args: Any, wrap_storage: Storage | None = None, device: DeviceLike = None, **others: object) -> TypedStorage:
        name = cls.__name__
        if others or len(args) > 1 or (args and wrap_storage is not None):
            raise RuntimeError(
                f"{name}(): received an invalid combination of arguments; accepted are a size, a sequence of numbers, or wrap_storage=, an UntypedStorage"
            )
        if device is not None and resolve(device).type != "cpu":
            raise RuntimeError(f"{name}(): expected device cpu, but got {device}; use torch.TypedStorage(..., dtype=..., device=...)")
        given = args[0] if args else 0
        if isinstance(given, (str, bytes)) or not (isinstance(given, int) or hasattr(given, "__len__")) or isinstance(given, Storage):
            raise TypeError(f"{name}(): invalid data type '{type(given).__name__}'; accepted are a size and a sequence of numbers")
        if wrap_storage is not None and (not isinstance(wrap_storage, Storage) or wrap_storage.device.type != "cpu"):
            raise TypeError(f"{name}(): argument 'wrap_storage' must be an UntypedStorage on the cpu, not {type(wrap_storage).__name__}")
        _warn_typed_storage_removal()
        return TypedStorage(given, cls.dtype, wrap_storage=wrap_storage, _internal=True)

    def _new_shared(cls, size: int) -> TypedStorage:
        return TypedStorage(_new_shared(size * cls.dtype.itemsize), cls.dtype)

    def from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0) -> TypedStorage:
        """A storage with a copy of the bytes of `buffer`, from `offset` on; byte_order: "native", "little" or "big"."""
        if byte_order is None:
            if cls.dtype.itemsize > 1:
                raise RuntimeError("from_buffer(): function missing required argument 'byte_order' (pos 2); accepted are 'native', 'little' and 'big'")
            byte_order = "native"
        if byte_order not in ("native", "little", "big"):
            raise ValueError(f"from_buffer(): byte_order must be 'native', 'little' or 'big', got {byte_order!r}")
        found = frombuffer(bytearray(buffer), dtype=cls.dtype, count=count, offset=offset).clone().untyped_storage()
        if byte_order == "big":
            byteswap(found, cls.dtype)
        return TypedStorage(found, cls.dtype)


TYPES = types_of(StorageType, "Storage", "torch.TypedStorage(data, dtype={})", complex_too=True)
"""`torch.FloatStorage` and the others, by name."""
(
    FloatStorage, DoubleStorage, HalfStorage, BFloat16Storage, ByteStorage, CharStorage, ShortStorage, IntStorage, LongStorage, BoolStorage,
    ComplexFloatStorage, ComplexDoubleStorage,
) = TYPES.values()  # fmt: skip
StorageOfFloats = FloatStorage
_BY_DTYPE = {t.dtype: t for t in TYPES.values()}


def byteswap(self: Storage, dtype: DType) -> None:
    """Turn the bytes of every element of `dtype` around, in place; of a complex dtype those of either part."""
    size = dtype.itemsize // (2 if dtype.is_complex else 1)
    if self.nbytes() % dtype.itemsize:
        raise RuntimeError(f"byteswap(): the length of data ({self.nbytes()} bytes) is not a multiple of {dtype.itemsize}")
    if size > 1:
        n = self.nbytes()
        content = np.array(self.to_host_bytes())
        content[:n] = content[:n].reshape(-1, size)[:, ::-1].reshape(-1)
        self._write(content)
        self._version += 1


def _named(dtype: DType, device: Device) -> str:
    kind = _BY_DTYPE.get(dtype)
    if kind is None:
        raise RuntimeError(f"type(): no class of storages has dtype {dtype}")
    return f"torch.{'' if device.type == 'cpu' else device.type + '.'}{kind.__name__}"


def storage_type_of(self: TypedStorage, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the class that such storages have; with a dtype, or such a class or its name, a copy with elements of it."""
    if dtype is None:
        return _named(self.dtype, self.device)
    if isinstance(dtype, str):
        module, _, name = dtype.rpartition(".")
        if module != "torch" or name not in TYPES:
            raise ValueError(f"type(): invalid type: {dtype!r}; accepted are {', '.join(f'torch.{known}' for known in TYPES)}")
        dtype = TYPES[name]
    wanted = dtype.dtype if isinstance(dtype, StorageType) else dtype
    if not isinstance(wanted, DType):
        raise TypeError(f"type(): expected a dtype or a class of storages, got {type(dtype).__name__}")
    return self if wanted is self.dtype else TypedStorage(_as(self.untyped(), self.dtype, wanted), wanted)


def _untyped_type(self: Storage, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the class; RuntimeError for a dtype, since bytes have none."""
    if dtype is not None:
        raise RuntimeError(f"type(): an UntypedStorage has no dtype that could become {dtype}; use TypedStorage(wrap_storage=..., dtype=...)")
    return "torch.storage.UntypedStorage"


def _resize(self: TypedStorage, size: int) -> TypedStorage:
    """Change the number of elements in place, as `UntypedStorage.resize_`."""
    if type(size) is not int:
        raise RuntimeError(f"resize_(): resize_ expects an int, but got {type(size).__name__}")
    self.untyped().resize_(size * self.dtype.itemsize)
    return self


def _to(self: TypedStorage, *, device: DeviceLike, non_blocking: bool = False) -> TypedStorage:
    """This storage, or a copy of it where it lies on another device."""
    return TypedStorage(self.untyped().to(device=device, non_blocking=non_blocking), self.dtype)


def _resizable(self: TypedStorage) -> bool:
    """Whether `resize_` may change the size."""
    return self.untyped().resizable()


def _pickle_storage_type(self: TypedStorage) -> str:
    """The name under which checkpoints know storages of this dtype."""
    return _named(self.dtype, resolve("cpu")).rpartition(".")[2]


def storage_type(self: Tensor) -> Any:
    """The class of storages of this tensor's dtype, as `torch.FloatStorage`."""
    return _BY_DTYPE[self._dtype]


def _share(self: Storage) -> Storage:
    """Move the bytes, with all tensors over them, to memory that other processes can have. It cannot be resized there.

    What is there already stays. RuntimeError where the storage is not on the cpu.

    >>> import corelib as torch
    >>> torch.UntypedStorage(4).share_memory_().is_shared()
    True
    """
    SHARE.value([self])
    return self


def _share_typed(self: TypedStorage) -> TypedStorage:
    """Move the elements to memory that other processes can have, as `UntypedStorage.share_memory_`."""
    SHARE.value([self.untyped()])
    return self


def _new_shared(size: int, *, device: DeviceLike = None) -> Storage:
    """A storage of so many bytes that other processes can have."""
    made = Storage(size, device=device)
    SHARE.value([made])
    return made


def _new_shared_typed(self: TypedStorage, size: int, *, device: DeviceLike = None) -> TypedStorage:
    """A storage of so many elements that other processes can have."""
    return TypedStorage(_new_shared(size * self.dtype.itemsize, device=device), self.dtype)


@extend
class Shared(Tensor):
    """What every tensor gets from here."""

    def is_shared(self) -> bool:
        """Whether other processes can have the memory: after `share_memory_`, or where it came from another process. False off the cpu."""
        return self._storage is not None and self._storage.is_shared()

    def share_memory_(self) -> Tensor:
        """Move the memory, with all tensors over it, to where other processes can have it; returns the tensor itself.

        Sent to another process, by a queue, a pipe or as an argument, it is the same memory there. It cannot be resized. A NumPy
        array over the memory keeps the old. RuntimeError where the tensor is not on the cpu.

        >>> import corelib as torch
        >>> x = torch.zeros(3)
        >>> x.share_memory_() is x, x[1:].is_shared()
        (True, True)
        """
        SHARE.value([self])
        return self


_TYPED: dict[str, Callable[..., Any]] = {
    "type": storage_type_of, "resize_": _resize, "resizable": _resizable, "to": _to, "pickle_storage_type": _pickle_storage_type,
    "share_memory_": _share_typed, "_new_shared": _new_shared_typed,
}  # fmt: skip
for _name, _method in _TYPED.items():
    setattr(TypedStorage, _name, _method)
_UNTYPED: dict[str, Any] = {
    "type": _untyped_type, "byteswap": byteswap, "share_memory_": _share, "_new_shared": staticmethod(_new_shared),
}  # fmt: skip
for _name, _method in _UNTYPED.items():
    setattr(Storage, _name, _method)
for _cls in (TypedStorage, Storage):
    setattr(_cls, "is_sparse", False)  # noqa: B010
attach("storage_type", storage_type)
