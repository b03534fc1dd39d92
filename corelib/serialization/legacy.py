"""PyTorch's format from before 1.6, which `_use_new_zipfile_serialization=False` still writes: five pickles, then the storages' bytes.

The pickles are a magic number, the version of the protocol, facts about the machine, the object, and the keys of its storages; each storage
is the number of its elements in 8 bytes and the elements, all little-endian.
"""

from __future__ import annotations

import difflib
import inspect
import io
import pickle
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

from corelib.as_torch.warned import warn
from corelib.serialization.archive import read_up_to, write_all
from corelib.serialization.config import SKIPPING
from corelib.serialization.locations import MapLocation, Places, filled_storage, swap_bytes
from corelib.serialization.names import torch_name
from corelib.serialization.packages import SourceChangeWarning
from corelib.serialization.pickling import pickler_of
from corelib.serialization.rebuild import StorageType, shown
from corelib.serialization.unpickling import DataUnpickler, trusted_unpickler
from corelib.tensor.device import device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.storage import Storage, TypedStorage

__all__ = ["MAGIC", "load_legacy", "save_legacy"]

MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
"""The magic number as every protocol from 2 on pickles it."""
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_LIMIT = 2**63


def save_legacy(obj: object, file: IO[bytes], protocol: int, module: Any = pickle) -> None:
    """Write an object in the legacy format."""
    facts = {"protocol_version": _PROTOCOL, "little_endian": sys.byteorder == "little", "type_sizes": {"short": 2, "int": 4, "long": 4}}
    for head in (_MAGIC_NUMBER, _PROTOCOL, facts):
        write_all(file, pickle.dumps(head, protocol))
    structure = io.BytesIO()
    pickler = pickler_of(module)(structure, protocol)
    pickler.legacy = True
    pickler.dump(obj)
    write_all(file, structure.getvalue())
    storages = {str(key): storage for key, storage in enumerate(pickler.storages)}
    keys = sorted(storages)
    write_all(file, pickle.dumps(keys, protocol))
    for key in keys:
        storage, size, kind = storages[key]
        write_all(file, (size // kind.itemsize).to_bytes(8, "little"))
        data = storage.to_host_bytes()[:size]
        if sys.byteorder == "big":
            data = data.copy()
            swap_bytes(data, kind)
        write_all(file, data)


class _Storages:
    """The storages that a file's pickle refers to: made when it does, filled when all are known."""

    def __init__(self, map_location: MapLocation) -> None:
        self._places = Places(map_location)
        self._made: dict[str, tuple[Storage, DType]] = {}
        self._views: dict[str, Storage] = {}

    def find(self, reference: Any) -> Any:
        """What a reference of six parts, or one to a module's class, stands for."""
        parts: tuple[Any, ...] = tuple(part.decode("latin1") if isinstance(part, bytes) else part for part in reference) if isinstance(reference, tuple) else ()
        if len(parts) == 4 and parts[0] == "module" and isinstance(parts[1], type):
            check_source(*parts[1:])
            return parts[1]
        if len(parts) != 6 or parts[0] != "storage" or not self._are_right(*parts[1:]):
            raise UnpicklingError(
                f"load(): the file refers to {shown(reference)} outside of its pickle; accepted are ('storage', type, key, location, number of elements, "
                "None or (key, offset, number of elements)) and ('module', class, file, source)"
            )
        _, kind, key, location, count, view = parts
        if key not in self._made:
            size = count * kind.dtype.itemsize
            self._made[key] = self._places.place(location, lambda where: _unfilled(where, size)), kind.dtype
        storage = self._made[key][0]
        return TypedStorage(storage if view is None else self._view(storage, kind.dtype, *view), kind.dtype)

    @staticmethod
    def _are_right(kind: object, key: object, location: object, count: object, view: object) -> bool:
        counts = [count]
        if view is not None:
            if not isinstance(view, tuple) or len(view) != 3:
                return False
            counts += view[1:]
        return (
            isinstance(kind, StorageType) and isinstance(key, str) and isinstance(location, str)
            and all(type(n) is int and 0 <= n < _LIMIT for n in counts)
        )  # fmt: skip

    def _view(self, storage: Storage, kind: DType, key: Any, offset: int, count: int) -> Storage:
        start, size = offset * kind.itemsize, count * kind.itemsize
        if start + size > storage.nbytes():
            raise RuntimeError(f"load(): a view of bytes {start} to {start + size} lies outside of its storage of {storage.nbytes()}. The file is corrupt.")
        if key not in self._views:
            self._views[key] = storage[start : start + size]
        return self._views[key]

    def fill(self, keys: Any, file: IO[bytes]) -> None:
        """Read the elements, in the order of the keys."""
        if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(self._made):
            raise RuntimeError(f"load(): the file has the storages {shown(keys)}, and its pickle those of {shown(sorted(self._made))}. The file is corrupt.")
        for key in keys:
            storage, kind = self._made[str(key)]
            count = int.from_bytes(_exactly(file, 8), "little")
            if count * kind.itemsize != storage.nbytes():
                raise RuntimeError(
                    f"load(): storage {shown(key)} has {count} elements of {kind} in the file, but {storage.nbytes()} bytes in its pickle. The file is corrupt."
                )
            data = np.frombuffer(_exactly(file, storage.nbytes()), np.uint8).copy()
            if sys.byteorder == "big":
                swap_bytes(data, kind)
            if data.size and storage.device.type != "meta":
                storage._write(data)


def _unfilled(where: device, size: int) -> Storage:
    if where.type == "meta":
        return Storage(where, None, size)
    return filled_storage(where, size, lambda data: data.fill(0)) if SKIPPING.on else Storage.allocate(where, size)


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = read_up_to(file, size)
    if len(data) < size:
        raise RuntimeError(f"load(): unexpected EOF, expected {size - len(data)} more bytes. The file might be corrupted.")
    return data


Find = Callable[[Any], Any]
"""Gives what a reference in a pickle stands for."""
Unpickle = Callable[[IO[bytes], Find], Any]
"""Gives the object of the pickle that begins where a file stands, and leaves the file where it ends."""


def load_legacy(file: IO[bytes], name: str, map_location: MapLocation, unpickle: Unpickle) -> Any:
    """What `save_legacy` or PyTorch has written, from where the file stands."""
    storages = _Storages(map_location)
    magic, version, _ = (by_data(file, _no_storage) for _ in range(3))
    if magic != _MAGIC_NUMBER:
        raise RuntimeError(f"load(): Invalid magic number; {name} may be corrupt")
    if version != _PROTOCOL:
        raise RuntimeError(f"load(): Invalid protocol version: {shown(version)}; accepted is {_PROTOCOL}")
    result = unpickle(file, storages.find)
    keys = by_data(file, _no_storage)
    if not SKIPPING.on:
        storages.fill(keys, file)
    return result


def _no_storage(reference: Any) -> Any:
    raise UnpicklingError(f"load(): the file refers to {shown(reference)} where no storage can be")


def by_data(file: IO[bytes], find: Find) -> Any:
    """Unpickles what may only make data. Only running a pickle says where it ends, and what follows may be large: more is read where it ends later."""
    start, wanted = file.tell(), 1 << 16
    while True:
        data = read_up_to(file, wanted)
        unpickler = DataUnpickler(data, find)
        try:
            made = unpickler.load()
        except UnpicklingError:
            if len(data) < wanted:
                raise
            wanted *= 8
            file.seek(start)
            continue
        file.seek(start + unpickler.end)
        return made


def by_module(module: Any, **how: Any) -> Unpickle:
    """What unpickles with a module such as `pickle`, whatever the file says."""
    return lambda file, find: trusted_unpickler(module, file, find, **how).load()


def check_source(cls: type, file: str | None, saved: str | None) -> None:
    """Warn where the text of a module's class is not the one it was saved with. PyTorch's own classes are other ones here, and are not looked at."""
    if not file or not saved or torch_name(cls) is not None:
        return
    try:
        now = inspect.getsource(cls)
    except (OSError, TypeError):
        warn(f"Couldn't retrieve source code for container of type {cls.__name__}. It won't be checked for correctness upon loading.")
        return
    if now != saved:
        changed = "\n".join(difflib.unified_diff(saved.split("\n"), now.split("\n"), f"{file} (saved)", f"{file} (now)", lineterm=""))
        warn(
            f"source code of class '{cls.__module__}.{cls.__qualname__}' has changed. You can retrieve the original source code by accessing the object's "
            f"source attribute or set `torch.nn.Module.dump_patches = True` and use the patch tool to revert the changes:\n{changed}",
            SourceChangeWarning,
        )  # fmt: skip
