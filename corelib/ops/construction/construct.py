"""Tensors from and to what is not a tensor: Python data, NumPy, pickles."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import NoReturn, Protocol, SupportsIndex, TYPE_CHECKING, TypeGuard, TypeVar

from corelib.as_torch.warned import warn
from corelib.contract.kernels import Native
from corelib.graph.node import AccumulateGrad
from corelib.ops.conversion.interchange import adopt, wrap
from corelib.tensor import dtype as D
from corelib.tensor.base import extend
from corelib.tensor.device import DeviceLike, cpu, device as Device, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.keys import dispatch_key
from corelib.tensor.promotion import as_dtype, get_default_dtype
from corelib.tensor.size import NATIVE_DIMS, Shape, Strides
from corelib.tensor.storage import FIXED, Storage
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

T = TypeVar("T", bound=Tensor)
_new = object.__new__


class _Sequence(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> object: ...


def tensor(
    data: object, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of `data`: a number, nested sequences, a NumPy array, or a tensor.

    dtype defaults to what the data says: bool, int64, the default float, or the array's own.
    TypeError for what is no number, ValueError for sequences of unequal lengths.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if dtype is not None and not isinstance(dtype, DType):
        dtype = as_dtype("tensor", "dtype", 2, dtype)
    if pin_memory:
        return tensor(data, dtype=dtype, device=device).pin_memory().requires_grad_(requires_grad)
    if not isinstance(data, (Tensor, np.ndarray)) and hasattr(data, "__cuda_array_interface__"):
        return as_tensor(data, dtype, device).clone().requires_grad_(requires_grad)
    if isinstance(data, Tensor):
        warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
        )
        made = data.detach().to(device=resolve(device) if device is not None else data._device, dtype=dtype or data._dtype)
        if made is data or made.untyped_storage() is data.untyped_storage():
            made = made.clone()
        return made.requires_grad_() if requires_grad else made
    place = resolve(device)
    try:
        array = _parse(_without_values(data) if place.type == "meta" else data, dtype)
    except _TooDeep:
        if not isinstance(data, (list, tuple)) or len(data) != 1:
            raise
        return tensor(data[0], dtype=dtype, device=device).unsqueeze(0).requires_grad_(requires_grad)
    made = _from_array(array, place, copy=False)
    return made.requires_grad_() if requires_grad else made


def _parse(data: object, dtype: DType | None) -> Native:
    """A fresh NumPy array of the elements, with a dtype that corelib has."""
    kind = type(data)
    if dtype in D.HELD:
        raise RuntimeError(f"tensor(): invalid type: a number is no element of {dtype}; make bytes and view them: torch.tensor([0], dtype=torch.uint8).view({dtype})")
    wanted = None if dtype is None else dtype.np
    if kind is float and isinstance(data, float):
        if -65504.0 <= data <= 65504.0:
            return np.array(data, wanted or get_default_dtype().np)
        return _of_large(data, wanted or get_default_dtype().np)
    if kind is bool or kind is int:
        return _array_of(data, wanted)
    if isinstance(data, (np.ndarray, np.generic)):
        D.from_numpy_dtype(data.dtype)
        return np.array(data, wanted, copy=True, order="C")
    if isinstance(data, (list, tuple)):
        first = _first(data)
        if isinstance(first, Tensor):
            kinds = {x._dtype for x in data if isinstance(x, Tensor)}
            if wanted is None and len(kinds) == 1:
                wanted = kinds.pop().np
        if isinstance(first, Tensor) or _is_other_sequence(first):
            data = _lists(data)
    elif hasattr(data, "__array__"):
        return _parse(np.asarray(data), dtype)
    elif isinstance(data, (str, bytes)):
        raise TypeError(f"tensor(): new(): invalid data type '{kind.__name__}'; accepted are numbers, sequences, arrays")
    elif _is_other_sequence(data):
        data = _lists(data)
    return _array_of(data, wanted)


def _of_large(data: float, wanted: np.dtype[np.generic]) -> Native:
    """The array of a number that may be beyond its dtype: inf for floats, RuntimeError for integers."""
    try:
        with np.errstate(over="ignore"):
            return np.array(data, wanted)
    except OverflowError:
        raise RuntimeError(f"tensor(): value cannot be converted to type {wanted} without overflow (got {data})") from None


def _array_of(data: object, wanted: np.dtype[np.generic] | None) -> Native:
    try:
        array = np.array(data)
    except ValueError:
        _first(data)
        if _holds_tensor(data):  # behind numbers: one of one element is a number, whatever its shape
            return _array_of(_lists(data), wanted)
        raise ValueError(_ragged(data)) from None
    if wanted is not None and wanted.kind in "fV" and array.dtype == object and all(isinstance(x, (int, float)) for x in array.reshape(-1)):
        array = array.astype(np.float64)  # integers of more than 64 bits
    if array.dtype == object or array.dtype.kind in "USOV":
        if array.dtype == object and all(isinstance(x, int) for x in array.reshape(-1)):
            raise ValueError("tensor(): Overflow when unpacking long long: an integer does not fit in 64 bits")
        if not isinstance(data, (str, bytes)) and isinstance(_first(data), str):
            raise ValueError(f"tensor(): too many dimensions 'str' (got {data!r}); accepted are bool, int, float")
        if array.dtype == object and any(x is None for x in array.reshape(-1)):
            raise RuntimeError("tensor(): Could not infer dtype of NoneType; accepted are bool, int, float")
        bad = next((x for x in np.array(data, dtype=object).reshape(-1) if not isinstance(x, (int, float))), data)
        if isinstance(bad, (str, bytes)):
            raise TypeError(f"tensor(): new(): invalid data type '{type(bad).__name__}'; accepted are bool, int, float")
        raise RuntimeError(f"tensor(): Could not infer dtype of {type(bad).__name__}; accepted are bool, int, float, and sequences of them")
    if array.dtype.kind == "c":
        if wanted is not None and wanted.kind != "c":
            raise TypeError(f"tensor(): must be real number, not complex, for dtype {wanted}")
        return array.astype(wanted or (array.dtype if _has_numpy(data) else get_default_dtype().to_complex().np))
    if wanted is not None:
        if array.dtype.kind == "u" and array.dtype.itemsize == 8 and wanted.kind in "iub" and not _has_numpy(data):
            raise ValueError("tensor(): Overflow when unpacking long long: an integer does not fit in 64 bits")
        if wanted.kind in "iu" and array.dtype.kind in "iuf" and array.size:
            low, high = np.iinfo(wanted.str).min, np.iinfo(wanted.str).max
            if wanted.kind == "u" and array.dtype.kind != "f":
                low = -high  # which wraps, as in PyTorch
            least, most = array.min().item(), array.max().item()  # NaN, if there is one, and Python compares without rounding
            if not (low <= least and most <= high):
                value = most if low <= least else least
                raise RuntimeError(f"tensor(): value cannot be converted to type {wanted} without overflow (got {value})")
        return _narrowed(array, wanted)
    if (array.dtype.kind == "f" or array.size == 0) and not _has_numpy(data):
        return _narrowed(array, get_default_dtype().np)
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        raise ValueError("tensor(): Overflow when unpacking long long: an integer does not fit in 64 bits")
    if array.dtype.kind in "iu" and not _has_numpy(data):
        return array.astype(np.int64)
    return array


def _narrowed(array: Native, wanted: np.dtype[np.generic]) -> Native:
    """The array as one of a dtype; what is too large for it becomes inf without a word."""
    if array.dtype.kind != "f":
        return array.astype(wanted)
    with np.errstate(over="ignore"):
        return array.astype(wanted)


class _TooDeep(ValueError):
    """For more sequences in each other than an array has dimensions."""


def _first(data: object) -> object:
    """The first of all elements of nested sequences; ValueError for more than 128 in each other, as where a list holds itself."""
    depth = 0
    while isinstance(data, (list, tuple)) and data:
        depth += 1
        if depth > 128:
            raise _too_deep(data, 128)
        data = data[0]
    if depth > NATIVE_DIMS:
        raise _too_deep(data, NATIVE_DIMS)
    return data


def _too_deep(data: object, most: int = NATIVE_DIMS) -> ValueError:
    return (_TooDeep if most == NATIVE_DIMS else ValueError)(f"tensor(): too many dimensions '{type(data).__name__}'; accepted are at most {most}")


def _has_numpy(data: object) -> bool:
    return isinstance(_first(data), (np.ndarray, np.generic))


def _without_values(data: object, depth: int = 0) -> object:
    """Nested sequences with zeros in place of tensors on meta."""
    if isinstance(data, Tensor) and data._device.type == "meta":
        return np.zeros((), data._dtype.np) if data._numel == 1 else _raise_elements(data)
    if depth > NATIVE_DIMS:
        raise _too_deep(data)
    return [_without_values(x, depth + 1) for x in data] if isinstance(data, (list, tuple)) else data


def _is_other_sequence(data: object) -> TypeGuard[_Sequence]:
    """Whether it is what a program has made with a length and items."""
    if isinstance(data, (int, float, complex, str, bytes, list, tuple, dict, Tensor)) or hasattr(data, "__array__"):
        return False
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def _lists(data: object, depth: int = 0) -> object:
    """Nested sequences as lists, with numbers in place of tensors."""
    if isinstance(data, Tensor):
        return data.detach().item() if data._numel == 1 else _raise_elements(data)
    if depth > NATIVE_DIMS:
        raise _too_deep(data)
    if isinstance(data, (list, tuple)):
        return [_lists(x, depth + 1) for x in data]
    return [_lists(data[i], depth + 1) for i in range(len(data))] if _is_other_sequence(data) else data


def _holds_tensor(data: object) -> bool:
    """Whether nested sequences hold a tensor; one that holds itself is looked at once."""
    seen, left = set[int](), [data]
    while left:
        each = left.pop()
        if isinstance(each, Tensor):
            return True
        if isinstance(each, (list, tuple)) and id(each) not in seen:
            seen.add(id(each))
            left += each
    return False


def _raise_elements(t: Tensor) -> NoReturn:
    raise ValueError(
        f"tensor(): only one element tensors can be converted to Python scalars, got shape {list(t._shape)}; use "
        "torch.stack to join tensors"
    )


def _ragged(data: object, dim: int = 0) -> str:
    parts = data if isinstance(data, (list, tuple)) else ()
    lengths = [len(x) if isinstance(x, (list, tuple)) else None for x in parts]
    if len(set(lengths)) > 1:
        at = next(i for i, n in enumerate(lengths) if n != lengths[0])
        if lengths[0] is None or lengths[at] is None:
            other, first = type(parts[at]).__name__, type(parts[0]).__name__
            raise TypeError(f"tensor(): the elements of a sequence must be all numbers or all sequences, got {first} and {other}")
        return f"tensor(): expected sequence of length {lengths[0]} at dim {dim + 1} (got {lengths[at]})"
    for x in parts:
        if isinstance(x, (list, tuple)):
            found = _ragged(x, dim + 1)
            if found:
                return found
    return "tensor(): the nested sequences have unequal lengths"


def _from_array(array: Native, device: Device, copy: bool) -> Tensor:
    """A tensor over an array's memory on the host, or with a copy of it elsewhere."""
    dtype = D.from_numpy_dtype(array.dtype)
    if device.type == "meta":
        return Tensor._empty(device, dtype, array.shape)
    host = cpu.runtime.device
    if copy:
        array = array.copy()
    made = wrap(array, dtype, host)
    return made if device is host else made.to(device)


