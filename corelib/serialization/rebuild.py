"""What a file may name: PyTorch's names of data types and of the functions that rebuild tensors, as corelib objects.

The functions check everything they are given, since a file may give anything: in particular a tensor's sizes, strides
and offset must stay within its storage. They are called by both unpicklers.
"""

from __future__ import annotations

import reprlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

from corelib.ops.construction.construct import as_subclass
from corelib.tensor import dtype as dtypes
from corelib.tensor.device import device
from corelib.tensor.keys import dispatch_key
from corelib.tensor.layout import layout, strided
from corelib.tensor.rooms import NAMED
from corelib.tensor.size import Size
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor

__all__ = ["CONSTRUCTORS", "STORAGE_NAMES", "StorageType", "allowed_global", "check_key", "shown", "user_attributes"]

# PyTorch's names; other dtypes are written as an untyped storage and the dtype.
STORAGE_NAMES = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex128": "ComplexDoubleStorage",
    "complex64": "ComplexFloatStorage",
}  # fmt: skip
_LIMIT = 2**63
# NumPy's.
_DIMENSIONS = 64
_KEY_PARTS = 10_000
# What the core keeps in a tensor's dictionary for itself.
_INTERNAL = frozenset({"_borrows_grad", "_creation", "_post_accumulate_hooks", "_retains_grad", "_view_version"})


class StorageType:
    """What a name such as "FloatStorage" stands for: memory seen as elements of one dtype. KeyError for another name.

    >>> from corelib.serialization import StorageType
    >>> StorageType("FloatStorage").dtype
    torch.float32
    """

    def __init__(self, name: str) -> None:
        if name not in _DTYPE_NAMES:
            raise KeyError(f'pickle storage type "{name}" is not recognized; there are {", ".join(_DTYPE_NAMES)}')
        self._dtype = dtypes.dtype_named(_DTYPE_NAMES[name])

    @property
    def dtype(self) -> dtypes.dtype:
        """The dtype of the elements."""
        return self._dtype

    def __str__(self) -> str:
        return f"StorageType(dtype={self.dtype})"

    __repr__ = __str__


class _Bytes(StorageType):
    """What "UntypedStorage" stands for."""

    def __init__(self) -> None:
        self._dtype = dtypes.uint8


_DTYPE_NAMES = {name: dtype for dtype, name in STORAGE_NAMES.items()}


def user_attributes(tensor: Tensor) -> dict[str, Any]:
    """The attributes that a user has put on a tensor."""
    return {k: v for k, v in tensor.__dict__.items() if k not in _INTERNAL and not hasattr(Tensor, k)}


def shown(value: object) -> str:
    """A short text of anything that a file may hold, however large or deep, for an error message."""
    try:
        return reprlib.repr(value)
    except (ValueError, RecursionError, RuntimeError):
        return f"a {type(value).__name__}"


def _refuse(what: str, got: object, accepted: str) -> UnpicklingError:
    return UnpicklingError(f"load(): the file is corrupt: {what} is {shown(got)}; accepted is {accepted}")


def _counts(what: str, values: Any) -> tuple[int, ...]:
    if (
        not isinstance(values, (tuple, list))
        or len(values) > _DIMENSIONS
        or not all(type(n) is int and 0 <= n < _LIMIT for n in values)
    ):
        raise _refuse(what, values, f"a tuple of up to {_DIMENSIONS} integers from 0 to 2**63 - 1")
    return tuple(values)


def _flag(what: str, value: object) -> bool:
    if type(value) is not bool:
        raise _refuse(what, value, "True or False")
    return value


def _layout_of(storage: Storage, dtype: dtypes.dtype, offset: Any, size: Any, stride: Any) -> Tensor:
    """A tensor over a storage, once it is certain that all of its elements lie inside."""
    shape, strides = _counts("a tensor's size", size), _counts("a tensor's stride", stride)
    (start,) = _counts("a tensor's storage offset", (offset,))
    if len(shape) != len(strides):
        raise _refuse("a tensor's stride", strides, f"as many numbers as its size {shape} has")
    numel, last = 1, start
    for n, s in zip(shape, strides, strict=True):
        numel *= n
        last += (n - 1) * s if n else 0
    available = storage.nbytes() // dtype.itemsize
    if numel * dtype.itemsize >= _LIMIT or last >= _LIMIT or (numel and last >= available):
        raise RuntimeError(
            f"load(): setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {start} and itemsize "
            f"{dtype.itemsize} need elements up to number {last}, out of bounds for a storage of {available} elements "
            f"({storage.nbytes()} bytes). The file is corrupt."
        )
    _ = dtype.np  # found now, so that a dtype whose package is missing says so here
    return Tensor._make(storage, dtype, shape, strides, start)


def _no_hooks(hooks: Any) -> None:
    if hooks is not None and (not isinstance(hooks, dict) or hooks):
        raise _refuse("backward hooks of a tensor", hooks, "an empty OrderedDict, since hooks are not data")


