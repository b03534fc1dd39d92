"""Where a loaded storage goes: the device it was saved from, or where `map_location` says."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from corelib.serialization.archive import ArchiveReader
from corelib.serialization.config import SKIPPING
from corelib.serialization.packages import default_restore_location, has_packages, packages_place, there
from corelib.tensor.device import cpu, device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.storage import Storage, TypedStorage

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MapLocation", "Places", "StorageReader", "filled_storage", "swap_bytes"]

MapLocation = Callable[[Storage, str], Storage | None] | device | str | bytes | dict[str, str] | None


def filled_storage(where: device, size: int, fill: Callable[[NDArray[Any]], None]) -> Storage:
    """A new Storage whose bytes `fill` writes into a NumPy uint8 array: the storage's own memory where it is the "
    "host's."""
    if where.runtime.backend.host_memory:
        storage = Storage.allocate(where, size)
        fill(storage.to_host_bytes())
        return storage
    data = np.empty(size, np.uint8)
    fill(data)
    return Storage.from_host_bytes(data, where)


def swap_bytes(data: NDArray[Any], dtype: DType) -> None:
    """Give the elements of a dtype in an array of bytes the other byte order, in place."""
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    if width > 1:
        data.view(f"u{width}").byteswap(inplace=True)


class Places:
    """Where storages go: the device each was saved from, or where `map_location` says."""

    def __init__(self, map_location: MapLocation) -> None:
        if isinstance(map_location, bytes):
            map_location = map_location.decode("ascii")
        if not (map_location is None or isinstance(map_location, (str, device, dict)) or callable(map_location)):
            raise TypeError(
                "load(): argument 'map_location' must be None, a str, a torch.device, a dict from location to location "
                f"or a function of (storage, location), not {type(map_location).__name__}"
            )
        self._map = map_location

    def place(self, location: str, make: Callable[[device], Storage]) -> Storage:
        """The storage that was saved from `location`; `make` makes it on a device."""
        wanted = self._map
        if wanted is None:
            return self._made(location, make)
        if isinstance(wanted, (str, device)):
            return self._made(wanted, make)
        if isinstance(wanted, dict):
            return self._made(wanted.get(location, location), make)
        on_host = make(cpu)
        found = wanted(on_host, location)
        if found is None:
            found = default_restore_location(on_host, location)
        if isinstance(found, TypedStorage):
            found = found.untyped()
        if not isinstance(found, Storage):
            raise TypeError(
                "load(): the function given as 'map_location' must return a storage, or None for the location it was "
                f"saved from; got {type(found).__name__}"
            )
        return found

    def _made(self, location: str | device, make: Callable[[device], Storage]) -> Storage:
        if has_packages():  # of which any may have a word about the place
            found = packages_place(make(cpu), str(location))
            if found is not None:
                return found.untyped() if isinstance(found, TypedStorage) else found
        return make(there(location))


class StorageReader:
    """Makes a Storage of a record, on the right device, with the bytes in this machine's order."""

    def __init__(self, archive: ArchiveReader, map_location: MapLocation, swap: bool, mapped: mmap.mmap | None) -> None:
        self._places = Places(map_location)
        self._archive = archive
        self._swap = swap
        self._mapped = mapped

    def read(self, record: str, dtype: DType, location: str) -> Storage:
        """The Storage of a record whose elements are of `dtype` and which was saved from `location`."""
        return self._places.place(location, lambda where: self._make(record, dtype, where))

    def _make(self, record: str, dtype: DType, where: device) -> Storage:
        size = self._archive.size(record)
        if where.type == "meta":
            return Storage(where, None, size)
        if SKIPPING.on:
            return filled_storage(where, size, lambda data: data.fill(0))
        start = 0 if self._mapped is None else self._archive.position(record)
        if self._mapped is not None and not self._swap and size and start % dtype.itemsize == 0:
            shared = np.frombuffer(self._mapped, np.uint8, size, start)
            return Storage(where, shared, size) if where is cpu else Storage.from_host_bytes(shared, where)
        return filled_storage(where, size, lambda data: self._fill(record, dtype, data))

    def _fill(self, record: str, dtype: DType, data: NDArray[Any]) -> None:
        self._archive.read_into(record, data.data.cast("B") if data.nbytes else memoryview(bytearray()))
        if self._swap:
            swap_bytes(data, dtype)