def _warn_not_writable(what: str) -> None:
    warn(
        f"The given {what} is not writable, and PyTorch does not support non-writable tensors. This means writing to this tensor "
        "will result in undefined behavior. You may want to copy the data to protect it or make it writable before converting "
        "it to a tensor.",
        UserWarning,
    )


def from_numpy(array: object) -> Tensor:
    """A tensor that shares a NumPy array's memory.

    TypeError for anything else and for dtypes that corelib lacks; ValueError for negative strides.

    >>> import corelib as torch, numpy as np
    >>> a = np.zeros(2); t = torch.from_numpy(a); a[0] = 1; t
    tensor([1., 0.], dtype=torch.float64)
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy(): expected np.ndarray (got {type(array).__name__})")
    dtype = D.from_numpy_dtype(array.dtype)
    if not array.flags.writeable:
        _warn_not_writable("NumPy array")
        array = array.view()
    return _lent(wrap(array, dtype, cpu.runtime.device))


def _lent(t: Tensor) -> Tensor:
    """A tensor over memory that is somebody else's, and keeps its size."""
    t._own_storage()._state |= FIXED
    return t


def as_tensor(data: object, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """A tensor that shares `data`'s memory where it can: a tensor or NumPy array of the right dtype and device."""
    if dtype is not None and not isinstance(dtype, DType):
        dtype = as_dtype("as_tensor", "dtype", 2, dtype)
    if isinstance(data, Tensor):
        return data.to(device=data._device if device is None else resolve(device), dtype=dtype or data._dtype)
    if isinstance(data, np.ndarray):
        shared = from_numpy(data)
        return shared.to(device=resolve(device), dtype=dtype or shared._dtype)
    if hasattr(data, "__cuda_array_interface__"):
        shared = adopt(data, "cuda")
        place = shared._device if device is None else resolve(device)
        return shared.to(device=place, dtype=dtype or shared._dtype)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: object, *, dtype: DType | None = None, device: DeviceLike = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor from any array-like, sharing its memory unless `copy` is True; ValueError where copy=False cannot be.

    Of a buffer, such as a bytearray, it takes the bytes as elements of `dtype`, the default float unless given.
    """
    if isinstance(obj, (bytes, bytearray, memoryview)):
        made = frombuffer(obj, dtype=dtype or get_default_dtype()).to(device=resolve(device))
        made = made.clone() if copy else made
    elif copy:
        made = tensor(obj, dtype=dtype, device=device) if not isinstance(obj, Tensor) else as_tensor(obj, dtype, device)
        if isinstance(obj, Tensor) and (made is obj or made.untyped_storage() is obj.untyped_storage()):
            made = made.detach().clone()
    else:
        made = as_tensor(obj, dtype, device)
        shares = made is obj or (isinstance(obj, np.ndarray) and np.shares_memory(made.detach().numpy(), obj))
        if copy is False and not shares:
            raise ValueError("asarray(): can't alias tensor or array with copy=False for the given dtype and device")
    return made.requires_grad_() if requires_grad else made


def frombuffer(buffer: ReadableBuffer, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor over the memory of an object with the buffer protocol; it warns where that cannot be written.

    ValueError for an object without it, for no elements at all, and for counts and offsets that do not fit.
    """
    try:
        content = memoryview(buffer)
    except TypeError:
        raise ValueError(f"frombuffer(): object does not implement Python buffer protocol, got {type(buffer).__name__}") from None
    if not content.nbytes or not count:
        raise ValueError(f"frombuffer(): both buffer length ({content.nbytes}) and count ({count}) must not be 0")
    array = np.frombuffer(content, dtype.np, count, offset)
    if not array.flags.writeable:
        _warn_not_writable("buffer")
    t = _lent(wrap(array, dtype, cpu.runtime.device))
    return t.requires_grad_() if requires_grad else t


def as_subclass(t: Tensor, cls: type[T]) -> T:
    """A tensor of a subclass over the same memory; its graph position is kept."""
    made = _new(cls)
    source = t if t._storage is not None else _with_storage(t)
    for slot in ("_native", "_storage", "_shape", "_strides", "_offset", "_numel", "_dtype", "_device", "_key",
                 "_requires_grad", "_edge", "_base"):
        setattr(made, slot, getattr(source, slot))
    return made


def _with_storage(t: Tensor) -> Tensor:
    t._own_storage()
    return t


def data_of(t: Tensor) -> Tensor:
    """`t.data`: another tensor over the same memory, outside the graph, that counts its changes itself."""
    made = t._alias()
    if t._inference:
        made._inference = True
    made._storage = made._own_storage()._twin()
    return made


def set_data(t: Tensor, value: object) -> None:
    """`t.data = value`: the tensor takes over another's memory and keeps its own place in the graph."""
    if not isinstance(value, Tensor):
        raise TypeError(f"data: Variable data has to be a tensor, but got {type(value).__name__}")
    if t._requires_grad and not (value._dtype.is_floating_point or value._dtype.is_complex):
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    storage, version = value._own_storage(), t._version
    for slot in ("_native", "_storage", "_shape", "_strides", "_offset", "_numel", "_dtype", "_device", "_key"):
        setattr(t, slot, getattr(value, slot))
    if version or storage._version:
        t._storage = storage._twin(version)
    if t._edge is not None and type(t._edge[0]) is AccumulateGrad:
        t._edge = None


def rebuild(
    cls: type[Tensor] | None, storage: Storage, dtype: DType, shape: Shape, strides: Strides | None, offset: int, requires_grad: bool,
    attributes: dict[str, object], bits: tuple[bool, bool] | None = None,
) -> Tensor:
    """The inverse of `reduce_tensor`. Without a class it is Tensor: no pickle of one says whether it was under as_torch."""
    made = Tensor._make(storage, dtype, shape, strides, offset)
    if bits:  # (conj, neg)
        made._key = dispatch_key(made._key.device_type, made._key.layout, *bits)
    if cls is not None and cls is not Tensor:
        made = as_subclass(made, cls)
    made._requires_grad = requires_grad
    made.__dict__.update(attributes)
    return made


_LEFT_BEHIND = (
    "_backward_hooks", "_post_accumulate_hooks", "_resolutions", "_borrows_grad", "_creation", "_retains_grad", "_view_version",
)  # fmt: skip


def reduce_tensor(t: Tensor) -> tuple[Callable[..., Tensor], tuple[object, ...]]:
    """How `pickle` and `copy.copy` see a tensor: its storage and how it lies there, not its history.

    So what shares memory still does after a pickle of both, and copy.copy shares the memory, as in PyTorch.
    """
    kept = {k: v for k, v in t.__dict__.items() if k not in (*_LEFT_BEHIND, "_grad")}
    storage = t.untyped_storage()
    bits = ((t._key.conj, t._key.neg),) if t._key.lazy else ()
    return rebuild, (None if type(t) is Tensor else type(t), storage, t._dtype, t._shape, t._strides, t._offset, t._requires_grad, kept, *bits)


def deepcopy_tensor(t: Tensor, memo: dict[int, object]) -> Tensor:
    """A copy of a leaf with its `.grad`; leaves that share memory share that of the copies."""
    known = memo.get(id(t))
    if isinstance(known, Tensor):
        return known
    if not t.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. If you "
            "were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage."
        )
    source = t.detach().clone() if t._key.lazy else t  # the copy of a conjugate has the elements themselves, as in PyTorch
    storage = source._own_storage() if t._key.lazy else deepcopy(t.untyped_storage(), memo)
    made = rebuild(type(t), storage, t._dtype, t._shape, source._strides, source._offset, t._requires_grad, {})
    memo[id(t)] = made
    for key, value in t.__dict__.items():
        if key not in _LEFT_BEHIND:
            made.__dict__[key] = deepcopy(value, memo)
    return made


