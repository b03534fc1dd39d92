"""save and load: objects with tensors in PyTorch's file format."""

from __future__ import annotations

import hashlib
import io
import mmap as mapping
import os
import pickle
import pickletools
import sys
from typing import IO, Any, NamedTuple

from corelib.as_torch.warned import warn
from corelib.serialization import config
from corelib.serialization.archive import LOCAL_MAGIC, ArchiveReader, ArchiveWriter, read_up_to, torchscript
from corelib.serialization.legacy import MAGIC, by_data, by_module, load_legacy, save_legacy
from corelib.serialization.locations import MapLocation, StorageReader
from corelib.serialization.pickling import pickler_of
from corelib.serialization.rebuild import StorageType, shown
from corelib.serialization.replace_file import replacing
from corelib.serialization.safe_globals import named_safe_globals
from corelib.serialization.safetensors import load_file
from corelib.serialization.unpickling import DataUnpickler, is_allowed, trusted_unpickler
from corelib.tensor.device import device
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor

__all__ = ["get_unsafe_globals_in_checkpoint", "load", "save"]

_VERSION = 3
_NEWEST_VERSION = 10

Path = str | os.PathLike[str]


def save(
    obj: object, f: Path | IO[bytes], pickle_module: Any = pickle, pickle_protocol: int = 2, _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write an object and the tensors in it to a file, in the format of `torch.save`, which `torch.load` reads.

    Tensors keep dtype, shape, strides, device and `requires_grad`; tensors that share memory share it after `load`, so
    a small view of a large tensor writes all of it: save `x.clone()` to avoid that. Gradients and hooks are not saved.
    Objects of classes other than PyTorch's data types are written by the name of their class; `load` takes those only
    with `weights_only=False` or `add_safe_globals`.

    `f` is a path, or a file object with `write` (it need not be seekable). A path is replaced when all is written:
    where anything fails, what was there stays as it was. `pickle_protocol` is 2 to 5; PyTorch needs 2 for weights_only.
    `pickle_module` is pickle, or a module whose Pickler adds to Python's, such as dill. `_use_new_zipfile_serialization=False` writes PyTorch's
    format from before 1.6, which every PyTorch reads.

    Raises AttributeError where `f` cannot be written to, ValueError for an unknown protocol, RuntimeError for a folder
    that does not exist or for tensors of different dtypes in the same memory, pickle.PicklingError or TypeError for
    objects that cannot be pickled.

    >>> import corelib as torch, io
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html
    """
    if isinstance(pickle_protocol, bool) or not isinstance(pickle_protocol, int) or not (
        2 <= pickle_protocol <= pickle.HIGHEST_PROTOCOL
    ):
        raise ValueError(
            f"save(): argument 'pickle_protocol' must be an integer from 2 to {pickle.HIGHEST_PROTOCOL}, got "
            f"{shown(pickle_protocol)}"
        )
    pickler_of(pickle_module)
    if isinstance(f, (str, os.PathLike)):
        with replacing(f) as file:
            _write(obj, file, pickle_protocol, pickle_module, _use_new_zipfile_serialization, _folder(f))
        return
    if not hasattr(f, "write"):
        raise AttributeError(
            "save(): expected 'f' to be string, path, or a file-like object with a 'write' attribute, got "
            f"{type(f).__name__}"
        )
    _write(obj, f, pickle_protocol, pickle_module, _use_new_zipfile_serialization, "archive")
    if hasattr(f, "flush"):
        f.flush()


def _folder(path: Path) -> str:
    """The name of the one folder in a file: the file's own without its ending, as in PyTorch."""
    name = os.path.basename(os.fspath(path))
    return (name.rpartition(".")[0] or name) if name.isascii() else "archive"


def _write(obj: object, file: IO[bytes], protocol: int, module: Any, as_zip: bool, folder: str) -> None:
    if not as_zip:
        save_legacy(obj, file, protocol, module)
        return
    structure = io.BytesIO()
    pickler = pickler_of(module)(structure, protocol)
    pickler.dump(obj)
    archive = ArchiveWriter(file, folder, config.save.compute_crc32, config.save.storage_alignment)
    archive.record("data.pkl", structure.getvalue())
    archive.record(".format_version", b"1")
    archive.record(".storage_alignment", str(config.save.storage_alignment).encode())
    archive.record("byteorder", sys.byteorder.encode())
    for key, (storage, size, _) in enumerate(pickler.storages):
        # One copy to the host at a time.
        archive.record(f"data/{key}", size if config.SKIPPING.on else storage.to_host_bytes()[:size])
    archive.record("version", f"{_VERSION}\n".encode())
    # It says which contents these are: 20 digits for the names, 20 for the checksums.
    names = hashlib.blake2b("\n".join(name for name, _ in archive.checksums).encode(), digest_size=8).digest()
    sums = hashlib.blake2b(b"".join(crc.to_bytes(4, "little") for _, crc in archive.checksums), digest_size=8).digest()
    identity = f"{int.from_bytes(names, 'little'):020d}{int.from_bytes(sums, 'little'):020d}"
    archive.record(".data/serialization_id", identity.encode())
    archive.finish()


def load(
    f: Path | IO[bytes], map_location: MapLocation = None, pickle_module: Any = None, *, weights_only: bool | None = None, mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save` or `torch.save` has written.

    `f` is a path or a seekable file object, read from where it stands. `map_location` says where tensors go: None for
    the devices they were saved from, a str or device for all of them, a dict from saved to wanted locations, or a
    function of (storage on the CPU, saved location) that returns a storage, or None for the saved location. `mmap`
    (paths only) lets tensors on the CPU share the file's pages, which are read when first touched; changes stay in
    memory, and checksums are not checked.

    With `weights_only` only data is accepted: tensors, numbers, strings, containers, and what `add_safe_globals` lists;
    a file cannot run code. It is on unless a `pickle_module` is given, which then reads the file, with `pickle_load_args` such as
    encoding. **weights_only=False runs whatever code the file says**: use it only for files you trust.
    A path that ends in ".safetensors" is read as such.

    Raises pickle.UnpicklingError for a file that names anything else, or whose pickle is damaged; RuntimeError for a
    file that is cut off, corrupt, inconsistent, compressed, too new or too old, for tensors that do not lie in their
    storage and for devices that are not there; ValueError for an unknown byte order; EOFError for an empty file; the
    usual OSError for a path that cannot be opened.

    >>> import corelib as torch, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.pt")
    >>> torch.save([torch.arange(3)], path)
    >>> torch.load(path, map_location="cpu", mmap=True)
    [tensor([0, 1, 2])]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    weights_only = _only_data(weights_only, pickle_module)
    if pickle_load_args and weights_only:
        unknown = [name for name in pickle_load_args if name != "encoding"]
        warn(f"load(): pickle_load_args ({', '.join(pickle_load_args)}) only works if `weights_only=False`.", UserWarning)
        if unknown:
            raise TypeError(f"load(): got an unexpected keyword argument {unknown[0]!r}; accepted with weights_only=True is encoding")
    how = _How(map_location, None if weights_only else pickle_module or pickle, {"encoding": "utf-8", **pickle_load_args})
    mmap = config.load.mmap if mmap is None else mmap
    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        if path.endswith(".safetensors"):
            return _load_safetensors(path, map_location)
        with open(path, "rb") as file:
            return _load(file, repr(path), how, _map(path, file) if mmap else None)
    if mmap:
        raise ValueError("load(): f must be a file path in order to use the mmap argument")
    _check_readable(f)
    return _load(f, getattr(f, "name", None) or f"<{type(f).__name__}>", how, None)


class _How(NamedTuple):
    """How a file is read: where storages go, and the module whose unpickler reads it; None for the one that makes nothing but data."""

    map_location: MapLocation
    module: Any
    arguments: dict[str, Any]


def _only_data(asked: bool | None, pickle_module: Any) -> bool:
    """Whether `load` makes nothing but data: as asked, or as the environment says, as PyTorch's does."""
    force, never = (os.environ.get(f"TORCH_FORCE_{what}WEIGHTS_ONLY_LOAD", "0").lower() in ("1", "y", "yes", "true") for what in ("", "NO_"))
    if force and never:
        raise RuntimeError("load(): Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both were set.")
    found = pickle_module is None if asked is None else asked
    if force:
        found = True
    elif never and asked is None:
        warn(
            "load(): Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the `weights_only` argument was not explicitly passed, "
            "forcing weights_only=False.", UserWarning,
        )  # fmt: skip
        found = False
    if found and pickle_module is not None:
        raise RuntimeError("load(): Can not safely load weights when explicit pickle_module is specified; use weights_only=False for a file that you trust")
    return found


def _load_safetensors(path: str, map_location: MapLocation) -> dict[str, Tensor]:
    if map_location is not None and not isinstance(map_location, (str, bytes, device)):
        raise RuntimeError(
            f"load(): Loading safetensors file with {type(map_location).__name__} map_location is not supported. Use a "
            "device string or torch.device instead."
        )
    where = map_location.decode("ascii") if isinstance(map_location, bytes) else map_location
    return load_file(path, device="cpu" if where is None else where)


def _check_readable(f: Any) -> None:
    if not hasattr(f, "read"):
        raise AttributeError(
            "load(): expected 'f' to be string, path, or a file-like object with 'read' and 'seek', got "
            f"{type(f).__name__}"
        )
    try:
        f.seek(f.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        raise type(error)(
            f"load(): {error}. You can only torch.load from a file that is seekable. Please pre-load the data into a "
            "buffer like io.BytesIO and try to load from it instead."
        ) from None


def _map(path: str, file: IO[bytes]) -> mapping.mmap | None:
    if os.fstat(file.fileno()).st_size == 0:
        return None
    if config.load.mmap_flags == getattr(mapping, "MAP_SHARED", -1):
        with open(path, "r+b") as writable:
            return mapping.mmap(writable.fileno(), 0, access=mapping.ACCESS_WRITE)
    # Private: what is written to the tensors never reaches the file.
    return mapping.mmap(file.fileno(), 0, access=mapping.ACCESS_COPY)


def _load(file: IO[bytes], name: str, how: _How, mapped: mapping.mmap | None) -> Any:
    start = file.tell()
    head = read_up_to(file, len(LOCAL_MAGIC) + len(MAGIC))
    if not head.startswith(LOCAL_MAGIC):
        return _load_old(file, start, head, name, how, mapped is not None)
    archive = ArchiveReader(file, name, start)
    if "constants.pkl" in archive:
        raise torchscript(name)
    _check_version(archive, name)
    reader = StorageReader(archive, how.map_location, _byte_order(archive) != sys.byteorder, mapped)
    storages: dict[str, Storage] = {}

    def load_storage(reference: object) -> TypedStorage:
        kind, key, location, count = _storage_reference(reference)
        record = f"data/{key}"
        size = archive.size(record)
        if count * kind.dtype.itemsize != size:
            raise RuntimeError(
                f"load(): record size ({size} bytes) of {record} does not match expected size "
                f"({count * kind.dtype.itemsize} bytes = {count} elements * {kind.dtype.itemsize} bytes/element) for "
                f"dtype {kind.dtype}. The file is corrupt."
            )
        if key not in storages:
            storages[key] = reader.read(record, kind.dtype, location)
        return TypedStorage(storages[key], kind.dtype)

    data = archive.read("data.pkl")
    if how.module is None:
        return DataUnpickler(data, load_storage).load()
    return trusted_unpickler(how.module, io.BytesIO(data), load_storage, **how.arguments).load()


def _load_old(file: IO[bytes], start: int, head: bytes, name: str, how: _How, mapped: bool) -> Any:
    """A file that is no zip archive."""
    if not head:
        raise EOFError(f"load(): {name} is empty; expected a file of save() or torch.save()")
    if MAGIC not in head:
        if b"ustar" in read_up_to(file, 262)[257 - len(head) :]:
            raise RuntimeError(
                f"load(): {name} is a tar archive, PyTorch's format from before 0.1.10, which corelib does not read. In PyTorch, "
                "torch.save(torch.load(path, weights_only=False), path) converts it."
            )
        raise pickle.UnpicklingError(
            f"load(): {name} is not a zip archive (it begins with {head[:8]!r}), nor of PyTorch's legacy format; expected a file of save() or torch.save()"
        )
    if mapped:
        raise RuntimeError(
            f"load(): mmap can only be used with files saved with `torch.save(..., _use_new_zipfile_serialization=True)`, and {name} is in the legacy "
            "format; save your checkpoint with this option in order to use mmap."
        )
    file.seek(start)
    return load_legacy(file, name, how.map_location, by_data if how.module is None else by_module(how.module, **how.arguments))


def _check_version(archive: ArchiveReader, name: str) -> None:
    found = "version" if "version" in archive or ".data/version" not in archive else ".data/version"
    text = archive.read(found)[:32].strip()
    if not text.isdigit():
        raise RuntimeError(f"load(): {name} is corrupt: its version is {text!r}; accepted are 1 to {_NEWEST_VERSION}")
    if not 1 <= int(text) <= _NEWEST_VERSION:
        raise RuntimeError(
            f"load(): Attempted to read a PyTorch file with version {int(text)}, but the maximum supported version for "
            f"reading is {_NEWEST_VERSION}. A newer corelib may read {name}."
        )


def _byte_order(archive: ArchiveReader) -> str:
    if "byteorder" not in archive:
        wanted = config.load.endianness
        if wanted is not None:
            return sys.byteorder if wanted is config.LoadEndianness.NATIVE else wanted.name.lower()
        # As PyTorch: older writers ran on little-endian machines.
        if sys.byteorder == "big":
            warn("load(): the file has no byteorder mark; it is read as little", UserWarning)
        return "little"
    order = archive.read("byteorder")
    if order not in (b"little", b"big"):
        raise ValueError(f"load(): Unknown endianness type: {shown(order)}; accepted are b'little' and b'big'")
    return order.decode()


def _storage_reference(reference: object) -> tuple[StorageType, str, str, int]:
    """The parts of a reference to a storage, each of the type it must have."""
    if isinstance(reference, tuple) and len(reference) == 5:
        word, kind, key, location, count = (
            part.decode("latin1") if isinstance(part, bytes) else part for part in reference
        )
        if (
            isinstance(word, str) and word == "storage" and isinstance(kind, StorageType)
            and isinstance(key, str) and isinstance(location, str) and type(count) is int and count >= 0
        ):
            return kind, key, location, count
    raise pickle.UnpicklingError(
        f"load(): the file refers to {shown(reference)} outside of its pickle; accepted is ('storage', type, key, "
        "location, number of elements)"
    )


def get_unsafe_globals_in_checkpoint(f: Path | IO[bytes]) -> list[str]:
    """The classes and functions that a checkpoint names and `load(..., weights_only=True)` does not take, as "module.name".

    Nothing in the file is run. `f` is as in `load`; a file of the legacy format is a ValueError, as in PyTorch.

    >>> import corelib as torch, io
    >>> from fractions import Fraction
    >>> file = io.BytesIO()
    >>> torch.save([torch.ones(2), Fraction(1, 2)], file)
    >>> _ = file.seek(0)
    >>> torch.serialization.get_unsafe_globals_in_checkpoint(file)
    ['fractions.Fraction']
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return get_unsafe_globals_in_checkpoint(file)
    start = f.tell()
    if read_up_to(f, len(LOCAL_MAGIC)) != LOCAL_MAGIC:
        raise ValueError("get_unsafe_globals_in_checkpoint(): Expected input to be a checkpoint returned by torch.save")
    archive = ArchiveReader(f, getattr(f, "name", None) or f"<{type(f).__name__}>", start)
    if "constants.pkl" in archive:
        raise ValueError("get_unsafe_globals_in_checkpoint(): Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint")
    named: set[tuple[str, str]] = set()
    texts: list[str] = []
    listed = named_safe_globals()
    for code, argument, _ in pickletools.genops(archive.read("data.pkl")):
        if code.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            named.add((module, name))
        elif code.name == "STACK_GLOBAL":
            named.add((texts[-2], texts[-1]))
        elif isinstance(argument, str):
            texts.append(argument)
    return sorted(f"{module}.{name}" for module, name in named if not is_allowed(module, name, listed))
