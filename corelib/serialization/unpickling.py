"""Reading pickles: a machine of our own that makes nothing but data, and Python's for files that are trusted.

`pickle.Unpickler` with a list of allowed names is not enough: its BUILD sets attributes of whatever is on the stack,
its REDUCE calls whatever is there. Here a name stands only for what `rebuild.allowed_global` or the user lists, calls
go only to functions that check their arguments, and objects are only filled where their type is known.
"""

from __future__ import annotations

import pickle
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from struct import unpack_from
from typing import IO, Any

from corelib.serialization.names import resolved
from corelib.serialization.rebuild import CONSTRUCTORS, allowed_global, check_key, shown
from corelib.serialization.safe_globals import named_safe_globals

__all__ = ["DataUnpickler", "is_allowed", "trusted_unpickler"]

ACCEPTED = (
    "tensors, parameters, storages, dtypes, devices, Size, numbers, str, bytes, bytearray, None, list, tuple, dict, "
    "set, frozenset, OrderedDict, Counter"
)
# Never, even if the user lists something from them.
_BLOCKED = ("sys", "os", "posix", "nt", "subprocess")
_DICTS = (dict, OrderedDict, Counter)


def _modern(module: str, name: str) -> tuple[str, str]:
    """The name in Python 3 of what protocols 0 to 2 name as Python 2 did."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _refused(full_name: str) -> UnpicklingError:
    return UnpicklingError(
        f"load(): Weights only load failed. Unsupported global: GLOBAL {full_name} was not an allowed global by "
        f"default. Accepted with weights_only=True are {ACCEPTED}, and what corelib.serialization.add_safe_globals "
        f"lists. If you trust the source of the file, add_safe_globals([{full_name.rpartition('.')[2]}]), or use "
        "load(..., weights_only=False), which can run any code that is in the file."
    )


def is_allowed(module: str, name: str, listed: dict[str, Any]) -> bool:
    """Whether a name in a file is that of data, or one that the user has listed."""
    module, name = _modern(module, name)
    try:
        allowed_global(module, name)
    except KeyError:
        return f"{module}.{name}" in listed
    return True


class DataUnpickler:
    """Runs a pickle that may only make data. UnpicklingError for anything else, and for damaged pickles."""

    def __init__(self, data: bytes, load_storage: Callable[[Any], Any]) -> None:
        self._data = data
        self._position = 0
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._load_storage = load_storage
        self._listed = named_safe_globals()

    def load(self) -> Any:
        """The object that the pickle makes."""
        while True:
            at = self._position
            code = self._bytes(1)
            if code == pickle.STOP:
                return self._pop()
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise self._broken(f"unsupported operand {code[0]} at byte {at}")
            operation(self)

    @property
    def end(self) -> int:
        """Where in the data the pickle ended."""
        return self._position

    # The stream and the stack. Everything that can fail on a damaged file fails here, as UnpicklingError.

    def _broken(self, why: str) -> UnpicklingError:
        return UnpicklingError(f"load(): Weights only load failed. The pickle in the file is corrupt: {why}")

    def _bytes(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._data):
            raise self._broken(f"it ends at byte {len(self._data)}, but {size} bytes are expected at {self._position}")
        data = self._data[self._position : end]
        self._position = end
        return data

    def _skip(self, size: int) -> None:
        self._bytes(size)

    def _number(self, size: int) -> int:
        return int.from_bytes(self._bytes(size), "little")

    def _line(self) -> str:
        end = self._data.find(b"\n", self._position)
        if end < 0:
            raise self._broken(f"a name at byte {self._position} does not end")
        line = self._data[self._position : end]
        self._position = end + 1
        return self._decode(line)

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise self._broken(f"a str before byte {self._position} is not UTF-8") from None

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if not self._stack:
            raise self._broken(f"nothing is on the stack at byte {self._position}")
        return self._stack.pop()

    def _top(self) -> Any:
        if not self._stack:
            raise self._broken(f"nothing is on the stack at byte {self._position}")
        return self._stack[-1]

    def _since_mark(self) -> list[Any]:
        if not self._marks:
            raise self._broken(f"no mark is on the stack at byte {self._position}")
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _pop_mark(self) -> None:
        self._since_mark()

    # Names and what they may do.

    def _global(self, module: str, name: str) -> None:
        module, name = _modern(module, name)
        full_name = f"{module}.{name}"
        if module.partition(".")[0] in _BLOCKED:
            raise UnpicklingError(
                f"load(): Weights only load failed. Trying to load unsupported GLOBAL {full_name} whose module "
                f"{module} is blocked. Accepted with weights_only=True are {ACCEPTED}."
            )
        try:
            self._push(allowed_global(module, name))
        except KeyError:
            if full_name not in self._listed:
                raise _refused(full_name) from None
            self._push(self._listed[full_name])

    def _is_listed(self, value: object) -> bool:
        return any(value is listed for listed in self._listed.values())

    def _call(self, function: Any, args: Any) -> Any:
        if not isinstance(args, tuple):
            raise self._broken(f"arguments at byte {self._position} are a {type(args).__name__}, not a tuple")
        known = CONSTRUCTORS.get(id(function))
        if known is not None and known[0] is function:
            try:
                return known[1](*args)
            except (TypeError, ValueError, OverflowError) as error:
                raise self._broken(f"cannot rebuild what ends at byte {self._position}: {error}") from error
        if self._is_listed(function):
            return function(*args)
        raise UnpicklingError(
            "load(): Weights only load failed. Trying to call reduce for unrecognized function "
            f"{shown(function)}. Accepted are the functions that rebuild {ACCEPTED}."
        )

    def _reduce(self) -> None:
        args = self._pop()
        self._push(self._call(self._pop(), args))

    def _new_object(self) -> None:
        args, cls = self._pop(), self._pop()
        if self._is_listed(cls) and isinstance(cls, type) and isinstance(args, tuple):
            self._push(cls.__new__(cls, *args))
        else:
            self._push(self._call(cls, args))

    def _new_object_with_names(self) -> None:
        names, args, cls = self._pop(), self._pop(), self._pop()
        if not (self._is_listed(cls) and isinstance(cls, type) and isinstance(args, tuple) and isinstance(names, dict)):
            raise UnpicklingError(
                "load(): Weights only load failed. Can only create objects of classes that add_safe_globals lists, "
                f"got {shown(cls)}"
            )
        self._push(cls.__new__(cls, *args, **names))

    def _build(self) -> None:
        state = self._pop()
        instance = self._top()
        if type(instance) is OrderedDict:
            # A state_dict has its `_metadata` this way.
            names = state if isinstance(state, dict) else [None]
            if not all(isinstance(name, str) and not hasattr(OrderedDict, name) for name in names):
                raise self._broken("the attributes of an OrderedDict are not names of its own")
            instance.__dict__.update(state)
        elif self._is_listed(type(instance)):
            _set_state(instance, state)
        else:
            raise UnpicklingError(
                "load(): Weights only load failed. Can only build OrderedDict or classes that add_safe_globals lists, "
                f"got {type(instance)}"
            )

    def _persistent(self) -> None:
        self._push(self._load_storage(self._pop()))

    # Containers.

    def _extend(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) is not list and not (self._is_listed(type(target)) and isinstance(target, list)):
            raise self._broken(f"can only append to lists, but got {type(target)}")
        target.extend(items)

    def _append(self) -> None:
        item = self._pop()
        self._extend([item])

    def _set_items(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) not in _DICTS and not (self._is_listed(type(target)) and isinstance(target, dict)):
            raise self._broken(f"can only set items of dict, OrderedDict and Counter, but got {type(target)}")
        self._fill(target, items)

    def _fill(self, target: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
        if len(items) % 2:
            raise self._broken(f"a key before byte {self._position} has no value")
        try:
            for i in range(0, len(items), 2):
                check_key(items[i])
                target[items[i]] = items[i + 1]
        except TypeError as error:
            raise self._broken(f"a key before byte {self._position} cannot be one: {error}") from error
        return target

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _add_items(self) -> None:
        items = self._since_mark()
        target = self._top()
        if type(target) is not set:
            raise self._broken(f"can only add items to sets, but got {type(target)}")
        self._call_unhashable(target.update, items)

    def _call_unhashable(self, function: Any, items: list[Any]) -> Any:
        for item in items:
            check_key(item)
        try:
            return function(items)
        except TypeError as error:
            raise self._broken(f"an item of a set before byte {self._position} cannot be one: {error}") from error

    def _tuple(self, size: int) -> None:
        if len(self._stack) < size:
            raise self._broken(f"fewer than {size} items are on the stack at byte {self._position}")
        self._stack[-size:] = [tuple(self._stack[-size:])]

    # Memo, protocol, floats.

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise self._broken(f"memo {index} at byte {self._position} was never set")
        self._push(self._memo[index])

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _protocol(self) -> None:
        protocol = self._number(1)
        if protocol > pickle.HIGHEST_PROTOCOL:
            raise self._broken(f"protocol {protocol} is unknown; accepted are 2 to {pickle.HIGHEST_PROTOCOL}")

    def _mark(self) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _pop_one(self) -> None:
        # Python's pickler also drops a mark with POP, when nothing came after it.
        if self._stack or not self._marks:
            self._pop()
        else:
            self._stack = self._marks.pop()

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise self._broken(f"a global before byte {self._position} has no name")
        self._global(module, name)

    def _old_string(self, size: int) -> None:
        data = self._bytes(size)
        try:
            self._push(data.decode("ascii"))
        except UnicodeDecodeError:
            self._push(data)


def _set_state(instance: Any, state: Any) -> None:
    """What pickle does for BUILD, for a class that the user trusts."""
    set_state = getattr(instance, "__setstate__", None)
    if set_state is not None:
        set_state(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        instance.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(instance, name, value)


def _signed(self: DataUnpickler, size: int) -> int:
    return int.from_bytes(self._bytes(size), "little", signed=True)


_U = DataUnpickler
_OPERATIONS: dict[bytes, Callable[[DataUnpickler], None]] = {
    pickle.PROTO: _U._protocol,
    pickle.FRAME: lambda s: s._skip(8),
    pickle.GLOBAL: lambda s: s._global(s._line(), s._line()),
    pickle.STACK_GLOBAL: _U._stack_global,
    pickle.REDUCE: _U._reduce,
    pickle.NEWOBJ: _U._new_object,
    pickle.NEWOBJ_EX: _U._new_object_with_names,
    pickle.BUILD: _U._build,
    pickle.BINPERSID: _U._persistent,
    pickle.MARK: _U._mark,
    pickle.POP: _U._pop_one,
    pickle.POP_MARK: _U._pop_mark,
    pickle.DUP: lambda s: s._push(s._top()),
    pickle.NONE: lambda s: s._push(None),
    pickle.NEWTRUE: lambda s: s._push(True),
    pickle.NEWFALSE: lambda s: s._push(False),
    pickle.BININT: lambda s: s._push(_signed(s, 4)),
    pickle.BININT1: lambda s: s._push(s._number(1)),
    pickle.BININT2: lambda s: s._push(s._number(2)),
    pickle.LONG1: lambda s: s._push(_signed(s, s._number(1))),
    pickle.LONG4: lambda s: s._push(_signed(s, s._number(4))),
    pickle.BINFLOAT: lambda s: s._push(unpack_from(">d", s._bytes(8))[0]),
    pickle.BINUNICODE: lambda s: s._push(s._decode(s._bytes(s._number(4)))),
    pickle.SHORT_BINUNICODE: lambda s: s._push(s._decode(s._bytes(s._number(1)))),
    pickle.BINUNICODE8: lambda s: s._push(s._decode(s._bytes(s._number(8)))),
    pickle.SHORT_BINSTRING: lambda s: s._old_string(s._number(1)),
    pickle.BINSTRING: lambda s: s._old_string(s._number(4)),
    pickle.BINBYTES: lambda s: s._push(s._bytes(s._number(4))),
    pickle.SHORT_BINBYTES: lambda s: s._push(s._bytes(s._number(1))),
    pickle.BINBYTES8: lambda s: s._push(s._bytes(s._number(8))),
    pickle.BYTEARRAY8: lambda s: s._push(bytearray(s._bytes(s._number(8)))),
    pickle.EMPTY_TUPLE: lambda s: s._push(()),
    pickle.EMPTY_LIST: lambda s: s._push([]),
    pickle.EMPTY_DICT: lambda s: s._push({}),
    pickle.EMPTY_SET: lambda s: s._push(set()),
    pickle.TUPLE: lambda s: s._push(tuple(s._since_mark())),
    pickle.TUPLE1: lambda s: s._tuple(1),
    pickle.TUPLE2: lambda s: s._tuple(2),
    pickle.TUPLE3: lambda s: s._tuple(3),
    pickle.LIST: lambda s: s._push(s._since_mark()),
    pickle.DICT: lambda s: s._push(s._fill({}, s._since_mark())),
    pickle.FROZENSET: lambda s: s._push(s._call_unhashable(frozenset, s._since_mark())),
    pickle.APPEND: _U._append,
    pickle.APPENDS: lambda s: s._extend(s._since_mark()),
    pickle.SETITEM: _U._set_item,
    pickle.SETITEMS: lambda s: s._set_items(s._since_mark()),
    pickle.ADDITEMS: _U._add_items,
    pickle.BINGET: lambda s: s._get(s._number(1)),
    pickle.LONG_BINGET: lambda s: s._get(s._number(4)),
    pickle.BINPUT: lambda s: s._put(s._number(1)),
    pickle.LONG_BINPUT: lambda s: s._put(s._number(4)),
    pickle.MEMOIZE: lambda s: s._put(len(s._memo)),
}


def trusted_unpickler(module: Any, file: IO[bytes], load_storage: Callable[[Any], Any], **how: Any) -> Any:
    """An unpickler of a module such as `pickle`, which runs whatever a file says; PyTorch's names mean corelib's objects."""

    class TrustedUnpickler(module.Unpickler):  # type: ignore[misc]  # whatever class the user's module has
        def persistent_load(self, pid: Any) -> Any:
            return load_storage(pid)

        def find_class(self, module: str, name: str) -> Any:
            module, name = _modern(module, name)
            try:
                return allowed_global(module, name)
            except KeyError:
                pass
            if module != "torch" and not module.startswith("torch."):
                return super().find_class(module, name)
            try:
                return resolved(module, name)
            except AttributeError as error:
                raise UnpicklingError(
                    f"load(): the file names PyTorch's {module}.{name}, for which corelib has nothing ({error}). Accepted are {ACCEPTED}, the "
                    "classes and functions of PyTorch's that corelib has, and those of other modules."
                ) from None

    return TrustedUnpickler(file, **how)
