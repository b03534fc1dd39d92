"""How a storage's device is named in a file and found again: what `register_package` lists, and the other names of torch.serialization
that deal with storages and versions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from corelib.as_torch.warned import warn
from corelib.dispatcher.plugins.checks import NoDeviceError
from corelib.serialization.names import resolved
from corelib.serialization.rebuild import shown
from corelib.tensor.device import device, resolve
from corelib.tensor.storage import Storage, TypedStorage

__all__ = [
    "SourceChangeWarning", "check_module_version_greater_or_equal", "default_restore_location", "location_tag", "mkdtemp", "normalize_storage_type",
    "register_package", "storage_to_tensor_type", "validate_cuda_device", "validate_hpu_device",
]

AnyStorage = Storage | TypedStorage
Tagger = Callable[[Any], str | None]
Deserializer = Callable[[Any, str], Any]
_OWN_PRIORITY = 10
"""That of corelib's own devices, PyTorch's of the cpu."""


class SourceChangeWarning(Warning):
    """Says that the text of a module's class is not the one it was saved with."""


def _own_tag(storage: AnyStorage) -> str | None:
    return str(storage.device) if isinstance(storage, (Storage, TypedStorage)) else None


def _own_place(storage: Any, location: str) -> Any:
    try:
        device(location)
    except RuntimeError:  # nobody's location
        return None
    place = there(location)
    if storage.device is place:
        return storage
    if place.type == "meta":
        return Storage(place, None, storage.nbytes())
    return storage.to(device=place)


def there(location: str | device) -> device:
    """The device that a location names; RuntimeError where it is not there."""
    try:
        place = resolve(location)
        _ = place.runtime
    except NoDeviceError as error:
        kind = str(location).partition(":")[0]
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}.is_available() is False. If you are running on a CPU-only machine, "
            f"please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU. ({error})"
        ) from error
    except (RuntimeError, ImportError) as error:
        raise RuntimeError(
            f"load(): Attempting to deserialize object on device {shown(location)}, which is not available: {error}. "
            "Use load(f, map_location='cpu') to map its storages to the CPU, or another device that is there."
        ) from error
    return place


_registry: list[tuple[int, Tagger, Deserializer]] = [(_OWN_PRIORITY, _own_tag, _own_place)]


def register_package(priority: int, tagger: Tagger, deserializer: Deserializer) -> None:
    """Have `tagger(storage)` say under which location a storage is saved, and `deserializer(storage, location)` bring it there on load.

    Either returns None for what is not its own, and then the next is asked; those of a smaller `priority` come first. corelib's own
    devices, which need no entry, have 10.

    >>> import corelib as torch
    >>> torch.serialization.register_package(50, lambda storage: None, lambda storage, location: storage if location == "old:0" else None)
    >>> torch.serialization.default_restore_location(torch.UntypedStorage([1]), "old:0").tolist()
    [1]
    """
    _registry.append((priority, tagger, deserializer))
    _registry.sort(key=itemgetter(0))


def has_packages() -> bool:
    """Whether anybody has registered one."""
    return len(_registry) > 1


def location_tag(storage: AnyStorage) -> str:
    """The location under which a storage is saved: "cpu", "cuda:0", "meta". RuntimeError for what nobody knows.

    >>> import corelib as torch
    >>> torch.serialization.location_tag(torch.UntypedStorage(1))
    'cpu'
    """
    for _, tagger, _ in _registry:
        location = tagger(storage)
        if location:
            return location
    raise RuntimeError(f"don't know how to determine data location of {_type_name(storage)}")


def default_restore_location(storage: AnyStorage, location: str) -> Any:
    """The storage, or a copy of it on the device that a location names. RuntimeError for a location that nobody knows, and for a device that is not there."""
    found = packages_place(storage, location)
    if found is None:
        raise RuntimeError(f"don't know how to restore data location of {_type_name(storage)} (tagged with {location})")
    return found


def packages_place(storage: AnyStorage, location: str) -> Any:
    """The same; None for a location that nobody knows."""
    for _, _, deserializer in _registry:
        found = deserializer(storage, location)
        if found is not None:
            return found
    return None


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"torch.storage.{kind.__qualname__}" if isinstance(value, (Storage, TypedStorage)) else repr(kind)


def normalize_storage_type(storage_type: type) -> Any:
    """The class of storages that `torch` has under a class's name."""
    return resolved("torch", storage_type.__name__)


def storage_to_tensor_type(storage: AnyStorage) -> Any:
    """The class of tensors with the elements of a storage: `torch.FloatTensor` for float32. AttributeError where there is none.

    PyTorch 2.13 raises it for every storage, looking for the class beside that of all typed storages.
    """
    if not isinstance(storage, TypedStorage):
        raise AttributeError(f"{_type_name(storage)} has no dtype, and so no class of tensors; use a TypedStorage")
    return resolved("torch", storage.pickle_storage_type().replace("Storage", "Tensor"))  # type: ignore[attr-defined]  # of the ops


def validate_cuda_device(location: str | device) -> int | None:
    """The index of the cuda device that a location names; RuntimeError where there is none such."""
    return there(location).index


def validate_hpu_device(location: str | device) -> int | None:
    """The index of the hpu device that a location names; RuntimeError where there is none such, as in all of corelib."""
    return there(location).index


@contextmanager
def mkdtemp() -> Iterator[str]:
    """A context with the path of a new folder, which goes with all that is in it when the context ends.

    >>> import os
    >>> from corelib import serialization
    >>> with serialization.mkdtemp() as path:
    ...     os.path.isdir(path)
    True
    >>> os.path.isdir(path)
    False
    """
    path = tempfile.mkdtemp()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def check_module_version_greater_or_equal(module: Any, req_version_tuple: tuple[Any, ...], error_if_malformed: bool = True) -> bool:
    """Whether a module's `__version__` is at least the given one, compared as far as that goes.

    A version that is no such list of numbers is a RuntimeError, or, without `error_if_malformed`, a warning and True.

    >>> import numpy
    >>> from corelib import serialization
    >>> serialization.check_module_version_greater_or_equal(numpy, (1, 20))
    True
    """
    version = str(module.__version__)
    try:
        parts = version.split(".")
        found = tuple(type(wanted)(parts[i]) for i, wanted in enumerate(req_version_tuple))
    except (ValueError, IndexError, TypeError) as error:
        message = f"'{module.__name__}' module version string is malformed '{version}' and cannot be compared with tuple {req_version_tuple}"
        if error_if_malformed:
            raise RuntimeError(message) from error
        warn(message + ", but continuing assuming that requirement is met")
        return True
    return found >= req_version_tuple
