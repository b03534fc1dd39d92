"""PyTorch's older way to make and to name tensors: `Tensor(2, 3)`, `LongTensor([1, 2])`, `x.new(2)`, `x.type("torch.LongTensor")`."""

from __future__ import annotations

from typing import Self, TypeVar

from corelib.as_torch.warned import warn
from corelib.ops.construction.construct import as_subclass, tensor
from corelib.ops.construction.creation import empty, parse_size
from corelib.ops.construction.kinds import KindType, types_of
from corelib.tensor import dtype as D
from corelib.tensor.base import extend
from corelib.tensor.device import DeviceLike, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import strided
from corelib.tensor.promotion import get_default_dtype, set_default_dtype
from corelib.tensor.size import Size
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor

T = TypeVar("T", bound=Tensor)


def made(name: str, dtype: DType | None, args: tuple[object, ...], device: DeviceLike = None) -> Tensor:
    """A tensor of uninitialized elements from its sizes, one with the elements of a sequence, or one over a tensor's memory.

    TypeError for a number alone where a sequence is meant, and for tensors of another dtype (None takes any).
    """
    given = args[0] if len(args) == 1 else None
    if isinstance(given, Tensor):
        if dtype is not None and (given._dtype is not dtype or (device is not None and given._device != resolve(device))):
            raise TypeError(f"{name}(): expected a tensor of {dtype}, but got one of {given._dtype} on {given._device}")
        alias = given._alias()
        alias._requires_grad = False
        return alias
    if isinstance(given, (Storage, TypedStorage)):
        wanted = dtype or get_default_dtype()
        if isinstance(given, TypedStorage) and given.dtype is not wanted:
            raise RuntimeError(f"{name}(): expected a storage of {wanted} or an UntypedStorage, but got one of {given.dtype}")
        memory = given.untyped() if isinstance(given, TypedStorage) else given
        return Tensor._make(memory, wanted, (memory.nbytes() // wanted.itemsize,), None, 0)
    if given is None or isinstance(given, (int, Size)):
        return empty(parse_size(name, args) if args else (0,), dtype=dtype or get_default_dtype(), device=device)
    if isinstance(given, (str, dict)) or not hasattr(given, "__len__"):
        raise TypeError(f"{name}(): data must be a sequence (got {type(given).__name__})")
    if dtype is not None and not dtype.is_floating_point:  # fractions are cut, where `tensor` refuses them
        found = tensor(given, device=device)
        if found._dtype.is_floating_point or dtype is D.bool:
            return found.to(dtype)
    return tensor(given, dtype=dtype or get_default_dtype(), device=device)


def new_tensor(cls: type[T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    """`Tensor(2, 3)`, `Tensor([1, 2])`, `Tensor()`: of the default dtype."""
    device = kwargs.pop("device", None)
    if kwargs:
        raise TypeError(f"Tensor(): unexpected keyword arguments {sorted(kwargs)}; use torch.tensor(data, dtype=...)")
    found = made("Tensor", None, args, None if device is None else resolve(device))
    return found if isinstance(found, cls) else as_subclass(found, cls)


class TensorType(KindType):
    """The type of `FloatTensor` and the others: their instances are the tensors of one dtype on the host."""

    layout = strided
    is_cuda = False

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, Tensor) and obj._dtype is cls.dtype and obj._device.type == "cpu"

    def __call__(cls, *args: object, device: DeviceLike = None) -> Tensor:
        if device is not None and resolve(device).type != "cpu":
            raise RuntimeError(f"{cls.__name__}(): expected device cpu, but got {device}; use torch.tensor(data, dtype=..., device=...)")
        return made(cls.__name__, cls.dtype, args, "cpu")


TYPES = types_of(TensorType, "Tensor", "torch.tensor(data, dtype={})")
"""`torch.FloatTensor` and the others, by name."""
(
    FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, ByteTensor, CharTensor, ShortTensor, IntTensor, LongTensor, BoolTensor,
) = TYPES.values()  # fmt: skip


def dtype_of(kind: object) -> object:
    """The dtype that a type of tensors, or its name, stands for; anything else as it is. ValueError for names of no type."""
    if isinstance(kind, TensorType):
        return kind.dtype
    if kind is Tensor:
        return get_default_dtype()
    if not isinstance(kind, str):
        return kind
    module, _, name = kind.rpartition(".")
    if module not in ("torch", "corelib") or name not in TYPES:
        raise ValueError(f"invalid type: {kind!r}; accepted are {', '.join(f'torch.{name}' for name in TYPES)}")
    return TYPES[name].dtype


def set_default_tensor_type(t: object) -> None:
    """The default dtype by the name of a type of tensors; `set_default_dtype` and `set_default_device` say it better.

    TypeError for types that are not floating.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     torch.set_default_tensor_type("torch.FloatTensor")
    >>> torch.get_default_dtype()
    torch.float32
    """
    warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        UserWarning,
    )  # fmt: skip
    found = dtype_of(t)
    if not isinstance(found, DType):
        raise TypeError(f"set_default_tensor_type(): invalid type object: {t!r}; accepted are {', '.join(f'torch.{name}' for name in TYPES)}")
    set_default_dtype(found)


@extend
class Older(Tensor):
    """What every tensor gets from here."""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        return new_tensor(cls, args, kwargs)

    def new(self, *args: object, device: DeviceLike = None) -> Tensor:
        """A tensor of this one's dtype and device: uninitialized from sizes, or with the elements of a sequence. `new_empty` and `new_tensor` say it better.

        >>> import corelib as torch
        >>> torch.ones(1).new([1, 2])
        tensor([1., 2.])
        """
        return made("new", self._dtype, args, device or self._device)