def _finish(tensor: Tensor, requires_grad: Any, hooks: Any, metadata: Any) -> Tensor:
    _no_hooks(hooks)
    if metadata is not None and not isinstance(metadata, dict):
        raise _refuse("the metadata of a tensor", metadata, "a dict or None")
    if metadata:
        if not metadata.keys() <= {"conj", "neg"} or not all(type(bit) is bool for bit in metadata.values()):
            raise _refuse("the metadata of a tensor", metadata, "the bits conj and neg")
        conj, neg = metadata.get("conj", False), metadata.get("neg", False)
        if conj and not tensor.is_complex():
            raise _refuse("a conjugated tensor's dtype", tensor.dtype, "a complex one")
        if neg and tensor.dtype is dtypes.bool:
            raise _refuse("a negated tensor's dtype", tensor.dtype, "any but bool")
        tensor._key = dispatch_key(tensor._key.device_type, tensor._key.layout, conj, neg)
    return tensor.requires_grad_() if _flag("requires_grad of a tensor", requires_grad) else tensor


def _typed(storage: object) -> TypedStorage:
    if type(storage) is not TypedStorage:
        raise _refuse("the storage of a tensor", type(storage).__name__, "a storage")
    return storage


def _dtype(value: object) -> dtypes.dtype:
    if not isinstance(value, dtypes.dtype):
        raise _refuse("the dtype of a tensor", value, "a dtype")
    return value


def _rebuild_tensor(storage: Any, storage_offset: Any, size: Any, stride: Any) -> Tensor:
    typed = _typed(storage)
    return _layout_of(typed.untyped(), typed.dtype, storage_offset, size, stride)


def _rebuild_tensor_v2(
    storage: Any, storage_offset: Any, size: Any, stride: Any, requires_grad: Any, backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:  # fmt: skip
    made = _rebuild_tensor(storage, storage_offset, size, stride)
    return _finish(made, requires_grad, backward_hooks, metadata)


def _rebuild_tensor_v3(
    storage: Any, storage_offset: Any, size: Any, stride: Any, requires_grad: Any, backward_hooks: Any, dtype: Any,
    metadata: Any = None,
) -> Tensor:  # fmt: skip
    made = _layout_of(_typed(storage).untyped(), _dtype(dtype), storage_offset, size, stride)
    return _finish(made, requires_grad, backward_hooks, metadata)


def _rebuild_meta_tensor_no_storage(dtype: Any, size: Any, stride: Any, requires_grad: Any) -> Tensor:
    shape, strides = _counts("a tensor's size", size), _counts("a tensor's stride", stride)
    elements = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=False)) if 0 not in shape else 0
    storage = Storage(device("meta"), None, elements * _dtype(dtype).itemsize)
    return _finish(_layout_of(storage, dtype, 0, shape, strides), requires_grad, None, None)


def _rebuild_parameter(data: Any, requires_grad: Any, backward_hooks: Any) -> Tensor:
    if not isinstance(data, Tensor):
        raise _refuse("the data of a parameter", type(data).__name__, "a tensor")
    _no_hooks(backward_hooks)
    made: Tensor = NAMED.value("nn", "Parameter")(data, _flag("requires_grad of a parameter", requires_grad))
    return made


def _rebuild_parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any, state: Any) -> Tensor:
    return _set_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(func: Any, new_type: Any, args: Any, state: Any) -> Tensor:
    """A tensor with attributes, or of a class of the user's (which the unpickler has let through)."""
    if not any(func is known for known in _TENSOR_FUNCTIONS) or not isinstance(args, tuple):
        raise _refuse("the function that rebuilds a tensor", func, "one of PyTorch's _rebuild functions")
    if not isinstance(new_type, type) or not issubclass(new_type, Tensor):
        raise _refuse("the class of a tensor", new_type, "Tensor or a subclass of it")
    made: Tensor = func(*args)
    if new_type is not type(made):
        made = as_subclass(made, new_type)
    elif isinstance(state, dict) and state.get("_is_buffer") is True:
        made = NAMED.value("nn", "Buffer")(made, persistent=state.get("persistent") is True)
    return _set_attributes(made, state)


def _set_attributes(tensor: Tensor, state: Any) -> Tensor:
    """Give a tensor the user's attributes; never one that the class defines, such as its shape or its storage."""
    if isinstance(state, tuple) and len(state) == 2:
        state = {**(state[0] or {}), **(state[1] or {})}
    if not isinstance(state, dict):
        raise _refuse("the attributes of a tensor", type(state).__name__, "a dict")
    for name in state:
        if not isinstance(name, str) or name in _INTERNAL or hasattr(Tensor, name):
            raise _refuse("an attribute of a tensor", name, "a name that is no attribute of Tensor itself")
    tensor.__dict__.update(state)
    return tensor