@extend
class Rebuilt(Tensor):
    """What every tensor gets from here."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Callable[..., Tensor], tuple[object, ...]]:
        return reduce_tensor(self)

    def __deepcopy__(self, memo: dict[int, object]) -> Tensor:
        return deepcopy_tensor(self, memo)

    @staticmethod
    def _make_subclass(cls: type[T], data: Tensor, require_grad: bool = False) -> T:
        """A leaf of a subclass over the memory of a tensor: for the `__new__` of a subclass."""
        made = as_subclass(data.detach(), cls)
        made._base = None
        return made.requires_grad_() if require_grad else made  # type: ignore[return-value]  # itself

    @staticmethod
    def _make_wrapper_subclass(cls: type[T], *args: object, **kwargs: object) -> T:
        """NotImplementedError: a tensor without memory of its own needs `__torch_dispatch__`, which corelib does not have."""
        raise NotImplementedError(
            f"_make_wrapper_subclass(): corelib has no __torch_dispatch__, and so no wrappers without memory. Wrong: torch.Tensor._make_wrapper_subclass({cls.__name__}, shape). "
            f"Right: torch.Tensor._make_subclass({cls.__name__}, data), with a __torch_function__; or a class that is no tensor, with a __torch_function__"
        )

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph; changes by way of it are not noticed by what was saved for backward."""
        return data_of(self)

    @data.setter
    def data(self, value: Tensor) -> None:
        set_data(self, value)
