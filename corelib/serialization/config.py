"""The settings of save and load, as torch.utils.serialization.config has them: `load.mmap`, `save.compute_crc32` and the others."""

from __future__ import annotations

import mmap as mapping
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import TracebackType
from typing import Any

__all__ = [
    "LoadEndianness", "get_crc32_options", "get_default_load_endianness", "get_default_mmap_options", "load", "patch", "save", "set_crc32_options",
    "set_default_load_endianness", "set_default_mmap_options", "skip_data",
]


class LoadEndianness(Enum):
    """The byte order of files that do not say theirs."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


class load:
    """What `load` does unless a call says otherwise."""

    mmap: bool = False
    endianness: LoadEndianness | None = None
    mmap_flags: int | None = getattr(mapping, "MAP_PRIVATE", None)
    calculate_storage_offsets: bool = False


class save:
    """What `save` does."""

    compute_crc32: bool = True
    use_pinned_memory_for_d2h: bool = False
    storage_alignment: int = 64


class _Skipping(threading.local):
    on = False


SKIPPING = _Skipping()
"""Whether this thread is in a `skip_data`."""


@contextmanager
def patch(changes: dict[str, Any] | None = None, **more: Any) -> Iterator[None]:
    """A context in which settings have other values: `patch({"load.mmap": True})`. AttributeError for a setting that there is not.

    >>> from corelib.serialization import config
    >>> with config.patch({"load.mmap": True}):
    ...     config.load.mmap
    True
    """
    before: list[tuple[type, str, Any]] = []
    try:
        for name, value in {**(changes or {}), **more}.items():
            group, _, last = name.partition(".")
            owner = {"load": load, "save": save}.get(group)
            if owner is None or not hasattr(owner, last):
                raise AttributeError(f"config has no setting {name!r}; there are load.mmap, load.endianness, load.mmap_flags, save.compute_crc32 and save.storage_alignment")
            before.append((owner, last, getattr(owner, last)))
            setattr(owner, last, value)
        yield
    finally:
        for owner, last, value in reversed(before):
            setattr(owner, last, value)


def get_crc32_options() -> bool:
    """Whether `save` writes checksums.

    >>> from corelib import serialization
    >>> serialization.get_crc32_options()
    True
    """
    return save.compute_crc32


def set_crc32_options(compute_crc32: bool) -> None:
    """Have `save` write checksums, or none: it is quicker without, `load` reads such files, and other readers of zip files may not."""
    save.compute_crc32 = compute_crc32


def get_default_load_endianness() -> LoadEndianness | None:
    """The byte order of files that do not say theirs; None, the default, for little."""
    return load.endianness


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Set the byte order of files that do not say theirs. TypeError for what is no LoadEndianness.

    >>> from corelib import serialization
    >>> serialization.set_default_load_endianness(serialization.LoadEndianness.BIG)
    >>> serialization.get_default_load_endianness()
    <LoadEndianness.BIG: 3>
    >>> serialization.set_default_load_endianness(None)
    """
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise TypeError(
            f"Invalid argument type in function set_default_load_endianness: got {type(endianness).__name__}, accepted are a LoadEndianness and None"
        )
    load.endianness = endianness


def get_default_mmap_options() -> int | None:
    """How `load(..., mmap=True)` maps a file: mmap.MAP_PRIVATE or mmap.MAP_SHARED."""
    return load.mmap_flags


class set_default_mmap_options:
    """Have `load(..., mmap=True)` map files with `mmap.MAP_PRIVATE`, the default, or `mmap.MAP_SHARED`, where changes reach the file.

    As a context manager, only in it. ValueError for other flags.

    >>> import mmap
    >>> from corelib import serialization
    >>> with serialization.set_default_mmap_options(mmap.MAP_SHARED):
    ...     serialization.get_default_mmap_options() == mmap.MAP_SHARED
    True
    >>> serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    True
    """

    def __init__(self, flags: int) -> None:
        if not hasattr(mapping, "MAP_PRIVATE"):
            raise RuntimeError("Changing the default mmap options is currently not supported for Windows")
        if flags not in (mapping.MAP_PRIVATE, mapping.MAP_SHARED):
            raise ValueError(
                f"Invalid argument in function set_default_mmap_options, expected mmap.MAP_PRIVATE or mmap.MAP_SHARED, but got {flags}"
            )
        self.prev = load.mmap_flags
        load.mmap_flags = flags

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        load.mmap_flags = self.prev


class skip_data:
    """A context in which `save` leaves room for the elements of tensors without writing them, and `load` makes tensors without reading theirs.

    What is not written is zeros in the file, without a checksum, so that another program may fill it; what is not read is zeros.
    `materialize_fake_tensors` is PyTorch's, for tensors that corelib does not have.

    >>> import corelib as torch, io
    >>> file = io.BytesIO()
    >>> with torch.serialization.skip_data():
    ...     torch.save(torch.ones(2), file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    tensor([0., 0.])
    """

    def __init__(self, materialize_fake_tensors: bool = False) -> None:
        self.materialize_fake_tensors = materialize_fake_tensors

    def __enter__(self) -> None:
        self._before = SKIPPING.on
        SKIPPING.on = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        SKIPPING.on = self._before