_TENSOR_FUNCTIONS = (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_meta_tensor_no_storage,
                     _rebuild_parameter, _rebuild_parameter_with_state)  # fmt: skip


def _get_layout(name: object) -> layout:
    if not isinstance(name, str) or name != "torch.strided":
        raise _refuse("a layout", name, "torch.strided")
    return strided


def _encode(text: Any, encoding: Any) -> bytes:
    """How pickle writes bytes in protocols 0 to 2."""
    if not isinstance(text, str) or not isinstance(encoding, str) or encoding not in ("latin1", "latin-1"):
        raise _refuse("an encoding of bytes", encoding, "a str and 'latin1'")
    return text.encode("latin1")


def _bytes() -> bytes:
    return b""


def _bytearray(data: Any = b"") -> bytearray:
    # A number would ask for that much memory.
    if not isinstance(data, bytes):
        raise _refuse("the contents of a bytearray", type(data).__name__, "bytes")
    return bytearray(data)


def check_key(key: Any) -> None:
    """Refuse a key whose hash would take forever or overflow the interpreter's stack."""
    if type(key) not in (tuple, frozenset):
        return
    parts, budget = [key], _KEY_PARTS
    while parts:
        part = parts.pop()
        if type(part) in (tuple, frozenset):
            budget -= 1 + len(part)
            if budget < 0:
                raise _refuse("a key of a dict or an item of a set", "a nested tuple", f"up to {_KEY_PARTS} parts")
            parts.extend(part)


def _set(items: Any = ()) -> set[Any]:
    if not isinstance(items, (list, tuple)):
        raise _refuse("the items of a set", type(items).__name__, "a list")
    for item in items:
        check_key(item)
    return set(items)


def _frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(_set(items))


def _complex(real: Any = 0.0, imag: Any = 0.0) -> complex:
    if not isinstance(real, (int, float)) or not isinstance(imag, (int, float)):
        raise _refuse("the parts of a complex number", (type(real).__name__, type(imag).__name__), "two floats")
    return complex(real, imag)


def _size(sizes: Any = ()) -> Size:
    return Size(_counts("a Size", sizes))


def _device(*args: Any) -> device:
    if not args or not isinstance(args[0], str) or not all(type(a) is int or a is None for a in args[1:]):
        raise _refuse("a device", args, "a str and an index")
    return device(*args)


def _ordered_dict(items: Any = ()) -> OrderedDict[Any, Any]:
    # Python 2 wrote the items as a list of pairs.
    if not isinstance(items, (list, tuple)) or not all(isinstance(p, (list, tuple)) and len(p) == 2 for p in items):
        raise _refuse("the items of an OrderedDict", type(items).__name__, "a list of pairs")
    for key, _ in items:
        check_key(key)
    return OrderedDict(items)


def _counter(counts: Any = ()) -> Counter[Any]:
    if not isinstance(counts, (dict, tuple)) or (isinstance(counts, tuple) and counts):
        raise _refuse("the contents of a Counter", type(counts).__name__, "a dict")
    return Counter(counts)


# What REDUCE may call: the object that a name stands for, and the checked function that is called in its place.
_CALLS: tuple[tuple[Any, Callable[..., Any]], ...] = (
    (OrderedDict, _ordered_dict), (Counter, _counter), (set, _set), (frozenset, _frozenset), (bytes, _bytes),
    (bytearray, _bytearray), (complex, _complex), (Size, _size), (device, _device), (_encode, _encode),
    (_get_layout, _get_layout), (_rebuild_from_type_v2, _rebuild_from_type_v2),
    *((function, function) for function in _TENSOR_FUNCTIONS),
)  # fmt: skip
CONSTRUCTORS = {id(named): (named, function) for named, function in _CALLS}

_GLOBALS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "bytes"): bytes,
    ("builtins", "bytearray"): bytearray,
    ("builtins", "complex"): complex,
    ("_codecs", "encode"): _encode,
    ("torch", "Size"): Size,
    ("torch", "device"): device,
    ("torch", "Tensor"): Tensor,
    ("torch.serialization", "_get_layout"): _get_layout,
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_from_type_v2,
    ("torch.tensor", "_rebuild_from_type_v2"): _rebuild_from_type_v2,
    ("torch.storage", "UntypedStorage"): _Bytes(),
}
_GLOBALS.update({("torch._utils", function.__name__): function for function in _TENSOR_FUNCTIONS})
_GLOBALS.update({("torch", d.name): d for d in (*dtypes.ALL, *dtypes.HELD)})
_GLOBALS.update({("torch", s): StorageType(s) for s in _DTYPE_NAMES})
_LAZY = {("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer")}


def allowed_global(module: str, name: str) -> Any:
    """What a name in a file stands for, when it is one of the names of data; KeyError when it is not."""
    if (module, name) in _LAZY:
        return NAMED.value("nn", name)
    return _GLOBALS[module, name]
