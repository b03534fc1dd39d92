"""Writing pickles that name PyTorch's data types and functions, without PyTorch.

Python's pickler in C looks every name up in the module it names, so the one in Python is used: the pickle holds the
structure only, the elements of the tensors are records of their own.
"""

from __future__ import annotations

import codecs
import inspect
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import IO, TYPE_CHECKING, Any, ClassVar

from corelib.as_torch.warned import warn
from corelib.serialization.names import torch_name
from corelib.serialization.packages import location_tag
from corelib.serialization.rebuild import STORAGE_NAMES, user_attributes
from corelib.tensor.device import device
from corelib.tensor.dtype import dtype, uint8
from corelib.tensor.layout import layout
from corelib.tensor.rooms import NAMED
from corelib.tensor.size import Size
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor

__all__ = ["DataPickler", "pickler_of"]


_python_save_bytes: Callable[[Any, bytes], None] = pickle._Pickler.dispatch[bytes]


class _TorchName:
    """A name of PyTorch's; pickled as just that."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    def __call__(self, *args: Any) -> Any:
        """Only so that the pickler takes it for a function."""
        raise TypeError(f"{self.module}.{self.name} is a name in a file")


_TENSOR = _TorchName("torch", "Tensor")
_DEVICE = _TorchName("torch", "device")
_SIZE = _TorchName("torch", "Size")
_LAYOUT = _TorchName("torch.serialization", "_get_layout")
_TENSOR_V2 = _TorchName("torch._utils", "_rebuild_tensor_v2")
_TENSOR_V3 = _TorchName("torch._utils", "_rebuild_tensor_v3")
_META = _TorchName("torch._utils", "_rebuild_meta_tensor_no_storage")
_PARAMETER = _TorchName("torch._utils", "_rebuild_parameter")
_PARAMETER_WITH_STATE = _TorchName("torch._utils", "_rebuild_parameter_with_state")
_FROM_TYPE = _TorchName("torch._tensor", "_rebuild_from_type_v2")
_UNTYPED = _TorchName("torch.storage", "UntypedStorage")
_STORAGES = {name: _TorchName("torch", storage) for name, storage in STORAGE_NAMES.items()}


@cache
def _named(module: str, name: str) -> _TorchName:
    # One object a name, so that the pickler's memo knows it again.
    return _TorchName(module, name)


class DataPickler(pickle._Pickler):
    """Pickles an object; `storages` then has (storage, bytes to write, dtype) of record data/0, data/1, ..."""

    dispatch: ClassVar[dict[type, Callable[[Any, Any], None]]] = dict(pickle._Pickler.dispatch)
    if TYPE_CHECKING:
        # Python's pickler has these; its stubs do not say so.
        proto: int
        save: Callable[[Any], None]
        write: Callable[[bytes], Any]
        memoize: Callable[[Any], None]
        save_reduce: Callable[..., None]

    legacy = False
    """Whether this is for the format from before PyTorch 1.6, whose references to storages have six parts, and which names modules' sources."""

    def __init__(self, file: IO[bytes], protocol: int) -> None:
        super().__init__(file, protocol=protocol)
        self._modules: set[type] = set()
        self.storages: list[tuple[Storage, int, dtype]] = []
        self._keys: dict[int, str] = {}
        self._dtypes: dict[int, dtype] = {}

    # The names of the base class's methods and parameters are Python's.

    def persistent_id(self, pid: Any) -> Any:
        """A storage is written beside the pickle, which only has its record's name."""
        if not isinstance(pid, (TypedStorage, Storage)):
            return self._module_source(pid) if self.legacy and isinstance(pid, type) else None
        if isinstance(pid, TypedStorage):
            storage, kind = pid.untyped(), pid.dtype
            name = _STORAGES.get(kind.name, _UNTYPED)
        else:
            storage, kind, name = pid, uint8, _UNTYPED
        address = 0 if storage.device.type == "meta" else storage.data_ptr()
        if address and self._dtypes.setdefault(address, kind) is not kind:
            raise RuntimeError(
                "save(): Cannot save multiple tensors or storages that view the same data as different types, got "
                f"{self._dtypes[address]} and {kind}. Save a clone() of one of them."
            )
        itemsize = 1 if name is _UNTYPED else kind.itemsize
        count = storage.nbytes() // itemsize
        key = self._keys.get(id(storage))
        if key is None:
            key = self._keys[id(storage)] = str(len(self._keys))
            self.storages.append((storage, count * itemsize, uint8 if name is _UNTYPED else kind))
        reference = ("storage", name, key, location_tag(storage), count)
        return (*reference, None) if self.legacy else reference

    def _module_source(self, cls: type) -> Any:
        """The reference to a module's class that the legacy format has: with the text of its source, where it is the user's."""
        if not issubclass(cls, NAMED.value("nn", "Module")) or cls in self._modules:
            return None
        self._modules.add(cls)
        theirs = torch_name(cls)
        if theirs is not None:
            return "module", _named(*theirs), None, None
        try:
            return "module", cls, inspect.getsourcefile(cls), inspect.getsource(cls)
        except (OSError, TypeError):
            warn(f"Couldn't retrieve source code for container of type {cls.__name__}. It won't be checked for correctness upon loading.")
            return "module", cls, None, None

    def reducer_override(self, obj: Any) -> Any:
        """How corelib's own objects are written; NotImplemented for all others."""
        kind = type(obj)
        if kind is dtype:
            return NotImplemented
        if kind is Size:
            return _SIZE, (tuple(obj),)
        if kind is device:
            return _DEVICE, (obj.type,) if obj.index is None else (obj.type, obj.index)
        if kind is layout:
            return _LAYOUT, (f"torch.{obj.name}",)
        if isinstance(obj, Tensor):
            return self._reduce_tensor(obj)
        if kind.__module__ == "torch.return_types":
            return _named("torch.return_types", kind.__name__), (tuple(obj),)
        return NotImplemented

    def _reduce_tensor(self, t: Tensor) -> Any:
        kind: Any = type(t)
        attributes = user_attributes(t)
        if t._backward_hooks:
            warn(
                "save(): backward hooks on a tensor are not saved; remove them or register them again after load()",
                UserWarning,
            )
        if kind is Tensor:
            plain = _reduce_plain(t)
            return plain if not attributes else (_FROM_TYPE, (plain[0], _TENSOR, plain[1], attributes))
        if kind is NAMED.value("nn", "Buffer"):
            function, args = _reduce_plain(t)
            return _FROM_TYPE, (function, _TENSOR, args, {**attributes, "_is_buffer": True})
        if kind.__reduce_ex__ is NAMED.value("nn", "Parameter").__reduce_ex__:
            args = (t.data, t.requires_grad, OrderedDict())
            return (_PARAMETER_WITH_STATE, (*args, attributes)) if attributes else (_PARAMETER, args)
        if kind.__reduce_ex__ is not Tensor.__reduce_ex__:
            return NotImplemented
        function, args = _reduce_plain(t)
        return _FROM_TYPE, (function, kind, args, attributes)

    def _save_name(self, obj: Any) -> None:
        name = obj if isinstance(obj, _TorchName) else _named("torch", obj.name)
        if name is not obj:
            self.save(name)
            return
        if "." in name.name and self.proto < 4:
            self.save_reduce(getattr, (_named(name.module, name.name.rpartition(".")[0]), name.name.rpartition(".")[2]))
            return
        if self.proto >= 4:
            self.save(name.module)
            self.save(name.name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{name.module}\n{name.name}\n".encode())
        self.memoize(name)

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """A class or a function: under PyTorch's name where it is one of corelib's."""
        theirs = torch_name(obj) if name is None else None
        if theirs is None:
            super().save_global(obj, name)  # type: ignore[misc]  # which Python's stubs do not have
        else:
            self.save(_named(*theirs))

    def _save_function(self, obj: FunctionType) -> None:
        self.save_global(obj)

    def _save_bytes(self, obj: bytes) -> None:
        if self.proto >= 3 or obj:
            _python_save_bytes(self, obj)
        else:
            # Python would write `bytes()`, which PyTorch does not accept from a file.
            self.save_reduce(codecs.encode, ("", "latin1"), obj=obj)

    dispatch[_TorchName] = _save_name
    dispatch[dtype] = _save_name
    dispatch[bytes] = _save_bytes
    dispatch[FunctionType] = _save_function


def pickler_of(module: Any) -> type[DataPickler]:
    """The pickler that a module such as `dill` adds to; RuntimeError where its own is written in C, and so knows PyTorch's names only from PyTorch."""
    if module is pickle:
        return DataPickler
    theirs = getattr(module, "Pickler", None)
    if not (isinstance(theirs, type) and issubclass(theirs, pickle._Pickler)):
        raise RuntimeError(
            f"save(): pickle_module {getattr(module, '__name__', module)!r} has no Pickler that is a subclass of Python's pickle._Pickler; accepted are pickle, and modules such as dill"
        )
    own: dict[type, Any] = {kind: DataPickler.dispatch[kind] for kind in (_TorchName, dtype, bytes)}
    dispatch: dict[type, Any] = {**theirs.dispatch, **own}
    return type("DataPickler", (DataPickler, theirs), {"dispatch": dispatch})


def _reduce_plain(t: Tensor) -> tuple[_TorchName, tuple[Any, ...]]:
    """The function and arguments that rebuild what PyTorch calls a plain tensor."""
    # Tuples of its own for each tensor, so that the pickle is PyTorch's byte for byte.
    size, stride = tuple(list(t.shape)), tuple(list(t.stride()))
    if t.device.type == "meta":
        return _META, (t.dtype, size, stride, t.requires_grad)
    layout_args: tuple[Any, ...] = (t.storage_offset(), size, stride, t.requires_grad, OrderedDict())
    bits = {name: True for name, set_ in (("conj", t.is_conj()), ("neg", t.is_neg())) if set_}
    metadata = (bits,) if bits else ()
    if t.dtype.name in _STORAGES:
        return _TENSOR_V2, (TypedStorage(t.untyped_storage(), t.dtype), *layout_args, *metadata)
    return _TENSOR_V3, (t.untyped_storage(), *layout_args, t.dtype, *metadata)
